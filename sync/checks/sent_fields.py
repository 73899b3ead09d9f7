"""Which fields we send to and read from which entity set; a test holds it against what the mapping
sends."""

from collections.abc import Mapping

from sync.checks.accounts import account_fields
from sync.checks.cancellations import cancellation_fields
from sync.checks.captures import capture_fields
from sync.checks.compared_books import book_fields
from sync.checks.credit import credit_fields
from sync.checks.demand import demand_fields
from sync.checks.portal import delivery_fields, portal_fields
from sync.checks.products import product_fields
from sync.checks.quotes import quote_fields
from sync.checks.returns import return_fields
from sync.checks.sent_receivables import receivable_fields
from sync.checks.shipments import shipment_fields
from sync.checks.shown_prices import price_fields
from sync.checks.status import status_fields
from sync.checks.stock import stock_fields
from sync.config.connections import Connection
from sync.dynamics.contacts import FIELDS as CONTACT_FIELDS
from sync.dynamics.contacts import SET as CONTACTS
from sync.dynamics.customers import ADDRESS_FIELDS, ADDRESSES, FIELDS
from sync.dynamics.customers import SET as CUSTOMERS
from sync.dynamics.existing_sales_order import HEADER_FIELDS, LINE_FIELDS, STOPPED

_HEADER = (
    "dataAreaId", "SalesOrderNumber", "OrderingCustomerAccountNumber",
    "InvoiceCustomerAccountNumber", "CurrencyCode",
    "CustomersOrderReference", "SalesOrderOriginCode", "DefaultShippingSiteId",
    "DefaultShippingWarehouseId", "LanguageId",
    "DeliveryModeCode", "CustomerPaymentMethodName", "PaymentTermsName", "SalesTaxGroupCode",
    "ArePricesIncludingSalesTax",
    "SkipCreateAutoCharges", "Email", "IsDeliveryAddressOrderSpecific", "DeliveryAddressName",
    "DeliveryAddressDescription",
    "DeliveryAddressStreet", "DeliveryAddressCity", "DeliveryAddressZipCode",
    "DeliveryAddressStateId",
    "DeliveryAddressCountryRegionId",
)  # fmt: skip
_LINE = (
    "dataAreaId", "SalesOrderNumber", "ItemNumber", "SalesUnitSymbol", "LineDescription",
    "SalesTaxItemGroupCode",
    "ExternalItemNumber", "OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity",
    "LineDiscountAmount",
    "LineDiscountPercentage", "MultilineDiscountAmount", "MultilineDiscountPercentage",
)  # fmt: skip
_CUSTOMER = (
    "dataAreaId", "CustomerAccount", "PartyType", "OrganizationName", "PersonFirstName",
    "PersonLastName",
    "CustomerGroupId", "SalesCurrencyCode", "LanguageId", "PaymentTerms",
    "IsSalesTaxIncludedInPrices",
    "PrimaryContactEmail", "PrimaryContactPhone",
)  # fmt: skip
_ADDRESS = (
    "AddressDescription", "AddressStreet", "AddressCity", "AddressZipCode", "AddressState",
    "AddressCountryRegionId",
)  # fmt: skip
_COMPANY = ("NameAlias", "OrganizationNumber", "EmployeeResponsibleNumber")
_OWNER = ("dataAreaId", "CustomerLegalEntityId", "CustomerAccountNumber")
DIMENSIONS = (
    "ProductColorId",
    "ProductSizeId",
    "ProductStyleId",
    "ProductConfigurationId",
    "ProductVersionId",
)
"""Sent for items that have them; which of them an environment has is its own choice."""


_OWN_NUMBER = ("dataAreaId", "SalesOrderNumber")
_AMENDED = (
    "OrderedSalesQuantity", "SalesPrice", "SalesPriceQuantity", "LineDiscountAmount",
)  # fmt: skip
"""What a refund or a cancellation changes of a line."""


def entered_fields(settings: Connection) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """By entity set of sales orders what we enter of them, and what we change later."""
    if "orders" not in settings.flows:
        return {}
    stopped = (STOPPED,) if settings.orders.stop_processing else ()
    header = tuple(name for name in _HEADER if name not in _OWN_NUMBER)
    line = tuple(name for name in _LINE if name not in _OWN_NUMBER)
    return {
        settings.dynamics.order_headers: (header, stopped),
        settings.dynamics.order_lines: (line, _AMENDED),
    }


def needed_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set, for what this connection's flows send and read."""
    orders = settings.orders
    chosen = tuple(name for name in (orders.po_field, orders.note_field) if name)
    locked = ("IsPriceLocked",) if orders.lock_prices else ()
    has_contacts = "companies" in settings.flows and settings.companies.contacts
    contact = ("ContactPersonId",) if has_contacts else ()
    customer = _each_once(_customer(settings), FIELDS)
    return _together(
        {
            settings.dynamics.order_headers: _each_once(_HEADER, chosen, contact, HEADER_FIELDS),
            settings.dynamics.order_lines: _each_once(_LINE, locked, LINE_FIELDS),
            CUSTOMERS: customer,
            ADDRESSES: _each_once(_OWNER, _ADDRESS, ADDRESS_FIELDS),
            **({CONTACTS: CONTACT_FIELDS} if has_contacts else {}),
        },
        receivable_fields(settings), book_fields(settings),
        stock_fields(settings), price_fields(settings), product_fields(settings),
        shipment_fields(settings), return_fields(settings), account_fields(settings),
        cancellation_fields(settings), capture_fields(settings), status_fields(settings),
        credit_fields(settings), portal_fields(settings), delivery_fields(settings),
        quote_fields(settings), demand_fields(settings),
    )  # fmt: skip


def _together(*all_fields: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Sets that several flows read, with the fields of all."""
    found: dict[str, tuple[str, ...]] = {}
    for fields in all_fields:
        for name, names in fields.items():
            found[name] = _each_once(found.get(name, ()), names)
    return found


def _customer(settings: Connection) -> tuple[str, ...]:
    has_companies = "companies" in settings.flows
    by_vat = has_companies and "vat" in settings.companies.match
    tax_number = ("TaxExemptNumber",) if by_vat or settings.customers.send_tax_numbers else ()
    payer = ("InvoiceAccount",) if settings.customers.invoice_accounts_of != "nobody" else ()
    return (*_CUSTOMER, *_ADDRESS, *(_COMPANY if has_companies else ()), *tax_number, *payer)


def _each_once(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
