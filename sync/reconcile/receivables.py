"""Invoices and credit memos against what they become in F&O by the connection's recipe: free text
invoices, return orders, and lines of payment journals for the money."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sync.commerce.models.invoice import CANCELLED, PAID, REFUNDED
from sync.commerce.models.order import Order, utc
from sync.commerce.search import Node
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import rounded, total
from sync.dynamics.books import Booked, Books, IsOurs
from sync.dynamics.documents.customer_payment import CREDIT, DEBIT
from sync.flows.keys import elsewhere
from sync.flows.receivables.creditmemos import documents as memo_documents
from sync.flows.receivables.invoices import documents as invoice_documents
from sync.flows.receivables.source_documents import DocumentsOf
from sync.flows.returns.memos_of_returns import is_of_return
from sync.mapping.captures import brings_no_money
from sync.mapping.posting_policy import old_document
from sync.mapping.posting_target import DocumentWithOrder, document_reference, former_reference
from sync.mapping.sales_order_lines import unique_references
from sync.reconcile.fields import ways_to_pay
from sync.reconcile.kind import (
    OF_CREDIT,
    Connected,
    Kind,
    Place,
    Window,
    charged_entry,
    unreadable,
)
from sync.reconcile.receivables_wanted import (
    invoice_wanted,
    memo_wanted,
    paid_back_wanted,
    received_wanted,
)
from sync.reconcile.spool import Entry

FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "order_id", "state", "created_at", "updated_at",
    "order_currency_code", "grand_total", "tax_amount", "is_used_for_refund",
    ("comments", ("comment",)),
)  # fmt: skip
ORDER_FIELDS: Final[tuple[Node, ...]] = (
    "entity_id", "increment_id", "store_id", "order_currency_code", "grand_total",
    ("payment", ("method",)),
)  # fmt: skip

WithOrder = DocumentWithOrder[Any]
Money = Callable[[WithOrder, Connection], Decimal | None]
"""What of a document is to be in F&O by its header alone; None for nothing."""


@dataclass(frozen=True)
class Charged:
    """How the documents of a kind are listed. `paid`: whether what was paid by card or credit is
    part of what F&O holds."""

    documents: DocumentsOf[Any]
    amount: Money
    is_payment: bool = False
    is_with_paid: bool = False

    async def __call__(self, connected: Connected, window: Window) -> AsyncIterator[Entry]:
        """The documents that were made; not those of before our time."""
        commerce, settings = connected.systems.commerce, connected.settings
        fields = (*FIELDS, *ways_to_pay(settings.orders))
        async for page in self.documents.of(commerce).made(
            window.since, window.until, fields=fields, stores=connected.stores(window)
        ):
            ids = {int(row["order_id"]) for row in page}
            orders = await commerce.orders.by_ids(ids, ORDER_FIELDS)
            for entry in self._entries(page, orders, connected):
                yield entry

    def _entries(
        self, page: Sequence[Mapping[str, Any]], orders: Mapping[int, Any], connected: Connected
    ) -> Iterator[Entry]:
        template = getattr(connected.settings, f"{self.documents.noun}s").reference_template
        for row in page:
            order = orders.get(int(row["order_id"]), {})
            try:
                entry = self._read(row, order, connected)
            except Never:
                number = order.get("increment_id", "")
                entry = unreadable(row, template.format_map({"order_increment_id": number, **row}))
            if entry is not None:
                yield entry

    def _read(
        self, row: Mapping[str, Any], order: Mapping[str, Any], connected: Connected
    ) -> Entry | None:
        """None for one that is not ours. Raises `Never` for one that cannot be read, or whose order
        cannot."""
        document = self.documents.model(row)
        if elsewhere(document.store_id, connected.systems):
            return None
        if old_document(document, connected.settings.orders):
            return None
        if is_of_return(row) and not self.is_payment:
            return None
        return self._entry(DocumentWithOrder(document, Order.read(dict(order))), connected)

    def _entry(self, with_order: WithOrder, connected: Connected) -> Entry:
        document, settings = with_order.document, connected.settings
        amount = None if document.state == CANCELLED else self.amount(with_order, settings)
        extension = document.extension_attributes
        paid = [extension.gift_cards_amount, extension.customer_balance_amount]
        if amount is not None and self.is_with_paid:
            amount += total(abs(one) for one in paid)
        return charged_entry(
            connected, _place(with_order, settings, is_payment=self.is_payment),
            None if amount is None else rounded(amount), rounded(document.tax_amount),
            document.order_currency_code, is_plain=document.state in (PAID, REFUNDED),
        )  # fmt: skip


def _place(with_order: WithOrder, settings: Connection, *, is_payment: bool) -> Place:
    document, reference = with_order.document, document_reference(with_order, settings)
    references: tuple[str, ...] = (reference,)
    if is_payment:
        references = tuple(
            next(unique_references([one])) for one in (reference, f"{reference}{OF_CREDIT}")
        )
    return Place(
        with_order, document.key, document.store_id, utc(document.created_at),
        utc(document.updated_at), settings.legal_entity_of(with_order.order.store_id), references,
        former_reference(with_order),
    )  # fmt: skip


def document_place(with_order: WithOrder, settings: Connection) -> Place:
    """Where the document of an invoice or a credit memo stands that books its revenue."""
    return _place(with_order, settings, is_payment=False)


def _money(with_order: WithOrder, settings: Connection) -> Place:
    return _place(with_order, settings, is_payment=True)


def _grand_total(with_order: WithOrder, _: Connection) -> Decimal | None:
    amount: Decimal = with_order.document.grand_total
    return amount


def _received(with_order: WithOrder, settings: Connection) -> Decimal | None:
    """What came by the way that the order was paid; nothing where no money moves by it."""
    document, order = with_order.document, with_order.order
    moves = settings.invoices.moves_money(order.payment.method)
    if not moves or brings_no_money(document, order, settings):
        return None
    return document.grand_total or None


def _paid_back(with_order: WithOrder, settings: Connection) -> Decimal | None:
    """What was paid out, and what stays in the shop as store credit: that has a line of its own,
    and only the whole memo tells it."""
    return _received(with_order, settings) if settings.creditmemos.refund_payment else None


def _free_text(
    books: Books, company: str, window: Window, is_ours: IsOurs
) -> AsyncIterator[Booked]:
    return books.free_text_invoices(company, window.days, is_ours)


def credit_notes(
    books: Books, company: str, window: Window, is_ours: IsOurs
) -> AsyncIterator[Booked]:
    """The credit notes of the time, or soon after."""
    return books.credit_notes(company, window.days, is_ours)


def _payments(side: str) -> tuple[Any, Any]:
    def booked(
        books: Books, company: str, window: Window, is_ours: IsOurs
    ) -> AsyncIterator[Booked]:
        return books.payments(company, window.days, side, is_ours)

    return booked, partial(Books.payments_of, side=side)


def _invoices_flow(settings: Connection) -> bool:
    return "invoices" in settings.flows


def _memos_flow(settings: Connection) -> bool:
    return "creditmemos" in settings.flows


invoices: Final = Kind(
    "invoices", "invoices", Charged(invoice_documents, _grand_total), _free_text,
    Books.free_text_invoices_of, document_place, invoice_wanted,
    lambda it: _invoices_flow(it) and it.invoices.recipe != "payment-journal",
)  # fmt: skip
payments: Final = Kind(
    "payments", "invoices", Charged(invoice_documents, _received, is_payment=True),
    *_payments(CREDIT), _money, received_wanted,
    lambda it: _invoices_flow(it) and it.invoices.recipe != "free-text-invoice",
)  # fmt: skip
return_orders: Final = Kind(
    "creditmemos", "creditmemos", Charged(memo_documents, _grand_total, is_with_paid=True),
    credit_notes, Books.return_orders_of, document_place, memo_wanted,
    lambda it: _memos_flow(it) and it.creditmemos.recipe == "return-order", sign=-1,
)  # fmt: skip
free_text_credits: Final = Kind(
    "creditmemos", "creditmemos", Charged(memo_documents, _grand_total), _free_text,
    Books.free_text_invoices_of, document_place, memo_wanted,
    lambda it: _memos_flow(it) and it.creditmemos.recipe == "free-text-credit", sign=-1,
)  # fmt: skip
refunds: Final = Kind(
    "refunds", "creditmemos", Charged(memo_documents, _paid_back, is_payment=True),
    *_payments(DEBIT), _money, paid_back_wanted, _memos_flow,
)  # fmt: skip
