"""Captured invoices in Commerce -> receivables in D365.

In:      an invoice as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a customer payment journal line, a free text invoice, or both; totals proved before posting.
Key:     "<increment_id>@<store_id>" of the invoice.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   invoices that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and invoice number; a lost answer is looked into first.
"""

from sync.commerce.models.invoice import Invoice
from sync.flow import Flow, Lane, Receipt, Skipped
from sync.flows.bookings import post_bookings, receipt_of
from sync.flows.receipts import told
from sync.flows.receivables import DocumentsOf, to_book
from sync.mapping.bookings import Booked, fingerprint_of, invoice_bookings
from sync.work import Work

documents = DocumentsOf("invoice", "invoices", Invoice.read)


async def deliver(booked: Booked[Invoice], work: Work) -> Receipt | Skipped:
    """Book the invoice once, by the connection's recipe."""
    found = await to_book(booked, "receivable", work)
    if not isinstance(found, tuple):
        return found
    receivable, ground = found
    invoice, settings = booked.document, work.desk.settings
    items = await work.desk.items.many(receivable.skus)
    bookings = invoice_bookings(booked, receivable, settings, ground, items)
    work.keep("read", invoice.raw)
    posted = await post_bookings(bookings, ground.former, work)
    tells = told("invoices", work.message.key, posted.action, work)
    return receipt_of("receivable", posted, fingerprint_of(invoice), bookings, ground, tells=tells)


invoices = Flow[Booked[Invoice]](
    name="invoices",
    title="Captured invoices to receivables",
    keys_in=documents.keys_in,
    horizon=documents.horizon,
    changed=documents.changed,
    read=documents.read,
    deliver=deliver,
    resolve=documents.resolve,
    lane=Lane.DOCUMENTS,
    schedule="15 * * * * *",
    poll_minutes=lambda connection: connection.invoices.poll_minutes,
    events=("observer.sales_order_invoice_save_commit_after", "observer.sales_order_invoice_save_after"),
)
