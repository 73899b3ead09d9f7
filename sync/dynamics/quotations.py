"""Sales quotations in F&O: made and amended by us, priced, sent and lost by its people (reference
5.6, 6.2).

No public action sends, confirms or loses one, and no quotation has a time of change. With a number
of ours header and lines travel in one changeset and the primary key refuses a second one; else the
header goes first, and it is found again by `CustomersReference`. Entities: SalesQuotationHeadersV2
and SalesQuotationLines; there are no lines V2.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.dynamics.adoption import must_be_ours
from sync.dynamics.documents.quotation import HeldQuotation, Listed, Quotation, QuotationLine
from sync.dynamics.documents.requests import QUOTATION_HEADERS as HEADERS
from sync.dynamics.documents.requests import QUOTATION_LINES as LINES
from sync.dynamics.field_values import amount_of, text_of
from sync.dynamics.odata import NO_DATE, Filter, instant_of
from sync.dynamics.odata_client import ODataClient, Write

NUMBER, REFERENCE = "SalesQuotationNumber", "CustomersReference"
ACCOUNT, STATUS = "RequestingCustomerAccountNumber", "SalesQuotationStatus"
EXPIRY: Final = "SalesQuotationExpiryDate"
SUMS: Final = ("QuotationTotalAmount", "QuotationTotalTaxAmount", "QuotationTotalChargesAmount")
HEADER_FIELDS: Final = (
    NUMBER, REFERENCE, STATUS, ACCOUNT, EXPIRY, "CurrencyCode", "ArePricesIncludingSalesTax",
    "GeneratedSalesOrderNumber", "QuotationReasonCode", "QuotationResponsiblePersonnelNumber",
    "PaymentTermsName", "DeliveryTermsCode", "TotalDiscountPercentage", "AreTotalsCalculated",
    "URL", *SUMS,
)  # fmt: skip
LINE_FIELDS: Final = (
    NUMBER, "InventoryLotId", "ExternalItemNumber", "ItemNumber", "RequestedSalesQuantity",
    "SalesUnitSymbol", "SalesPrice", "SalesPriceQuantity", "LineAmount",
)  # fmt: skip
LOOKED_AT: Final = timedelta(days=30)
"""For so long after its last day a quotation is still looked at."""


class Quotations:
    """The quotations of one environment. Raises as the client does."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def find(self, wanted: Quotation) -> HeldQuotation | None:
        """The quotation by our number or its reference; None when it is not there.

        Raises `Never` when there are several, and when it is another account's or in another
        currency. One that is lost or cancelled counts where there is no other.
        """
        if wanted.number:
            numbered = await self.by_number(wanted.company, wanted.number)
            found = [numbered] if numbered is not None else []
        else:
            found = await self.named(wanted.company, wanted.reference)
        held = only(found, wanted.reference)
        if held is not None:
            ours = _told_by(wanted.header)
            there = {
                "reference": held.reference, "account": held.account, "currency": held.currency,
            }  # fmt: skip
            must_be_ours(wanted.reference, f"quotation {held.number}", ours, there)
        return held

    async def by_number(self, company: str, number: str) -> HeldQuotation | None:
        """The quotation of that number; None when there is none."""
        row = await self._client.get(HEADERS, _key(company, number), select=HEADER_FIELDS)
        return None if row is None else await self._held(company, row)

    async def named(self, company: str, reference: str) -> list[HeldQuotation]:
        """The quotations with our reference."""
        rows = await self._client.find_by(
            HEADERS, REFERENCE, reference, company=company, select=HEADER_FIELDS
        )
        return [await self._held(company, row) for row in rows]

    async def listed(
        self, companies: Sequence[str], _since: datetime, until: datetime, after: str
    ) -> AsyncIterator[Listed]:
        """Those with our references that have not expired long ago, by company and number: they
        have no time of change. `after`: the position of the last one that was listed."""
        past, _, number = after.partition("|")
        day = (until - LOOKED_AT).date()
        for company in (one for one in companies if one >= past):
            first = number if company == past else ""
            async for found, reference in self._alive(company, day, first):
                yield Listed(company, found, reference, until, f"{company}|{found}")

    async def _alive(self, company: str, since: date, after: str) -> AsyncIterator[tuple[str, str]]:
        """(number, reference) of quotations that have a reference and expire from `since` on or
        never, by number, those after this one. They have no time of change."""
        dated = Filter.ge(EXPIRY, since) | Filter.eq(EXPIRY, NO_DATE)
        where = Filter.eq("dataAreaId", company) & Filter.ne(REFERENCE, "") & dated
        if after:
            where &= Filter.gt(NUMBER, after)
        rows = self._client.query(
            HEADERS, where=where, select=(NUMBER, REFERENCE), order_by=("dataAreaId", NUMBER)
        )
        async for row in rows:
            yield str(row[NUMBER]), str(row.get(REFERENCE) or "")

    async def create(self, wanted: Quotation, *, not_after: datetime) -> str:
        """Post the quotation, with a number of ours whole, otherwise its header; its number. Raises
        `AlreadyExists` when our number is taken."""
        if wanted.number:
            first = Write("POST", HEADERS, None, dict(wanted.header))
            lines = [_line(wanted, reference, wanted.number) for reference in wanted.lines]
            await self._client.changeset([first, *lines], not_after=not_after)
            return wanted.number
        header = await self._client.create(HEADERS, dict(wanted.header), not_after=not_after)
        return str(header[NUMBER])

    async def complete(
        self, wanted: Quotation, number: str, lacking: Sequence[str], *, not_after: datetime
    ) -> None:
        """Post the lines that a header lacks, in one changeset. A header whose lines are refused is
        removed where it has none at all."""
        lines = [_line(wanted, reference, number) for reference in lacking]
        try:
            await self._client.changeset(lines, not_after=not_after)
        except Never:
            if len(lacking) == len(wanted.lines):
                key = _key(wanted.company, number)
                await self._client.delete(HEADERS, key, not_after=not_after)
            raise

    async def change(self, writes: Sequence[Write], *, not_after: datetime) -> None:
        """Send changes (`patched`, `header_patched`, `removed`, `added`) in one changeset."""
        await self._client.changeset(writes, not_after=not_after)

    async def _held(self, company: str, row: Mapping[str, Any]) -> HeldQuotation:
        number = str(row[NUMBER])
        lines = await self._client.find_by(
            LINES, NUMBER, number, company=company, select=LINE_FIELDS
        )
        expires = instant_of(text_of(row, EXPIRY) or None)
        is_summed = row.get("AreTotalsCalculated") == "Yes"
        amount, tax, charges = (amount_of(row, name) for name in SUMS)
        return HeldQuotation(
            company, number, text_of(row, REFERENCE), text_of(row, STATUS), text_of(row, ACCOUNT),
            text_of(row, "CurrencyCode"), row.get("ArePricesIncludingSalesTax") == "Yes",
            expires.date() if expires is not None and expires.date() != NO_DATE else None,
            text_of(row, "GeneratedSalesOrderNumber"), text_of(row, "QuotationReasonCode"),
            text_of(row, "QuotationResponsiblePersonnelNumber"),
            (text_of(row, "PaymentTermsName"), text_of(row, "DeliveryTermsCode")),
            amount_of(row, "TotalDiscountPercentage"),
            (amount, tax, charges) if is_summed else None, tuple(map(_held_line, lines)),
            text_of(row, "URL"),
        )  # fmt: skip


def only(found: Sequence[HeldQuotation], reference: str) -> HeldQuotation | None:
    """The one quotation; one that is over counts where there is no other. Raises `Never` for
    several."""
    alive = [one for one in found if not one.is_over] or list(found)
    if len(alive) > 1:
        numbers = ", ".join(one.number for one in alive)
        raise Never(
            f"{reference}: D365 holds several quotations with this reference: {numbers}",
            remedy="Keep the right one, give the others no customer reference, then replay.",
        )
    return alive[0] if alive else None


def patched(company: str, lot: str, fields: Mapping[str, Any]) -> Write:
    """A change of a line."""
    return Write("PATCH", LINES, {"dataAreaId": company, "InventoryLotId": lot}, dict(fields))


def removed(company: str, lot: str) -> Write:
    """A line that goes."""
    return Write("DELETE", LINES, {"dataAreaId": company, "InventoryLotId": lot}, None)


def header_patched(company: str, number: str, fields: Mapping[str, Any]) -> Write:
    """A change of the header."""
    return Write("PATCH", HEADERS, _key(company, number), dict(fields))


def added(wanted: Quotation, reference: str, number: str) -> Write:
    """A line that comes in addition."""
    return _line(wanted, reference, number)


def _line(wanted: Quotation, reference: str, number: str) -> Write:
    return Write("POST", LINES, None, wanted.line_body(reference, number))


def _told_by(header: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "reference": header.get(REFERENCE), "account": header.get(ACCOUNT),
        "currency": header.get("CurrencyCode"),
    }  # fmt: skip


def _key(company: str, number: str) -> dict[str, Any]:
    return {"dataAreaId": company, NUMBER: number}


def _held_line(row: Mapping[str, Any]) -> QuotationLine:
    return QuotationLine(
        text_of(row, "InventoryLotId"), text_of(row, "ExternalItemNumber"),
        text_of(row, "ItemNumber"), amount_of(row, "RequestedSalesQuantity"),
        text_of(row, "SalesUnitSymbol"), amount_of(row, "SalesPrice"), amount_of(row, "LineAmount"),
        amount_of(row, "SalesPriceQuantity") or Decimal(1),
    )  # fmt: skip
