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
from sync.engine.delivery import Delivery
from sync.engine.flow import Flow
from sync.engine.results import Receipt, Skipped
from sync.flows.orders.write_back import write_back_of
from sync.flows.receivables.receivable_documents import post_receivable_documents, receipt_of
from sync.flows.receivables.source_documents import DocumentsOf, to_book
from sync.mapping.custom_options import with_custom_options
from sync.mapping.receivable_documents import DocumentWithOrder, fingerprint_of, invoice_documents
from sync.pacing.priority import Priority

documents = DocumentsOf("invoice", "invoices", Invoice.read)


async def deliver(with_order: DocumentWithOrder[Invoice], delivery: Delivery) -> Receipt | Skipped:
    """Book the invoice once, by the connection's recipe."""
    found = await to_book(with_order, "receivable", delivery)
    if not isinstance(found, tuple):
        return found
    receivable, posting_target = found
    invoice, settings = with_order.document, delivery.systems.settings
    items = await delivery.systems.items.of(receivable.skus, with_custom_options(with_order.order))
    receivable_documents = invoice_documents(
        with_order, receivable, settings, posting_target, items
    )
    delivery.keep("read", invoice.raw)
    posted = await post_receivable_documents(receivable_documents, posting_target, delivery)
    follow_ups = write_back_of("invoices", delivery.message.key, posted.action, delivery)
    return receipt_of(
        "receivable",
        posted,
        fingerprint_of(invoice),
        receivable_documents,
        posting_target,
        follow_ups=follow_ups,
    )


invoices = Flow[DocumentWithOrder[Invoice]](
    name="invoices",
    title="Captured invoices to receivables",
    keys_in=documents.keys_in,
    horizon=documents.horizon,
    changed=documents.changed,
    read=documents.read,
    deliver=deliver,
    resolve=documents.resolve,
    priority=Priority.DOCUMENTS,
    schedule="15 * * * * *",
    poll_minutes=lambda connection: connection.invoices.poll_minutes,
    events=(
        "observer.sales_order_invoice_save_commit_after",
        "observer.sales_order_invoice_save_after",
    ),
)
