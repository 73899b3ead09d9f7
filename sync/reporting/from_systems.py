"""The sources of the connections that report: each shop's lists, and each legal entity's books
once, whichever connections post into it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, Final

from sync.commerce.filters import of_any
from sync.commerce.quotes import SEARCH
from sync.commerce.search import Node, Search
from sync.config.connections import Connection
from sync.config.connections.reporting import Reporting
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.odata import Filter
from sync.engine.systems import Systems
from sync.mapping.references import RECORDS, fields_in, named_in
from sync.reconcile.fields import ways_to_pay
from sync.reporting import cart_rows, ledger_rows, shop_rows
from sync.reporting.building import started
from sync.reporting.landed import month_of
from sync.reporting.order_rows import OrderRows
from sync.reporting.schema import ALWAYS
from sync.reporting.sources import LedgerList, ReturnList, ShopList, Source, Whole

ITEM_FIELDS: Final[tuple[Node, ...]] = (
    "item_id", "parent_item_id", "product_id", "sku", "product_type", "is_virtual",
    "is_qty_decimal", "qty_ordered", "qty_canceled", "qty_invoiced", "qty_shipped", "qty_refunded",
    "price", "row_total", "row_total_incl_tax", "row_invoiced", "discount_amount", "tax_amount",
    "discount_tax_compensation_amount", "weee_tax_applied_row_amount", "weee_tax_applied",
    "applied_rule_ids",
)  # fmt: skip
ORDER_FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "state", "status", "created_at", "updated_at",
    "customer_group_id", "coupon_code", "order_currency_code", "base_currency_code", "subtotal",
    "discount_amount", "discount_tax_compensation_amount",
    "shipping_discount_tax_compensation_amount", "shipping_amount",
    "shipping_tax_amount", "shipping_discount_amount", "tax_amount", "grand_total", "total_paid",
    "total_invoiced", "total_refunded", "total_canceled", "relation_child_real_id",
    ("billing_address", ("country_id",)), ("items", ITEM_FIELDS),
)  # fmt: skip
ORDER_PATHS: Final = (
    "extension_attributes.shipping_assignments.shipping.address.country_id",
    "extension_attributes.company_order_attributes.company_id",
)
DOCUMENT_FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "order_id", "store_id", "state", "created_at", "updated_at",
    "order_currency_code", "tax_amount", "grand_total",
)  # fmt: skip
SHIPMENT_FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "order_id", "store_id", "created_at", "updated_at",
    ("items", ("order_item_id", "qty")),
)  # fmt: skip
RULES: Final = "salesRules/search"


@dataclass(frozen=True)
class Reported:
    """A connection that reports. `views`: its store views, as the shop has them."""

    systems: Systems
    views: Sequence[Mapping[str, Any]]

    @classmethod
    async def of(cls, systems: Systems) -> "Reported":
        """Asks the shop for its store views."""
        found = await systems.commerce.store_views()
        own = [one for one in found if int(one["id"]) and systems.settings.store(int(one["id"]))]
        return cls(systems, own)

    @property
    def name(self) -> str:
        """The connection's."""
        return self.systems.name

    @property
    def settings(self) -> Connection:
        """The connection's."""
        return self.systems.settings

    @property
    def reporting(self) -> Reporting:
        """What reports read."""
        return self.settings.reporting or Reporting()

    @cached_property
    def stores(self) -> frozenset[int]:
        """Ids of the store views."""
        return frozenset(int(one["id"]) for one in self.views)

    @cached_property
    def kinds(self) -> list[str]:
        """The flows whose records are in F&O by our references; orders were always so."""
        return [one for one in RECORDS if one == "orders" or one in self.settings.flows]

    @property
    def also(self) -> frozenset[str]:
        """What more is read of Commerce: RMAs too where F&O credits them, for their orders."""
        return frozenset({*self.reporting.also, *self.kinds} & {"carts", "returns"})

    def record_of(self, invoice: Mapping[str, Any]) -> tuple[str, str]:
        """Kind and key of the record that an invoice or credit note of F&O was made for; empty for
        nobody's. What is charged gives nothing back, and a sales order's invoice is no free text
        invoice: an order's number may begin with their letters."""
        never = {"creditmemos", "returns"} if invoice["amount"] > ZERO else set[str]()
        kinds = {*self.kinds} - never - ({"invoices"} if invoice["sales_order"] else set())
        reference = invoice["reference"]
        for kind, fields in named_in(reference, self.settings, kinds):
            store = fields.get("store_id", "")
            if len(self.stores) == 1 and self._names_no_store(reference, kind, fields):
                store = "".join(map(str, self.stores))
            if store.isdigit() and int(store) in self.stores:
                return kind, f"{fields['increment_id']}@{store}"
        return "", ""

    def _names_no_store(self, reference: str, kind: str, fields: Mapping[str, str]) -> bool:
        """Whether our template made it, which names no store and shows yet that it is ours."""
        template = getattr(self.settings, kind).reference_template
        is_telling = "store_id" not in fields and template != "{increment_id}"
        return is_telling and fields_in(reference, template) == fields


def sources_of(reported: Sequence[Reported], now: datetime) -> Iterator[Source]:
    """All of them, shops first. Raises `Never` for two environments with a legal entity of one
    name."""
    for one in reported:
        yield from _of_shop(one, now)
    for company, owners in _companies(reported).items():
        yield from _of_company(company, owners, now)
    converting = [one for one in reported if one.reporting.group_currency]
    if converting:
        types = sorted({one.reporting.rate_type for one in converting})
        where, first = Filter.any_of("RateTypeName", types), converting[0]
        yield LedgerList(first.systems, ALWAYS, ledger_rows.RATES, now, more=where)


def _of_shop(one: Reported, now: datetime) -> Iterator[Source]:
    since, shop, settings = started(now, one.reporting.months), one.name, one.settings
    only = of_any("store_id", one.stores)
    paid = ways_to_pay(settings.orders)

    def listed(path: str, fields: tuple[Node, ...], makes: Callable[..., Any]) -> ShopList:
        return ShopList(f"{path}|{shop}", one.systems, path, fields, only, makes, since)

    yield Whole(
        f"stores|{shop}", partial(_given, one.views),
        partial(shop_rows.store, shop, settings, now=now),
    )  # fmt: skip
    yield Whole(
        f"campaigns|{shop}", partial(_campaigns, one.systems),
        partial(shop_rows.campaign, shop, settings, now=now),
    )  # fmt: skip
    orders = (*ORDER_FIELDS, *ways_to_pay(settings.orders, ORDER_PATHS))
    yield listed("orders", orders, OrderRows(shop, settings).rows)
    for path, kind in (("invoices", "invoice"), ("creditmemos", "creditmemo")):
        makes = partial(shop_rows.money_document, shop, settings, kind=kind)
        yield listed(path, (*DOCUMENT_FIELDS, *paid), makes)
    yield listed("shipments", SHIPMENT_FIELDS, partial(shop_rows.shipment, shop, settings))
    if "carts" in one.also:
        yield ShopList(
            f"carts|{shop}", one.systems, SEARCH, cart_rows.FIELDS, only,
            partial(cart_rows.cart, shop, settings), since, key="id",
        )  # fmt: skip
    if "returns" in one.also:
        makes = partial(shop_rows.rma, shop, settings, now=now)
        yield ReturnList(f"returns|{shop}", one.systems, one.stores, makes, since)


async def _given(rows: Sequence[Mapping[str, Any]]) -> AsyncIterator[Mapping[str, Any]]:
    for row in rows:
        yield row


async def _campaigns(systems: Systems) -> AsyncIterator[Mapping[str, Any]]:
    commerce = systems.commerce
    search = Search(page_size=commerce.settings.page_size)
    async for page in commerce.pages(RULES, search, key="rule_id"):
        for row in page.items:
            yield row


def _companies(reported: Sequence[Reported]) -> Mapping[str, list[Reported]]:
    found: dict[str, list[Reported]] = {}
    for one in reported:
        for company in one.settings.legal_entities:
            found.setdefault(company.casefold(), []).append(one)
    for company, owners in found.items():
        if len({one.settings.dynamics.url for one in owners}) > 1:
            raise Never(
                f"{company} is a legal entity of two environments, which one data set cannot tell"
                f" apart: connections {', '.join(one.name for one in owners)}",
                remedy="Take [connections.NAME.reporting] from one of them in connections.toml.",
            )
    return found


def _of_company(company: str, owners: Sequence[Reported], now: datetime) -> Iterator[Source]:
    first = owners[0]
    spelled = next(one for one in first.settings.legal_entities if one.casefold() == company)
    since = started(now, max(one.reporting.months for one in owners))

    def listed(of: ledger_rows.LedgerSet, **more: Any) -> LedgerList:
        return LedgerList(first.systems, spelled, of, since, **more)

    finish = {
        "invoices": partial(_owned, owners),
        "stock_days": partial(_today, first, spelled, now),
    }
    for of in ledger_rows.SHARED_SETS:
        yield listed(of, **({"finish": finish[of.table]} if of.table in finish else {}))
    if any(one.reporting.cost for one in owners):
        days = max(one.reporting.restate_days for one in owners)
        again = now - timedelta(days=days) if days else None
        yield listed(ledger_rows.COSTS, again=again)
        yield listed(ledger_rows.COST_ORIGINS)


def _owned(owners: Sequence[Reported], row: dict[str, Any]) -> dict[str, Any]:
    """Whose reference an invoice has."""
    for one in owners:
        kind, key = one.record_of(row)
        if kind:
            return {**row, "shop": one.name, "record_kind": kind, "record_key": key}
    return {**row, "shop": "", "record_kind": "", "record_key": ""}


def _today(one: Reported, company: str, now: datetime, row: dict[str, Any]) -> dict[str, Any]:
    """Stock is of the day on which it is read."""
    today = now.astimezone(one.settings.time_zone(company)).date()
    return {**row, "day": today, "month": month_of(today)}
