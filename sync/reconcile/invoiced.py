"""Pieces of each order that F&O has invoiced against those that Commerce has.

Commerce may be ahead: an order that was charged at checkout is invoiced in F&O when it leaves. Once
F&O invoices no more of it, both have invoiced the same, less what was refunded before it was
shipped and taken off the sales order. Sums are compared by `orders`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order, utc
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.engine.claim import Claim, State
from sync.engine.systems import Systems
from sync.flows.fulfilment.invoice_view import InvoiceView, view_of
from sync.flows.fulfilment.order_totals import CAPTURES
from sync.flows.fulfilment.slip_orders import sales_order_of
from sync.flows.keys import elsewhere
from sync.reconcile.causes import Told, is_under_way, is_young, parked
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected
from sync.reconcile.order_pieces import OrderPieces
from sync.reconcile.verdict import Verdict

INVOICED: Final = "invoiced"
ORDERS: Final = "orders"


@dataclass(frozen=True)
class Pieces:
    """Of one row: what Commerce has invoiced, what of that was refunded, and what F&O has
    invoiced. `is_over`: F&O invoices no more."""

    commerce: Decimal
    refunded: Decimal
    fno: Decimal
    is_over: bool

    @property
    def is_fine(self) -> bool:
        """Whether F&O may have invoiced so many."""
        least = self.commerce - self.refunded if self.is_over else ZERO
        return least <= self.fno <= self.commerce


async def _looked(connected: Connected, row: Mapping[str, Any]) -> Verdict | None:
    """None for what the orders' own comparison tells, and for what a gateway still holds."""
    systems = connected.systems
    try:
        order = Order.read(dict(row))
    except Never:
        return None
    if elsewhere(order.store_id, systems):
        return None
    claim = await connected.ledger.claim(systems.name, ORDERS, order.key)
    invoice = await _last(sales_order_of(claim, systems.settings), systems)
    return await _compared(connected, order, invoice) if invoice is not None else None


async def _last(sales_order: str, systems: Systems) -> SalesInvoice | None:
    """Its last invoice, with the rows of all of them; None where it has none."""
    company, _, number = sales_order.partition("|")
    lines = systems.dynamics.invoiced_lines
    keys = await lines.of_order(company, number) if number else []
    return await lines.invoice(*keys[-1].split("|", 2)) if keys else None


async def _compared(connected: Connected, order: Order, invoice: SalesInvoice) -> Verdict | None:
    systems, place = connected.systems, invoiced.place_of(order, connected)
    claim = await connected.ledger.claim(systems.name, CAPTURES, invoice.key)
    invoices = await systems.commerce.order_invoices.of_order(order.entity_id or 0)
    try:
        view = await view_of(invoice, order, invoices, systems)
    except Never as error:
        cause = Cause.PARKED if claim.waits_for_a_person else Cause.MISSING
        held = total(row.quantity for row in invoice.rows if row.reference.isdigit())
        return _verdict(place, order, (ZERO, held), (cause, "", error.remedy), claim)
    if not view.is_made:
        return None
    rows = await _pieces(connected, view)
    sums = total(one.commerce for one in rows), total(one.fno for one in rows)
    is_fine = all(one.is_fine for one in rows)
    told = None if is_fine else await _told(connected, view, claim)
    return _verdict(place, order, sums, told, claim)


async def _pieces(connected: Connected, view: InvoiceView) -> list[Pieces]:
    invoice, dynamics = view.invoice, connected.systems.dynamics
    held = await dynamics.sales_orders.by_number(invoice.company, invoice.sales_order)
    is_over = held is None or held.header.get("SalesOrderStatus") in ("Invoiced", "Canceled")
    coming = 0 if view.there is not None else 1
    return [
        Pieces(row.commerce - coming * row.shown, row.row.item.qty_refunded, row.in_all, is_over)
        for row in view.rows
    ]


async def _told(connected: Connected, view: InvoiceView, claim: Claim) -> Told | None:
    """Why they differ; None where a person has decided on it."""
    if claim.state is State.PARKED:
        return await parked(connected, claim)
    if claim.resolved and not claim.differs:
        return None
    return _cause(connected, utc(view.order.updated_at), claim)


def _cause(connected: Connected, changed: datetime | None, claim: Claim) -> Told:
    about = Commands(connected.systems.name, CAPTURES, claim.key)
    since = changed.isoformat() if changed else ""
    if is_under_way(connected, claim):
        return Cause.WAITING, since, about.trail()
    if changed is not None and is_young(connected, CAPTURES, changed):
        return Cause.NOT_DUE, since, about.replay()
    if claim.differs:
        return Cause.EDITED, since, claim.remedy
    return Cause.AMOUNT, since, about.replay()


def _verdict(
    place: tuple[str, str, str, str], order: Order, sums: tuple[Decimal, Decimal],
    told: Told | None, claim: Claim,
) -> Verdict:  # fmt: skip
    (kind, day, store, currency), (commerce, fno) = place, sums
    if told is None:
        return Verdict(place, [commerce], [fno])
    difference = Difference(kind, order.key, store, day, currency, commerce, fno, *told)
    return Verdict(place, [commerce], [fno], difference.unless_accepted(claim))


invoiced: Final = OrderPieces(INVOICED, CAPTURES, _looked)
