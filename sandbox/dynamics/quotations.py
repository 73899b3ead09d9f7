"""Sales quotations: what a new one takes from its customer, what its lines cost, and when it may
still change (reference 5.6, 6.2).

It is `Created`, and people alone send, approve, confirm, lose or cancel it. One that was sent and
is then changed is `Modified` until it is sent again (inferred; `quotations_stay` keeps the status).
Confirmed, lost and cancelled ones do not change; one in a workflow (`Submitted`) is locked.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import must_be_filled
from sandbox.dynamics.order_lines import (
    convertible_unit,
    placed,
    released_item,
    released_variant,
)
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

HEADER: Final = "SalesQuotationHeadersV2"
LINE: Final = "SalesQuotationLines"
LOCKED: Final = frozenset({"Confirmed", "Lost", "Cancelled", "Submitted"})
ANSWERED: Final = frozenset({"Sent", "Approved", "Revised"})
FROM_CUSTOMER: Final = {
    "InvoiceCustomerAccountNumber": "InvoiceAccount",
    "CurrencyCode": "SalesCurrencyCode",
    "LanguageId": "LanguageId",
    "SalesQuotationName": "OrganizationName",
    "PaymentTermsName": "PaymentTerms",
    "DeliveryTermsCode": "DeliveryTerms",
    "DeliveryModeCode": "DeliveryMode",
    "SalesTaxGroupCode": "SalesTaxGroup",
    "ArePricesIncludingSalesTax": "IsSalesTaxIncludedInPrices",
    "DefaultShippingSiteId": "SiteId",
    "DefaultShippingWarehouseId": "WarehouseId",
}
FROM_ITEM: Final = {
    "SalesUnitSymbol": "SalesUnitSymbol",
    "SalesPrice": "SalesPrice",
    "SalesPriceQuantity": "SalesPriceQuantity",
    "LineDescription": "ProductSearchName",
}


def quotation_lines(env: Environment, company: str, number: str) -> list[Record]:
    """The lines of a quotation, in the order of their creation."""
    found = env.store.table(LINE).having("SalesQuotationNumber", (folded(number),))
    return [row for row in found if row[COMPANY] == company.lower()]


def line_amount(env: Environment, values: dict[str, Any], currency: str) -> Decimal:
    """The line amount of these values."""

    def of(name: str) -> Fraction:
        return Fraction(values.get(name, Decimal(0)))

    price = of("SalesPrice") - of("LineDiscountAmount") - of("MultilineDiscountAmount")
    share = (1 - of("LineDiscountPercentage") / 100) * (1 - of("MultilineDiscountPercentage") / 100)
    amount = of("RequestedSalesQuantity") * price / (of("SalesPriceQuantity") or 1) * share
    return env.rounded(amount, currency)


def refuse_locked(header: Record) -> None:
    """Refuse a change of a quotation that is over, or in a workflow."""
    number, status = header["SalesQuotationNumber"], header.values.get("SalesQuotationStatus")
    text = f"Quotation {number} has status {status} and cannot be changed."
    refuse_if(status in LOCKED, text)


def changed(env: Environment, header: Record) -> None:
    """An answer that is changed is none any more until it is sent again."""
    stays = env.settings.quotations_stay
    if header.values.get("SalesQuotationStatus") in ANSWERED and not stays:
        env.store.update(HEADER, header, {"SalesQuotationStatus": "Modified"})


def _header_defaults(draft: Draft) -> None:
    country(
        draft, "DeliveryAddressCountryRegionId", "DeliveryAddressCountryRegionISOCode"
    )  # fmt: skip
    if draft.before is not None:
        return
    account = draft.get("RequestingCustomerAccountNumber")
    customer = draft.state.store.find("CustTable", draft.company, account) if account else None
    if customer is None:
        raise must_be_filled("Customer account", field="RequestingCustomerAccountNumber")
    for name, source in FROM_CUSTOMER.items():
        draft.default(name, customer.values.get(source))
    draft.default("InvoiceCustomerAccountNumber", account)


def _header_valid(draft: Draft) -> None:
    if draft.before is not None:
        refuse_locked(draft.before)


def _header_written(draft: Draft, header: Record) -> None:
    if draft.before is not None:
        changed(draft.state, header)


def _header_deleting(env: Environment, header: Record) -> None:
    refuse_locked(header)
    for row in quotation_lines(env, header[COMPANY], header["SalesQuotationNumber"]):
        env.store.delete(LINE, row)


def _header(draft: Draft) -> Record:
    number = draft.get("SalesQuotationNumber")
    header = draft.state.store.find(HEADER, draft.company, number)
    if header is None:
        raise must_be_filled("Quotation", field="SalesQuotationNumber")
    return header


def _line_defaults(draft: Draft) -> None:
    header, item = _header(draft), released_item(draft)
    if draft.before is None:
        draft.default("RequestedSalesQuantity", Decimal(1))
        for name, source in FROM_ITEM.items():
            draft.default(name, item.values.get(source))
        rows = quotation_lines(draft.state, draft.company, header["SalesQuotationNumber"])
        draft.values["LineCreationSequenceNumber"] = 1 + max(
            (row["LineCreationSequenceNumber"] for row in rows), default=0
        )
    defaults = (
        header.values.get("DefaultShippingSiteId", ""),
        header.values.get("DefaultShippingWarehouseId", ""),
    )
    placed(draft, item, ("ShippingSiteId", "ShippingWarehouseId"), defaults)
    amount = line_amount(draft.state, draft.values, header["CurrencyCode"])
    draft.values["LineAmount"] = amount


def _line_valid(draft: Draft) -> None:
    refuse_locked(_header(draft))
    item = released_item(draft)
    released_variant(draft, item)
    convertible_unit(draft, item)
    few = draft.get("RequestedSalesQuantity") <= 0
    refuse_if(few, "The quantity must be positive.", field="RequestedSalesQuantity")


def _line_written(draft: Draft, _: Record) -> None:
    changed(draft.state, _header(draft))


def _line_deleting(env: Environment, row: Record) -> None:
    header = env.store.find(HEADER, row[COMPANY], row["SalesQuotationNumber"])
    assert header is not None  # a header that goes takes its lines along
    refuse_locked(header)
    changed(env, header)


HEADERS: Final = TableRules(
    "Quotations",
    numbers=(Number("SalesQuotationNumber", "Quotation", "Quotation", "{company}-Q{number:06d}"),),
    relations=(
        Relation("RequestingCustomerAccountNumber", "CustTable", "Customer account", "Customers"),
        Relation("InvoiceCustomerAccountNumber", "CustTable", "Invoice account", "Customers"),
        Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
        Relation("SalesOrderOriginCode", "SalesOrderOriginCodes", "Sales origin", "Sales origin"),
        Relation("PaymentTermsName", "PaymentTerms", "Terms of payment", "Terms of payment"),
        Relation("DeliveryTermsCode", "DeliveryTerms", "Delivery terms", "Terms of delivery"),
        Relation("DefaultShippingSiteId", "OperationalSites", "Site", "Sites"),
        Relation("DefaultShippingWarehouseId", "Warehouses", "Warehouse", "Warehouses"),
        Relation("ContactPersonId", "ContactPersons", "Contact", "Contacts"),
    ),
    initial={
        "SalesQuotationStatus": "Created", "SalesQuotationHeaderCreationMethod": "SCM",
        "AreTotalsCalculated": "No",
    },
    fixed=frozenset({"RequestingCustomerAccountNumber", "CurrencyCode"}),
    defaults=_header_defaults, validate=_header_valid, written=_header_written,
    deleting=_header_deleting,
)  # fmt: skip

LINES: Final = TableRules(
    "Quotation lines",
    numbers=(Number("InventoryLotId", "Lot ID", "Lot", "{company}-{number:08d}", always=True),),
    relations=(
        Relation("SalesQuotationNumber", HEADER, "Quotation", "Quotations"),
        Relation("ItemNumber", "ReleasedProductsV2", "Item number", "Items"),
        Relation("SalesUnitSymbol", "UnitsOfMeasure", "Unit", "Units"),
        Relation("ShippingSiteId", "OperationalSites", "Site", "Sites"),
        Relation("ShippingWarehouseId", "Warehouses", "Warehouse", "Warehouses"),
    ),
    fixed=frozenset({"SalesQuotationNumber", "ItemNumber"}),
    defaults=_line_defaults, validate=_line_valid, written=_line_written,
    deleting=_line_deleting,
)  # fmt: skip
