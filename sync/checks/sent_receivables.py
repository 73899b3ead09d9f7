"""Which fields the flows of invoices, credit memos and posted invoices send to and read from which
entity set, by recipe."""

from collections.abc import Iterator, Mapping

from sync.checks.recipes import books_free_text, books_payments, returns_orders
from sync.config.connections import Connection
from sync.dynamics import free_text_invoices, payment_journals, posted_invoices, return_orders
from sync.dynamics.customers import SET as CUSTOMERS

Needed = tuple[str, tuple[str, ...]]

_INVOICE_HEADER = (
    "dataAreaId", "CustomerAccount", "InvoiceAccount", "InvoiceDate", "CurrencyCode",
    "CustomerReference", "InclTax",
    "CustomerRequisition", "SalesTaxGroupId",
)  # fmt: skip
_INVOICE_LINE = (
    "dataAreaId", "ParentRecId", "LineNumber", "MainAccountDisplayValue", "Description", "Quantity",
    "UnitPrice",
    "TransactionCurrencyAmount", "SalesTaxItemGroupId",
)  # fmt: skip
_JOURNAL = ("dataAreaId", "JournalBatchNumber", "JournalName", "Description", "IsPosted")
_PAYMENT = (
    "dataAreaId", "JournalBatchNumber", "LineNumber", "TransactionDate", "AccountType",
    "AccountDisplayValue",
    "CurrencyCode", "OffsetAccountType", "OffsetAccountDisplayValue", "PaymentMethodName",
    "PaymentReference", "PaymentId",
    "TransactionText", "IsPrepayment", "CreditAmount", "DebitAmount",
)  # fmt: skip
_RETURN_HEADER = (
    "dataAreaId", "ReturnOrderNumber", "CustomerAccountNumber", "InvoiceCustomerAccountNumber",
    "CurrencyCode", "CustomersOrderReference",
    "CustomerRequisitionNumber", "CustomerReturnReasonCode", "DefaultReturnSiteId",
    "DefaultReturnWarehouseId",
)  # fmt: skip
_RETURN_LINE = (
    "dataAreaId", "ReturnOrderNumber", "ItemNumber", "SalesUnitSymbol", "ReturnDispositionCode",
    "ReturningInventoryLotId", "ReturnSalesQuantity", "SalesPrice", "ExternalItemNumber",
)  # fmt: skip


def receivable_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set, for what this connection's recipes need; nothing where these flows
    are not on."""
    found: dict[str, tuple[str, ...]] = {}
    for entity_set, fields in _needed(settings):
        found[entity_set] = tuple(dict.fromkeys((*found.get(entity_set, ()), *fields)))
    return found


def _needed(settings: Connection) -> Iterator[Needed]:
    if books_free_text(settings):
        yield free_text_invoices.HEADERS, (*_INVOICE_HEADER, *free_text_invoices.FIELDS)
        yield free_text_invoices.LINES, _INVOICE_LINE
    if books_payments(settings):
        yield payment_journals.HEADERS, _JOURNAL
        yield payment_journals.LINES, (*_PAYMENT, *payment_journals.LINE_FIELDS)
    if returns_orders(settings):
        stopped = ("IsReturnProcessingStopped",) if "returns" in settings.flows else ()
        yield return_orders.HEADERS, (*_RETURN_HEADER, *stopped, *return_orders.FIELDS)
        yield return_orders.LINES, (*_RETURN_LINE, *return_orders.LINE_FIELDS)
        yield CUSTOMERS, (return_orders.INCLUDED,)
    if "posted_invoices" in settings.flows:
        yield posted_invoices.SALES, ("dataAreaId", *posted_invoices.SALES_FIELDS)
        yield posted_invoices.FREE_TEXT, ("dataAreaId", *posted_invoices.FREE_TEXT_FIELDS)
