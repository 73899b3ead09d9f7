"""What documents of F&O come to: by their lines, and by what F&O has posted of them.

Headers show no sums that one could rely on (reference 5.2), and lines have no day. So the rows of
many documents are read as the stretch from the first number to the last, in F&O's own order; those
between them that nobody asked for are passed over.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.odata import Filter
from sync.dynamics.odata_client import ODataClient
from sync.dynamics.posted_invoices import JOURNAL, SALES

FEW: Final = 20
"""Values that one look-up names; more of them are read as a stretch."""
POSTED: Final = ("TotalInvoiceAmount", "TotalTaxAmount")
POSTED_FREE_TEXT: Final = ("InvoiceAmount", "SumTax")

Row = Mapping[str, Any]
Posted = Mapping[str, tuple[Decimal, Decimal]]
"""By a document's number: what was posted of it, with tax, and that tax."""


@dataclass(frozen=True)
class Book:
    """Where a kind of document stands: entity sets, and the names of what is read of them. `day`
    empty: F&O tells none."""

    headers: str
    reference: str
    number: str
    day: str
    more: tuple[str, ...]
    lines: str
    line_number: str
    amount: str

    @property
    def fields(self) -> tuple[str, ...]:
        """What is read of a header."""
        names = (self.number, self.reference, self.day, "CurrencyCode", *self.more)
        return tuple(name for name in names if name)

    def number_of(self, row: Row) -> str:
        """The number of a document."""
        return str(row[self.number])

    def reference_of(self, row: Row) -> str:
        """The reference of a document."""
        return str(row.get(self.reference) or "").strip()


class BookSums:
    """The sums of one environment's documents."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def of_lines(self, book: Book, company: str, rows: Sequence[Row]) -> dict[str, Decimal]:
        """What the lines of documents come to, by number. `rows`: headers, in F&O's order of their
        numbers where they are many."""
        sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        wanted, field = [row[book.number] for row in rows], book.line_number
        async for line in self._rows(book.lines, field, wanted, company, (book.amount,)):
            sums[str(line[field])] += Decimal(line.get(book.amount) or 0)
        return sums

    async def posted(self, company: str, numbers: Sequence[str]) -> Posted:
        """What F&O has invoiced of sales orders and return orders, in the order of their
        numbers."""
        field = "SalesOrderNumber"
        rows = self._rows(SALES, field, numbers, company, POSTED)
        return joined([(str(row[field]), row) async for row in rows], POSTED)

    async def posted_free_text(self, book: Book, company: str, rows: Sequence[Row]) -> Posted:
        """What F&O has posted of free text invoices; nothing where our user may not see the
        journal's copy."""
        posted = {str(row["FreeTextNumber"]): row for row in rows if row.get("IsPosted") == "Yes"}
        select = ("RefNum", *POSTED_FREE_TEXT)
        found = self._rows(JOURNAL, "InvoiceId", sorted(posted), company, select)
        try:
            ours = [row async for row in found if row.get("RefNum") == "Cust"]
        except Never:
            return {}
        pairs = [(book.number_of(posted[str(row["InvoiceId"])]), row) for row in ours]
        return joined(pairs, POSTED_FREE_TEXT)

    async def _rows(
        self, entity_set: str, field: str, values: Sequence[Any], company: str,
        select: Sequence[str],
    ) -> AsyncIterator[Row]:  # fmt: skip
        """The rows of these values: named one by one where they are few."""
        wanted, fields = {str(value).casefold() for value in values}, (field, *select)
        if values and len(values) <= FEW and isinstance(values[0], str):
            found = await self._client.find_by(
                entity_set, field, *values, company=company, select=fields
            )
            for row in found:
                yield row
        elif values:
            where = Filter.eq("dataAreaId", company) & _stretch(field, values)
            async for row in self._client.query(entity_set, where=where, select=fields):
                if str(row.get(field)).casefold() in wanted:
                    yield row


def _stretch(field: str, values: Sequence[Any]) -> Filter:
    if len(values) <= FEW:
        return Filter.any_of(field, values)
    return Filter.ge(field, values[0]) & Filter.le(field, values[-1])


def joined(rows: Iterable[tuple[str, Row]], fields: Sequence[str]) -> Posted:
    """Amounts and taxes that are told of the same number, added up."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for number, row in rows:
        before = sums.get(number, (ZERO, ZERO))
        amount, tax = (Decimal(row.get(name) or 0) for name in fields)
        sums[number] = before[0] + amount, before[1] + tax
    return sums
