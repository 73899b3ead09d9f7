"""What F&O holds of documents that have a reference, and what each comes to: of a time, or of some
references. For comparing its books with a shop's.

Amounts come from lines and, once F&O has invoiced a document, from what it posted, with the tax
that it computed. Return orders have no day: they are asked for by reference, and listed by what F&O
has credited of them.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sync.config.connections import Dynamics
from sync.core.money import ZERO
from sync.dynamics.book_sums import POSTED, Book, BookSums, Posted, Row, joined
from sync.dynamics.customers import SET as CUSTOMERS
from sync.dynamics.documents import requests
from sync.dynamics.field_values import day_of
from sync.dynamics.odata import Filter
from sync.dynamics.odata_client import ODataClient
from sync.dynamics.posted_invoices import SALES, SALES_ORDER
from sync.dynamics.return_orders import INCLUDED

BLOCK: Final = 500
"""Documents whose lines are read together."""

IsOurs = Callable[[str], bool]
"""Whether a reference is one of ours."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A document of F&O. `amount` as its lines say, with tax where `is_gross`. `tax` None: F&O has
    posted nothing of it, so nobody has computed one; else `amount` is what was posted, with tax.
    Credits are negative. `day` None where F&O tells none."""

    reference: str
    number: str
    currency: str
    amount: Decimal
    tax: Decimal | None
    is_gross: bool
    day: date | None


RETURNS: Final = Book(
    requests.RETURN_HEADERS, "CustomersOrderReference", "ReturnOrderNumber", "",
    ("ReturnStatus", "CustomerAccountNumber"),
    requests.RETURN_LINES, "ReturnOrderNumber", "LineAmount",
)  # fmt: skip
FREE_TEXT: Final = Book(
    requests.FREE_TEXT_HEADERS, "CustomerReference", "InvoiceIdentifier", "InvoiceDate",
    ("FreeTextNumber", "IsPosted", "InclTax"),
    requests.FREE_TEXT_LINES, "ParentRecId", "TransactionCurrencyAmount",
)  # fmt: skip
PAYMENT_FIELDS: Final = (
    "JournalBatchNumber", "LineNumber", "PaymentReference", "CurrencyCode", "TransactionDate",
)  # fmt: skip
PAYMENT_ORDER: Final = ("dataAreaId", "JournalBatchNumber", "LineNumber")
CREDIT_FIELDS: Final = (
    "SalesOrderNumber", "CustomersOrderReference", "CurrencyCode", "InvoiceDate", *POSTED,
)  # fmt: skip


def order_book(settings: Dynamics) -> Book:
    """That of sales orders, in the entity sets that the connection names."""
    return Book(
        settings.order_headers, "CustomersOrderReference", "SalesOrderNumber",
        "OrderCreationDateTime", ("SalesOrderStatus", "ArePricesIncludingSalesTax"),
        settings.order_lines, "SalesOrderNumber", "LineAmount",
    )  # fmt: skip


class Books:
    """The books of one environment."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client, self._sums, self._orders = client, BookSums(client), order_book(settings)

    async def sales_orders(
        self, company: str, since: datetime, until: datetime, is_ours: IsOurs
    ) -> AsyncIterator[Booked]:
        """Sales orders that were created from `since` until before `until`, by number; not those
        that were cancelled."""
        created = "OrderCreationDateTime"
        where = Filter.ge(created, since) & Filter.lt(created, until)
        async for block in self._blocks(self._orders, company, where, is_ours):
            for one in await self._of_orders(company, block):
                yield one

    async def sales_orders_of(self, company: str, references: Sequence[str]) -> list[Booked]:
        """Sales orders by reference; not those that were cancelled. Where F&O deletes what it has
        invoiced, by its invoices."""
        rows = await self._named(self._orders, company, references)
        there = {self._orders.reference_of(row).casefold() for row in rows}
        gone = [one for one in references if one.casefold() not in there]
        invoiced = await self.invoiced_of(company, gone) if gone else []
        return [*await self._of_orders(company, rows), *invoiced]

    async def invoiced_of(self, company: str, references: Sequence[str]) -> list[Booked]:
        """What was invoiced of orders, and credited of returns, each as one document."""
        rows = await self._client.find_by(
            SALES, "CustomersOrderReference", *references, company=company, select=CREDIT_FIELDS
        )
        sums = joined([(str(row["SalesOrderNumber"]), row) for row in rows], POSTED)
        last = {str(row["SalesOrderNumber"]): _credited(row) for row in rows}
        return [
            replace(last[number], amount=amount, tax=tax) for number, (amount, tax) in sums.items()
        ]

    async def free_text_invoices(
        self, company: str, days: tuple[date, date], is_ours: IsOurs
    ) -> AsyncIterator[Booked]:
        """Free text invoices and credits, drafts and posted, by identifier. Their day is that of
        the draft, for which we name that of the shop's document."""
        where = _between("InvoiceDate", days)
        async for block in self._blocks(FREE_TEXT, company, where, is_ours):
            for one in await self._of_free_text(company, block):
                yield one

    async def free_text_invoices_of(self, company: str, references: Sequence[str]) -> list[Booked]:
        """The same by reference."""
        return await self._of_free_text(company, await self._named(FREE_TEXT, company, references))

    async def return_orders_of(self, company: str, references: Sequence[str]) -> list[Booked]:
        """Return orders by reference; not those that were cancelled."""
        rows = await self._named(RETURNS, company, references)
        rows = [row for row in rows if row.get("ReturnStatus") != "Canceled"]
        accounts, account = {str(row["CustomerAccountNumber"]) for row in rows}, "CustomerAccount"
        found = await self._client.find_by(
            CUSTOMERS, account, *accounts, company=company, select=(account, INCLUDED)
        )
        gross = {one[account] for one in found if one.get(INCLUDED) == "Yes"}
        sums = await self._sums.of_lines(RETURNS, company, rows)
        posted = await self._sums.posted(company, [RETURNS.number_of(row) for row in rows])
        return [
            _booked(RETURNS, row, sums, posted, is_gross=row["CustomerAccountNumber"] in gross)
            for row in rows
        ]

    async def credit_notes(
        self, company: str, days: tuple[date, date], is_ours: IsOurs
    ) -> AsyncIterator[Booked]:
        """What F&O has posted with references of ours, which tell that it is of return orders."""
        where = Filter.eq("dataAreaId", company) & _between("InvoiceDate", days)
        async for row in self._client.query(
            SALES, where=where, select=CREDIT_FIELDS, order_by=SALES_ORDER
        ):
            found = _credited(row)
            if found.reference and is_ours(found.reference):
                yield found

    async def payments(
        self, company: str, days: tuple[date, date], side: str, is_ours: IsOurs
    ) -> AsyncIterator[Booked]:
        """Lines of payment journals, posted or not, with an amount on this side (`CreditAmount`:
        received)."""
        where = Filter.eq("dataAreaId", company) & _between("TransactionDate", days)
        lines, where = requests.JOURNAL_LINES, where & Filter.ne(side, 0)
        async for row in self._client.query(
            lines, where=where, select=(*PAYMENT_FIELDS, side), order_by=PAYMENT_ORDER
        ):
            if is_ours(str(row.get("PaymentReference") or "").strip()):
                yield _payment(row, side)

    async def payments_of(self, company: str, references: Sequence[str], side: str) -> list[Booked]:
        """The same by reference."""
        lines, select = requests.JOURNAL_LINES, (*PAYMENT_FIELDS, side)
        rows = await self._client.find_by(
            lines, "PaymentReference", *references, company=company, select=select
        )
        return [_payment(row, side) for row in rows if row.get(side)]

    async def _blocks(
        self, book: Book, company: str, where: Filter, is_ours: IsOurs
    ) -> AsyncIterator[list[Row]]:
        """Headers with our references, in F&O's order of their numbers."""
        block: list[Row] = []
        where, order_by = Filter.eq("dataAreaId", company) & where, ("dataAreaId", book.number)
        async for row in self._client.query(
            book.headers, where=where, select=book.fields, order_by=order_by
        ):
            if is_ours(book.reference_of(row)):
                block.append(row)
            if len(block) == BLOCK:
                yield block
                block = []
        if block:
            yield block

    async def _named(self, book: Book, company: str, references: Sequence[str]) -> Sequence[Row]:
        return await self._client.find_by(
            book.headers, book.reference, *references, company=company, select=book.fields
        )

    async def _of_orders(self, company: str, rows: Sequence[Row]) -> list[Booked]:
        """A cancelled order counts as far as F&O has invoiced it, an open one by its lines."""
        book, sums = self._orders, await self._sums.of_lines(self._orders, company, rows)
        over = [row for row in rows if row.get("SalesOrderStatus") in ("Invoiced", "Canceled")]
        posted = await self._sums.posted(company, [book.number_of(row) for row in over])
        gross = "ArePricesIncludingSalesTax"
        return [
            _booked(book, row, sums, posted, is_gross=row.get(gross) == "Yes")
            for row in rows
            if row.get("SalesOrderStatus") != "Canceled" or book.number_of(row) in posted
        ]

    async def _of_free_text(self, company: str, rows: Sequence[Row]) -> list[Booked]:
        sums = await self._sums.of_lines(FREE_TEXT, company, rows)
        posted = await self._sums.posted_free_text(FREE_TEXT, company, rows)
        return [
            _booked(FREE_TEXT, row, sums, posted, is_gross=row.get("InclTax") == "Yes")
            for row in rows
        ]


def _between(field: str, days: tuple[date, date]) -> Filter:
    return Filter.ge(field, days[0]) & Filter.le(field, days[1])


def _booked(
    book: Book, row: Row, sums: Mapping[str, Decimal], posted: Posted, *, is_gross: bool
) -> Booked:
    number, currency = book.number_of(row), str(row["CurrencyCode"])
    amount, tax = posted.get(number, (sums.get(number, ZERO), None))
    day = day_of(row[book.day]) if book.day else None
    return Booked(book.reference_of(row), number, currency, amount, tax, is_gross, day)


def _credited(row: Row) -> Booked:
    """An invoice or credit note."""
    reference = str(row.get("CustomersOrderReference") or "").strip()
    number, currency = str(row["SalesOrderNumber"]), str(row["CurrencyCode"])
    amount, tax = (Decimal(row.get(name) or 0) for name in POSTED)
    day = day_of(row["InvoiceDate"])
    return Booked(reference, number, currency, amount, tax, is_gross=True, day=day)


def _payment(row: Row, side: str) -> Booked:
    number = f"{row['JournalBatchNumber']}/{Decimal(row['LineNumber']):f}"
    reference, currency = str(row["PaymentReference"]).strip(), str(row["CurrencyCode"])
    day, amount = day_of(row["TransactionDate"]), Decimal(row[side])
    return Booked(reference, number, currency, amount, None, is_gross=True, day=day)
