"""What F&O invoiced of an order in all against what Commerce invoiced, once F&O will invoice no
more of it and Commerce has invoiced the same pieces. Commerce computes an invoice from its pieces,
and takes no amount from anybody.

One record per order, `<company>|<sales order>|=`, so that a difference is given back once however
many invoices there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.errors import NotAccepted
from sync.commerce.models.fields import whole_from
from sync.commerce.models.invoice import CANCELLED, CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.commerce.models.refund import (
    WantedRefund,
    is_of_cancelled_pieces,
    is_of_lower_total,
    of_lower_total,
)
from sync.core.encoding import digest
from sync.core.errors import Later, Never
from sync.core.money import ZERO, rounded, total
from sync.core.request import Request
from sync.core.skipped import Skipped
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.dynamics.posted_invoices import PostedInvoice
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification, OpenPoint, Plan
from sync.engine.systems import Systems
from sync.engine.write import Found, Write
from sync.flows.fulfilment.invoice_view import InvoiceView
from sync.flows.fulfilment.invoice_writes import AT_ONCE
from sync.flows.fulfilment.order_writes import OrderWrite
from sync.flows.fulfilment.waiting import until_released
from sync.flows.order_comments import OrderComment
from sync.flows.targets import commerce_of
from sync.mapping.document_parts import document_parts
from sync.mapping.lower_total import Credit, InvoicedTotals, lower_credit

CAPTURES: Final = "captures"
TOTAL: Final = "="
"""Stands for the number of an invoice in the key of an order's totals."""
POSTED_INVOICES: Final = "posted_invoices"
Memos = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class LowerCredit(OrderWrite):
    """A credit memo of an amount alone, over what F&O invoiced less. Found by its comment.
    `wanted`: None where it was there a moment ago."""

    kind: ClassVar[str] = "lower_credit"
    marker: str
    wanted: WantedRefund | None

    @property
    @override
    def reference(self) -> str:
        return self.marker

    @property
    @override
    def document(self) -> Any:
        return {"marker": self.marker}

    @override
    def requests(self) -> Sequence[Request]:
        return [] if self.wanted is None else [self.wanted.request()]

    @override
    async def find(self) -> Found | None:
        ours = _ours(await self.systems.commerce.creditmemos.of_order(self.order_id))
        return Found(str(ours[0]["entity_id"])) if ours else None

    @override
    async def create(self, not_after: datetime) -> Found:
        if self.wanted is None:
            raise Later(f"{self.marker} was there a moment ago", after=AT_ONCE)
        refunds = self.systems.commerce.refunds
        try:
            return Found(str(await refunds.make(self.wanted, not_after=not_after)))
        except NotAccepted as refusal:
            remedy = self._by_hand(self.wanted)
            raise Never(refusal.reason, remedy=remedy, code=refusal.code) from refusal

    def _by_hand(self, wanted: WantedRefund) -> str:
        """The same memo, as a person makes it. Shops before 2.4.2 refuse an amount alone by REST
        where no shipping is left (release notes); their Admin does not."""
        where = "" if wanted.invoice_id is None else ", from the invoice that was paid"
        fee = f", Adjustment Fee {wanted.negative:.2f}" if wanted.negative else ""
        return (
            f"In Commerce (Sales > Orders > {self.order.increment_id} > Credit Memo{where}), set"
            " each Qty to Refund and Refund Shipping to 0, Adjustment Refund to"
            f" {wanted.positive:.2f}{fee}, write the comment {self.marker} and refund; then replay:"
            " that credit memo is taken over."
        )


def total_key(invoice: SalesInvoice) -> str:
    """The key of the totals of an invoice's order."""
    return f"{invoice.company}|{invoice.sales_order}|{TOTAL}"


async def totals_plan(
    view: InvoiceView, invoices: Sequence[Invoice], delivery: Delivery
) -> Plan | Skipped:
    """The comparison, a hidden comment of the order where the totals differ, and a credit memo
    where F&O's is lower and the connection says so. `view`: of F&O's last invoice."""
    if not view.is_complete:
        return Skipped("F&O or Commerce will invoice more of the order, or other pieces of it")
    found, invoice = delivery.systems.dynamics.posted_invoices, view.invoice
    posted = await found.invoices_of_order(invoice.company, invoice.sales_order)
    if {one.number for one in posted} != {row.slip for row in invoice.rows}:
        return Skipped("the headers of F&O's invoices of the order are not those of its lines")
    memos = await _memos(view.order, delivery.systems)
    sums = _sums(view, posted, invoices, memos, delivery.systems)
    if sums.lower > ZERO and not await _is_invoiced(invoice, delivery.systems):
        return Skipped("F&O will invoice more of the order: its freight, or another line")
    credit = _credit(sums, view.order, invoices, memos, delivery)
    return Plan(
        _writes(sums, credit, view.order, delivery),
        digest=digest([sums.told()]),
        keys={"order": view.order.increment_id, "sales_order": sums.sales_order},
        amounts={"F&O": f"{sums.ledger:.2f}", "Commerce": f"{sums.commerce:.2f}",
                 "currency": sums.currency},
        when_new=_follows(invoice, credit, delivery),
        look=None if isinstance(credit, str) else partial(_look, view, posted, invoices, delivery),
        open_point=_point(sums, credit, view, delivery),
    )  # fmt: skip


def _credit(
    sums: InvoicedTotals, order: Order, invoices: Sequence[Invoice], memos: Memos,
    delivery: Delivery,
) -> Credit | None:  # fmt: skip
    """The credit memo to be, or why there is none; None where ours is there, and not recorded."""
    is_held = delivery.held(LowerCredit.kind) is not None
    if not is_held and _ours(memos):
        return None
    if is_held or not _is_off(sums, delivery.systems):
        return "a credit memo has given back what was lower before"
    until_released(order, delivery)
    return lower_credit(sums, order, invoices, memos, delivery.systems.settings)


def _ours(memos: Memos) -> Memos:
    live = (one for one in memos if whole_from(one.get("state")) != CANCELLED)
    return [one for one in live if is_of_lower_total(one)]


def _writes(
    sums: InvoicedTotals, credit: Credit | None, order: Order, delivery: Delivery
) -> tuple[Write, ...]:
    systems, target = delivery.systems, commerce_of(delivery.systems)
    if not isinstance(credit, str):
        marker = of_lower_total(sums.sales_order)
        return (LowerCredit(order, systems, target, marker, credit),)
    if not _is_off(sums, systems):
        return ()
    text = f"Sales order {sums.sales_order}: {sums.told()}"
    return (OrderComment(order.entity_id or 0, text, systems.commerce, target, kind="totals"),)


def _follows(
    invoice: SalesInvoice, credit: Credit | None, delivery: Delivery
) -> tuple[Notification, ...]:
    """The comparison of posted invoices may have listed the difference meanwhile."""
    if POSTED_INVOICES not in delivery.systems.settings.flows or isinstance(credit, str):
        return ()
    return (Notification(POSTED_INVOICES, f"sales-invoice|{invoice.company}|{invoice.number}"),)


async def _memos(order: Order, systems: Systems) -> Memos:
    """Those of the order; nobody is asked where nothing was refunded."""
    if not order.total_refunded:
        return []
    return await systems.commerce.creditmemos.of_order(order.entity_id or 0)


def _sums(
    view: InvoiceView, posted: Sequence[PostedInvoice], invoices: Sequence[Invoice], memos: Memos,
    systems: Systems,
) -> InvoicedTotals:  # fmt: skip
    order, parts = view.order, systems.settings.orders
    charged = [
        one.grand_total + total(paid.amount for paid in document_parts(one, order, parts).paid)
        for one in invoices if one.state != CANCELLED
    ]  # fmt: skip
    given = [
        CreditMemo.read(dict(one)).grand_total for one in memos
        if whole_from(one.get("state")) != CANCELLED
        and (is_of_lower_total(one) or is_of_cancelled_pieces(one))
    ]  # fmt: skip
    return InvoicedTotals(
        view.invoice.sales_order, tuple(one.amount or ZERO for one in posted),
        rounded(total(charged)), order.order_currency_code, rounded(total(given)),
        tuple(sorted({one.currency for one in posted} - {order.order_currency_code})),
    )  # fmt: skip


async def _is_invoiced(invoice: SalesInvoice, systems: Systems) -> bool:
    """Whether F&O will invoice no more of the order: lines that are no goods show in no row of the
    invoice, and freight is often invoiced after them. An order that is gone was invoiced."""
    number = invoice.sales_order
    held = await systems.dynamics.sales_orders.by_number(invoice.company, number)
    return held is None or held.is_over


def _is_off(sums: InvoicedTotals, systems: Systems) -> bool:
    """Whether they differ by more than rounding, or in their currency."""
    return bool(sums.others) or abs(sums.lower) > systems.settings.orders.rounding_most


async def _look(
    view: InvoiceView, posted: Sequence[PostedInvoice], invoices: Sequence[Invoice],
    delivery: Delivery,
) -> OpenPoint | None:  # fmt: skip
    """What still differs after the credit memo."""
    systems = delivery.systems
    memos = await systems.commerce.creditmemos.of_order(view.order.entity_id or 0)
    sums = _sums(view, posted, invoices, memos, systems)
    return _point(sums, "its credit memo came to another sum", view, delivery)


def _point(
    sums: InvoicedTotals, credit: Credit | None, view: InvoiceView, delivery: Delivery
) -> OpenPoint | None:
    """The difference, as a person has to look at it; None where there is none, where it is given
    back, and where the flow that compares posted invoices lists it."""
    is_listed = POSTED_INVOICES in delivery.systems.settings.flows
    if not isinstance(credit, str) or is_listed or not _is_off(sums, delivery.systems):
        return None
    return OpenPoint(
        f"order {view.order.increment_id}: {sums.told()} (last invoice {view.invoice.number});"
        f" nothing is given back by itself: {credit}",
        remedy=(
            "Compare the invoices of both systems. Where F&O's are lower, refund the difference in"
            " Commerce, or let captures.credits do it and replay; where they are higher, credit it"
            " in F&O. Where it is right as it is, run:"
            f' resolve captures "{total_key(view.invoice)}" --why "..."'
        ),
        sums=sums.told(),
    )
