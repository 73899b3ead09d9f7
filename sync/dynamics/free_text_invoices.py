"""Free text invoices in F&O: drafts that F&O posts itself; found again by `CustomerReference`
(reference 6.2).

The header's key is a RecId that F&O assigns, and its lines name it, so header and lines are two
requests. A header whose lines are refused is removed again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.core.errors import Never
from sync.dynamics.client import DynamicsClient, Write
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.odata import Filter

HEADERS, LINES = "FreeTextInvoiceHeaders", "FreeTextInvoiceLines"
FIELDS = (
    "dataAreaId",
    "InvoiceIdentifier",
    "CustomerAccount",
    "CustomerReference",
    "FreeTextNumber",
    "IsPosted",
)
NOT_POSTED = "Not posted"
"""What `FreeTextNumber` says until posting assigns the invoice's number (recorded live)."""


@dataclass(frozen=True)
class FoundInvoice:
    """A free text invoice as F&O holds it. `number` is empty until it is posted; `lines` are the
    line numbers it has."""

    identifier: int
    number: str
    is_posted: bool
    lines: frozenset[int]


class FreeTextInvoices:
    """The free text invoices of one environment."""

    def __init__(self, client: DynamicsClient) -> None:
        self._client = client

    async def find(self, invoice: FreeTextInvoice) -> FoundInvoice | None:
        """The invoice by its reference and account; None when it is not there. Raises `Never` when
        there are several."""
        rows = await self._client.find_by(
            HEADERS, "CustomerReference", invoice.reference, company=invoice.company, select=FIELDS
        )
        rows = [row for row in rows if row.get("CustomerAccount") == invoice.account]
        if len(rows) > 1:
            raise Never(
                f"{invoice.reference}: D365 holds {len(rows)} free text invoices with this"
                " reference",
                remedy="Keep the right one, delete or credit the others in D365, then replay.",
            )
        return await self._with_lines(invoice.company, rows[0]) if rows else None

    async def create(self, invoice: FreeTextInvoice, *, not_after: datetime) -> int:
        """Post header and lines; returns the header's identifier."""
        header = await self._client.create(HEADERS, dict(invoice.header), not_after=not_after)
        identifier = int(header["InvoiceIdentifier"])
        await self.complete(invoice, identifier, frozenset(), not_after=not_after)
        return identifier

    async def complete(
        self,
        invoice: FreeTextInvoice,
        identifier: int,
        existing: frozenset[int],
        *,
        not_after: datetime,
    ) -> None:
        """Post the lines that are missing, in one changeset. A refused header without lines is
        removed."""
        missing = [line for line in invoice.lines if line["LineNumber"] not in existing]
        try:
            await self._client.changeset(
                [
                    Write("POST", LINES, None, invoice.line_body(line, identifier))
                    for line in missing
                ],
                not_after=not_after,
            )
        except Never:
            if not existing:
                await self._client.delete(HEADERS, _key(invoice.company, identifier))
            raise

    async def read(self, company: str, identifier: int) -> FoundInvoice | None:
        """The invoice of that identifier; None when there is none (any more)."""
        row = await self._client.get(HEADERS, _key(company, identifier), select=FIELDS)
        return await self._with_lines(company, row) if row else None

    async def _with_lines(self, company: str, row: Mapping[str, Any]) -> FoundInvoice:
        identifier = int(row["InvoiceIdentifier"])
        where = Filter.eq("dataAreaId", company) & Filter.eq("ParentRecId", identifier)
        lines = [
            line
            async for line in self._client.query(
                LINES, where=where, select=("LineNumber", "ParentRecId")
            )
        ]
        number = str(row.get("FreeTextNumber") or "")
        is_posted = row.get("IsPosted") == "Yes"
        return FoundInvoice(
            identifier, number if is_posted and number != NOT_POSTED else "", is_posted,
            frozenset(int(line["LineNumber"]) for line in lines),
        )  # fmt: skip


def _key(company: str, identifier: int) -> dict[str, Any]:
    return {"dataAreaId": company, "InvoiceIdentifier": identifier}
