"""Packing slips of F&O -> shipments in Commerce.

In:      a posted slip with the rows of its sales order's slips, and its tracking numbers.
Key:     "<company>|<sales order>|<slip>"; "<company>|<sales order>|*" stands for all of an order,
         "<company>||<slip>" for a slip of whatever order.
Out:     one shipment per slip, by order item, from the source of its warehouse; a comment marks it.
Waits:   for the order to be posted by us; while it is on hold, under review or not paid.
Parks:   a warehouse without source, a line that cannot be counted in pieces.
Lists:   for a person, as delivered: pieces of which Commerce shows more or less than F&O has sent
         (over-delivery, a slip corrected or cancelled after it was shipped, shipments by hand).
Repeats: the marker is looked for before anything is shipped again. No echo: the order is the same
         document to F&O after it was shipped in Commerce.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sync.commerce.models.order import Order
from sync.commerce.shipments import Track
from sync.core.errors import Never
from sync.core.skipped import Skipped
from sync.dynamics.business_events import BusinessEvent
from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.engine.delivery import Delivery
from sync.engine.flow import BusinessEvents, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.engine.write import Write
from sync.flows.catalogue.stock import stock
from sync.flows.fulfilment.captures import at_first_shipment
from sync.flows.fulfilment.shipment_writes import ShipmentWrite, WantedShipment
from sync.flows.fulfilment.slip_orders import (
    PackedOrder,
    PackedSlip,
    listed_slips,
    order_of,
    packed_slip,
)
from sync.flows.fulfilment.slip_view import SlipView, view_of
from sync.flows.fulfilment.status import told_next
from sync.flows.fulfilment.waiting import until_released
from sync.flows.order_comments import OrderComment
from sync.flows.polls import companies_from, our_clock
from sync.flows.targets import commerce_of
from sync.pacing.priority import Priority

SHIPMENTS: Final = "shipments"
ALL: Final = "*"


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Slips that were posted since, and those of the days before, which may be tracked or corrected
    by now: company by company, in the order of their record ids."""
    day = (since - timedelta(days=systems.settings.shipments.tracking_days)).date()
    for company, rest in companies_from(systems, after):
        listed = systems.dynamics.packing_slips.since(company, day, after=rest)
        async for slip, posted_at, place in listed_slips(company, since, listed, systems):
            at = min(posted_at, until)
            yield Change(slip.key, at, slip.fingerprint, f"{company}|{place}")


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """All slips of the sales order, or the slip, that an event of the customer's own names. The key
    is given in part: F&O tells the numbers as it spells them, so that a slip has one key."""
    sales_order = event.named("SalesOrderId", "SalesId", "SalesOrderNumber")
    number = event.named("PackingSlipId", "PackingSlipNumber") or ALL
    if not event.company or (not sales_order and number == ALL):
        raise NoKey("no legal entity, or neither SalesOrderId nor PackingSlipId in it")
    return [f"{event.company}|{sales_order}|{ALL if sales_order else number}"]


async def resolve(key: str, systems: Systems) -> Sequence[str] | None:
    """All slips of a sales order, where a key names no slip; the slip where it names no order."""
    company, sales_order, number = _parts(key)
    slips = systems.dynamics.packing_slips
    if number == ALL:
        return await slips.keys(company, sales_order=sales_order)
    return None if sales_order else await slips.keys(company, number=number)


async def read(key: str, systems: Systems) -> PackedSlip | None:
    """The slip as F&O holds it now, with its order; None while it does not show. Lines that do not
    tell our reference are known by their lots."""
    company, sales_order, number = _parts(key)
    slip = await systems.dynamics.packing_slips.get(company, sales_order, number)
    if slip is None:
        return None
    if not all(row.reference for row in slip.rows if row.quantity):
        order = await systems.dynamics.sales_orders.by_number(company, sales_order)
        lots = {lot: name for name, lot in order.lots.items()} if order else {}
        slip = replace(slip, rows=tuple(_referenced(row, lots) for row in slip.rows))
    return await packed_slip(slip, systems)


def _referenced(row: SlipLine, lots: dict[str, str]) -> SlipLine:
    return row if row.reference else replace(row, reference=lots.get(row.lot, ""))


def _parts(key: str) -> tuple[str, str, str]:
    company, _, rest = key.partition("|")
    sales_order, _, number = rest.partition("|")
    return company, sales_order, number or ALL


async def plan(packed: PackedSlip, delivery: Delivery) -> Plan | Skipped:
    """The shipment that Commerce must hold of the slip."""
    slip = packed.slip
    if not slip.is_sale:
        return Skipped("a slip of a return")
    found = await order_of(packed, delivery)
    if isinstance(found, Skipped):
        return found
    order = found.order
    if order.is_virtual:
        return Skipped("nothing of the order is shipped in Commerce")
    view = await _view(slip, found, delivery)
    problem = view.open_point()
    if not view.items and problem is None and delivery.held(ShipmentWrite.kind) is None:
        return Skipped(_nothing_of(slip))
    others = [f"{slip.company}|{other}|{slip.number}" for other in slip.others]
    return Plan(
        await _writes(view, delivery) if view.items else (),
        digest="" if view.items else slip.fingerprint,
        keys={"order": order.increment_id, "slip": slip.number},
        amounts={"pieces": f"{sum(view.items.values()):f}"} if view.items else {},
        when_new=(
            *(Notification(SHIPMENTS, key) for key in others),
            *at_first_shipment(order, slip, delivery.systems.settings),
            *told_next(slip, delivery.systems.settings),
        ),
        open_point=problem,
    )


async def _view(slip: PackingSlip, found: PackedOrder, delivery: Delivery) -> SlipView:
    """The slip beside its order. Nobody asks for the order's shipments where they are those that
    we have made of the slips before it: then it has none, and nobody has shipped by hand."""
    view = await view_of(slip, found, delivery.systems)
    if not found.is_begun:
        return view
    if view.shows_earlier and not delivery.is_asked and await _are_ours(slip, delivery):
        return view
    return await view_of(slip, await found.with_shipments(delivery.systems), delivery.systems)


async def _are_ours(slip: PackingSlip, delivery: Delivery) -> bool:
    """Whether each slip before it has a shipment by what we remember, and this one none."""
    ledger, name = delivery.ledger, delivery.systems.name
    earlier = dict.fromkeys(row.slip for row in slip.earlier if row.quantity)
    for number in earlier:
        claim = await ledger.claim(name, SHIPMENTS, replace(slip, number=number).key)
        if ShipmentWrite.kind not in claim.delivered:
            return False
    return bool(earlier) and delivery.is_unannounced


def _nothing_of(slip: PackingSlip) -> str:
    if any(line.quantity for line in slip.lines):
        return "it sends no whole piece or set: the slip that completes one is shown"
    return "the slip holds nothing (any more)"


async def _writes(view: SlipView, delivery: Delivery) -> tuple[Write, ...]:
    """The shipment, and what the buyer reads of substitutes."""
    shipment = await _write(view, delivery)
    if not view.substitutes:
        return (shipment,)
    systems = delivery.systems
    form = systems.settings.shipments.substitute_comment
    text = "; ".join(
        form.format(sent=sent, ordered=ordered) for sent, ordered in view.substitutes.items()
    )
    comment = OrderComment(
        view.order.entity_id or 0, text, systems.commerce, commerce_of(systems),
        is_visible=True, kind="substitutes",
    )  # fmt: skip
    return shipment, comment


async def _write(view: SlipView, delivery: Delivery) -> ShipmentWrite:
    slip, order, systems = view.slip, view.order, delivery.systems
    if view.there is None:
        until_released(order, delivery)
    source = _source(slip, order, systems)
    skus = await systems.commerce.products.skus(view.goods()) if source else {}
    goods = {skus[product]: qty for product, qty in view.goods().items() if product in skus}
    settings = systems.settings.shipments
    carrier = settings.carrier_of(slip.carrier, slip.mode)
    wanted = WantedShipment(
        order.entity_id or 0, slip.number, view.items,
        tuple(Track(number, carrier.title, carrier.code) for number in slip.tracking),
        source, goods, settings.notify,
    )  # fmt: skip
    doubt = partial(delivery.ledger.mirror.doubt, f"{systems.name}|{stock.name}")
    return ShipmentWrite(wanted, systems, commerce_of(systems), view.there, doubt)


def _source(slip: PackingSlip, order: Order, systems: Systems) -> str:
    """The source of the slip's warehouse; empty for a shop that has none. Where none is named, the
    shop would take the goods from `default`, whatever that is."""
    settings = systems.settings
    if settings.stock.inventory != "sources":
        return ""
    store = settings.store("default" if order.store_id is None else order.store_id)
    warehouse = slip.warehouse or (store.warehouse if store else "") or ""
    if source := settings.source_of(warehouse):
        return source
    raise Never(
        f"slip {slip.number}: warehouse {warehouse or '(none)'} is no source of the shop",
        remedy=(
            f'Write sources = {{ "{warehouse}" = "..." }} under [connections.{systems.name}'
            f'.shipments] or .stock in connections.toml, then run: replay "{slip.key}"'
        ),
    )


shipments: DocumentFlow[PackedSlip] = DocumentFlow(
    name=SHIPMENTS,
    is_answered=True,
    title="Packing slips to shipments",
    source=Source(read, resolve, version=lambda packed: packed.version, is_joined=True),
    plan=plan,
    triggers=(
        BusinessEvents((), keys_in_event, lambda connection: connection.shipments.events),
        Poll(
            changed, our_clock, lambda connection: connection.shipments.poll_minutes,
            fingerprint=lambda packed: packed.slip.fingerprint,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
