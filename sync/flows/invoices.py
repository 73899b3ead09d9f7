"""Captured invoices in Commerce -> receivables in D365.

In:      an invoice as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a customer payment journal line, a free text invoice, or both; totals proved before posting.
Key:     "<increment_id>@<store_id>" of the invoice.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   invoices that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and invoice number; a lost answer is looked into first.
"""

from sync.commerce.models.invoice import Invoice
from sync.engine.plan import Plan, Skipped
from sync.flow import AdobeEvents, CommerceHook, DocumentFlow, Lane, Poll, Source
from sync.flows.receivables import DocumentsOf, ground_for, plan_of, receivable_to_book
from sync.mapping.bookings import Booked, invoice_bookings
from sync.mapping.receivable_lines import Receivable
from sync.work import Work

documents = DocumentsOf("invoice", "invoices", Invoice.read)


async def plan(booked: Booked[Invoice], work: Work) -> Plan | Skipped:
    """What the invoice becomes, by the connection's recipe."""
    receivable = receivable_to_book(booked, work)
    if not isinstance(receivable, Receivable):
        return receivable
    ground = await ground_for(booked, work)
    items = await work.desk.items.many(receivable.skus)
    bookings = invoice_bookings(booked, receivable, work.desk.settings, ground, items)
    return plan_of("invoices", booked, bookings, ground, work)


invoices = DocumentFlow[Booked[Invoice]](
    name="invoices",
    title="Captured invoices to receivables",
    source=Source(documents.read, documents.resolve),
    plan=plan,
    triggers=(
        CommerceHook(documents.keys_in),
        AdobeEvents(
            ("observer.sales_order_invoice_save_commit_after", "observer.sales_order_invoice_save_after"),
            documents.keys_in,
        ),
        Poll(documents.changed, documents.until, lambda connection: connection.invoices.poll_minutes, "15 * * * * *"),
    ),
    lane=Lane.DOCUMENTS,
)
