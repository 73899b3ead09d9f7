"""Which fields a reconciliation reads of which entity set."""

from collections.abc import Iterator, Mapping

from sync.checks.recipes import books_free_text, books_payments, returns_orders
from sync.config.connections import Connection
from sync.dynamics.book_sums import Book
from sync.dynamics.books import CREDIT_FIELDS, FREE_TEXT, PAYMENT_FIELDS, RETURNS, order_book
from sync.dynamics.documents.requests import JOURNAL_LINES
from sync.dynamics.posted_invoices import SALES

Needed = tuple[str, tuple[str, ...]]


def book_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set, for the kinds that the connection has."""
    found: dict[str, tuple[str, ...]] = {}
    for entity_set, fields in _needed(settings):
        found[entity_set] = tuple(dict.fromkeys((*found.get(entity_set, ()), *fields)))
    return found


def _needed(settings: Connection) -> Iterator[Needed]:
    if "orders" in settings.flows:
        yield from _of_book(order_book(settings.dynamics))
    if returns_orders(settings):
        yield from _of_book(RETURNS)
    if "orders" in settings.flows or returns_orders(settings):
        yield SALES, CREDIT_FIELDS
    if books_free_text(settings) or "posted_invoices" in settings.flows:
        yield from _of_book(FREE_TEXT)
    if books_payments(settings):
        yield JOURNAL_LINES, (*PAYMENT_FIELDS, "CreditAmount", "DebitAmount")


def _of_book(book: Book) -> Iterator[Needed]:
    yield book.headers, book.fields
    yield book.lines, (book.line_number, book.amount)
