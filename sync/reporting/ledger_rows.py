"""Records of F&O as rows of the data set: which sets are read, and what of them. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.core.errors import Never
from sync.dynamics.free_quantities import DIMENSIONS, PLACE
from sync.dynamics.odata import Filter, Member
from sync.reporting.landed import Rows, amount, day, moment_in, month_of, text
from sync.reporting.schema import ALWAYS

Record = Mapping[str, Any]
Reads = Callable[[Record, str], Any]
COMPANY: Final = "dataAreaId"
CHANGED: Final = "SysModifiedDateTime"
RECORD_ID: Final = "SourceKey"
FACTORS: Final[Mapping[str, int]] = {
    "One": 0, "Ten": 1, "Hundred": 2, "Thousand": 3, "TenThousand": 4,
}  # fmt: skip
"""`ConversionFactor`: for how many units a rate is quoted, as a power of ten."""


@dataclass(frozen=True)
class LedgerSet:
    """An entity set and the table that it becomes. `columns`: column -> how it is read, and of
    which field. `keys`: the rest of the set's key. `moves`: the field by which rows are read on;
    empty where the set has none and is read whole. `dated`: the field that gives the month; empty
    for none. `closed`: the day on which a row is settled: others are read whatever their age.
    `unposted`: a NoYes of rows that count nowhere. `more`: a further condition. `is_shared`:
    rows belong to no company."""

    table: str
    entity_set: str
    keys: tuple[str, ...]
    columns: Mapping[str, tuple[Reads, str]]
    moves: str = CHANGED
    dated: str = ""
    closed: str = ""
    unposted: str = ""
    more: Filter | None = None
    is_shared: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """What is asked for."""
        named = (name for _, name in self.columns.values())
        company = () if self.is_shared else (COMPANY,)
        every = (*company, *self.keys, self.moves, self.dated, self.unposted, *named)
        return tuple(dict.fromkeys(one for one in every if one))

    @property
    def order_by(self) -> tuple[str, ...]:
        """What moves first, then the full key: pages are stable only in such an order."""
        company = () if self.is_shared else (COMPANY,)
        return tuple(dict.fromkeys(one for one in (self.moves, *company, *self.keys) if one))

    def rows(self, record: Record, company: str, now: datetime) -> Rows:
        """A record as a row; none where it counts nowhere. Raises `Never` where a number is none.
        `now`: stands for the time of change where the set has none."""
        if yes(record, self.unposted):
            return {}
        row = {column: reads(record, name) for column, (reads, name) in self.columns.items()}
        month = month_of(day(record, self.dated)) if self.dated else ALWAYS
        changed = moment_in(record, self.moves) if self.moves not in ("", RECORD_ID) else None
        place = {"company": company.casefold(), "month": month}
        return {self.table: [{"changed_at": changed or now, **row, **place}]}


def whole(record: Record, name: str) -> int:
    """A record id or a line number."""
    return int(record.get(name) or 0)


def yes(record: Record, name: str) -> bool:
    """A NoYes."""
    return record.get(name) == "Yes"


def filled(record: Record, name: str) -> bool:
    """Whether there is a text."""
    return bool(text(record, name))


def dimensions(record: Record, _: str) -> str:
    """An item's product dimensions."""
    return "|".join(text(record, name) for name in DIMENSIONS)


def per_unit(record: Record, name: str) -> Decimal:
    """A rate for one unit. Raises `Never` for a factor that is not known."""
    factor = text(record, "ConversionFactor") or "One"
    if factor not in FACTORS:
        raise Never(
            f"an exchange rate has the conversion factor {factor!r}, none of {', '.join(FACTORS)}",
            remedy="Quote the currency pair for another number of units in D365.",
        )
    return amount(record, name).scaleb(-FACTORS[factor])


INVOICES: Final = LedgerSet(
    "invoices", "CustInvoiceJourBiEntities", ("SourceKey",), {
        "source_key": (whole, "SourceKey"), "number": (text, "InvoiceId"),
        "voucher": (text, "LedgerVoucher"), "day": (day, "InvoiceDate"),
        "account": (text, "InvoiceAccount"), "order_account": (text, "OrderAccount"),
        "sales_order": (text, "SalesId"), "reference": (text, "CustomerRef"),
        "origin": (text, "SalesOriginId"), "currency": (text, "CurrencyCode"),
        "amount": (amount, "InvoiceAmount"), "tax": (amount, "SumTax"),
        "amount_books": (amount, "InvoiceAmountMST"), "tax_books": (amount, "SumTaxMST"),
        "includes_tax": (yes, "InclTax"), "is_intercompany": (filled, "InterCompanyCompanyId"),
    }, dated="InvoiceDate", unposted="Proforma",
)  # fmt: skip
INVOICE_LINES: Final = LedgerSet(
    "invoice_lines", "CustInvoiceTransBiEntities",
    ("InvoiceId", "InvoiceDate", "LineCreationSequenceNumber"), {
        "number": (text, "InvoiceId"), "day": (day, "InvoiceDate"),
        "line": (whole, "LineCreationSequenceNumber"), "sales_order": (text, "SalesId"),
        "lot": (text, "InventTransId"), "item": (text, "ItemId"), "sku": (text, "ExternalItemId"),
        "quantity": (amount, "Qty"), "amount": (amount, "LineAmount"), "tax": (amount, "TaxAmount"),
        "amount_books": (amount, "LineAmountMST"), "tax_books": (amount, "TaxAmountMST"),
    }, dated="InvoiceDate",
)  # fmt: skip
RECEIVABLES: Final = LedgerSet(
    "receivables", "CustTransBiEntities", ("SourceKey",), {
        "source_key": (whole, "SourceKey"), "account": (text, "AccountNum"),
        "kind": (text, "TransType"), "invoice": (text, "Invoice"), "voucher": (text, "Voucher"),
        "day": (day, "TransDate"), "due": (day, "DueDate"), "closed": (day, "Closed"),
        "currency": (text, "CurrencyCode"), "amount": (amount, "AmountCur"),
        "amount_books": (amount, "AmountMST"), "settled": (amount, "SettleAmountCur"),
    }, dated="TransDate", closed="Closed",
)  # fmt: skip
SETTLEMENTS: Final = LedgerSet(
    "settlements", "CustSettlementBiEntities", ("SourceKey",), {
        "source_key": (whole, "SourceKey"), "transaction": (whole, "TransRecId"),
        "day": (day, "TransDate"), "amount": (amount, "SettleAmountCur"),
    }, moves="CreatedOn", dated="TransDate",
)  # fmt: skip
STOCK: Final = LedgerSet(
    "stock_days", "WarehousesOnHandV2", ("ItemNumber", *DIMENSIONS, *PLACE), {
        "item": (text, "ItemNumber"), "dimensions": (dimensions, ""),
        "site": (text, PLACE[0]), "warehouse": (text, PLACE[1]),
        "on_hand": (amount, "OnHandQuantity"), "available": (amount, "AvailableOnHandQuantity"),
    }, moves="",
)  # fmt: skip
"""Has no time: the day on which it is read is its day."""
ITEMS: Final = LedgerSet(
    "items", "ReleasedProductsV2", ("ItemNumber",), {
        "item": (text, "ItemNumber"), "name": (text, "ProductSearchName"),
        "product_group": (text, "ProductGroupId"),
    }, moves="",
)  # fmt: skip
RATES: Final = LedgerSet(
    "rates", "ExchangeRates", ("RateTypeName", "FromCurrency", "ToCurrency", "StartDate"), {
        "rate_type": (text, "RateTypeName"), "source": (text, "FromCurrency"),
        "target": (text, "ToCurrency"), "day": (day, "StartDate"), "rate": (per_unit, "Rate"),
    }, moves="", is_shared=True,
)  # fmt: skip
COSTS: Final = LedgerSet(
    "costs", "InventTransBiEntities", ("SourceKey",), {
        "source_key": (whole, "SourceKey"), "origin_key": (whole, "InventTransOrigin"),
        "invoice": (text, "InvoiceId"), "day": (day, "DateFinancial"), "quantity": (amount, "Qty"),
        "posted": (amount, "CostAmountPosted"), "adjusted": (amount, "CostAmountAdjustment"),
        "is_open": (yes, "ValueOpen"),
    }, dated="DateFinancial",
    more=Filter.eq("StatusIssue", Member("StatusIssue", "Sold"))
    | Filter.eq("StatusReceipt", Member("StatusReceipt", "Purchased")),
)  # fmt: skip
"""Sold, and what came back; receipts from vendors are read too, and joined to no sale."""
COST_ORIGINS: Final = LedgerSet(
    "cost_origins", "InventTransOriginBiEntities", ("InventTransId",), {
        "origin_key": (whole, "SourceKey"), "lot": (text, "InventTransId"),
    }, moves=RECORD_ID,
    more=Filter.eq("ReferenceCategory", Member("InventTransType", "Sales")),
)  # fmt: skip
SHARED_SETS: Final = (INVOICES, INVOICE_LINES, RECEIVABLES, SETTLEMENTS, STOCK, ITEMS)
COST_SETS: Final = (COSTS, COST_ORIGINS)
