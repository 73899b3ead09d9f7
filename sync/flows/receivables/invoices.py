"""Captured invoices in Commerce -> receivables in D365.

In:      an invoice as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a customer payment journal line, a free text invoice, or both; totals proved
         before posting.
Key:     "<increment_id>@<store_id>" of the invoice.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   invoices that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and invoice number; a lost answer is looked
into first.
"""

from sync.commerce.models.invoice import Invoice
from sync.commerce.sales_documents import INVOICE_COLUMNS
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Source
from sync.engine.plan import Plan
from sync.flows.receivables.receivable_writes import plan_of
from sync.flows.receivables.source_documents import (
    DocumentsOf,
    posting_target_for,
    receivable_to_book,
)
from sync.mapping.custom_options import with_custom_options
from sync.mapping.posting_target import DocumentWithOrder
from sync.mapping.receivable_documents import invoice_documents
from sync.mapping.receivable_lines import Receivable
from sync.pacing.priority import Priority

documents = DocumentsOf(
    "invoice", lambda commerce: commerce.invoices, Invoice.read, INVOICE_COLUMNS
)


async def plan(with_order: DocumentWithOrder[Invoice], delivery: Delivery) -> Plan | Skipped:
    """What the invoice becomes, by the connection's recipe."""
    receivable = await receivable_to_book(with_order, delivery)
    if not isinstance(receivable, Receivable):
        return receivable
    posting_target = await posting_target_for(with_order, delivery)
    items = await delivery.systems.items.of(receivable.skus, with_custom_options(with_order.order))
    receivable_documents = invoice_documents(
        with_order, receivable, delivery.systems.settings, posting_target, items
    )
    return plan_of(with_order, receivable, receivable_documents, posting_target, delivery)


invoices = DocumentFlow[DocumentWithOrder[Invoice]](
    name="invoices",
    title="Captured invoices to receivables",
    source=Source(documents.read, documents.resolve, is_joined=True, worth=lambda one: one.worth),
    plan=plan,
    triggers=documents.triggers(lambda connection: connection.invoices.poll_minutes),
    priority=Priority.DOCUMENTS,
)
