"""Customer payment journals in F&O: one open journal per day and method, its lines written one at a
time (6.3).

F&O rewrites the journal's totals with every line, so two writers of one journal conflict: who
writes holds the journal's claim. A journal that F&O has posted takes no more lines; the next one
with the same text is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.dynamics.adoption import must_be_ours
from sync.dynamics.documents import requests
from sync.dynamics.documents.customer_payment import CREDIT, DEBIT, CustomerPayment
from sync.dynamics.odata_client import ODataClient

HEADERS, LINES = requests.JOURNAL_HEADERS, requests.JOURNAL_LINES

LINE_FIELDS = (
    "JournalBatchNumber",
    "LineNumber",
    "PaymentReference",
    "AccountDisplayValue",
    "CurrencyCode",
    "CreditAmount",
    "DebitAmount",
)


@dataclass(frozen=True)
class FoundPayment:
    """A payment line as F&O holds it."""

    journal: str
    line: Decimal

    def __str__(self) -> str:
        """As a claim's number names it."""
        return f"journal {self.journal} line {self.line}"


class PaymentJournals:
    """The customer payment journals of one environment."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def find(self, payment: CustomerPayment) -> FoundPayment | None:
        """The line with this reference and side, in whatever journal; None when it is not there.

        The side tells money received from money paid back. Raises `Never` when the line is another
        payment (`must_be_ours`).
        """
        field, company = "PaymentReference", payment.company
        rows = await self._client.find_by(
            LINES, field, payment.reference, company=company, select=LINE_FIELDS
        )
        rows = [row for row in rows if row.get(payment.side)]
        ours = _told_by(payment.body, payment.amount)
        same = (row for row in rows if _told_by(row, Decimal(row[payment.side])) == ours)
        row = next(same, rows[0] if rows else None)
        if row is None:
            return None
        found = FoundPayment(str(row["JournalBatchNumber"]), Decimal(row["LineNumber"]))
        target = f"line {found.line:f} of payment journal {found.journal}"
        must_be_ours(payment.reference, target, ours, _told_by(row, Decimal(row[payment.side])))
        return found

    async def reference_of(
        self, company: str, number: str, sent: Mapping[str, Any] | None = None
    ) -> str | None:
        """The reference of a line by its place, `<journal>/<line>`; None where there is none, or
        one of another account or amount than was `sent`, which is a line as a request has it."""
        row = await self._line(company, number)
        if row is None or (sent is not None and _money_in(row) != _money_in(sent)):
            return None
        return str(row.get("PaymentReference") or "")

    async def numbered(self, payment: CustomerPayment, number: str) -> FoundPayment:
        """The line at this place, `<journal>/<line>`, which a person linked. Raises `Never` where
        it is another payment."""
        row = await self._line(payment.company, number) or {}
        ours = _told_by(payment.body, payment.amount)
        there = _told_by(row, Decimal(row.get(payment.side) or 0))
        target = f"payment line {number}"
        must_be_ours(payment.reference, target, ours, there, is_linked=True)
        return FoundPayment(str(row["JournalBatchNumber"]), Decimal(row["LineNumber"]))

    async def _line(self, company: str, number: str) -> dict[str, Any] | None:
        journal, _, line = number.rpartition("/")
        if not (journal and line.replace(".", "", 1).isdecimal()):
            return None
        rows = await self._client.find_by(
            LINES, "JournalBatchNumber", journal, company=company, select=LINE_FIELDS
        )
        return next((row for row in rows if Decimal(line) == Decimal(row["LineNumber"])), None)

    async def open_journals(self, payment: CustomerPayment) -> list[str]:
        """The journals of this day and method that still take lines."""
        rows = await self._client.find_by(
            HEADERS, "Description", payment.journal_text, company=payment.company,
            select=("JournalBatchNumber", "JournalName", "Description", "IsPosted"),
        )  # fmt: skip
        return [
            str(r["JournalBatchNumber"])
            for r in rows
            if r.get("JournalName") == payment.journal_name and r.get("IsPosted") != "Yes"
        ]

    async def create_journal(self, payment: CustomerPayment, *, not_after: datetime) -> str:
        """Open a journal; returns its number."""
        header = await self._client.create(HEADERS, payment.journal_body, not_after=not_after)
        return str(header["JournalBatchNumber"])

    async def end(self, payment: CustomerPayment, journal: str) -> FoundPayment:
        """The place behind the journal's last line."""
        rows = await self._client.find_by(
            LINES, "JournalBatchNumber", journal, company=payment.company, select=LINE_FIELDS
        )
        return FoundPayment(
            journal, max((Decimal(row["LineNumber"]) for row in rows), default=Decimal(0)) + 1
        )

    async def put(
        self, payment: CustomerPayment, place: FoundPayment, *, not_after: datetime
    ) -> FoundPayment:
        """Write the line at a place. Raises `AlreadyExists` when it is taken, `Never` when the
        journal takes no more."""
        await self._client.create(
            LINES, payment.line_body(place.journal, place.line), not_after=not_after
        )
        return place


def _money_in(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Account and amounts of a line."""
    amounts = (Decimal(line.get(side) or 0) for side in (CREDIT, DEBIT))
    return line.get("AccountDisplayValue"), *amounts


def _told_by(line: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
    """What tells a payment from another one with the same reference."""
    return {
        "account": line.get("AccountDisplayValue"),
        "currency": line.get("CurrencyCode"),
        "amount": amount,
    }
