"""Pieces of each order: what is still wanted of it in Commerce, less what was cancelled and what
was refunded before it was shipped, against the lines of its sales order.

Sums of money may agree where pieces do not. F&O may hold anything between what is wanted and what
was ordered, as it cannot always take off what it ships. What it has shipped and invoiced is
compared by other kinds. Both sides of each order are read, so it is compared where it is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order, utc
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.engine.claim import Claim, State
from sync.flows.keys import elsewhere
from sync.flows.orders.order_changes import without_what_is_credited
from sync.mapping.posting_policy import before_our_time, is_cancelled, is_rejected
from sync.mapping.sales_order import reference_of
from sync.reconcile.causes import Told, is_under_way, is_young, parked
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected
from sync.reconcile.order_pieces import OrderPieces
from sync.reconcile.orders import document_of
from sync.reconcile.verdict import Verdict

QUANTITIES: Final = "quantities"
ORDERS: Final = "orders"


@dataclass(frozen=True)
class Line:
    """Sales units of a line: still `wanted`, as `ordered`, and as F&O holds it. F&O's own lines are
    neither wanted nor ordered."""

    wanted: Decimal
    ordered: Decimal
    held: Decimal

    @property
    def is_fine(self) -> bool:
        """Whether F&O may hold so many."""
        return self.wanted <= self.held <= self.ordered


async def _looked(connected: Connected, row: Mapping[str, Any]) -> Verdict | None:
    """None for what the orders' own comparison tells: unreadable, missing or doubled ones."""
    systems, settings = connected.systems, connected.settings
    try:
        order = Order.read(dict(row))
    except Never:
        return None
    if elsewhere(order.store_id, systems) or before_our_time(order, settings.orders):
        return None
    company = settings.legal_entity_of(order.store_id)
    reference = reference_of(order, settings)
    found = await systems.dynamics.books.sales_orders_of(company, [reference])
    if len(found) != 1:
        return None
    held = await systems.dynamics.sales_orders.by_number(company, found[0].number)
    claim = await connected.ledger.claim(systems.name, ORDERS, order.key)
    delivery = connected.delivery(claim)
    try:
        order = await without_what_is_credited(order, delivery)
        document = await document_of(order, settings, delivery)
    except Never:
        return None
    return await _verdict(connected, order, claim, (_lines(order, document, held), found[0].number))


def _lines(order: Order, document: Any, held: ExistingSalesOrder | None) -> list[Line]:
    is_over = held is None or held.is_cancelled
    there = {} if held is None or is_over else held.quantities
    is_off = is_rejected(order) or is_cancelled(order)
    lines = [
        Line(ZERO if is_off else one.remaining, one.price.quantity, there.get(one.reference, ZERO))
        for one in document.lines
        if one.reference.isdigit()
    ]
    rows = held.lines if held is not None and not is_over else ()
    theirs = [Decimal(one.get("OrderedSalesQuantity") or 0) for one in rows if _is_theirs(one)]
    return lines + [Line(ZERO, ZERO, quantity) for quantity in theirs]


def _is_theirs(row: Mapping[str, Any]) -> bool:
    return not row.get("ExternalItemNumber")


async def _verdict(
    connected: Connected, order: Order, claim: Claim, found: tuple[list[Line], str]
) -> Verdict:
    lines, number = found
    wanted, there = total(one.wanted for one in lines), total(one.held for one in lines)
    place = quantities.place_of(order, connected)
    counted = Verdict(place, [wanted], [there])
    if all(one.is_fine for one in lines):
        return counted
    told = await _told(connected, order, claim, number)
    kind, day, store, currency = place
    difference = Difference(kind, order.key, store, day, currency, wanted, there, *told)
    return Verdict(place, [wanted], [there], difference.unless_accepted(claim))


async def _told(connected: Connected, order: Order, claim: Claim, number: str) -> Told:
    changed = utc(order.updated_at)
    since = changed.isoformat() if changed else ""
    about = Commands(connected.systems.name, ORDERS, order.key)
    if claim.state is State.PARKED:
        return await parked(connected, claim)
    if is_under_way(connected, claim):
        return Cause.WAITING, since, about.trail()
    is_sent = bool(claim.number and claim.read_at and changed and claim.read_at >= changed)
    if not is_sent and changed is not None and is_young(connected, ORDERS, changed):
        return Cause.NOT_DUE, since, about.replay()
    said = f"Compare the lines of {number} in D365 with the order. To send the order's again:"
    return Cause.EDITED if is_sent else Cause.AMOUNT, since, f"{said} {about.replay()}"


quantities: Final = OrderPieces(QUANTITIES, ORDERS, _looked)
