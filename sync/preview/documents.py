"""What would be posted for an invoice or credit memo, by the connection's recipe, and the totals
proof. Nothing is sent.

The documents are those that the flows post: both take them from
`sync/mapping/receivable_documents.py`. What F&O numbers is shown as "(assigned by D365)". The order
is posted before its documents, and its account before that: their own previews show it.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.commerce.models.invoice import CANCELLED, REFUNDED, CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.request import Request
from sync.dynamics.documents.requests import (
    ASSIGNED,
    free_text_requests,
    payment_requests,
    return_requests,
)
from sync.dynamics.documents.sales_order import SalesOrder
from sync.mapping.order_left import is_nothing_left, without_refunds
from sync.mapping.posting_policy import (
    is_cancelled,
    is_rejected,
    must_be_of_our_time,
    not_now,
    old_document,
)
from sync.mapping.receivable_documents import (
    D,
    DocumentWithOrder,
    ReceivableDocuments,
    invoice_documents,
    memo_documents,
    nothing_to_book,
    posting_target_of,
    reason_to_wait,
    receivable_of,
)
from sync.mapping.receivable_lines import Receivable
from sync.mapping.taken_off import Sale, orders_are_invoiced, planned, still_credited
from sync.preview.orders import Lookups, Preview, account_of, as_sent, key_of, mapped_order, parked


@dataclass(frozen=True)
class Basis:
    """What a document is previewed against. `orders`: REST's orders by `entity_id`, its own among
    them; `memos`: credit memos of these orders, as far as they are known."""

    orders: Mapping[int, Any]
    connection: Connection
    lookups: Lookups
    now: datetime
    memos: tuple[CreditMemo, ...] = ()


def readable_memos(documents: Iterable[Any]) -> tuple[CreditMemo, ...]:
    """The credit memos among documents of REST; one that cannot be read is told by its own
    preview."""
    found = []
    for document in documents:
        with contextlib.suppress(Never):
            found.append(CreditMemo.read(document))
    return tuple(found)


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
        return parked(key_of(document), error)
    try:
        return await _previewed(DocumentWithOrder(record, _order_of(record, basis.orders)), basis)
    except Never as error:
        return parked(record.key, error)


async def _previewed(with_order: DocumentWithOrder[D], basis: Basis) -> Preview:
    record, connection = with_order.document, basis.connection
    if record.state == CANCELLED:
        return Preview(record.key, "skip", "cancelled in Commerce before it was booked")
    if reason := old_document(record, connection.orders) or str(reason_to_wait(record) or ""):
        return Preview(record.key, "skip", reason)
    receivable = receivable_of(with_order, connection)
    if reason := nothing_to_book(record, with_order.order.payment.method, receivable, connection):
        return Preview(record.key, "skip", reason, totals=receivable.totals)
    if "orders" in connection.flows:
        must_be_of_our_time(record, with_order.order, connection.orders)
    if reason := _order_waits(with_order.order, basis):
        return Preview(record.key, "skip", reason)
    receivable_documents = await _receivable_documents(with_order, receivable, basis)
    requests, notes = (
        as_sent(_requests(receivable_documents), connection),
        tuple(_notes(receivable, receivable_documents)),
    )
    return Preview(
        record.key, "deliver", requests=requests, totals=receivable_documents.totals, notes=notes
    )


def _order_of(record: Invoice | CreditMemo, orders: Mapping[int, Any]) -> Order:
    if record.order_id not in orders:
        raise Never(
            f"{record.label}: order_id {record.order_id} is none of the orders given, and it is"
            " booked with its order",
            remedy=(
                f"Name a file that holds the order with entity_id {record.order_id} as well, or use"
                " --ids."
            ),
        )
    return Order.read(orders[record.order_id])


def _why_the_order_is_not_posted(order: Order, basis: Basis) -> str:
    if "orders" not in basis.connection.flows:
        return "orders do not flow on this connection"
    if _is_given_up(order, basis):
        return "nothing of it is wanted"
    return str(not_now(order, basis.connection.orders, basis.now) or "")


def _is_given_up(order: Order, basis: Basis) -> bool:
    return (
        is_cancelled(order) or is_rejected(order) or is_nothing_left(order, basis.connection.orders)
    )


def _order_waits(order: Order, basis: Basis) -> str:
    """A document waits for its order; one whose order is never posted is booked without it."""
    reason = _why_the_order_is_not_posted(order, basis)
    if not reason.startswith("waiting"):
        return ""
    return (
        f"waiting: its order {order.increment_id} is not posted yet:"
        f" {reason.removeprefix('waiting: ')}"
    )


async def _receivable_documents(
    with_order: DocumentWithOrder[Any], receivable: Receivable, basis: Basis
) -> ReceivableDocuments:
    order, connection = with_order.order, basis.connection
    sold = await _sold(order, basis)
    if sold is None:
        _, account = await account_of(order, connection, basis.lookups)
    else:
        account = str(sold.header["InvoiceCustomerAccountNumber"])
    posting_target = posting_target_of(with_order, connection, account)
    items = await basis.lookups.items_of(order, receivable.skus)
    if isinstance(with_order.document, Invoice):
        return invoice_documents(with_order, receivable, connection, posting_target, items)
    credited = receivable
    lots: dict[str, str] = {}
    if orders_are_invoiced(connection):
        credited, lots = await _credited(with_order, receivable, sold, basis)
    return memo_documents(
        with_order,
        receivable,
        connection,
        posting_target,
        items=items,
        lots=lots,
        credited=credited,
    )


async def _sold(order: Order, basis: Basis) -> SalesOrder | None:
    """The sales order, where one is posted. An order that cannot be posted stops its documents."""
    if _why_the_order_is_not_posted(order, basis):
        return None
    return (await mapped_order(order, basis.connection, basis.lookups))[1]


async def _credited(
    with_order: DocumentWithOrder[CreditMemo],
    receivable: Receivable,
    sold: SalesOrder | None,
    basis: Basis,
) -> tuple[Receivable, dict[str, str]]:
    """What is left to be credited, and the lots it names: as if F&O had invoiced what was shipped,
    and nothing else."""
    order, memo = with_order.order, with_order.document
    if sold is None and not _is_given_up(order, basis):
        return receivable, {}
    _, placed = await mapped_order(without_refunds(order), basis.connection, basis.lookups)
    earlier = [
        one for one in basis.memos if one.order_id == memo.order_id and _comes_before(one, memo)
    ]
    sale = Sale(placed, planned(sold) if sold is not None else {}, earlier)
    shipped = {str(item.item_id) for item in order.items if item.qty_shipped}
    return still_credited(receivable, memo, order, sale, basis.connection), dict.fromkeys(
        shipped, ASSIGNED
    )


def _comes_before(one: CreditMemo, memo: CreditMemo) -> bool:
    return one.state == REFUNDED and (one.entity_id or 0) < (memo.entity_id or 0)


def _requests(documents: ReceivableDocuments) -> Iterator[Request]:
    if documents.free_text is not None:
        yield from free_text_requests(documents.free_text)
    if documents.return_order is not None:
        yield from return_requests(documents.return_order)
    for payment in (documents.payment, documents.credit):
        if payment is not None:
            yield from payment_requests(payment)


def _notes(receivable: Receivable, receivable_documents: ReceivableDocuments) -> Iterator[str]:
    currency = receivable.totals.currency
    if receivable.totals.rounding:
        yield f"rounding line of {receivable.totals.rounding} {currency}"
    if receivable_documents.taken_off is not None:
        yield (
            f"{receivable_documents.taken_off.commerce} {currency} is taken off the sales order,"
            " which F&O has not invoiced"
        )
    if receivable_documents.credit is not None:
        yield (
            f"{receivable_documents.credit.amount} {currency} was refunded to store credit, so no"
            " bank pays it"
        )
    for line in receivable.lines:
        if line.is_payment:
            yield f"{-line.amount} {currency} was {line.text}"
    if receivable_documents.return_order is not None and receivable.is_gross:
        yield (
            "prices include tax, as those of accounts that were made for this store; an account's"
            " own setting goes first"
        )
