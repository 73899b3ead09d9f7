"""What F&O posted: sales invoices and free text invoices, read back with their numbers and vouchers
(reference 6.4)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sync.dynamics.client import DynamicsClient
from sync.dynamics.odata import Filter, Member

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
)

DRAFTS_LIE = timedelta(days=7)
"""How long before it was posted a free text invoice may have been drafted for a poll to find it."""


@dataclass(frozen=True)
class PostedInvoice:
    """A posted document. `amount` with tax, in `currency`; None where F&O does not say it (free
    text invoices).

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


class PostedInvoices:
    """The posted invoices of one environment."""

    def __init__(self, client: DynamicsClient) -> None:
        self._client = client

    async def sales_invoice(self, company: str, number: str) -> PostedInvoice | None:
        """A sales invoice by its number; None when it is not there (yet)."""
        rows = await self._client.find_by(
            SALES, "InvoiceNumber", number, company=company, select=SALES_FIELDS
        )
        return _sales(company, rows[0]) if rows else None

    async def sales_invoices_of(self, company: str, reference: str) -> list[PostedInvoice]:
        """All sales invoices and credit notes of an order, by our reference."""
        rows = await self._client.find_by(
            SALES, "CustomersOrderReference", reference, company=company, select=SALES_FIELDS
        )
        return [_sales(company, row) for row in rows]

    async def free_text_invoice(self, company: str, number: str) -> PostedInvoice | None:
        """A posted free text invoice by its number."""
        rows = await self._client.find_by(
            FREE_TEXT, "FreeTextNumber", number, company=company, select=FREE_TEXT_FIELDS
        )
        return next(
            (_free_text(company, row) for row in rows if row.get("IsPosted") == "Yes"), None
        )

    async def posted_since(
        self, company: str, day: date
    ) -> AsyncIterator[tuple[PostedInvoice, date]]:
        """Everything posted with an invoice date from `day` on. Days are all that F&O can filter by
        here.

        A sales invoice bears the day of its posting; a free text invoice that of its draft, and
        drafts lie for a while.
        """
        own = Filter.eq("dataAreaId", company)
        since = own & Filter.ge("InvoiceDate", day)
        async for row in self._client.query(SALES, where=since, select=SALES_FIELDS):
            yield _sales(company, row), date.fromisoformat(str(row["InvoiceDate"])[:10])
        drafted = Filter.ge("InvoiceDate", day - DRAFTS_LIE)
        posted = own & drafted & Filter.eq("IsPosted", Member("NoYes", "Yes"))
        async for row in self._client.query(FREE_TEXT, where=posted, select=FREE_TEXT_FIELDS):
            yield _free_text(company, row), date.fromisoformat(str(row["InvoiceDate"])[:10])


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
    )
