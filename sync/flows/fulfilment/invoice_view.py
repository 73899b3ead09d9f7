"""An invoice of F&O beside the order that it invoices: what it asks for, and what Commerce has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CANCELLED, OPEN, CreditMemo, Invoice, marker_of
from sync.commerce.models.order import Order
from sync.commerce.models.refund import is_of_cancelled_pieces
from sync.core.money import ZERO
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.engine.plan import OpenPoint
from sync.engine.systems import Systems
from sync.flows.fulfilment.invoice_writes import marked
from sync.flows.fulfilment.substitutes import substituted
from sync.flows.orders.agreement import CANCELLATIONS
from sync.mapping.captures import InvoicedRow, invoiced_by, is_captured, is_made, left_alive
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_rows import money_items
from sync.mapping.shipments import factors_of, strange_lines

ENDED: Final = frozenset({"canceled", "closed"})


@dataclass(frozen=True)
class InvoiceView:
    """`rows`: as both sides have invoiced them. `there`: its invoice in Commerce, if it has one.
    `uncaptured`: invoices of the order whose money a gateway is still to capture. `is_made`:
    whether Commerce is to have one."""

    invoice: SalesInvoice
    order: Order
    rows: tuple[InvoicedRow, ...]
    there: Invoice | None
    uncaptured: tuple[str, ...]
    is_made: bool
    systems: Systems

    @property
    def items(self) -> dict[int, Decimal]:
        """Pieces by order item that are to be invoiced; none where Commerce invoices nothing."""
        return {row.item_id: row.shown for row in self.rows if row.shown and self.is_made}

    @property
    def is_last(self) -> bool:
        """Whether F&O will invoice no more of the order. Invoices of several orders tell no sum of
        one of them."""
        return not self.invoice.is_shared and all(row.is_over for row in self.rows)

    @property
    def is_complete(self) -> bool:
        """Whether both sides have invoiced all of the order, and Commerce is paid for it."""
        is_paid = self.is_made and not self.uncaptured and any(row.commerce for row in self.rows)
        return self.is_last and is_paid and all(row.is_done for row in self.rows)

    @property
    def behind(self) -> list[str]:
        """The keys of invoices before it to look at again: Commerce may not have one, of pieces it
        does not show; and one may be listed of which this one credits pieces, or for a line that
        came beside the order."""
        is_behind = self.is_made and any(row.fno > row.commerce for row in self.rows)
        is_credit = any(line.quantity < ZERO for line in self.invoice.lines)
        is_beside = self.is_last and any(not row.reference for row in self.invoice.earlier)
        return keys_before(self.invoice) if is_behind or is_credit or is_beside else []

    def open_point(self) -> OpenPoint | None:
        """Pieces that F&O invoiced and Commerce cannot invoice: cancelled there, or never ordered;
        lines that the order does not have, where they may be in place of its own; and money that
        nobody has captured yet. What an invoice before it is of shows with that."""
        return self._missing() or self._of_strange_lines() or self._of_open_invoices()

    def _of_strange_lines(self) -> OpenPoint | None:
        """Only while neither side has invoiced all of the order: else they came beside it."""
        strange = strange_lines(self.invoice, self.order)
        left = ", ".join(
            f"{row.row.most - row.commerce:f} x {row.row.item.sku}"
            for row in self.rows if not row.is_over and row.commerce < row.row.most
        )  # fmt: skip
        if not (strange and left and self.is_made):
            return None
        return OpenPoint(
            f"invoice {self.invoice.number} is of {strange}, which order"
            f" {self.order.increment_id} does not have, and {left} are not invoiced",
            remedy=(
                "Where that came beside the order, nothing is to be done: it leaves the list with"
                f" the order's last invoice. Where it was sent in place of {left}, invoice those in"
                f" Commerce with the comment {marker_of(self.invoice.number)}, then run: resolve"
                f' captures "{self.invoice.key}" --why "..."'
            ),
            sums=f"{strange} instead of {left}",
        )

    def _of_open_invoices(self) -> OpenPoint | None:
        if not self.uncaptured:
            return None
        named = ", ".join(self.uncaptured)
        return OpenPoint(
            f"order {self.order.increment_id}: F&O has invoiced it, and the money of invoice"
            f" {named} is not captured in Commerce",
            remedy=(
                "Capture it in the Admin, or cancel it there; then run: replay"
                f' "{self.invoice.key}"'
            ),
            sums=f"open in Commerce: {named}",
        )

    def _missing(self) -> OpenPoint | None:
        sums = ", ".join(
            f"{row.row.item.sku} ({row.item_id}): F&O {row.fno:f}, Commerce {row.commerce:f}"
            for row in self.rows
            if min(row.fno, row.in_all) > row.row.most and self.is_made
        )
        if not sums:
            return None
        return OpenPoint(
            f"invoice {self.invoice.number} of order {self.order.increment_id} differs: {sums}",
            remedy=(
                "Credit in F&O what Commerce does not invoice, or tell the buyer. Where it is right"
                f' as it is, run: resolve captures "{self.invoice.key}" --why "..."'
            ),
            sums=sums,
        )


def keys_before(invoice: SalesInvoice) -> list[str]:
    """The keys of the invoices of its sales order that were posted before it."""
    numbers = dict.fromkeys(row.slip for row in invoice.earlier)
    return [replace(invoice, number=one).key for one in numbers]


async def view_of(
    invoice: SalesInvoice, order: Order, invoices: Sequence[Invoice], systems: Systems
) -> InvoiceView:
    """Read what else it takes: item mappings. Raises `Never` where a line cannot be counted in
    pieces."""
    skus = [sku for _, sku in money_items(order)]
    items = await systems.items.of(skus, with_custom_options(order))
    invoice = (await substituted(invoice, order, items, systems)).slip
    factors = factors_of(invoice, order, items, systems.settings.items.unit)
    rows = invoiced_by(invoice, order, invoices, factors, await _given_back(order, systems))
    there = marked(invoices, marker_of(invoice.number))
    is_ours = is_captured(order, systems.settings)
    uncaptured = [one.increment_id for one in invoices if one.state == OPEN and is_ours]
    return InvoiceView(
        invoice, order, tuple(rows), there, tuple(uncaptured),
        is_made(order, systems.settings), systems,
    )  # fmt: skip


async def to_capture(
    whole: SalesInvoice, order: Order, invoices: Sequence[Invoice], systems: Systems
) -> dict[int, Decimal] | None:
    """Pieces by order item that an order's one capture is of, none for all that is left of it, as
    where F&O sends other lines or nobody follows what it cancels. None where nothing is left."""
    left = order.grand_total - order.total_canceled - order.total_invoiced
    if left <= ZERO or order.state in ENDED:
        return None
    live = None
    if CANCELLATIONS in systems.settings.flows:
        live = await systems.dynamics.live_orders.get(whole.company, whole.sales_order)
    if live is None:
        return {}
    skus = [sku for _, sku in money_items(order)]
    items = await systems.items.of(skus, with_custom_options(order))
    of_no_slip = replace(whole, number="", rows=live.rows)
    sent = (await substituted(of_no_slip, order, items, systems)).slip
    factors = factors_of(sent, order, items, systems.settings.items.unit)
    alive = left_alive(order, sent.rows, invoices, factors)
    return {} if alive is None or strange_lines(sent, order) else alive or None


async def _given_back(order: Order, systems: Systems) -> list[CreditMemo]:
    """Credit memos of pieces that F&O cancelled; nobody is asked where nothing was refunded."""
    if not order.total_refunded:
        return []
    memos = await systems.commerce.creditmemos.of_order(order.entity_id or 0)
    ours = [CreditMemo.read(dict(one)) for one in memos if is_of_cancelled_pieces(one)]
    return [one for one in ours if one.state != CANCELLED]
