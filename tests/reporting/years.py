"""A drawn year of two shops, three companies and three currencies, as both systems answer it, and
the sources that read it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.money import ZERO, rounded, total
from sync.reporting import ledger_rows, shop_rows
from sync.reporting.building import Build, Built
from sync.reporting.landed import Rows
from sync.reporting.order_rows import OrderRows
from sync.reporting.sources import Cursor, Source, Step
from sync.reporting.star import Terms
from tests.systems import SETTINGS, merged

COMPANIES: Final = {1: ("usmf", "USD"), 2: ("demf", "EUR"), 3: ("gbsi", "GBP")}
"""Store view -> legal entity and currency."""
RATES: Final = {"USD": Decimal(1), "EUR": Decimal("1.0825"), "GBP": Decimal("1.27133")}
REGIONS: Final = {"US": "America", "DE": "Europe", "FR": "Europe"}
SKUS: Final = ("A-1", "B-2", "Ünïcode '3", "D-4")
NEW_YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 50
"""So short a year that it makes few files."""
TODAY: Final = date(2026, 4, 1)
CONNECTION: Final = Connection.model_validate(
    merged(SETTINGS, {
        "stores": {
            "default": {"site": "1", "warehouse": "13", "origin": "WEB"},
            **{str(store): {"company": company} for store, (company, _) in COMPANIES.items()},
        },
        "dynamics": {"time_zone": "America/New_York", "time_zones": {"demf": "Europe/Berlin"}},
        "reporting": {"brands": {"default": "Acme", "2": "Bolt"}},
    })
)  # fmt: skip
TERMS: Final = Terms(
    dict(COMPANIES.values()), "USD", web_origins=frozenset({("usmf", "WEB")}), regions=REGIONS
)


class At:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 4, 1, 12, tzinfo=UTC)

    def elapsed(self) -> float:
        return 0.0

    def unique(self) -> str:
        return "1"

    def between(self, low: float, high: float) -> float:
        return min(low, high)


@dataclass
class Given:
    """A source of rows that are there. `dies_after`: steps after which the process is gone."""

    name: str
    rows: list[Any]
    makes: Callable[[Any], Rows]
    dies_after: int | None = None

    async def read(self, cursor: Cursor) -> AsyncIterator[Step]:
        for place in range(int(cursor.at or 0), len(self.rows)):
            if place == self.dies_after:
                raise KeyboardInterrupt
            yield Step(str(place + 1), self.makes(self.rows[place]), str(place))


@dataclass
class Year:
    """What both systems hold. Orders by shop; F&O's rows by company."""

    orders: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shipments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ledger: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, company: str, row: dict[str, Any]) -> None:
        self.ledger.setdefault((table, company), []).append(row)

    def sources(self) -> list[Source]:
        found: list[Source] = []
        for shop, orders in self.orders.items():
            views = [{"id": store, "name": f"View {store}"} for store in COMPANIES]
            makes = partial(shop_rows.store, shop, CONNECTION, now=NEW_YEAR)
            found.append(Given(f"stores|{shop}", views, makes))
            found.append(Given(f"orders|{shop}", orders, OrderRows(shop, CONNECTION).rows))
            shipped = partial(shop_rows.shipment, shop, CONNECTION)
            found.append(Given(f"shipments|{shop}", self.shipments[shop], shipped))
        sets = (*ledger_rows.SHARED_SETS, *ledger_rows.COST_SETS, ledger_rows.RATES)
        of = {one.table: one for one in sets}
        for (table, company), rows in self.ledger.items():
            found.append(Given(f"{table}|{company}", rows, partial(landed, of[table], company)))
        return found

    def latest(self, shop: str) -> list[dict[str, Any]]:
        """The newest version of each order."""
        return [*{row["increment_id"]: row for row in self.orders[shop]}.values()]


def landed(of: ledger_rows.LedgerSet, company: str, row: Mapping[str, Any]) -> Rows:
    rows = of.rows(row, company, NEW_YEAR)
    if of.table != "invoices":
        return rows
    owner = dict(zip(("shop", "record_kind", "record_key"), row["owner"], strict=True))
    return {"invoices": [{**rows["invoices"][0], **owner}]}


def build(root: Path, sources: list[Source]) -> Built:
    return asyncio.run(Build(root, At(), "shape", TERMS).run(sources))


def land(root: Path, sources: list[Source]) -> Built:
    """Without the star."""
    return asyncio.run(Build(root, At(), "shape", TERMS).land(sources))


def drawn(seed: int, size: int = 40) -> Year:
    rng, year = Random(seed), Year()
    for company, _ in COMPANIES.values():
        for code in RATES:
            year.add("rates", company, rate_row(code))
    for shop in ("east", "west"):
        year.orders[shop], year.shipments[shop] = [], []
        for number in range(1, size + 1):
            order = order_row(rng, number)
            year.orders[shop].append(order)
            if rng.random() < 0.7:
                _invoice(rng, year, shop, order)
    return year


def rate_row(code: str) -> dict[str, Any]:
    return {
        "RateTypeName": "Default", "FromCurrency": code, "ToCurrency": "USD",
        "Rate": RATES[code] * 100, "ConversionFactor": "Hundred",
        "StartDate": "2025-12-01T12:00:00Z",
    }  # fmt: skip


def order_row(rng: Random, number: int) -> dict[str, Any]:
    store = rng.choice([*COMPANIES])
    items: list[dict[str, Any]] = []
    for place in range(rng.randint(1, 4)):
        pieces, price = rng.randint(1, 5), Decimal(rng.randint(1, 99999)) / 100
        row = price * pieces
        discount = rounded(row * rng.choice([ZERO, Decimal("0.1"), Decimal("0.333")]))
        tax = rounded((row - discount) * Decimal("0.19"))
        rules = rng.choice(["3", "3,7", "7,3,9"]) if discount else None
        items.append({
            "item_id": number * 10 + place, "sku": rng.choice(SKUS), "product_type": "simple",
            "qty_ordered": pieces, "price": price, "row_total_incl_tax": row - discount + tax,
            "discount_amount": discount, "tax_amount": tax, "applied_rule_ids": rules,
        })  # fmt: skip
    goods = total(one["price"] * one["qty_ordered"] for one in items)
    taken, freight = (
        total(one["discount_amount"] for one in items),
        Decimal(rng.randint(0, 999)) / 100,
    )
    tax = total(one["tax_amount"] for one in items)
    placed = NEW_YEAR + timedelta(minutes=rng.randint(0, DAYS * 24 * 60 - 1))
    stamp = f"{placed:%Y-%m-%d %H:%M:%S}"
    state = rng.choice(["processing", "processing", "complete", "canceled"])
    return {
        "entity_id": number, "increment_id": f"{number:09d}", "store_id": store, "state": state,
        "status": state, "created_at": stamp, "updated_at": stamp, "subtotal": goods,
        "order_currency_code": COMPANIES[store][1], "discount_amount": -taken,
        "shipping_amount": freight, "tax_amount": tax, "items": items,
        "grand_total": goods - taken + freight + tax,
        "billing_address": {"country_id": rng.choice(["US", "DE", "FR", "CH"])},
    }  # fmt: skip


def _invoice(rng: Random, year: Year, shop: str, order: dict[str, Any]) -> None:
    """F&O invoices the order, and maybe credits a part of it, months later."""
    day = datetime.fromisoformat(order["created_at"]).date() + timedelta(days=rng.randint(0, 20))
    owner = (shop, "orders", f"{order['increment_id']}@{order['store_id']}")
    sides = [(1, day, owner if rng.random() < 0.8 else ("", "", ""))]
    if rng.random() < 0.3:
        sides.append((-1, day + timedelta(days=30), owner))
    for sign, on, who in sides:
        post(rng, year, order, sign=sign, on=on, who=who)
    year.shipments[shop].append({
        "entity_id": order["entity_id"], "order_id": order["entity_id"],
        "store_id": order["store_id"], "created_at": order["created_at"],
        "updated_at": order["created_at"],
        "items": [
            {"order_item_id": one["item_id"], "qty": rng.randint(1, one["qty_ordered"])}
            for one in order["items"]
        ],
    })  # fmt: skip


def post(
    rng: Random,
    year: Year,
    order: dict[str, Any],
    *,
    sign: int,
    on: date,
    who: tuple[str, str, str],
) -> None:
    company, currency = COMPANIES[order["store_id"]]
    key = len(year.ledger.get(("invoices", company), [])) + 1
    number, noon, included = f"INV-{key}", f"{on.isoformat()}T12:00:00Z", rng.random() < 0.5
    stamp = f"{on.isoformat()}T17:00:00Z"
    common = {"InvoiceId": number, "InvoiceDate": noon, "SysModifiedDateTime": stamp}
    lines = enumerate(order["items"], start=1)
    for line, item in lines:
        lot = {"lot": f"LOT-{key}-{line}", "Qty": -sign * item["qty_ordered"]}
        row = _line(item, sign, included=included)
        place = {"LineCreationSequenceNumber": line, "InventTransId": lot["lot"]}
        year.add("invoice_lines", company, {**common, **row, **place})
        if rng.random() < 0.9:
            _cost(rng, year, company, {**common, **lot})
    net = sign * (order["subtotal"] + order["discount_amount"] + order["shipping_amount"])
    tax = sign * order["tax_amount"]
    money = {"InvoiceAmount": net + tax, "SumTax": tax}
    year.add("invoices", company, {
        **common, "SourceKey": key, "InvoiceAccount": f"C-{rng.randint(1, 3)}", "owner": who,
        "SalesOriginId": rng.choice(["WEB", "PHONE", ""]), "CurrencyCode": currency, **money,
        **{f"{name}MST": value for name, value in money.items()},
        "InclTax": "Yes" if included else "No",
    })  # fmt: skip
    settled = rng.choice([ZERO, net + tax, rounded((net + tax) / 3)])
    year.add("receivables", company, {
        "SourceKey": key, "AccountNum": "C-1", "TransType": "Sales", "Invoice": number,
        "Voucher": f"V-{key}", "TransDate": noon, "DueDate": noon, "CurrencyCode": currency,
        "AmountCur": net + tax, "AmountMST": net + tax, "SettleAmountCur": settled,
        "SysModifiedDateTime": stamp,
    })  # fmt: skip


def _line(item: Mapping[str, Any], sign: int, *, included: bool) -> dict[str, Any]:
    net = sign * (item["price"] * item["qty_ordered"] - item["discount_amount"])
    tax = sign * item["tax_amount"]
    amount = net + tax if included else net
    return {
        "ItemId": f"I-{item['sku']}", "ExternalItemId": item["sku"],
        "Qty": sign * item["qty_ordered"], "LineAmount": amount, "TaxAmount": tax,
        "LineAmountMST": amount, "TaxAmountMST": tax,
    }  # fmt: skip


def _cost(rng: Random, year: Year, company: str, line: dict[str, Any]) -> None:
    key, lot = len(year.ledger.get(("costs", company), [])) + 1, line.pop("lot")
    year.add("costs", company, {
        **line, "SourceKey": key, "InventTransOrigin": 1000 + key,
        "DateFinancial": line["InvoiceDate"],
        "CostAmountPosted": rounded(line["Qty"] * Decimal(rng.randint(1, 5000)) / 100),
        "CostAmountAdjustment": Decimal(rng.randint(-50, 50)) / 100,
        "ValueOpen": rng.choice(["Yes", "No"]),
    })  # fmt: skip
    year.add("cost_origins", company, {"SourceKey": 1000 + key, "InventTransId": lot})
