"""What an invoice or credit memo becomes in D365 by the connection's recipe, each document proved.
Pure.

Flows post these documents and previews show them: both take them from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from sync.commerce.models.invoice import PAID, REFUNDED, CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order, utc
from sync.config.connections import Connection, NumberMode, Store
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.core.skipped import Waiting
from sync.dynamics.documents.customer_payment import CustomerPayment
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.documents.totals import Totals, joined
from sync.mapping.customer_payment import customer_payment_from, store_credit_from
from sync.mapping.document_numbers import fitting
from sync.mapping.free_text_invoice import free_text_invoice_from
from sync.mapping.receivable_lines import Receivable, proved, receivable_from
from sync.mapping.references import FORMER
from sync.mapping.return_order import return_order_from
from sync.mapping.sales_order import order_store
from sync.mapping.store_credit import kept_as_credit
from sync.mapping_tables.records import ItemMapping

D = TypeVar("D", Invoice, CreditMemo)


@dataclass(frozen=True)
class DocumentWithOrder(Generic[D]):
    """A document of Commerce with its order."""

    document: D
    order: Order


@dataclass(frozen=True)
class PostingTarget:
    """Where a document is booked: legal entity, account, store view, our reference, and its sales
    order if it is there.

    `former`: the reference by the default template of earlier releases.
    `number`: the ReturnOrderNumber of a credit memo, where sales orders are numbered by us.
    """

    company: str
    account: str
    store: Store
    reference: str
    former: str = ""
    number: str = ""
    order_number: str = ""


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


def reason_to_wait(document: Invoice | CreditMemo) -> Waiting | None:
    """Why a document is not booked yet; None when it may be."""
    if isinstance(document, Invoice):
        return None if document.state == PAID else Waiting("the invoice is not captured yet")
    return None if document.state == REFUNDED else Waiting("the credit memo is not refunded yet")


def nothing_to_book(
    document: Invoice | CreditMemo, method: str, receivable: Receivable, connection: Connection
) -> str:
    """Why there is nothing to book for good; empty when there is something.

    An invoice that gift cards paid in full brings no money in, yet its goods are revenue.
    """
    if isinstance(document, CreditMemo):
        return (
            "a credit memo of nothing: there is nothing to give back"
            if receivable.is_nothing
            else ""
        )
    is_money_only = connection.invoices.recipe == "payment-journal"
    if is_money_only and receivable.totals.commerce and not connection.invoices.moves_money(method):
        return (
            f"paid by {method}, which moves no money (invoices.on_account): the receivable stays"
            " open under its terms"
        )
    is_nothing = not receivable.totals.commerce if is_money_only else receivable.is_nothing
    return "an invoice of nothing: there is nothing to receive" if is_nothing else ""


def receivable_of(
    with_order: DocumentWithOrder[D], connection: Connection, *, gross: bool | None = None
) -> Receivable:
    """The proved lines. `gross`: whether they include tax; None takes the store's own way. Raises
    `Never`."""
    if gross is None:
        gross = bool(order_store(with_order.order, connection).prices_include_tax)
    return receivable_from(with_order.document, with_order.order, connection, gross=gross)


def posting_target_of(
    with_order: DocumentWithOrder[D], connection: Connection, account: str
) -> PostingTarget:
    """Where the document is booked.

    Raises `Never` for an order of no store of this connection, and for a number that F&O would not
    hold.
    """
    document, order = with_order.document, with_order.order
    store = order_store(order, connection)
    is_invoice = isinstance(document, Invoice)
    section = connection.invoices if is_invoice else connection.creditmemos
    former = _filled(FORMER["invoices" if is_invoice else "creditmemos"], with_order)
    company, reference = (
        store.company or connection.dynamics.company,
        _filled(section.reference_template, with_order),
    )
    return PostingTarget(
        company, account, store, reference, former, _return_number(with_order, connection)
    )


def _return_number(with_order: DocumentWithOrder[D], connection: Connection) -> str:
    is_returned = (
        isinstance(with_order.document, CreditMemo)
        and connection.creditmemos.recipe == "return-order"
    )
    if not is_returned or connection.orders.numbers is NumberMode.THEIRS:
        return ""
    number = _filled(connection.creditmemos.number_template, with_order)
    return fitting(
        number, with_order.document.label, "ReturnOrderNumber", "creditmemos.number_template"
    )


def _filled(template: str, with_order: DocumentWithOrder[D]) -> str:
    order = with_order.order
    return template.format(
        order_increment_id=order.increment_id, increment_id=with_order.document.increment_id,
        store_id=0 if order.store_id is None else order.store_id,
    )  # fmt: skip


def invoice_documents(
    with_order: DocumentWithOrder[Invoice],
    receivable: Receivable,
    connection: Connection,
    posting_target: PostingTarget,
    items: Mapping[str, ItemMapping],
) -> ReceivableDocuments:
    """What an invoice becomes. Raises `Never` for what has no account, bank or item."""
    recipe = connection.invoices.recipe
    free_text, payment, paid = None, None, None
    if recipe != "payment-journal":
        free_text = _free_text(with_order, receivable, connection, posting_target, items)
    moves_money = connection.invoices.moves_money(with_order.order.payment.method)
    if recipe != "free-text-invoice" and receivable.totals.commerce and moves_money:
        payment, paid = _payment(with_order, receivable, connection, posting_target)
    return ReceivableDocuments(free_text, None, payment, paid)


def memo_documents(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    connection: Connection,
    posting_target: PostingTarget,
    *,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
    credited: Receivable | None = None,
) -> ReceivableDocuments:
    """What a credit memo becomes. `lots`: those of the order's lines that F&O has invoiced, by our
    reference.

    `credited`: what of it is to be credited; None for all. The money of all of it is paid back.
    Raises `Never`.
    """
    settings, credited = connection.creditmemos, receivable if credited is None else credited
    free_text, returned, payment, paid = None, None, None, None
    if not any(line.amount for line in credited.lines):
        pass
    elif settings.recipe == "return-order":
        returned = return_order_from(
            credited, with_order.order, connection, store=posting_target.store,
            company=posting_target.company, account=posting_target.account,
            number=posting_target.number, reference=posting_target.reference, items=items,
            lots=lots,
        )  # fmt: skip
    else:
        free_text = _free_text(with_order, credited, connection, posting_target, items)
    kept = kept_as_credit(with_order.document, with_order.order)
    out = receivable.totals.commerce - kept
    if (
        settings.refund_payment
        and out > ZERO
        and connection.invoices.moves_money(with_order.order.payment.method)
    ):
        payment, paid = _payment(with_order, receivable, connection, posting_target, kept)
    credit = _credit(with_order, connection, posting_target, kept) if kept else None
    return ReceivableDocuments(
        free_text, returned, payment, paid, _taken_off(receivable, credited), credit
    )


def _credit(
    with_order: DocumentWithOrder[CreditMemo],
    connection: Connection,
    posting_target: PostingTarget,
    kept: Decimal,
) -> CustomerPayment:
    return store_credit_from(
        with_order.document, with_order.order, connection, kept, company=posting_target.company,
        account=posting_target.account,
        reference=posting_target.reference,
        day=day_of(with_order.document, connection, posting_target.company),
    )  # fmt: skip


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


def _free_text(
    with_order: DocumentWithOrder[D],
    receivable: Receivable,
    connection: Connection,
    posting_target: PostingTarget,
    items: Mapping[str, ItemMapping],
) -> FreeTextInvoice:
    return free_text_invoice_from(
        receivable, with_order.order, connection, company=posting_target.company,
        account=posting_target.account,
        reference=posting_target.reference,
        day=day_of(with_order.document, connection, posting_target.company), items=items,
        is_credit=isinstance(with_order.document, CreditMemo),
    )  # fmt: skip


def _payment(
    with_order: DocumentWithOrder[D],
    receivable: Receivable,
    connection: Connection,
    posting_target: PostingTarget,
    kept: Decimal = ZERO,
) -> tuple[CustomerPayment, Totals]:
    """`kept`: what of a credit memo stays in the shop as store credit; it is booked apart."""
    payment = customer_payment_from(
        with_order.document, with_order.order, connection, company=posting_target.company,
        account=posting_target.account,
        reference=posting_target.reference,
        day=day_of(with_order.document, connection, posting_target.company), kept=kept,
    )  # fmt: skip
    return payment, proved(receivable, iter([payment.amount, kept]), tax=False)


def day_of(document: MoneyDocument, connection: Connection, company: str) -> date:
    """The day the document was made, in the legal entity's time zone: the ledger's posting periods
    go by it.

    REST tells the moment in UTC. Raises `Never` where it tells none.
    """
    made = utc(document.created_at)
    if made is None:
        raise Never(
            f"{document.label}: created_at is no date, and the ledger needs one",
            remedy="Ask Commerce for the document with all its fields.",
        )
    return made.astimezone(connection.time_zone(company)).date()


def fingerprint_of(document: MoneyDocument) -> str:
    """What tells a changed document from the same one seen again, whatever the configuration says
    meanwhile."""
    amounts = {
        name: f"{getattr(document, name):.4f}" for name in ("grand_total", "subtotal", "tax_amount")
    }
    return digest({"order": document.order_id, "currency": document.order_currency_code, **amounts})
