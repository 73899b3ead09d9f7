"""What F&O's people have done about return orders, and which credit notes came of them (reference
6.4, 6.6).

Return orders have no time of change. Their lines are registered in parts, split, and given a
disposition code that decides over the money. A credit note is a sales invoice with negative sums;
its lines show in a copy for reporting, which a role may not see.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.documents.requests import RETURN_HEADERS, RETURN_LINES
from sync.dynamics.documents.return_state import (
    CreditLine,
    CreditNote,
    ReturnedLine,
    ReturnState,
)
from sync.dynamics.field_values import text_of
from sync.dynamics.odata_client import ODataClient
from sync.dynamics.posted_invoices import JOURNAL, PostedInvoice, PostedInvoices

HEADER_FIELDS: Final = (
    "ReturnOrderNumber", "RMANumber", "CustomersOrderReference", "ReturnStatus",
    "IsReturnProcessingStopped", "ReplacementSalesOrderNumber",
)  # fmt: skip
LINE_FIELDS: Final = (
    "ReturnOrderNumber", "ReturnInventoryLotId", "ExternalItemNumber", "ItemNumber",
    "ReturnSalesQuantity", "ReturnedSalesQuantity", "ReturnStatus", "ReturnDispositionCode",
)  # fmt: skip
CODES: Final = "ReturnDispositionCodes"
CODE_FIELDS: Final = ("DispositionCode", "DispositionAction")
CREDIT_LINES: Final = "CustInvoiceTransBiEntities"
CREDIT_LINE_FIELDS: Final = (
    "InvoiceId", "SalesId", "OrigSalesId", "InventTransId", "ExternalItemId", "ItemId", "Qty",
    "LineAmount", "TaxAmount",
)  # fmt: skip
JOURNAL_FIELDS: Final = ("InvoiceId", "SalesId", "InclTax")


class ReturnStates:
    """The return orders of one environment, as they are handled. Raises as the client does."""

    def __init__(self, client: ODataClient, posted: PostedInvoices) -> None:
        self._client, self._posted = client, posted
        self._actions: dict[str, Mapping[str, str]] = {}

    async def named(self, company: str, reference: str) -> list[ReturnState]:
        """The return orders with our reference, cancelled ones as well."""
        found = await self._client.find_by(
            RETURN_HEADERS, "CustomersOrderReference", reference, company=company,
            select=HEADER_FIELDS,
        )  # fmt: skip
        return list(await asyncio.gather(*(self._state(company, header) for header in found)))

    async def credit_notes_of(self, company: str, number: str) -> list[str]:
        """The numbers of the credit notes of a return order."""
        return [one.number for one in await self.posted_of(company, number) if one.is_credit_note]

    async def posted_of(self, company: str, number: str) -> list[PostedInvoice]:
        """What F&O has posted of a return order: credit notes, and what came to nothing or more."""
        return await self._posted.invoices_of_order(company, number)

    async def credit_note(self, company: str, number: str) -> CreditNote | None:
        """A credit note by its number, with its lines; None where there is none (yet)."""
        posted = await self._posted.sales_invoice(company, number)
        if posted is None or posted.amount is None or posted.amount >= ZERO:
            return None
        return CreditNote(
            company, posted.number, posted.sales_order, posted.reference, posted.currency,
            -posted.amount, await self._lines(company, posted),
        )  # fmt: skip

    async def credit_notes_since(
        self, company: str, day: date, *, after: str = ""
    ) -> AsyncIterator[tuple[PostedInvoice, date]]:
        """Credit notes with an invoice date from `day` on, by number, those after this one."""
        listed = self._posted.sales_invoices_since(company, day, after=after, credits_only=True)
        async for posted, dated in listed:
            yield posted, dated

    async def _state(self, company: str, header: Mapping[str, Any]) -> ReturnState:
        number = str(header["ReturnOrderNumber"])
        rows = await self._client.find_by(
            RETURN_LINES, "ReturnOrderNumber", number, company=company, select=LINE_FIELDS
        )
        actions = await self._actions_of(
            company, {text_of(row, "ReturnDispositionCode") for row in rows}
        )
        return ReturnState(
            company, number, text_of(header, "RMANumber"),
            text_of(header, "CustomersOrderReference"), text_of(header, "ReturnStatus"),
            header.get("IsReturnProcessingStopped") == "Yes",
            text_of(header, "ReplacementSalesOrderNumber"),
            tuple(_line(row, actions) for row in rows if row.get("ReturnStatus") != "Canceled"),
        )  # fmt: skip

    async def _actions_of(self, company: str, codes: set[str]) -> Mapping[str, str]:
        """What disposition codes do, by code in lower case. Read once, and again for a new one."""
        wanted = {code.casefold() for code in codes if code}
        if wanted <= self._actions.get(company, {}).keys():
            return self._actions.get(company, {})
        rows = [
            row
            for code in sorted(wanted)
            for row in await self._client.find_by(
                CODES, "DispositionCode", code, company=company, select=CODE_FIELDS
            )
        ]
        known = {
            text_of(row, CODE_FIELDS[0]).casefold(): text_of(row, CODE_FIELDS[1]) for row in rows
        }
        self._actions[company] = {**self._actions.get(company, {}), **known}
        return self._actions[company]

    async def _lines(self, company: str, posted: PostedInvoice) -> tuple[CreditLine, ...] | None:
        """None where our user may not see the journal's copy, or it does not tell them. A credit
        note of several orders has a journal row for one of them; another row with the number is
        another document."""
        find, number = self._client.find_by, posted.number
        try:
            journal, rows = await asyncio.gather(
                find(JOURNAL, "InvoiceId", number, company=company, select=JOURNAL_FIELDS),
                find(CREDIT_LINES, "InvoiceId", number, company=company, select=CREDIT_LINE_FIELDS),
            )
        except Never:
            return None
        own = [row for row in journal if text_of(row, "SalesId") == posted.sales_order]
        if len(own) != 1:
            return None
        is_gross = own[0].get("InclTax") == "Yes"
        apart = {text_of(row, "SalesId") for row in journal} - {posted.sales_order}
        ours = (row for row in rows if text_of(row, "SalesId") not in apart)
        return tuple(_credit_line(row, posted.sales_order, is_gross=is_gross) for row in ours)


def _line(row: Mapping[str, Any], actions: Mapping[str, str]) -> ReturnedLine:
    expected, returned = (
        abs(Decimal(row.get(name) or 0))
        for name in ("ReturnSalesQuantity", "ReturnedSalesQuantity")
    )
    return ReturnedLine(
        text_of(row, "ReturnInventoryLotId"), text_of(row, "ExternalItemNumber"),
        text_of(row, "ItemNumber"), expected, returned, text_of(row, "ReturnStatus"),
        actions.get(text_of(row, "ReturnDispositionCode").casefold(), ""),
    )  # fmt: skip


def _credit_line(row: Mapping[str, Any], header: str, *, is_gross: bool) -> CreditLine:
    """`header`: the order of the invoice's header, which its lines may all be given as `SalesId`;
    `OrigSalesId` is a line's own then (inferred)."""
    amount, tax = (Decimal(row.get(name) or 0) for name in ("LineAmount", "TaxAmount"))
    named = text_of(row, "SalesId")
    order = named if named != header else text_of(row, "OrigSalesId")
    return CreditLine(
        text_of(row, "InventTransId"), text_of(row, "ExternalItemId"), text_of(row, "ItemId"),
        -Decimal(row.get("Qty") or 0), -(amount if is_gross else amount + tax), order,
    )  # fmt: skip
