"""Captured invoices in Commerce -> receivables in D365.

In:      an invoice as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a customer payment journal line, a free text invoice, or both; totals proved before posting.
Key:     "<increment_id>@<store_id>" of the invoice.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   invoices that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and invoice number; a lost answer is looked into first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.invoice import Invoice
from sync.desk import Desk
from sync.flow import Change, Flow, Lane, Receipt, Skipped
from sync.flows.bookings import post_bookings, receipt_of
from sync.flows.keys import document_keys
from sync.flows.receipts import told
from sync.flows.receivables import (
    changed_documents,
    dealt_with,
    document_with_order,
    ground_for,
    keys_of_number,
)
from sync.mapping.bookings import (
    Booked,
    fingerprint_of,
    invoice_bookings,
    nothing_to_book,
    reason_to_wait,
    receivable_of,
)
from sync.work import Work


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The invoice named in a hook's body or an event's value."""
    return document_keys(payload, "invoice")


async def resolve(key: str, desk: Desk) -> Sequence[str] | None:
    """A key without a store: the documents of that number in the connection's store views."""
    return await keys_of_number(key, desk.invoices, desk)


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Invoices by `updated_at`."""
    async for change in changed_documents(desk, "invoices", since, until):
        yield change


async def read(key: str, desk: Desk) -> Booked[Invoice] | None:
    """The invoice and its order as they are now."""
    return await document_with_order(key, desk.invoices, Invoice.read, desk)


async def deliver(booked: Booked[Invoice], work: Work) -> Receipt | Skipped:
    """Book the invoice once, by the connection's recipe."""
    invoice, settings = booked.document, work.desk.settings
    known = dealt_with(booked, "receivable", work)
    if known is not None:
        return known
    if reason := reason_to_wait(invoice):
        return Skipped(reason)
    receivable = receivable_of(booked, settings)
    if reason := nothing_to_book(invoice, receivable, settings):
        return Skipped(reason)
    ground = await ground_for(booked, work)
    items = await work.desk.items.many(receivable.skus)
    bookings = invoice_bookings(booked, receivable, settings, ground, items)
    work.keep("read", invoice.raw)
    posted = await post_bookings(bookings, work)
    tells = told("invoices", work.message.key, posted.action, work)
    return receipt_of("receivable", posted, fingerprint_of(invoice), bookings, ground, tells=tells)


async def horizon(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled("invoices")


invoices = Flow[Booked[Invoice]](
    name="invoices",
    title="Captured invoices to receivables",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    resolve=resolve,
    lane=Lane.DOCUMENTS,
    schedule="15 * * * * *",
    poll_minutes=lambda connection: connection.invoices.poll_minutes,
    events=("observer.sales_order_invoice_save_commit_after", "observer.sales_order_invoice_save_after"),
)
