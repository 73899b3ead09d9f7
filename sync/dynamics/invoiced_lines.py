"""What of sales orders F&O has invoiced, by line (reference 6.4).

`CustInvoiceTransBiEntities` names order, lot and our reference of each invoiced line, which
`SalesInvoiceV*Lines` do not. It is a table-shaped copy meant for reporting: a role may not see it.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.documents.packing_slip import SlipLine
from sync.dynamics.documents.sales_invoice import SalesInvoice
from sync.dynamics.field_values import text_of
from sync.dynamics.line_orders import lines_of, order_of
from sync.dynamics.odata import is_pattern
from sync.dynamics.posted_invoices import SALES, SALES_FIELDS
from sync.dynamics.reader import ODataReader

INVOICED_LINES: Final = "CustInvoiceTransBiEntities"
INVOICED_FIELDS: Final = (
    "InvoiceId", "SalesId", "OrigSalesId", "InventTransId", "ItemId", "ExternalItemId", "Qty",
    "SalesUnit", "CreatedOn",
)  # fmt: skip
MOST_KNOWN: Final = 50_000
"""Invoices of which it is kept whether they are of several orders."""


class InvoicedLines:
    """The invoiced lines of one environment. Raises as the client does."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client
        self._known: dict[tuple[str, str], bool] = {}

    async def invoice(self, company: str, sales_order: str, number: str) -> SalesInvoice | None:
        """An invoice, with the rows of all invoices of its sales order; None while it does not
        show."""
        heads, rows, own = await asyncio.gather(
            self._client.find_by(
                SALES, "InvoiceNumber", number, company=company, select=SALES_FIELDS
            ),
            self._rows("SalesId", sales_order, company),
            self._rows("InvoiceId", number, company),
        )
        orders = _orders(own)
        if not heads or sales_order not in orders:
            return None
        others = tuple(one for one in orders if one != sales_order)
        is_shared = bool(others) or await self._shared(company, sales_order, rows, but=number)
        found = _invoice(company, sales_order, heads[0], [_line(row) for row in rows], others)
        return replace(found, is_shared=is_shared)

    async def is_shared(self, company: str, sales_order: str) -> bool:
        """Whether an invoice of a sales order has lines of others too: its header, which names one
        of the orders, has the sum of all. Where our user may not read the lines, nobody knows."""
        try:
            rows = await self._rows("SalesId", sales_order, company)
            return await self._shared(company, sales_order, rows)
        except Never:
            return False

    async def shared(self, company: str, numbers: Sequence[str]) -> frozenset[str]:
        """Which of these invoices are of several sales orders; the header names one of them. Each
        is asked for once, as what is posted stays as it is."""
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        asked = [
            one for one in numbers if (company, one) not in self._known and not is_pattern(one)
        ]  # fmt: skip
        found = await self._client.find_by(
            INVOICED_LINES, "InvoiceId", *asked, company=company, select=INVOICED_FIELDS[:3]
        ) if asked else []  # fmt: skip
        orders = {(text_of(row, "InvoiceId"), order_of(row)) for row in found}
        counts = Counter(number for number, _ in orders)
        self._known |= {(company, number): count > 1 for number, count in counts.items()}
        return frozenset(one for one in numbers if self._known.get((company, one)))

    async def _shared(
        self, company: str, sales_order: str, rows: Sequence[Mapping[str, Any]], *, but: str = ""
    ) -> bool:
        """`rows`: those of the sales order. `but`: the invoice that is known to be of it alone."""
        numbers = {text_of(row, "InvoiceId") for row in rows} - {but}
        found = await asyncio.gather(*(self._rows("InvoiceId", one, company) for one in numbers))
        return any({*_orders(own)} - {sales_order} for own in found)

    async def keys(self, company: str, number: str) -> list[str]:
        """The keys of an invoice: one for each of its sales orders, as F&O spells the numbers."""
        rows = await self._rows("InvoiceId", number, company)
        named = (f"{company}|{order_of(row)}|{text_of(row, 'InvoiceId')}" for row in rows)
        return list(dict.fromkeys(named))

    async def of_order(self, company: str, sales_order: str) -> list[str]:
        """The keys of all invoices of a sales order, the oldest first."""
        rows = await self._rows("SalesId", sales_order, company)
        ordered = sorted(
            rows, key=lambda row: (text_of(row, "CreatedOn"), text_of(row, "InvoiceId"))
        )
        named = (f"{company}|{sales_order}|{text_of(row, 'InvoiceId')}" for row in ordered)
        return list(dict.fromkeys(named))

    async def by_lot(self, company: str, sales_order: str) -> dict[str, Decimal]:
        """What is invoiced of a sales order, less what was credited of it, by the lot of its
        line."""
        found: dict[str, Decimal] = {}
        for row in await self._rows("SalesId", sales_order, company):
            lot = text_of(row, "InventTransId")
            found[lot] = found.get(lot, ZERO) + Decimal(row.get("Qty") or 0)
        return found

    async def told_by_lot(self, company: str, sales_order: str) -> dict[str, Decimal]:
        """The same; nothing where our user may not read it, or it does not tell the lines."""
        try:
            return await self.by_lot(company, sales_order)
        except Never:
            return {}

    async def _rows(self, field: str, value: str, company: str) -> Sequence[Mapping[str, Any]]:
        if not value:
            return []
        if field == "SalesId":
            return await lines_of(
                self._client, INVOICED_LINES, value, company=company, select=INVOICED_FIELDS
            )
        return await self._client.find_by(
            INVOICED_LINES, field, value, company=company, select=INVOICED_FIELDS
        )


def _orders(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [one for one in dict.fromkeys(map(order_of, rows)) if one]


def _invoice(
    company: str, sales_order: str, head: Mapping[str, Any], rows: list[SlipLine],
    others: tuple[str, ...],
) -> SalesInvoice:  # fmt: skip
    """`head` may name another sales order of the invoice: then its reference is not ours."""
    is_own = text_of(head, "SalesOrderNumber") == sales_order
    number = text_of(head, "InvoiceNumber")
    return SalesInvoice(
        company, sales_order, number,
        reference=text_of(head, "CustomersOrderReference") if is_own else "",
        quantity=total(row.quantity for row in rows if row.slip == number),
        rows=tuple(rows), others=others, is_head=is_own, voucher=text_of(head, "LedgerVoucher"),
        currency=text_of(head, "CurrencyCode"),
        amount=Decimal(head.get("TotalInvoiceAmount") or ZERO),
    )  # fmt: skip


def _line(row: Mapping[str, Any]) -> SlipLine:
    return SlipLine(
        text_of(row, "InvoiceId"), text_of(row, "ExternalItemId"), text_of(row, "ItemId"),
        Decimal(row.get("Qty") or 0), text_of(row, "SalesUnit"), text_of(row, "CreatedOn"),
        text_of(row, "InventTransId"),
    )  # fmt: skip
