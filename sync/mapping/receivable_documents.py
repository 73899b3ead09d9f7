"""What an invoice or credit memo becomes in D365 by the connection's recipe, each document proved.
Pure.

Flows post these documents and previews show them: both take them from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo, Invoice, MoneyDocument
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.money import ZERO
from sync.dynamics.documents.customer_payment import CustomerPayment
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.documents.totals import Totals, joined
from sync.mapping.customer_payment import customer_payment_from, store_credit_from
from sync.mapping.document_parts import ADJUSTMENTS
from sync.mapping.free_text_invoice import free_text_invoice_from
from sync.mapping.order_left import FIXED_PRODUCT_TAX, SHIPPING
from sync.mapping.order_settings import order_store
from sync.mapping.posting_target import D, DocumentWithOrder, PostingTarget
from sync.mapping.receivable_lines import Receivable, proved, receivable_from
from sync.mapping.return_order import return_order_from
from sync.mapping.store_credit import kept_as_credit
from sync.mapping_tables.records import ItemMapping

REVENUE_KINDS: Final = frozenset({"free_text_invoice", "return_order"})
"""Of documents that book revenue, as claims name them."""


@dataclass(frozen=True)
class ReceivableDocuments:
    """The documents to be posted, in this order; None where the recipe has no such one, or it would
    be of nothing."""

    free_text: FreeTextInvoice | None = None
    return_order: ReturnOrder | None = None
    payment: CustomerPayment | None = None
    payment_totals: Totals | None = None
    taken_off: Totals | None = None
    """Of the part of a credit memo that was taken off its sales order: F&O never invoices it, so
    nothing is credited."""
    charges_credited: tuple[str, ...] = ()
    """Segments of the charges that are credited although other parts were taken off; not of
    shipping or fixed product tax, which Commerce counts."""
    parts_taken_off: tuple[str, ...] = ()
    """Of the lines that were not taken off whole: reference, and the part that was."""
    credit: CustomerPayment | None = None
    """What of a credit memo's money stays in the shop as store credit: owed to the shopper by a
    liability account."""

    @property
    def totals(self) -> Totals | None:
        """Of the document that books the revenue and what was taken off, else of the money; each
        was proved."""
        revenue = self.free_text or self.return_order
        if revenue is None:
            return self.taken_off or self.payment_totals
        return joined(revenue.totals, self.taken_off) if self.taken_off else revenue.totals


def receivable_of(
    with_order: DocumentWithOrder[D], connection: Connection, *, gross: bool | None = None
) -> Receivable:
    """The proved lines. `gross`: whether they include tax; None takes the store's own way. Raises
    `Never`."""
    if gross is None:
        gross = bool(order_store(with_order.order, connection).prices_include_tax)
    return receivable_from(with_order.document, with_order.order, connection, gross=gross)


def invoice_documents(
    with_order: DocumentWithOrder[Invoice],
    receivable: Receivable,
    connection: Connection,
    target: PostingTarget,
    items: Mapping[str, ItemMapping],
) -> ReceivableDocuments:
    """What an invoice becomes. Raises `Never` for what has no account, bank or item."""
    recipe = connection.invoices.recipe
    free_text, payment, paid = None, None, None
    if recipe != "payment-journal":
        free_text = free_text_invoice_from(with_order, receivable, connection, target, items)
    moves_money = connection.invoices.moves_money(with_order.order.payment.method)
    if recipe != "free-text-invoice" and receivable.totals.commerce and moves_money:
        payment, paid = _payment(with_order, receivable, connection, target)
    return ReceivableDocuments(free_text, None, payment, paid)


def memo_documents(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    connection: Connection,
    target: PostingTarget,
    *,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
    credited: Receivable | None = None,
    money_came: bool = True,
) -> ReceivableDocuments:
    """What a credit memo becomes. `lots`: those of the order's lines that F&O has invoiced, by our
    reference.

    `credited`: what of it is to be credited; None for all. The money of all of it is paid back,
    where `money_came`. Raises `Never`.
    """
    settings, credited = connection.creditmemos, receivable if credited is None else credited
    order = with_order.order
    free_text, returned, payment, paid = None, None, None, None
    is_return, there = settings.recipe == "return-order", any(one.amount for one in credited.lines)
    if there and is_return:
        returned = return_order_from(credited, order, connection, target, items=items, lots=lots)
    elif there:
        free_text = free_text_invoice_from(with_order, credited, connection, target, items)
    kept = kept_as_credit(with_order.document, order)
    is_paid_out = settings.refund_payment and connection.invoices.moves_money(order.payment.method)
    if is_paid_out and money_came and receivable.totals.commerce > kept:
        payment, paid = _payment(with_order, receivable, connection, target, kept)
    credit = store_credit_from(with_order, connection, target, kept) if kept else None
    off = _taken_off(receivable, credited)
    charges = _charges_of(credited) if off is not None else ()
    parts = tuple(f"{line} {part}" for line, part in credited.off.items() if part < 1)
    return ReceivableDocuments(free_text, returned, payment, paid, off, charges, parts, credit)


def paid_out(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    connection: Connection,
    target: PostingTarget,
    *,
    money_came: bool,
) -> ReceivableDocuments:
    """The money alone of a credit memo: what it gives back, F&O never charged, or credits by the
    return order of an RMA."""
    nothing = replace(receivable, lines=())
    documents = memo_documents(
        with_order, receivable, connection, target, items={}, lots={}, credited=nothing,
        money_came=money_came,
    )  # fmt: skip
    return replace(documents, taken_off=None, charges_credited=())


def _charges_of(credited: Receivable) -> tuple[str, ...]:
    counted = (SHIPPING, FIXED_PRODUCT_TAX, *ADJUSTMENTS, "rounding")
    lines = (one for one in credited.lines if not (one.is_goods or one.is_payment))
    return tuple(one.segment for one in lines if one.segment not in counted)


def _taken_off(receivable: Receivable, credited: Receivable) -> Totals | None:
    if credited is receivable:
        return None
    whole, left = receivable.totals, credited.totals
    return Totals(
        whole.commerce - left.commerce,
        whole.dynamics - left.dynamics,
        whole.currency,
        whole.rounding - left.rounding,
    )


def _payment(
    with_order: DocumentWithOrder[D],
    receivable: Receivable,
    connection: Connection,
    target: PostingTarget,
    kept: Decimal = ZERO,
) -> tuple[CustomerPayment, Totals]:
    """`kept`: what of a credit memo stays in the shop as store credit; it is booked apart."""
    payment = customer_payment_from(with_order, connection, target, kept=kept)
    return payment, proved(receivable, iter([payment.amount, kept]), tax=False)


def fingerprint_of(document: MoneyDocument) -> str:
    """What tells a changed document from the same one seen again, whatever the configuration says
    meanwhile."""
    amounts = {
        name: f"{getattr(document, name):.4f}" for name in ("grand_total", "subtotal", "tax_amount")
    }
    return digest({"order": document.order_id, "currency": document.order_currency_code, **amounts})
