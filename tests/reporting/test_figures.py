"""The figures against plain arithmetic over what both systems answered."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from sync.core.money import ZERO, rounded
from sync.mapping.bundles import spread
from sync.reporting import shop_rows
from sync.reporting.duck import opened, quoted
from sync.reporting.figures import Asked, answered
from sync.reporting.forecast.cash import NOT_INVOICED, PLACED
from sync.reporting.order_rows import OrderRows
from sync.reporting.star import star_views
from tests.reporting.years import (
    COMPANIES,
    CONNECTION,
    RATES,
    REGIONS,
    TODAY,
    At,
    Given,
    Year,
    build,
    drawn,
    post,
)

DAYS: Final = (date(2020, 1, 1), date(2040, 1, 1))
Sums = dict[tuple[Any, ...], Decimal]


@dataclass(frozen=True)
class World:
    """A year and what was built of it, open to questions."""

    year: Year
    root: Path
    duck: Any


@pytest.fixture(scope="module", name="world")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    year, root = drawn(7), tmp_path_factory.mktemp("year")
    assert build(root, year.sources()).trouble == {}
    with opened(root / "spill") as duck:
        yield World(year, root, duck)


def told(world: World, name: str, *by: str, basis: str = "document") -> list[dict[str, Any]]:
    asked = Asked(name, by, basis, DAYS, TODAY, "USD")
    return [*answered(world.duck, world.root, asked).as_dicts()]


def sums(world: World, name: str, *by: str, basis: str = "document", of: str = "amount") -> Sums:
    rows = told(world, name, *by, basis=basis)
    found = {tuple(row[one] for one in (*by, "currency")): row[of] for row in rows}
    return {key: value for key, value in found.items() if value}


def added(parts: Iterator[tuple[tuple[Any, ...], Decimal]]) -> Sums:
    found: Sums = defaultdict(Decimal)
    for key, value in parts:
        found[key] += value
    assert found
    return {key: value for key, value in found.items() if value}


# What the systems answered, flat


def day_of(order: Mapping[str, Any]) -> date:
    zone = ZoneInfo("Europe/Berlin" if order["store_id"] == 2 else "America/New_York")
    moment = datetime.fromisoformat(order["created_at"] + "+00:00")
    return moment.astimezone(zone).date()


def order_lines(year: Year) -> Iterator[dict[str, Any]]:
    for shop in year.orders:
        for order in year.latest(shop):
            if order["state"] == "canceled":
                continue
            country = order["billing_address"]["country_id"]
            common = {
                "shop": shop, "month": f"{day_of(order):%Y-%m}", "order": order,
                "store": str(order["store_id"]), "region": REGIONS.get(country, country),
                "brand": "Bolt" if order["store_id"] == 2 else "Acme", "channel": "web",
                "company": COMPANIES[order["store_id"]][0],
                "currency": order["order_currency_code"],
            }  # fmt: skip
            for item in order["items"]:
                net = item["price"] * item["qty_ordered"] - item["discount_amount"]
                yield {**common, "item": item["sku"], "net": net, "row": item}
            yield {**common, "item": "", "net": order["shipping_amount"], "row": None}


def invoice_lines(year: Year) -> Iterator[dict[str, Any]]:
    for company, currency in COMPANIES.values():
        heads = {row["InvoiceId"]: row for row in year.ledger[("invoices", company)]}
        left = {
            number: row["InvoiceAmount"] - row["SumTax"] for number, row in heads.items()
        }  # fmt: skip
        for row in year.ledger[("invoice_lines", company)]:
            head = heads[row["InvoiceId"]]
            net = row["LineAmount"] - (row["TaxAmount"] if head["InclTax"] == "Yes" else 0)
            left[row["InvoiceId"]] -= net
            yield _invoiced((company, currency), head, net, row["ExternalItemId"], row)
        for number, net in left.items():
            yield _invoiced((company, currency), heads[number], net, "", None)


def _invoiced(
    place: tuple[str, str], head: Mapping[str, Any], net: Decimal, item: str, row: Any
) -> dict[str, Any]:
    company, currency = place
    is_web = bool(head["owner"][0]) or (company == "usmf" and head["SalesOriginId"] == "WEB")
    return {
        "company": company, "currency": currency, "item": item, "net": net, "row": row,
        "account": head["InvoiceAccount"], "month": head["InvoiceDate"][:7],
        "channel": "web" if is_web else head["SalesOriginId"] or "other",
        "is_credit": head["InvoiceAmount"] < 0, "head": head,
    }  # fmt: skip


@pytest.mark.parametrize(
    "by",
    [(), ("month",), ("region", "brand"), ("store",), ("item", "channel"), ("shop", "company")],
)
def test_intake_is_what_was_ordered(world: World, by: tuple[str, ...]) -> None:
    year = world.year
    lines = [*order_lines(year)]
    own = (((*(one[name] for name in by), one["currency"]), one["net"]) for one in lines)
    assert sums(world, "intake", *by) == added(own)
    group = (((*(one[name] for name in by), "USD"), in_group(one)) for one in lines)
    assert sums(world, "intake", *by, basis="group") == added(group)


def in_group(line: Mapping[str, Any]) -> Decimal:
    return rounded(line["net"] * RATES[line["currency"]])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("net", lambda _: True),
        ("invoiced", lambda line: not line["is_credit"]),
        ("returned", lambda line: line["is_credit"]),
    ],
)
def test_revenue_is_what_was_posted(world: World, name: str, wanted: Callable[[Any], bool]) -> None:
    year = world.year
    lines = [line for line in invoice_lines(year) if wanted(line)]
    for by in (("month", "company"), ("account", "item"), ("channel",)):
        for basis in ("document", "books"):
            own = ((*(one[part] for part in by), one["currency"]) for one in lines)
            parts = zip(own, (one["net"] for one in lines), strict=True)
            assert sums(world, name, *by, basis=basis) == added(parts)
        own = ((*(one[part] for part in by), "USD") for one in lines)
        parts = zip(own, map(in_group, lines), strict=True)
        assert sums(world, name, *by, basis="group") == added(parts)


def test_a_discount_is_shared_among_the_rules_of_a_line_and_adds_up(
    world: World,
) -> None:
    year = world.year
    lines = [line for line in order_lines(year) if line["row"] and line["row"]["applied_rule_ids"]]
    parts = []
    for line in lines:
        rules = sorted(int(one) for one in line["row"]["applied_rule_ids"].split(","))
        shares = spread(line["row"]["discount_amount"], [Decimal(1)] * len(rules))
        parts += [
            ((rule, line["currency"]), share) for rule, share in zip(rules, shares, strict=True)
        ]
    assert sums(world, "promotions", "campaign") == added(iter(parts))
    whole = added(((line["currency"],), line["row"]["discount_amount"]) for line in lines)
    assert sums(world, "promotions") == whole
    once = added(((line["currency"],), line["net"]) for line in lines)
    assert sums(world, "promotions", of="lines_net") == once
    assert sums(world, "promotions", of="touched") != once


def test_margin_has_the_cost_that_was_posted_and_leaves_out_what_has_none(
    world: World,
) -> None:
    year = world.year
    found: dict[str, Sums] = {
        name: defaultdict(Decimal) for name in ("amount", "cost", "uncosted", "provisional")
    }
    for line in invoice_lines(year):
        company, row = line["company"], line["row"]
        lots = {
            one["InventTransId"]: one["SourceKey"] for one in year.ledger[("cost_origins", company)]
        }
        costs = {one["InventTransOrigin"]: one for one in year.ledger[("costs", company)]}
        cost = costs.get(lots.get(row["InventTransId"])) if row else None
        key = (line["month"], line["currency"])
        if row and cost is None:
            found["uncosted"][key] += line["net"]
            continue
        value = -(cost["CostAmountPosted"] + cost["CostAmountAdjustment"]) if cost else ZERO
        found["cost"][key] += value
        found["amount"][key] += line["net"] - value
        if cost and cost["ValueOpen"] == "Yes":
            found["provisional"][key] += line["net"] - value
    for name, wanted in found.items():
        told_ = sums(world, "margin", "month", basis="books", of=name)
        assert told_ == {key: value for key, value in wanted.items() if value}, name


def test_the_funnel_follows_orders_to_their_money(world: World) -> None:
    year = world.year
    orders = {
        (shop, f"{one['increment_id']}@{one['store_id']}"): one
        for shop in year.orders
        for one in year.latest(shop)
        if one["state"] != "canceled"
    }
    invoiced: Sums = defaultdict(Decimal)
    paid: Sums = defaultdict(Decimal)
    for company, currency in COMPANIES.values():
        settled = {one["Invoice"]: one for one in year.ledger[("receivables", company)]}
        for head in year.ledger[("invoices", company)]:
            if head["owner"][::2] in orders and head["InvoiceAmount"] > 0:
                invoiced[currency,] += head["InvoiceAmount"]
                paid[currency,] += settled[head["InvoiceId"]]["SettleAmountCur"]
    assert sums(world, "funnel", of="invoiced") == dict(invoiced)
    assert sums(world, "funnel", of="paid") == {k: v for k, v in paid.items() if v}
    gross = added(((one["order_currency_code"],), one["grand_total"]) for one in orders.values())
    assert sums(world, "funnel") == sums(world, "ordered") == gross


LIVES: Final[dict[str, tuple[dict[str, Any], tuple[int, ...], str, str, int, int]]] = {
    "new": ({}, (), "0", "0", 1, 1),
    "a cent lower": ({"qty_shipped": 3}, (1, 1, 1), "11.89", "0", 0, 0),
    "begun": ({"qty_shipped": 2}, (1, 1), "7.93", "0", 1, 1),
    "cancelled, paid by gift card": (
        {"qty_shipped": 2, "qty_canceled": 1}, (2,), "7.93", "0", 0, 0
    ),
    "refunded before it was sent": (
        {"qty_shipped": 2, "qty_refunded": 1}, (2,), "7.93", "3.97", 0, 0
    ),
    "invoiced later": ({"qty_shipped": 3}, (2, 1), "7.93", "0", 0, 1),
    "download": ({"is_virtual": 1}, (), "11.90", "0", 0, 0),
    "given back whole": ({"state": "closed"}, (), "0", "0", 0, 0),
}  # fmt: skip
"""What becomes of an order of three pieces for 10.00 and 1.90 of tax: its item, pieces by shipment,
what F&O invoices, what Commerce gives back, whether it counts as not shipped and not invoiced."""


def test_the_funnel_counts_what_is_still_to_be_done(lived: World) -> None:
    rows = {one["document"]: one for one in told(lived, "funnel", "document")}
    expected = lived.duck.execute(NOT_INVOICED).fetchall()
    looked_at = sum(count for *_, count in lived.duck.execute(PLACED).fetchall())
    assert expected == [("usmf", "USD", date(2026, 1, 5), Decimal("11.90") + 2 * Decimal("3.97"))]
    assert looked_at == len(LIVES) - 1, "what was given back whole is never paid"
    for number, (name, (_, sent, *_, unshipped, uninvoiced)) in enumerate(LIVES.items(), 1):
        row = rows[f"{number}@1"]
        assert (row["unshipped"], row["uninvoiced"]) == (unshipped, uninvoiced), name
        assert (row["unshipped_age"] is not None) == bool(unshipped), name
        assert (row["uninvoiced_age"] is not None) == bool(uninvoiced), name
        net = rounded(Decimal(10) * sum(sent) / 3)
        assert row["shipped"] == rounded(Decimal("1.19") * net), name


FIRST: Final = len(LIVES) + 1
BUNDLES: Final = {
    "fixed": (False, [{1: 1}, {1: 1}], ["5.00", "5.00"]),
    "dynamic": (True, [{1: 1}, {1: 1}], ["5.00", "5.00"]),
    "fixed, in parts": (
        False, [{1: 1, 2: 2}, {1: 1, 3: 1}, {1: 1, 3: 3}], ["3.33", "1.67", "5.00"]
    ),
    "dynamic, in parts": (True, [{1: 1, 2: 2}, {1: 1, 3: 4}], ["4.00", "6.00"]),
}  # fmt: skip
"""Two sets of a part and two of another, for 10.00: whether the parts carry the amounts, what is in
each shipment (1 is the bundle, which counts shipments where parts are sent), what that is worth."""


@pytest.mark.parametrize("kind", BUNDLES)
def test_what_was_shipped_of_a_bundle_comes_to_its_net(lived: World, kind: str) -> None:
    number, (_, _, worth) = [*BUNDLES].index(kind) + FIRST, BUNDLES[kind]
    found = lived.duck.execute(
        f"SELECT shipment_id, sum(net) FROM fact_shipments WHERE order_key = '{number}@1'"
        " GROUP BY 1 ORDER BY 1"
    )
    assert [net for _, net in found.fetchall()] == [*map(Decimal, worth)]


def test_what_comes_back_of_a_bundle_has_the_net_of_its_parts_or_its_own(lived: World) -> None:
    found = {row["document"]: row["amount"] for row in told(lived, "rmas", "document")}
    assert found == dict.fromkeys(range(FIRST, FIRST + len(BUNDLES)), Decimal("5.00"))


@pytest.fixture(scope="module", name="lived")
def _lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    year, root, memos = Year({"east": []}, {"east": []}), tmp_path_factory.mktemp("lives"), []
    for number, (given, sent, posted, back, *_) in enumerate(LIVES.values(), 1):
        order = three_pieces(number, given)
        add(year, order, [{number: pieces} for pieces in sent])
        net = Decimal(posted) - order["tax_amount"]
        bill = {**order, "items": [], "subtotal": net, "discount_amount": ZERO}
        if net > 0:
            owner = ("east", "orders", f"{number}@1")
            post(Random(1), year, bill, sign=1, on=date(2026, 1, 5), who=owner)
        if Decimal(back):
            memos.append({**order, "order_id": number, "grand_total": back, "state": 2})
    for number, (on_parts, sent_rows, _) in enumerate(BUNDLES.values(), FIRST):
        order = three_pieces(number, {"state": "closed"})
        order["items"] = bundle_rows(number, on_parts=on_parts)
        add(year, order, [{10 * number + row: n for row, n in rows.items()} for rows in sent_rows])
    makes = partial(shop_rows.money_document, "east", CONNECTION, kind="creditmemo")
    requests = partial(shop_rows.rma, "east", CONNECTION, now=At().now())
    sources = [
        *year.sources(), Given("creditmemos|east", memos, makes),
        Given("returns|east", [rma_row(FIRST + n) for n in range(len(BUNDLES))], requests),
    ]  # fmt: skip
    assert build(root, sources).trouble == {}
    with opened(root / "spill") as duck:
        star_views(duck, root)
        yield World(year, root, duck)


def rma_row(order: int) -> dict[str, Any]:
    """That one of the two bundles of an order comes back."""
    item = {"entity_id": 1, "order_item_id": 10 * order + 1, "qty_requested": 1}
    return {
        "entity_id": order, "increment_id": str(order), "store_id": 1, "order_id": order,
        "date_requested": "2026-01-09 12:00:00", "items": [item],
    }  # fmt: skip


def add(year: Year, order: dict[str, Any], shipments: list[dict[int, int]]) -> None:
    """An order, with the pieces of its rows that each shipment has."""
    number = order["entity_id"]
    year.orders["east"].append(order)
    year.shipments["east"] += [
        {**order, "entity_id": 10 * number + place, "order_id": number,
         "items": [{"order_item_id": row, "qty": pieces} for row, pieces in rows.items()]}
        for place, rows in enumerate(shipments)
    ]  # fmt: skip


def bundle_rows(number: int, *, on_parts: bool) -> list[dict[str, Any]]:
    bundle, small, large = (
        {"item_id": 10 * number + place, "sku": f"B-{place}", "product_type": kind,
         "qty_ordered": pieces}
        for place, kind, pieces in ((1, "bundle", 2), (2, "simple", 2), (3, "simple", 4))
    )  # fmt: skip
    money = {"price": 5, "row_total_incl_tax": Decimal("11.90"), "tax_amount": Decimal("1.90")}
    parts: list[dict[str, Any]] = [
        {"price": 2, "row_total_incl_tax": Decimal("4.76"), "tax_amount": Decimal("0.76")},
        {"price": Decimal("1.50"), "row_total_incl_tax": Decimal("7.14"),
         "tax_amount": Decimal("1.14")},
    ]  # fmt: skip
    below = [
        {**item, "parent_item_id": bundle["item_id"], **(part if on_parts else {})}
        for item, part in zip((small, large), parts, strict=True)
    ]
    return [{**bundle, **money}, *below]


def three_pieces(number: int, given: Mapping[str, Any]) -> dict[str, Any]:
    gross, tax, stamp = Decimal("11.90"), Decimal("1.90"), "2026-01-05 12:00:00"
    item = {
        "item_id": number, "sku": "A-1", "product_type": "simple", "qty_ordered": 3,
        "price": Decimal("3.3333"), "row_total_incl_tax": gross, "tax_amount": tax,
    }  # fmt: skip
    state = given.get("state", "processing")
    return {
        "entity_id": number, "increment_id": str(number), "store_id": 1, "state": state,
        "status": state, "created_at": stamp, "updated_at": stamp, "subtotal": gross - tax,
        "order_currency_code": "USD", "shipping_amount": ZERO, "tax_amount": tax,
        "grand_total": gross, "items": [{**item, **given}],
        "billing_address": {"country_id": "US"},
    }  # fmt: skip


def test_a_discount_is_told_without_the_tax_that_is_in_it() -> None:
    """Of 119.00 with 19.00 of tax 20 % are taken off, and of 11.90 for freight 1.19."""
    item = {
        "item_id": 10, "sku": "A-1", "product_type": "simple", "qty_ordered": 1, "price": 100,
        "row_total_incl_tax": 119, "tax_amount": Decimal("15.20"),
        "discount_amount": Decimal("23.80"), "discount_tax_compensation_amount": Decimal("3.80"),
    }  # fmt: skip
    order = {
        "entity_id": 1, "increment_id": "1", "store_id": 1, "state": "new", "status": "pending",
        "created_at": "2026-01-05 12:00:00", "order_currency_code": "USD", "subtotal": 100,
        "discount_amount": Decimal("-24.99"), "shipping_amount": 10, "items": [item],
        "shipping_discount_amount": Decimal("1.19"), "tax_amount": Decimal("16.91"),
        "discount_tax_compensation_amount": Decimal("3.80"),
        "shipping_discount_tax_compensation_amount": Decimal("0.19"),
        "grand_total": Decimal("105.91"),
    }  # fmt: skip
    rows = OrderRows("east", CONNECTION).rows(order)
    assert rows["orders"][0]["discount"] == 21
    assert [line["discount"] for line in rows["order_lines"]] == [20, 0]


def test_what_was_shipped_has_the_value_of_its_order_line(world: World) -> None:
    year = world.year
    parts = []
    for shop, shipments in year.shipments.items():
        orders = {one["entity_id"]: one for one in year.latest(shop)}
        for shipment in shipments:
            order = orders[shipment["order_id"]]
            items = {one["item_id"]: one for one in order["items"]}
            for line in shipment["items"]:
                item = items[line["order_item_id"]]
                net = item["price"] * item["qty_ordered"] - item["discount_amount"]
                value = rounded(net * line["qty"] / item["qty_ordered"])
                parts.append(((order["order_currency_code"],), value))
    assert sums(world, "shipped") == added(iter(parts))


def test_what_is_owed_is_told_by_its_age(world: World) -> None:
    year = world.year
    parts = []
    for company, currency in COMPANIES.values():
        for row in year.ledger[("receivables", company)]:
            days = (TODAY - date.fromisoformat(row["DueDate"][:10])).days
            age = next(
                (name for most, name in ((0, "not due"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
                 if days <= most), "over 90",
            )  # fmt: skip
            parts.append(((age, currency), row["AmountCur"] - row["SettleAmountCur"]))
    assert sums(world, "open", "age") == added(iter(parts))


def test_a_figure_opens_down_to_its_documents(world: World) -> None:
    rows = told(world, "net", "document", "company")
    assert sums(world, "net") == added(((row["currency"],), row["amount"]) for row in rows)
    assert {row["documents"] for row in rows} == {1}


def test_amounts_that_floats_get_wrong_are_exact(world: World) -> None:
    """Every column with money, in every file, is a decimal."""
    for file in world.root.rglob("*.parquet"):
        world.duck.execute(f"CREATE OR REPLACE VIEW one AS FROM read_parquet({quoted(file)})")
        kinds = world.duck.execute("DESCRIBE one").fetchall()
        assert not [one for one in kinds if one[1] in ("DOUBLE", "FLOAT")], file


def test_the_settings_of_the_year_are_those_of_the_terms() -> None:
    assert {one.casefold() for one in CONNECTION.legal_entities} >= {
        one for one, _ in COMPANIES.values()
    }
