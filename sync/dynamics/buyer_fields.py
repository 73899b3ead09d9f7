"""Where F&O holds what a buyer may see of their account, by field: `buyer_documents` reads it,
`check` probes it. Cost is never read."""

from collections.abc import Mapping
from typing import Final

JOURNAL: Final = "CustInvoiceJourBiEntities"
JOURNAL_FIELDS: Final = (
    "dataAreaId", "SourceKey", "InvoiceId", "InvoiceDate", "DueDate", "LedgerVoucher", "SalesId",
    "CustomerRef", "PurchaseOrder", "CurrencyCode", "InvoiceAmount", "SumTax", "OrderAccount",
    "InvoiceAccount", "ReversedRecId", "Proforma", "InclTax", "DeliveryName", "DlvMode", "DlvTerm",
)  # fmt: skip
HEADERS: Final = "SalesInvoiceHeadersV2"
HEADER_NAMES: Final[Mapping[str, str]] = {
    "dataAreaId": "dataAreaId", "InvoiceNumber": "InvoiceId", "InvoiceDate": "InvoiceDate",
    "LedgerVoucher": "LedgerVoucher", "SalesOrderNumber": "SalesId",
    "CustomersOrderReference": "CustomerRef", "CurrencyCode": "CurrencyCode",
    "TotalInvoiceAmount": "InvoiceAmount", "TotalTaxAmount": "SumTax",
    "InvoiceCustomerAccountNumber": "InvoiceAccount", "DeliveryModeCode": "DlvMode",
    "DeliveryTermsCode": "DlvTerm",
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
    "dataAreaId", "SourceKey", "TransRecId", "TransCompany", "OffsetRecid", "OffsetCompany",
    "OffsetAccountNum", "OffsetTransVoucher", "SettleAmountCur", "TransDate",
)  # fmt: skip
LINES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    JOURNAL: ("CustInvoiceTransBiEntities", {
        "InvoiceId": "InvoiceId", "InvoiceDate": "InvoiceDate",
        "LineCreationSequenceNumber": "number", "ItemId": "item", "Name": "name", "Qty": "quantity",
        "SalesUnit": "unit", "SalesPrice": "price", "LineAmount": "amount", "TaxAmount": "tax",
        "TaxGroup": "tax_group", "TaxItemGroup": "item_tax_group", "InventTransId": "lot",
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
ADDRESS_FIELDS: Final = (
    "DeliveryAddressName", "DeliveryAddressStreet", "DeliveryAddressStreetNumber",
    "DeliveryAddressZipCode", "DeliveryAddressCity", "DeliveryAddressStateId",
    "DeliveryAddressCountryRegionId",
)  # fmt: skip
