"""Invoices of F&O as invoices in Commerce: how many pieces of which rows, whether a gateway
captures money, and whether that money is a payment in F&O. Pure.

What F&O has invoiced up to an invoice is taken to be what was invoiced in Commerce without us, at
checkout or by hand, and of F&O's invoices before it; the rest of it is to be invoiced.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from sync.commerce.models.invoice import CANCELLED, CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import SlipLine
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.mapping.cancellations import sends_more
from sync.mapping.pieces_left import pieces_taken_off
from sync.mapping.shipments import ShippedRow, invoiced_rows

NEVER = "never"


@dataclass(frozen=True)
class InvoicedRow:
    """A row as both sides have invoiced it. `shown`: pieces that are to be invoiced in Commerce
    now; `fno`: those that F&O had invoiced with this invoice, less what it credited; `commerce`:
    those that Commerce has, or will have with `shown`; `in_all`: those that F&O's invoices of now
    come to; `never`: those that F&O cancelled after Commerce had invoiced them."""

    row: ShippedRow
    shown: Decimal
    fno: Decimal
    commerce: Decimal
    in_all: Decimal
    never: Decimal

    @property
    def is_over(self) -> bool:
        """Whether F&O has invoiced all that it ever will."""
        return self.in_all >= self.row.most - self.never

    @property
    def item_id(self) -> int:
        """The order item that it is invoiced by."""
        return self.row.item.item_id or 0

    @property
    def is_done(self) -> bool:
        """Whether both sides have invoiced all of it, and no more."""
        return self.in_all + self.never == self.commerce == self.row.most


def invoiced_by(
    invoice: SalesInvoice, order: Order, invoices: Iterable[Invoice],
    factors: Mapping[int, Decimal], given_back: Sequence[CreditMemo] = (),
) -> list[InvoicedRow]:  # fmt: skip
    """The rows of the order, with what the invoice asks to be invoiced. `invoices`: those of the
    order in Commerce. `factors`: sales units per piece, by order item. `given_back`: credit memos
    of pieces that F&O cancelled."""
    live = [one for one in invoices if one.state != CANCELLED]
    earlier = {"", *(line.slip for line in invoice.earlier)}
    already = [one for one in live if one.fno_invoice in earlier]
    others = [one for one in live if one.fno_invoice != invoice.number]
    found = []
    for row in invoiced_rows(order):
        before, through = (row.pieces(rows, factors) for rows in _sold(invoice))
        low = min(row.most, max(before, _held(row, already)))
        left = max(row.most - _held(row, others), ZERO)
        shown = min(max(min(row.most, through) - low, ZERO), left) if through > before else ZERO
        net = row.pieces([*invoice.earlier, *invoice.lines], factors)
        commerce, in_all = _held(row, others) + shown, row.pieces(invoice.rows, factors)
        never = _held(row, given_back)
        found.append(InvoicedRow(row, shown, net, commerce, in_all, never))
    return found


def left_alive(
    order: Order, lines: Sequence[SlipLine], invoices: Iterable[Invoice],
    factors: Mapping[int, Decimal],
) -> dict[int, Decimal] | None:  # fmt: skip
    """Pieces by order item that are not invoiced and that F&O sends (`lines`); None where that is
    all that is left, or a set is torn, which a person decides about. Pieces that were refunded
    unsent are among the invoiced, and F&O sends them no more."""
    live, rows = [one for one in invoices if one.state != CANCELLED], invoiced_rows(order)
    alive = [min(row.most, row.pieces(lines, factors) + pieces_taken_off(row.item)) for row in rows]
    dead = [row for row, pieces in zip(rows, alive, strict=True) if pieces < row.most]
    if not dead or any(
        len(row.counted) > 1 and sends_more(row, row.pieces(lines, factors), lines, factors)
        for row in dead
    ):
        return None
    left = {
        row.item.item_id or 0: pieces - _held(row, live)
        for row, pieces in zip(rows, alive, strict=True)
    }
    return {number: pieces for number, pieces in left.items() if pieces > ZERO}


def _sold(invoice: SalesInvoice) -> tuple[Sequence[SlipLine], Sequence[SlipLine]]:
    """What was invoiced before it, and with it; what F&O credited meanwhile was invoiced before."""
    before = [row for row in invoice.earlier if row.quantity > ZERO]
    return before, [*before, *(row for row in invoice.lines if row.quantity > ZERO)]


def _held(row: ShippedRow, invoices: Iterable[MoneyDocument]) -> Decimal:
    """Whole pieces of a row that these documents of Commerce hold."""
    pieces = dict.fromkeys(row.counted, Fraction(0))
    for invoice in invoices:
        for item in invoice.items:
            if item.order_item_id in pieces:
                pieces[item.order_item_id] += Fraction(item.qty)
    least = min(pieces[number] / per for number, per in row.counted.items())
    return (
        Decimal(floor(least * 10_000)).scaleb(-4)
        if row.item.is_qty_decimal
        else Decimal(floor(least))
    )


def is_at_gateway(order: Order) -> bool:
    """Whether a gateway holds an authorisation of the order, or has moved money for it."""
    payment = order.payment
    sums = (payment.amount_authorized, payment.base_amount_authorized)
    return any(sums) or bool(payment.base_amount_paid_online or payment.last_trans_id)


def is_captured(order: Order, connection: Connection) -> bool:
    """Whether an invoice that we make has the gateway capture its money."""
    when = connection.captures.capture_of(order.payment.method)
    return when != NEVER and is_at_gateway(order)


def is_made(order: Order, connection: Connection) -> bool:
    """Whether an invoice is made at all. One that captures nothing counts as paid in Commerce, so
    none is made while a gateway holds an authorisation that nobody captures here."""
    return is_captured(order, connection) or not is_at_gateway(order)


def is_captured_whole(order: Order, connection: Connection) -> bool:
    """Whether a gateway captures all of an order at once, when the first of it is shipped."""
    when = connection.captures.capture_of(order.payment.method)
    return when == "at_first_shipment" and is_at_gateway(order)


def brings_no_money(document: MoneyDocument, order: Order, connection: Connection) -> str:
    """Why an invoice in Commerce is no payment in F&O: we made it of one of F&O's, and no gateway
    has moved money. Empty for any other document."""
    invoice = document if isinstance(document, Invoice) else None
    if invoice is None or not invoice.made_of or is_captured(order, connection):
        return ""
    if invoice.transaction_id:
        return ""
    return (
        f"made of {invoice.made_of}, and no gateway captured anything: F&O holds the receivable,"
        " and the payment is booked there when it comes"
    )
