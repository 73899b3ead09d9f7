"""What F&O posted: sales invoices and free text invoices, read back with their numbers and vouchers
(reference 6.4).

`SalesInvoiceHeadersV2` shows the sums of what sales orders and return orders became; a credit
note's are negative. Free text invoices are not in it, and their own header shows no sums. The
table-shaped copy of the invoice journal has them, but it is meant for reporting and a role may not
see it. Then the amount comes from the lines, and the tax too where they show one.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.dynamics.free_text_invoices import LINES
from sync.dynamics.odata import Filter, Member
from sync.dynamics.odata_client import ODataClient

log = logging.getLogger("sync.dynamics.posted_invoices")

SALES, FREE_TEXT = "SalesInvoiceHeadersV2", "FreeTextInvoiceHeaders"
SALES_FIELDS = (
    "InvoiceNumber", "LedgerVoucher", "InvoiceDate", "SalesOrderNumber", "CustomersOrderReference",
    "CurrencyCode",
    "TotalInvoiceAmount", "TotalTaxAmount",
)  # fmt: skip
FREE_TEXT_FIELDS = (
    "InvoiceIdentifier",
    "FreeTextNumber",
    "InvoiceDate",
    "CustomerReference",
    "CurrencyCode",
    "IsPosted",
    "InclTax",
)
SALES_ORDER = ("dataAreaId", "InvoiceNumber", "InvoiceDate", "LedgerVoucher")
FREE_TEXT_ORDER = ("dataAreaId", "InvoiceIdentifier")
"""The full keys: pages are stable only in their order."""
JOURNAL = "CustInvoiceJourBiEntities"
JOURNAL_FIELDS = ("InvoiceId", "CustomerRef", "RefNum", "CurrencyCode", "InvoiceAmount", "SumTax")
LINE_FIELDS = ("ParentRecId", "TransactionCurrencyAmount", "SalesTaxAmount")

DRAFTS_LIE = timedelta(days=7)
"""How long before it was posted a free text invoice may have been drafted for a poll to find it."""


@dataclass(frozen=True)
class PostedInvoice:
    """A posted document. `amount` with tax, in `currency`; None where its header does not say it
    (free text invoices). Credit notes are negative. `is_gross`: a free text invoice whose lines
    include tax.

    `identifier`: that of the free text invoice it was posted from; `sales_order`: that of the order
    or return order.
    """

    kind: str
    company: str
    number: str
    identifier: str
    voucher: str
    reference: str
    sales_order: str
    currency: str
    amount: Decimal | None
    tax: Decimal | None
    is_gross: bool = False

    @property
    def is_credit_note(self) -> bool:
        """Whether it gives something back."""
        return self.amount is not None and self.amount < ZERO


@dataclass(frozen=True)
class Sums:
    """What a posted document comes to with tax, and its tax; None where F&O does not show it."""

    amount: Decimal
    tax: Decimal | None


class PostedInvoices:
    """The posted invoices of one environment."""

    def __init__(self, client: ODataClient) -> None:
        self._client = client

    async def sales_invoice(self, company: str, number: str) -> PostedInvoice | None:
        """A sales invoice by its number; None when it is not there (yet)."""
        rows = await self._client.find_by(
            SALES, "InvoiceNumber", number, company=company, select=SALES_FIELDS
        )
        return _sales(company, rows[0]) if rows else None

    async def invoices_of_order(self, company: str, number: str) -> list[PostedInvoice]:
        """All sales invoices and credit notes of a sales order or return order."""
        rows = await self._client.find_by(
            SALES, "SalesOrderNumber", number, company=company, select=SALES_FIELDS
        )
        return [_sales(company, row) for row in rows]

    async def sales_invoices_of(self, company: str, reference: str) -> list[PostedInvoice]:
        """All sales invoices and credit notes with a customer reference, of whatever order."""
        rows = await self._client.find_by(
            SALES, "CustomersOrderReference", reference, company=company, select=SALES_FIELDS
        )
        return [_sales(company, row) for row in rows]

    async def free_text_invoices_of(self, company: str, reference: str) -> list[PostedInvoice]:
        """All posted free text invoices of a reference: the one we drafted, and those that
        corrected it in F&O."""
        rows = await self._client.find_by(
            FREE_TEXT, "CustomerReference", reference, company=company, select=FREE_TEXT_FIELDS
        )
        return [_free_text(company, row) for row in rows if row.get("IsPosted") == "Yes"]

    async def free_text_sums(self, posted: PostedInvoice) -> Sums:
        """What a posted free text invoice comes to. By its lines where our user may not see the
        journal's copy."""
        told_by = (posted.reference, "Cust")
        try:
            rows = await self._client.find_by(
                JOURNAL, "InvoiceId", posted.number, company=posted.company, select=JOURNAL_FIELDS
            )
        except Never:
            rows = []
        ours = [row for row in rows if (row.get("CustomerRef"), row.get("RefNum")) == told_by]
        if len(ours) != 1:
            return await self._sums_of_lines(posted)
        amount, tax = (ours[0].get(name) or 0 for name in ("InvoiceAmount", "SumTax"))
        return Sums(Decimal(amount), Decimal(tax))

    async def _sums_of_lines(self, posted: PostedInvoice) -> Sums:
        """Lines include tax or not, as the header says; F&O need not show there what it
        computed."""
        where = Filter.eq("dataAreaId", posted.company) & Filter.eq(
            "ParentRecId", int(posted.identifier)
        )
        rows = [row async for row in self._client.query(LINES, where=where, select=LINE_FIELDS)]
        amount = total(Decimal(row.get("TransactionCurrencyAmount") or 0) for row in rows)
        tax = total(Decimal(row.get("SalesTaxAmount") or 0) for row in rows)
        return Sums(amount if posted.is_gross else amount + tax, tax or None)

    async def free_text_invoice(self, company: str, number: str) -> PostedInvoice | None:
        """A posted free text invoice by its number."""
        rows = await self._client.find_by(
            FREE_TEXT, "FreeTextNumber", number, company=company, select=FREE_TEXT_FIELDS
        )
        return next(
            (_free_text(company, row) for row in rows if row.get("IsPosted") == "Yes"), None
        )

    async def sales_invoices_since(
        self, company: str, day: date, *, after: str = "", credits_only: bool = False
    ) -> AsyncIterator[tuple[PostedInvoice, date]]:
        """Sales invoices and credit notes with an invoice date from `day` on, by number, those
        after the number `after`, or credit notes alone. F&O can filter by days only; a sales
        invoice is dated the day it was posted."""
        where = Filter.eq("dataAreaId", company) & Filter.ge("InvoiceDate", day)
        if after:
            where &= Filter.gt("InvoiceNumber", after)
        if credits_only:
            where &= Filter.lt("TotalInvoiceAmount", Decimal(0))
        async for row in self._client.query(
            SALES, where=where, select=SALES_FIELDS, order_by=SALES_ORDER
        ):
            if (day_of := _dated(row)) is not None and row.get("InvoiceNumber"):
                yield _sales(company, row), day_of

    async def free_text_invoices_since(
        self, company: str, day: date, *, after: str = ""
    ) -> AsyncIterator[tuple[PostedInvoice, date]]:
        """Posted free text invoices, by identifier, those after the identifier `after`. They are
        dated the day they were drafted, which may be days before they were posted."""
        drafted = Filter.ge("InvoiceDate", day - DRAFTS_LIE)
        where = Filter.eq("dataAreaId", company) & drafted
        where &= Filter.eq("IsPosted", Member("NoYes", "Yes"))
        if after:
            where &= Filter.gt("InvoiceIdentifier", int(after))
        async for row in self._client.query(
            FREE_TEXT, where=where, select=FREE_TEXT_FIELDS, order_by=FREE_TEXT_ORDER
        ):
            if (day_of := _dated(row)) is not None:
                yield _free_text(company, row), day_of


def _dated(row: dict[str, Any]) -> date | None:
    """The invoice date; None, and a line in the log, for a row without one."""
    try:
        return date.fromisoformat(str(row.get("InvoiceDate"))[:10])
    except ValueError:
        log.warning("posted_invoices.row_unusable fields=%d", len(row))
        return None


def _sales(company: str, row: dict[str, Any]) -> PostedInvoice:
    return PostedInvoice(
        kind="sales-invoice",
        company=company,
        number=str(row["InvoiceNumber"]),
        identifier="",
        voucher=str(row.get("LedgerVoucher") or ""),
        reference=str(row.get("CustomersOrderReference") or ""),
        sales_order=str(row.get("SalesOrderNumber") or ""),
        currency=str(row.get("CurrencyCode") or ""),
        amount=Decimal(row.get("TotalInvoiceAmount") or 0),
        tax=Decimal(row.get("TotalTaxAmount") or 0),
    )


def _free_text(company: str, row: dict[str, Any]) -> PostedInvoice:
    return PostedInvoice(
        kind="free-text",
        company=company,
        number=str(row.get("FreeTextNumber") or ""),
        identifier=str(row.get("InvoiceIdentifier") or ""),
        voucher="",
        reference=str(row.get("CustomerReference") or ""),
        sales_order="",
        currency=str(row.get("CurrencyCode") or ""),
        amount=None,
        tax=None,
        is_gross=row.get("InclTax") == "Yes",
    )
