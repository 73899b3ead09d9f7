"""The REST resources of invoices and credit memos: lists, one by one, their comments, and how they
are made."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.commerce import columns, invoicing, lifecycle
from sandbox.commerce.documents import rest_document
from sandbox.commerce.faults import RestFault, required, unsupported, wrong_type
from sandbox.commerce.invoicing_and_refunds import Kind
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.refunding import refused
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import Criteria, Filter, criteria_from, found
from sandbox.commerce.shape import plain

ITEM: Final = frozenset({"order_item_id", "qty", "extension_attributes"})
ARGUMENTS: Final = frozenset(
    {"shipping_amount", "adjustment_positive", "adjustment_negative", "extension_attributes"}
)
BARRED: Final = frozenset({"payment_review", "holded", "canceled", "closed"})


def _page(kind: Kind) -> Callable[[RestRequest], Columns]:
    def page(call: RestRequest) -> Columns:
        """`GET invoices`, `GET creditmemos`."""
        criteria = criteria_from(call.query)
        rows, total = found(list(call.state.documents(kind)), criteria, columns.DOCUMENT, dict.get)
        return listed([rest_document(row) for row in rows], criteria, total)

    return page


def _one(kind: Kind) -> Callable[[RestRequest], Columns]:
    def one(call: RestRequest) -> Columns:
        """`GET invoices/{id}`, `GET creditmemo/{id}`."""
        return rest_document(call.state.document(kind, call.whole("id")))

    return one


def _comments(kind: Kind) -> Callable[[RestRequest], Columns]:
    def comments(call: RestRequest) -> Columns:
        """`GET invoices/{id}/comments` and the like; of a document that is not there, nothing."""
        wanted = call.whole("id")
        criteria = Criteria(((Filter("parent_id", str(wanted), "eq"),),))
        rows = [
            entry
            for row in call.state.documents(kind)
            if row["entity_id"] == wanted
            for entry in row["comments"]
        ]
        return listed([plain(row) for row in rows], criteria, len(rows))

    return comments


def add_invoice_comment(call: RestRequest) -> Columns:
    """`POST invoices/comments`: the invoice is named in the body."""
    sent = call.argument("entity")
    if not sent.get("parent_id"):
        raise required("parent_id")
    return call.state.comment_on(
        "invoice", call.state.document("invoice", int(sent["parent_id"])), sent
    )


def add_memo_comment(call: RestRequest) -> Columns:
    """`POST creditmemo/{id}/comments`."""
    memo = call.state.document("creditmemo", call.whole("id"))
    return call.state.comment_on("creditmemo", memo, call.argument("entity"))


def create_invoice(call: RestRequest) -> str:
    """`POST order/{id}/invoice`. With `capture` a gateway is asked; without it the money counts as
    paid all the same, and nothing moves (source: `PayOperation` of its Sales module)."""
    order = call.state.order(call.whole("id"))
    asked = _asked(call)
    wanted = {number: qty for number, qty in asked.items() if number in _numbers(order)}
    rows = invoicing.rows_of(order, wanted)  # refuses quantities before it looks at the order
    said = []
    if (asked and not wanted) or not any(row.qty for row in rows):
        said.append("The invoice can't be created without products. Add products and try again.")
    if order.row["state"] in BARRED:
        status = order.row["status"]
        said.append(f"An invoice cannot be created when an order has a status of {status}")
    elif not lifecycle.can_cancel(order):
        said.append("The order does not allow an invoice to be created.")
    if said:
        text = "\n".join(["Invoice Document Validation Error(s):", *said])
        raise RestFault(400, text)
    invoice = call.state.invoice(order, wanted, online=bool(call.body.get("capture")))
    _append_comment(call, "invoice", invoice)
    return str(invoice["entity_id"])


def capture(call: RestRequest) -> bool:
    """`POST invoices/{id}/capture`."""
    call.state.capture(call.state.document("invoice", call.whole("id")))
    return True


def void(call: RestRequest) -> bool:
    """`POST invoices/{id}/void`: an invoice that is not paid yet is taken back."""
    call.state.cancel_invoice(call.state.document("invoice", call.whole("id")))
    return True


def refund_order(call: RestRequest) -> str:
    """`POST order/{id}/refund`: offline; refused where an invoice was paid through a gateway."""
    order = call.state.order(call.whole("id"))
    if any(invoice.get("transaction_id") for invoice in order.invoices):
        raise refused("The order does not allow a creditmemo to be created.")
    return _refund(call, order)


def refund_invoice(call: RestRequest) -> str:
    """`POST invoice/{id}/refund`: refused for payments without a gateway (measured)."""
    invoice = call.state.document("invoice", call.whole("id"))
    if not invoice.get("transaction_id"):
        raise refused("We can't create creditmemo for the invoice.")
    online = bool(call.body.get("isOnline", call.body.get("is_online")))
    return _refund(call, call.state.order_of(invoice), invoice=invoice, online=online)


def _refund(
    call: RestRequest, order: StoredOrder, *, invoice: Columns | None = None, online: bool = False
) -> str:
    wanted = _asked(call)
    if wanted.keys() - _numbers(order):
        stranger = "The creditmemo contains product item that is not part of the original order."
        raise RestFault(400, f"Creditmemo Document Validation Error(s):\n{stranger}")
    sent = call.body.get("arguments") or {}
    for key in sent:
        if key not in ARGUMENTS:
            raise unsupported(key)
    listed = (sent.get("extension_attributes") or {}).get("return_to_stock_items") or []
    memo = call.state.refund(
        order,
        wanted,
        returns_to_stock=bool(wanted) and wanted.keys() <= {int(one) for one in listed},
        shipping=None if sent.get("shipping_amount") is None else _number(sent["shipping_amount"]),
        positive=_number(sent.get("adjustment_positive") or 0),
        negative=_number(sent.get("adjustment_negative") or 0),
        invoice=invoice,
        online=online,
        to_stock=_to_stock(sent),
    )
    order.row["customer_note_notify"] = int(bool(call.body.get("notify")))
    _append_comment(call, "creditmemo", memo)
    return str(memo["entity_id"])


def _to_stock(sent: Columns) -> frozenset[int]:
    """The order items that go back to stock."""
    listed = (sent.get("extension_attributes") or {}).get("return_to_stock_items") or ()
    return frozenset(int(one) for one in listed)


def cancel_memo(call: RestRequest) -> bool:
    """`PUT creditmemo/{id}`: never possible once it is there."""
    call.state.document("creditmemo", call.whole("id"))
    raise RestFault(400, "You can not cancel Credit Memo")


def _append_comment(call: RestRequest, kind: Kind, document: Columns) -> None:
    append = call.body.get("appendComment", call.body.get("append_comment"))
    sent = call.body.get("comment")
    if append and isinstance(sent, dict):
        call.state.comment_on(kind, document, sent)


def _asked(call: RestRequest) -> dict[int, Decimal]:
    """The items of the body, by order item id."""
    wanted: dict[int, Decimal] = {}
    for sent in call.body.get("items") or []:
        for key in sent:
            if key not in ITEM:
                raise unsupported(key)
        if sent.get("order_item_id") is None:
            raise required("order_item_id")
        wanted[int(sent["order_item_id"])] = _number(sent.get("qty") or 0)
    return wanted


def _numbers(order: StoredOrder) -> set[int]:
    return {item["item_id"] for item in order.items}


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise wrong_type(str(value), "float") from None


VIEW: Final = ("Magento_Sales::sales_invoice", "Magento_Sales::sales_creditmemo")
DOCUMENTS: Final = (
    Endpoint("GET", "invoices", VIEW[0], _page("invoice")),
    Endpoint("POST", "invoices/comments", VIEW[0], add_invoice_comment),
    Endpoint("GET", "invoices/{id}", VIEW[0], _one("invoice")),
    Endpoint("GET", "invoices/{id}/comments", VIEW[0], _comments("invoice")),
    Endpoint("POST", "invoices/{id}/capture", VIEW[0], capture),
    Endpoint("POST", "invoices/{id}/void", VIEW[0], void),
    Endpoint("GET", "creditmemos", VIEW[1], _page("creditmemo")),
    Endpoint("GET", "creditmemo/{id}", VIEW[1], _one("creditmemo")),
    Endpoint("PUT", "creditmemo/{id}", VIEW[1], cancel_memo),
    Endpoint("GET", "creditmemo/{id}/comments", VIEW[1], _comments("creditmemo")),
    Endpoint("POST", "creditmemo/{id}/comments", VIEW[1], add_memo_comment),
    Endpoint("POST", "order/{id}/invoice", "Magento_Sales::invoice", create_invoice),
    Endpoint("POST", "order/{id}/refund", "Magento_Sales::creditmemo", refund_order),
    Endpoint("POST", "invoice/{id}/refund", "Magento_Sales::creditmemo", refund_invoice),
)
"""Paths, the more particular before the general."""
