"""Which order of ours a packing slip was packed for; read together with the slip, so that few
requests read all that waits."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from sync.commerce.models.order import Order
from sync.commerce.shipments import Shipment
from sync.config.connections import Connection
from sync.core.errors import Later
from sync.core.groups import as_groups
from sync.core.skipped import Skipped
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.dynamics.posted_invoices import PostedInvoice
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification, PassedOn
from sync.engine.systems import Systems
from sync.engine.timing import being_posted
from sync.flows.keys import elsewhere, parts_of, whole_in
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.references import fields_in, templates_of

T = TypeVar("T")
Listed = tuple[PackingSlip, datetime, str]
"""A slip, when it was posted, and its place in the list."""
TOGETHER = 100
ORDERS = "orders"
NOT_OURS = Skipped("its sales order is none of ours")


@dataclass(frozen=True)
class PackedOrder:
    """An order that a slip may be of, with all its shipments once they were asked for."""

    order: Order
    shipments: tuple[Shipment, ...] = ()

    @property
    def is_begun(self) -> bool:
        """Whether Commerce has shipped any of it."""
        return any(item.qty_shipped for item in self.order.items)

    async def with_shipments(self, systems: Systems) -> "PackedOrder":
        """With its shipments, as they are now."""
        of_order, order_id = systems.commerce.shipments.of_order, self.order.entity_id or 0
        return replace(self, shipments=tuple(await of_order(order_id) if self.is_begun else []))


@dataclass(frozen=True)
class PackedSlip:
    """A slip, and the orders of the shop that its reference may name."""

    slip: PackingSlip
    orders: tuple[PackedOrder, ...]

    @property
    def version(self) -> object:
        """What differs when slip, orders or shipments changed. A shipment after the first moves no
        stamp of its order."""
        stamps = [(one.order.state, one.order.updated_at) for one in self.orders]
        shipped = [item.qty_shipped for one in self.orders for item in one.order.items]
        return self.slip.fingerprint, stamps, shipped


async def slips_of(claim: Claim, systems: Systems) -> list[str]:
    """The keys of all slips of an order that was posted, the oldest first."""
    company, _, number = sales_order_of(claim, systems.settings).partition("|")
    return await systems.dynamics.packing_slips.keys(company, sales_order=number) if number else []


def sales_order_of(claim: Claim, settings: Connection) -> str:
    """`<company>|<sales order>` that an order was posted as; empty where it was not."""
    held = claim.delivered.get(KIND)
    _, store = parts_of(claim.key)
    return f"{settings.legal_entity_of(whole_in(store))}|{held.number}" if held else ""


def may_be_ours(reference: str, settings: Connection) -> bool:
    """Whether a reference may be of an order of this connection; an empty one tells nothing."""
    return not reference or bool(_numbers_in(reference, settings))


async def listed_slips(
    company: str, since: datetime, slips: AsyncIterator[Listed], systems: Systems
) -> AsyncIterator[Listed]:
    """Those of a list that may be of orders of ours: by the reference of their header, or since
    they are of several orders, of which it names one. Lines tell that: they are asked for where the
    reference is none of ours and the slip is not older than `since`."""
    settings = systems.settings
    async for some in as_groups(slips, TOGETHER):
        strange = [
            slip.number for slip, at, _ in some
            if at >= since and not may_be_ours(slip.reference, settings)
        ]  # fmt: skip
        shared = await systems.dynamics.packing_slips.shared(company, strange)
        for one in some:
            if one[0].number in shared or may_be_ours(one[0].reference, settings):
                yield one


async def listed_invoices(
    company: str, invoices: AsyncIterator[tuple[PostedInvoice, date]], systems: Systems
) -> AsyncIterator[tuple[PostedInvoice, date]]:
    """Those of a list of invoices in the same way, however old; each is asked for once."""
    async for some in as_groups(invoices, TOGETHER):
        strange = [
            one.number for one, _ in some if not may_be_ours(one.reference, systems.settings)
        ]
        shared = await systems.dynamics.invoiced_lines.shared(company, strange)
        for posted, dated in some:
            if posted.sales_order and (posted.number in shared or posted.number not in strange):
                yield posted, dated


async def packed_slip(slip: PackingSlip, systems: Systems) -> PackedSlip:
    """The slip with the orders that its reference may name, as they are now."""
    if not slip.reference:
        slip = replace(slip, reference=await _reference_of(slip, systems))
    named = await orders_named(slip.reference, systems)
    return PackedSlip(slip, tuple(PackedOrder(order) for order in named))


async def orders_named(reference: str, systems: Systems) -> list[Order]:
    """The orders of the connection's stores that a reference may name, as they are now."""
    found = [
        Order.read(document)
        for number in _numbers_in(reference, systems.settings)
        for document in await systems.commerce.orders.by_number(number)
    ]
    return [order for order in found if not elsewhere(order.store_id, systems)]


async def order_of(packed: PackedSlip, delivery: Delivery) -> PackedOrder | Skipped:
    """The order that was posted as the slip's sales order. Raises `Later` while a try of ours has
    not recorded it, or the shop does not show it."""
    slip = packed.slip
    key = await key_posted_as(slip.company, slip.sales_order, slip.reference, delivery)
    if key is None:
        return _passed_on(slip, delivery)
    return one_of({one.order.key: one for one in packed.orders}, key)


def _passed_on(slip: PackingSlip, delivery: Delivery) -> Skipped:
    """The others on it are looked at where its header names this order: once, and not in
    circles."""
    if not (slip.others and slip.is_head):
        return NOT_OURS
    keys = [f"{slip.company}|{one}|{slip.number}" for one in slip.others]
    looks = tuple(Notification(delivery.claim.flow, key) for key in keys)
    return PassedOn(NOT_OURS.reason, follow_ups=looks)


def one_of(orders: Mapping[str, T], key: str) -> T:
    """The order of a key. Raises `Later` where the shop does not show it."""
    if key not in orders:
        raise Later(f"order {key} does not show in Commerce")
    return orders[key]


async def key_posted_as(
    company: str, sales_order: str, reference: str, delivery: Delivery
) -> str | None:
    """The key of the order that was posted as a sales order of this reference; None where it is
    none of ours. Raises `Later` while a try of ours has not recorded it."""
    settings = delivery.systems.settings
    async for claim in _claims(reference, delivery):
        _, store = parts_of(claim.key)
        is_it = _is_for(sales_order, claim, delivery)
        if is_it and settings.legal_entity_of(whole_in(store)) == company:
            return claim.key
    return None


async def _claims(reference: str, delivery: Delivery) -> AsyncIterator[Claim]:
    name = delivery.systems.name
    for number in _numbers_in(reference, delivery.systems.settings):
        async for claim in delivery.ledger.claims(name, ORDERS, prefix=f"{number}@"):
            yield claim


def _is_for(sales_order: str, claim: Claim, delivery: Delivery) -> bool:
    """Whether the order was posted as this sales order."""
    held = claim.delivered.get(KIND)
    if held is None and claim.intent is not None:
        raise being_posted(claim, sales_order, delivery)
    return held is not None and held.number == sales_order


async def _reference_of(slip: PackingSlip, systems: Systems) -> str:
    found = await systems.dynamics.sales_orders.by_number(slip.company, slip.sales_order)
    return str(found.header.get("CustomersOrderReference") or "") if found else ""


def _numbers_in(reference: str, settings: Connection) -> list[str]:
    """The increment id that a reference names, of an order of the connection's stores: by the
    template as it is, else as it was by default before."""
    templates = templates_of(ORDERS, settings.orders.reference_template)
    named = (fields for one in templates if (fields := fields_in(reference, one)))
    found = next(named, None)
    is_ours = found is not None and _is_our_store(found.get("store_id"), settings)
    return [found["increment_id"]] if found is not None and is_ours else []


def _is_our_store(store_id: str | None, settings: Connection) -> bool:
    return store_id is None or settings.store(store_id) is not None
