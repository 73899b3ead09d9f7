"""Free text invoices in F&O: drafts that F&O posts itself; found again by `CustomerReference`
(reference 6.2).

The header's key is a RecId that F&O assigns, and its lines name it, so header and lines are two
requests. A header whose lines are refused is removed again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.core.errors import Never
from sync.core.money import total
from sync.dynamics.adoption import must_be_ours
from sync.dynamics.documents import requests
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.odata import Filter
from sync.dynamics.odata_client import ODataClient, Write

HEADERS, LINES = requests.FREE_TEXT_HEADERS, requests.FREE_TEXT_LINES

FIELDS = (
    "dataAreaId", "InvoiceIdentifier", "CustomerAccount", "CustomerReference", "CurrencyCode",
    "FreeTextNumber", "IsPosted",
)  # fmt: skip
AMOUNT = "TransactionCurrencyAmount"
NOT_POSTED = "Not posted"
"""What `FreeTextNumber` says until posting assigns the invoice's number (recorded live)."""


@dataclass(frozen=True)
class FoundInvoice:
    """A free text invoice as F&O holds it. `number` is empty until it is posted; `amount` is of its
    lines, None without any."""

    identifier: int
    number: str
    amount: Decimal | None


class FreeTextInvoices:
    """The free text invoices of one environment."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def find(self, invoice: FreeTextInvoice) -> FoundInvoice | None:
        """The invoice by its reference; None when it is not there.

        Raises `Never` when there are several, and when it is another document (`must_be_ours`).
        Lines come all together or not at all, so a header that has lines has the whole amount.
        """
        rows = await self._client.find_by(
            HEADERS, "CustomerReference", invoice.reference, company=invoice.company, select=FIELDS
        )
        if len(rows) > 1:
            reason = f"D365 holds {len(rows)} free text invoices with this reference"
            remedy = "Keep the right one, delete or credit the others in D365, then replay."
            raise Never(f"{invoice.reference}: {reason}", remedy=remedy)
        if not rows:
            return None
        found = await self._with_lines(invoice.company, rows[0])
        target = f"free text invoice {found.number or found.identifier}"
        ours = _told_by(invoice.header, None if found.amount is None else _amount_of(invoice.lines))
        must_be_ours(invoice.reference, target, ours, _told_by(rows[0], found.amount))
        return found

    async def reference_of(self, company: str, number: str) -> str | None:
        """The reference of the invoice with this identifier; None where there is none."""
        row = await self._header(company, number)
        return None if row is None else str(row.get("CustomerReference") or "")

    async def numbered(self, invoice: FreeTextInvoice, number: str) -> FoundInvoice:
        """The invoice of this identifier, which a person linked. Raises `Never` where it is another
        document, or has no lines."""
        row = await self._header(invoice.company, number) or {}
        found = await self._with_lines(invoice.company, {"InvoiceIdentifier": 0, **row})
        ours = _told_by(invoice.header, _amount_of(invoice.lines))
        there, target = _told_by(row, found.amount), f"free text invoice {number}"
        must_be_ours(invoice.reference, target, ours, there, is_linked=True)
        return found

    async def _header(self, company: str, number: str) -> dict[str, Any] | None:
        if not (number.isascii() and number.isdigit()):
            return None
        return await self._client.get(HEADERS, _key(company, int(number)), select=FIELDS)

    async def create(self, invoice: FreeTextInvoice, *, not_after: datetime) -> int:
        """Post the header; returns its identifier. `complete` follows."""
        header = await self._client.create(HEADERS, dict(invoice.header), not_after=not_after)
        return int(header["InvoiceIdentifier"])

    async def complete(
        self, invoice: FreeTextInvoice, identifier: int, *, not_after: datetime
    ) -> None:
        """Post the lines under a header without any, in one changeset. A header whose lines are
        refused is removed."""
        lines = [
            Write("POST", LINES, None, invoice.line_body(line, identifier))
            for line in invoice.lines
        ]
        try:
            await self._client.changeset(lines, not_after=not_after)
        except Never:
            await self._client.delete(HEADERS, _key(invoice.company, identifier))
            raise

    async def _with_lines(self, company: str, row: Mapping[str, Any]) -> FoundInvoice:
        identifier = int(row["InvoiceIdentifier"])
        where = Filter.eq("dataAreaId", company) & Filter.eq("ParentRecId", identifier)
        select = ("LineNumber", "ParentRecId", AMOUNT)
        lines = [line async for line in self._client.query(LINES, where=where, select=select)]
        number, is_posted = str(row.get("FreeTextNumber") or ""), row.get("IsPosted") == "Yes"
        posted = number if is_posted and number != NOT_POSTED else ""
        return FoundInvoice(identifier, posted, _amount_of(lines) if lines else None)


def _amount_of(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return total(Decimal(line[AMOUNT]) for line in lines)


def _told_by(header: Mapping[str, Any], amount: Decimal | None) -> dict[str, Any]:
    """What tells an invoice from another one with the same reference."""
    account, currency = header.get("CustomerAccount"), header.get("CurrencyCode")
    return {"account": account, "currency": currency, "amount": amount}


def _key(company: str, identifier: int) -> dict[str, Any]:
    return {"dataAreaId": company, "InvoiceIdentifier": identifier}
