"""Setup data of a company, as a functional consultant would have left it, small enough to read.

Sites 1 and 2; warehouses 13 (site 1) and 24 (site 2); customer groups 10 and 20; customer US-001
paying in USD; delivery modes, payment terms and methods, tax groups, units and currencies under the
names the lists below give. Its books: the accounts, journal names and banks below; banks are named
after the company (`USMF OPER`, `USMF-CARD`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox.dynamics.books import Books, JournalName
from sandbox.dynamics.schema import DIMENSIONS

CURRENCIES: Final = (
    "USD",
    "EUR",
    "GBP",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "JPY",
    "KWD",
    "BHD",
    "CAD",
    "AUD",
)
UNITS: Final = ("ea", "pcs", "box", "kg", "m")
DELIVERY_MODES: Final = ("10", "20", "30", "PICKUP")
DELIVERY_TERMS: Final = ("CIF", "DDP", "EXW")
PAYMENT_TERMS: Final = {"Net10": 10, "Net30": 30, "COD": 0, "Prepaid": 0}
"""Days from the invoice to its due date."""
PAYMENT_METHODS: Final = ("CHECK", "CARD", "PAYPAL", "WIRE", "CASH")
ORIGINS: Final = ("WEB", "PHONE")
TAX_GROUPS: Final = ("AVATAX", "DOM", "EU", "EXEMPT", "CA", "DE")
ITEM_TAX_GROUPS: Final = ("ALL", "FULL", "RED", "EXEMPT")
TAX_CODES: Final = {
    "US825": (Decimal("8.25"), ("DOM", "CA"), ("ALL", "FULL")),
    "DE19": (Decimal(19), ("DE",), ("ALL", "FULL")),
    "DE7": (Decimal(7), ("DE",), ("RED",)),
}
"""Percentage, tax groups and item tax groups of each code. The groups without a code are not taxed
here."""
SERVICES: Final = ("FREIGHT", "FPT", "FEE", "ROUNDING")
RETURN_REASONS: Final = ("DEFECT", "WRONG", "DISLIKE", "WEB")
DISPOSITIONS: Final = {
    "CREDIT": "Credit",
    "CREDITONLY": "CreditOnly",
    "SCRAP": "Scrap",
    "REPLCREDIT": "ReplaceCredit",
    "REPLSCRAP": "ReplaceScrap",
    "RETURN": "ReturnToCust",
}
ACCOUNTS: Final = {
    "110110": "Bank account",
    "110180": "Payments in transit",
    "130100": "Accounts receivable",
    "202000": "Sales tax payable",
    "250100": "Gift card liability",
    "250200": "Store credit liability",
    "401000": "Revenue",
    "401100": "Shipping revenue",
    "401200": "Fee revenue",
    "403000": "Discounts",
    "403100": "Rounding differences",
    "605000": "Payment fees",
}
EVENTS: Final = {
    "SalesInvoicePostedBusinessEvent": "Sales order invoice posted",
    "CustFreeTextInvoicePostedBusinessEvent": "Free text invoice posted",
}


CUSTOMER: Final = {
    "CustomerAccount": "US-001",
    "PartyType": "Organization",
    "OrganizationName": "Contoso Retail San Diego",
    "CustomerGroupId": "10",
    "SalesCurrencyCode": "USD",
    "LanguageId": "en-US",
    "PartyNumber": "000900001",
}
"""The one that is there from the beginning."""


@dataclass(frozen=True)
class Item:
    """A released product. `variants`: the released combinations, each as dimension property ->
    value."""

    number: str
    name: str = ""
    service: bool = False
    unit: str = "ea"
    price: Decimal = Decimal(0)
    tax_group: str = "ALL"
    variants: tuple[Mapping[str, str], ...] = field(default=())


Rows = Iterator[tuple[str, dict[str, Any]]]
"""Set name and values of each row."""


def setup_rows(company: str) -> Rows:
    """Set name and values of every row, masters before what refers to them."""
    own = {"dataAreaId": company.lower()}
    yield from _company(company)
    yield from _shared()
    for set_name, key, names in LISTS:
        for name in names:
            yield set_name, {**own, key: name}
    yield from _terms_and_taxes(own)
    yield "CustomerParameters", {**own, "CreditLimitCheckType": "BalanceAll"}
    yield "CreditManagementParameters", own
    for site, warehouse in (("1", "13"), ("2", "24")):
        yield "OperationalSites", {**own, "SiteId": site}
        yield "Warehouses", {**own, "WarehouseId": warehouse, "OperationalSiteId": site}
    for number in SERVICES:
        yield from item_rows(company, Item(number, service=True))
    yield "CustomersV3", {**own, **CUSTOMER}


def _company(company: str) -> Rows:
    name, entity = f"Company {company}", company.upper()
    yield (
        "LegalEntities",
        {"LegalEntityId": entity, "Name": name, "AddressCountryRegionId": "USA"},
    )
    yield "Companies", {"DataArea": company.lower(), "Name": name}


def _shared() -> Rows:
    """What all companies of an environment have in common."""
    for code in CURRENCIES:
        row = {"CurrencyCode": code, "Name": code, "RoundingRuleSalesOrders": Decimal("0.01")}
        yield "Currencies", row
    for unit in UNITS:
        yield "UnitsOfMeasure", {"UnitSymbol": unit}
    pieces = {"FromUnitSymbol": "ea", "ToUnitSymbol": "pcs", "Factor": Decimal(1)}
    yield "UnitOfMeasureConversions", pieces
    for event, title in EVENTS.items():
        row = {"BusinessEventId": event, "Name": title, "Module": "Customer"}
        yield "BusinessEventsCatalogs", row


def _terms_and_taxes(own: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, days in PAYMENT_TERMS.items():
        yield "PaymentTerms", {**own, "Name": name, "NumberOfDays": days}
    for code, action in DISPOSITIONS.items():
        yield (
            "ReturnDispositionCodes",
            {**own, "DispositionCode": code, "DispositionAction": action},
        )
    for code, (percentage, groups, item_groups) in TAX_CODES.items():
        yield "TaxCodes", {**own, "TaxCode": code}
        yield "TaxCodeValuesV2", {**own, "TaxCodeId": code, "Value": percentage}
        for group in groups:
            yield "TaxGroupDatas", {**own, "TaxGroupId": group, "TaxCodeId": code}
        for group in item_groups:
            yield "TaxItemGroups", {**own, "TaxItemGroupCode": group, "TaxCodeId": code}


def books(company: str) -> Books:
    """A company's books."""
    name = company.upper()
    found = Books(accounts=dict(ACCOUNTS), banks={f"{name} OPER", f"{name}-CARD"})
    found.name_journals(
        (
            JournalName("WEBPAY", offset_account=f"{name} OPER"),
            JournalName("WEBREFUND", offset_account=f"{name} OPER"),
            JournalName("CUSTPAY"),
        )
    )
    return found


LISTS: Final = (
    ("CustomerGroups", "CustomerGroupId", ("10", "20")),
    ("DeliveryModesV2", "ModeCode", DELIVERY_MODES),
    ("DeliveryTerms", "TermsCode", DELIVERY_TERMS),
    ("CustomerPaymentMethods", "Name", PAYMENT_METHODS),
    ("SalesOrderOriginCodes", "OriginCode", ORIGINS),
    ("SalesOrderPools", "PoolId", ("01",)),
    ("TaxGroups", "TaxGroupCode", TAX_GROUPS),
    ("TaxItemGroupHeadings", "TaxItemGroup", ITEM_TAX_GROUPS),
    ("ReturnReasonCodeBiEntities", "ReasonCodeId", RETURN_REASONS),
)


def item_rows(company: str, item: Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows that make a product known and released in a company."""
    own = {"dataAreaId": company.lower()}
    kind = {
        "ProductType": "Service" if item.service else "Item",
        "ProductSubType": "ProductMaster" if item.variants else "Product",
    }
    name = item.name or f"Product {item.number}"
    yield "ProductsV2", {"ProductNumber": item.number, "ProductName": name, **kind}
    released = {
        "ItemNumber": item.number,
        "ProductNumber": item.number,
        "ProductSearchName": name,
        "SalesUnitSymbol": item.unit,
        "InventoryUnitSymbol": item.unit,
        "SalesPrice": item.price,
        "SalesPriceQuantity": Decimal(1),
        "SalesSalesTaxItemGroupCode": item.tax_group,
        **kind,
    }
    yield "ReleasedProductsV2", {**own, **released}
    for place, variant in enumerate(item.variants, 1):
        dimensions = {dimension: variant.get(dimension, "") for dimension in DIMENSIONS}
        numbers = {"ProductMasterNumber": item.number, "ItemNumber": item.number}
        yield (
            "ReleasedProductVariantsV2",
            {**own, **numbers, **dimensions, "ProductVariantNumber": f"{item.number}:{place}"},
        )
