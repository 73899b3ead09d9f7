"""What would be posted for an invoice or credit memo, by the connection's recipe, and the totals proof. Nothing is sent.

The documents are those that the flows post: both take them from `sync/mapping/bookings.py`. What F&O numbers is shown
as "(assigned by D365)". The order is posted before its documents, and its account before that: their own previews show it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.invoice import CANCELLED, CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.connections import Connection
from sync.errors import Never
from sync.mapping.bookings import (
    Booked,
    Bookings,
    D,
    ground_of,
    invoice_bookings,
    memo_bookings,
    nothing_to_book,
    reason_to_wait,
    receivable_of,
)
from sync.mapping.posting_policy import is_cancelled, must_be_of_our_time, not_now, old_document
from sync.mapping.receivable_lines import Receivable
from sync.mapping.totals import Unproved
from sync.preview.orders import ASSIGNED, Lookups, Preview, Request, account_of, key_of, mapped_order

FIRST_LINE: Final = Decimal(1)
"""The number of a payment line in a journal that is opened for it."""


@dataclass(frozen=True)
class Basis:
    """What a document is previewed against. `orders`: REST's orders by `entity_id`, its own among them."""

    orders: Mapping[int, Any]
    connection: Connection
    lookups: Lookups
    now: datetime


async def preview_invoice(document: Any, basis: Basis) -> Preview:
    """Preview an invoice as REST answers it. Never raises for what an invoice may hold."""
    return await _preview(Invoice, document, basis)


async def preview_creditmemo(document: Any, basis: Basis) -> Preview:
    """Preview a credit memo as REST answers it. Never raises for what a credit memo may hold."""
    return await _preview(CreditMemo, document, basis)


async def _preview(model: type[D], document: Any, basis: Basis) -> Preview:
    try:
        record = model.read(document)
    except Never as error:
        return Preview(key_of(document), "park", error.reason, error.remedy)
    try:
        return await _previewed(Booked(record, _order_of(record, basis.orders)), basis)
    except Unproved as error:
        return Preview(record.key, "park", error.reason, error.remedy, totals=error.totals)
    except Never as error:
        return Preview(record.key, "park", error.reason, error.remedy)


async def _previewed(booked: Booked[D], basis: Basis) -> Preview:
    record, connection = booked.document, basis.connection
    if record.state == CANCELLED:
        return Preview(record.key, "skip", "cancelled in Commerce before it was booked")
    if reason := old_document(record, connection.orders) or str(reason_to_wait(record) or ""):
        return Preview(record.key, "skip", reason)
    receivable = receivable_of(booked, connection)
    if reason := nothing_to_book(record, receivable, connection):
        return Preview(record.key, "skip", reason, totals=receivable.totals)
    if "orders" in connection.flows:
        must_be_of_our_time(record, booked.order, connection.orders)
    if reason := _order_waits(booked.order, basis):
        return Preview(record.key, "skip", reason, totals=receivable.totals)
    bookings = await _bookings(booked, receivable, basis)
    requests, notes = tuple(_requests(bookings)), tuple(_notes(receivable, bookings))
    return Preview(record.key, "deliver", requests=requests, totals=bookings.totals, notes=notes)


def _order_of(record: Invoice | CreditMemo, orders: Mapping[int, Any]) -> Order:
    if record.order_id not in orders:
        raise Never(
            f"{record.label}: order_id {record.order_id} is none of the orders given, and it is booked with its order",
            remedy=f"Name a file that holds the order with entity_id {record.order_id} as well, or use --ids.",
        )
    return Order.read(orders[record.order_id])


def _why_the_order_is_not_posted(order: Order, basis: Basis) -> str:
    if "orders" not in basis.connection.flows:
        return "orders do not flow on this connection"
    return "cancelled" if is_cancelled(order) else str(not_now(order, basis.connection.orders, basis.now) or "")


def _order_waits(order: Order, basis: Basis) -> str:
    """A document waits for its order; one whose order is never posted is booked without it."""
    reason = _why_the_order_is_not_posted(order, basis)
    if not reason.startswith("waiting"):
        return ""
    return f"waiting: its order {order.increment_id} is not posted yet: {reason.removeprefix('waiting: ')}"


async def _bookings(booked: Booked[Any], receivable: Receivable, basis: Basis) -> Bookings:
    account, lots = await _account_and_lots(booked.order, basis)
    ground = ground_of(booked, basis.connection, account)
    items = await basis.lookups.items(receivable.skus)
    if isinstance(booked.document, Invoice):
        return invoice_bookings(booked, receivable, basis.connection, ground, items)
    return memo_bookings(booked, receivable, basis.connection, ground, items=items, lots=lots)


async def _account_and_lots(order: Order, basis: Basis) -> tuple[str, Mapping[str, str]]:
    """The account, and the lots that the order's lines will have. An order that cannot be posted stops its documents."""
    if _why_the_order_is_not_posted(order, basis):
        _, account = await account_of(order, basis.connection, basis.lookups)
        return account, {}
    _, sold = await mapped_order(order, basis.connection, basis.lookups)
    account = str(sold.header["InvoiceCustomerAccountNumber"])
    return account, {line.reference: ASSIGNED for line in sold.lines}


def _requests(bookings: Bookings) -> Iterator[Request]:
    if (invoice := bookings.free_text) is not None:
        yield Request("POST", "/data/FreeTextInvoiceHeaders", invoice.header)
        for line in invoice.lines:
            yield Request("POST", "/data/FreeTextInvoiceLines", invoice.line_body(line, ASSIGNED))
    if (returned := bookings.return_order) is not None:
        yield Request("POST", "/data/ReturnOrderHeadersV2", returned.header)
        for line in returned.lines:
            yield Request("POST", "/data/ReturnOrderLinesV2", returned.line_body(line, ASSIGNED))
    if (payment := bookings.payment) is not None:
        yield Request("POST", "/data/CustomerPaymentJournalHeaders", payment.journal_body)
        yield Request("POST", "/data/CustomerPaymentJournalLines", payment.line_body(ASSIGNED, FIRST_LINE))


def _notes(receivable: Receivable, bookings: Bookings) -> Iterator[str]:
    currency = receivable.totals.currency
    if receivable.totals.rounding:
        yield f"rounding line of {receivable.totals.rounding} {currency}"
    for line in receivable.lines:
        if line.is_payment:
            yield f"{-line.amount} {currency} was {line.text}"
    if bookings.return_order is not None and receivable.is_gross:
        yield "prices include tax, as those of accounts that were made for this store; an account's own setting goes first"
