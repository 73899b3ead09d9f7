"""What F&O holds of one customer account that the buyer may see: invoices and credit notes, the
transactions that say what is open of them, their lines, what settled them, and orders that were not
placed in a shop (reference 6.4, 6.5; second half 5.1).

A document is of an account where it is its order account or its invoice account. Cost is never
read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from sync.config.connections import Dynamics
from sync.dynamics.odata import Filter, instant_of
from sync.dynamics.odata_client import ODataClient

JOURNAL: Final = "CustInvoiceJourBiEntities"
JOURNAL_FIELDS: Final = (
    "dataAreaId", "SourceKey", "InvoiceId", "InvoiceDate", "DueDate", "LedgerVoucher", "SalesId",
    "CustomerRef", "PurchaseOrder", "CurrencyCode", "InvoiceAmount", "SumTax", "OrderAccount",
    "InvoiceAccount", "ReversedRecId", "Proforma", "DeliveryName", "Payment",
)  # fmt: skip
HEADERS: Final = "SalesInvoiceHeadersV2"
HEADER_NAMES: Final[Mapping[str, str]] = {
    "dataAreaId": "dataAreaId", "InvoiceNumber": "InvoiceId", "InvoiceDate": "InvoiceDate",
    "LedgerVoucher": "LedgerVoucher", "SalesOrderNumber": "SalesId",
    "CustomersOrderReference": "CustomerRef", "CurrencyCode": "CurrencyCode",
    "TotalInvoiceAmount": "InvoiceAmount", "TotalTaxAmount": "SumTax",
    "InvoiceCustomerAccountNumber": "InvoiceAccount", "PaymentTermsName": "Payment",
}  # fmt: skip
"""The field of the public entity -> that of the journal."""
TRANSACTIONS: Final = "CustTransactions"
TRANSACTION_FIELDS: Final = (
    "dataAreaId", "SysRecId", "AccountNum", "OrderAccount", "Invoice", "Voucher", "TransDate",
    "DueDate", "TransType", "AmountCur", "SettleAmountCur", "CurrencyCode", "Closed", "Txt",
    "PaymReference",
)  # fmt: skip
SETTLEMENTS: Final = "CustSettlementBiEntities"
SETTLEMENT_FIELDS: Final = (
    "TransRecId", "OffsetTransVoucher", "SettleAmountCur", "UtilizedCashDisc", "TransDate",
)  # fmt: skip
LINES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    JOURNAL: ("CustInvoiceTransBiEntities", {
        "InvoiceId": "InvoiceId", "InvoiceDate": "InvoiceDate",
        "LineCreationSequenceNumber": "number", "ItemId": "item", "Name": "name", "Qty": "quantity",
        "SalesUnit": "unit", "SalesPrice": "price", "LineAmount": "amount", "TaxAmount": "tax",
    }),
    HEADERS: ("SalesInvoiceV2Lines", {
        "InvoiceNumber": "InvoiceId", "InvoiceDate": "InvoiceDate",
        "LineCreationSequenceNumber": "number", "ProductNumber": "item", "ProductName": "name",
        "InvoicedQuantity": "quantity", "SalesUnitSymbol": "unit", "SalesPrice": "price",
        "LineAmount": "amount", "LineTotalTaxAmount": "tax",
    }),
}  # fmt: skip
ORDER_FIELDS: Final = (
    "SalesOrderNumber", "CustomersOrderReference", "OrderCreationDateTime", "CurrencyCode",
    "SalesOrderStatus", "SalesOrderOriginCode",
)  # fmt: skip
NOT_CLOSED_BEFORE: Final = date(1901, 1, 1)
"""An open transaction is closed on 1900-01-01, which is F&O's empty date."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class InvoiceLine:
    """A line of an invoice: quantity in `unit`, amounts in the invoice's currency, without the tax
    unless prices include it."""

    number: int
    item: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    tax: Decimal


class BuyerDocuments:
    """What one environment holds for its customers. Every method only reads."""

    def __init__(self, client: ODataClient, settings: Dynamics) -> None:
        self._client, self._orders = client, settings.order_headers

    async def invoices(
        self, journal: str, company: str, account: str, since: date
    ) -> list[dict[str, Any]]:
        """Invoices and credit notes of an account from a day on, in the journal's names."""
        if journal == JOURNAL:
            return await self._rows(
                JOURNAL, company, _either("OrderAccount", "InvoiceAccount", account)
                & Filter.ge("InvoiceDate", since), JOURNAL_FIELDS, ("dataAreaId", "SourceKey"),
            )  # fmt: skip
        where = Filter.eq("InvoiceCustomerAccountNumber", account)
        keys = ("dataAreaId", "InvoiceNumber", "InvoiceDate", "LedgerVoucher")
        where &= Filter.ge("InvoiceDate", since)
        rows = await self._rows(HEADERS, company, where, tuple(HEADER_NAMES), keys)
        return [_renamed(row, HEADER_NAMES) for row in rows]

    async def invoices_numbered(
        self, journal: str, company: str, account: str, numbers: Collection[str]
    ) -> list[dict[str, Any]]:
        """Those of an account with these numbers, whatever their day."""
        is_copy = journal == JOURNAL
        rows = await self._client.find_by(
            journal,
            "InvoiceId" if is_copy else "InvoiceNumber",
            *numbers,
            company=company,
            select=JOURNAL_FIELDS if is_copy else tuple(HEADER_NAMES),
        )
        named = rows if is_copy else [_renamed(row, HEADER_NAMES) for row in rows]
        return [row for row in named if account in (row.get("OrderAccount"), row["InvoiceAccount"])]

    async def transactions(self, company: str, account: str, since: date) -> list[dict[str, Any]]:
        """The account's transactions from a day on, and those before it that are open."""
        late = Filter.ge("TransDate", since) | Filter.lt("Closed", NOT_CLOSED_BEFORE)
        where = _either("OrderAccount", "AccountNum", account) & late
        keys = ("dataAreaId", "SysRecId")
        return await self._rows(TRANSACTIONS, company, where, TRANSACTION_FIELDS, keys)

    async def lines(self, journal: str, company: str, number: str, day: date) -> list[InvoiceLine]:
        """The lines of an invoice, in their order."""
        entity_set, names = LINES[journal]
        field = next(theirs for theirs, ours in names.items() if ours == "InvoiceId")
        rows = await self._client.find_by(
            entity_set, field, number, company=company, select=tuple(names)
        )
        here = [_renamed(row, names) for row in rows if day_of(row["InvoiceDate"]) == day]
        return sorted(map(_line, here), key=lambda line: line.number)

    async def settlements(self, company: str, records: Sequence[str]) -> list[dict[str, Any]]:
        """What settled these transactions (`SysRecId`)."""
        where = Filter.any_of("TransRecId", [int(one) for one in records])
        keys = ("dataAreaId", "SourceKey")
        return await self._rows(SETTLEMENTS, company, where, SETTLEMENT_FIELDS, keys)

    async def other_orders(
        self, company: str, account: str, since: date, origins: Collection[str]
    ) -> list[dict[str, Any]]:
        """The account's sales orders from a day on whose origin is none of these."""
        where = Filter.eq("OrderingCustomerAccountNumber", account)
        where &= Filter.ge("OrderCreationDateTime", datetime.combine(since, time.min, UTC))
        keys = ("dataAreaId", "SalesOrderNumber")
        rows = await self._rows(self._orders, company, where, ORDER_FIELDS, keys)
        return [row for row in rows if str(row.get("SalesOrderOriginCode") or "") not in origins]

    async def _rows(
        self, entity_set: str, company: str, where: Filter, select: Sequence[str],
        keys: Sequence[str],
    ) -> list[dict[str, Any]]:  # fmt: skip
        where = Filter.eq("dataAreaId", company) & where
        rows = self._client.query(entity_set, where=where, select=select, order_by=keys)
        return [row async for row in rows]


def day_of(value: Any) -> date | None:
    """The day of an X++ date, which stands for noon UTC; None for F&O's empty date."""
    moment = instant_of(str(value or ""))
    return moment.date() if moment and moment.date() >= NOT_CLOSED_BEFORE else None


def _either(one: str, other: str, value: str) -> Filter:
    return Filter.eq(one, value) | Filter.eq(other, value)


def _renamed(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: row.get(theirs) for theirs, ours in names.items()}


def _line(row: Row) -> InvoiceLine:
    quantity, price, amount, tax = (
        Decimal(row.get(name) or 0) for name in ("quantity", "price", "amount", "tax")
    )
    texts = (str(row.get(name) or "") for name in ("item", "name", "unit"))
    item, name, unit = texts
    return InvoiceLine(int(row["number"]), item, name, quantity, unit, price, amount, tax)
