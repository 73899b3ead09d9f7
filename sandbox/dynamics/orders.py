"""Sales order headers: what a new one takes from its customer, which addresses it has, when it may
still change.

SalesOrderHeadersV2, V3 and V4 are one table. A header without lines has the status None, with lines
Backorder; once it is delivered or invoiced, prices, lines and its own existence are settled.
"""

from typing import Any, Final

from sandbox.dynamics.customers import addresses, formatted
from sandbox.dynamics.environment import LOCKED, Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.order_lines import priced
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record

FROM_CUSTOMER: Final = {
    "InvoiceCustomerAccountNumber": "InvoiceAccount",
    "CurrencyCode": "SalesCurrencyCode",
    "LanguageId": "LanguageId",
    "SalesOrderName": "OrganizationName",
    "Email": "PrimaryContactEmail",
    "PaymentTermsName": "PaymentTerms",
    "CustomerPaymentMethodName": "PaymentMethod",
    "DeliveryModeCode": "DeliveryMode",
    "DeliveryTermsCode": "DeliveryTerms",
    "SalesTaxGroupCode": "SalesTaxGroup",
    "ArePricesIncludingSalesTax": "IsSalesTaxIncludedInPrices",
    "DefaultShippingSiteId": "SiteId",
    "DefaultShippingWarehouseId": "WarehouseId",
    "TaxExemptNumber": "TaxExemptNumber",
}
DELIVERY: Final = {
    "DeliveryAddressDescription": "AddressDescription",
    "DeliveryAddressStreet": "AddressStreet",
    "DeliveryAddressStreetNumber": "AddressStreetNumber",
    "DeliveryBuildingCompliment": "BuildingCompliment",
    "DeliveryAddressCity": "AddressCity",
    "DeliveryAddressZipCode": "AddressZipCode",
    "DeliveryAddressStateId": "AddressState",
    "DeliveryAddressCountyId": "AddressCountyId",
    "DeliveryAddressDistrictName": "AddressDistrictName",
    "DeliveryAddressPostBox": "AddressPostBox",
    "DeliveryAddressCountryRegionId": "AddressCountryRegionId",
    "DeliveryAddressCountryRegionISOCode": "AddressCountryRegionISOCode",
}
SETTLED: Final = frozenset(
    {
        "OrderingCustomerAccountNumber",
        "InvoiceCustomerAccountNumber",
        "CurrencyCode",
        "SalesTaxGroupCode",
        "ArePricesIncludingSalesTax",
        "TotalDiscountPercentage",
        "TotalDiscountAmount",
    }
)


def _defaults(draft: Draft) -> None:
    if draft.before is not None:
        _address(draft, None)
        return
    account = draft.get("OrderingCustomerAccountNumber")
    customer = draft.state.store.find("CustTable", draft.company, account) if account else None
    if customer is None:
        raise must_be_filled("Customer account", field="OrderingCustomerAccountNumber")
    for name, source in FROM_CUSTOMER.items():
        draft.default(name, customer.values.get(source))
    draft.default(
        "InvoiceCustomerAccountNumber", draft.get("InvoiceCustomerAccountNumber") or account
    )
    now = draft.state.now().replace(microsecond=0)
    for name in ("RequestedShippingDate", "RequestedReceiptDate"):
        draft.default(name, now.replace(hour=12, minute=0, second=0))
    draft.values["OrderCreationDateTime"] = now
    _site(draft)
    _address(draft, customer)


def _site(draft: Draft) -> None:
    """A warehouse brings its site along; naming another site is a contradiction."""
    warehouse = draft.get("DefaultShippingWarehouseId")
    row = draft.state.store.find("Warehouses", draft.company, warehouse) if warehouse else None
    if row is None:
        return
    draft.default("DefaultShippingSiteId", row["OperationalSiteId"])
    if draft.get("DefaultShippingSiteId") != row["OperationalSiteId"]:
        raise not_found(warehouse, "Warehouse", "Warehouses", field="DefaultShippingWarehouseId")


def _address(draft: Draft, customer: Record | None) -> None:
    """The order's own address, one of the customer's by its location, or else the customer's
    primary one.

    Address fields that are sent without `IsDeliveryAddressOrderSpecific` are not used: the
    customer's apply.
    """
    if draft.get("IsDeliveryAddressOrderSpecific") == "Yes":
        country(draft, "DeliveryAddressCountryRegionId", "DeliveryAddressCountryRegionISOCode")
        if not draft.get("DeliveryAddressCountryRegionId"):
            raise must_be_filled("Country/region", field="DeliveryAddressCountryRegionId")
    elif customer is not None or draft.sent.keys() & {"DeliveryAddressLocationId", *DELIVERY}:
        _address_of_customer(draft)
    place = " ".join(draft.get(f"DeliveryAddress{part}") for part in ("ZipCode", "City", "StateId"))
    street, land = draft.get("DeliveryAddressStreet"), draft.get("DeliveryAddressCountryRegionId")
    draft.values["FormattedDelveryAddress"] = formatted(street, place.strip(), land)


def _address_of_customer(draft: Draft) -> None:
    account = draft.get("OrderingCustomerAccountNumber")
    customer = draft.state.store.find("CustTable", draft.company, account)
    known = addresses(draft.state, customer) if customer else []
    wanted = draft.get("DeliveryAddressLocationId")
    if wanted:
        known = [row for row in known if row["AddressLocationId"] == wanted]
        if not known:
            raise not_found(
                wanted, "Delivery address", "Addresses", field="DeliveryAddressLocationId"
            )
    row = next((row for row in known if wanted or row.values.get("IsPrimary") == "Yes"), None)
    shown = {ours: row.values.get(theirs, "") if row else "" for ours, theirs in DELIVERY.items()}
    location = row["AddressLocationId"] if row else ""
    draft.values.update(
        shown, DeliveryAddressLocationId=location, DeliveryAddressName=draft.get("SalesOrderName")
    )


def _valid(draft: Draft) -> None:
    before: Any = draft.before.values if draft.before else {}
    status = before.get("SalesOrderStatus", "None")
    if status in LOCKED:
        touched = [
            name
            for name in draft.sent
            if draft.changed(name) and (status != "Delivered" or name in SETTLED)
        ]
        number = draft.get("SalesOrderNumber")
        refuse_if(
            touched,
            f"Sales order {number} has status {status} and cannot be changed.",
            field=(touched or [""])[0],
        )
    for name in ("OrderingCustomerAccountNumber", "InvoiceCustomerAccountNumber"):
        customer = draft.state.store.find("CustTable", draft.company, draft.get(name))
        held = customer is not None and customer.values.get("OnHoldStatus") == "All"
        refuse_if(
            held and draft.changed(name), f"Customer {draft.get(name)} is on hold: All.", field=name
        )


def _written(draft: Draft, header: Record) -> None:
    """Another currency prices the lines again."""
    if draft.before is None or not draft.changed("CurrencyCode"):
        return
    for line in draft.state.lines(header[COMPANY], header["SalesOrderNumber"]):
        values = {**line.values, "CurrencyCode": header["CurrencyCode"]}
        values["LineAmount"] = priced(draft.state, values)
        draft.state.store.update("SalesLine", line, values)


def _deleting(state: Environment, header: Record) -> None:
    number, status = header["SalesOrderNumber"], header.values.get("SalesOrderStatus", "None")
    if status in LOCKED:
        raise Refused(f"Sales order {number} has status {status} and cannot be deleted.")
    for line in state.lines(header[COMPANY], number):
        state.store.delete("SalesLine", line)


HEADERS: Final = TableRules(
    "Sales orders",
    numbers=(Number("SalesOrderNumber", "Sales order", "Sales order"),),
    relations=(
        Relation("OrderingCustomerAccountNumber", "CustTable", "Customer account", "Customers"),
        Relation("InvoiceCustomerAccountNumber", "CustTable", "Invoice account", "Customers"),
        Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
        Relation("DeliveryModeCode", "DeliveryModesV2", "Mode of delivery", "Modes of delivery"),
        Relation("DeliveryTermsCode", "DeliveryTerms", "Delivery terms", "Terms of delivery"),
        Relation("PaymentTermsName", "PaymentTerms", "Terms of payment", "Terms of payment"),
        Relation(
            "CustomerPaymentMethodName",
            "CustomerPaymentMethods",
            "Method of payment",
            "Methods of payment",
        ),
        Relation("SalesOrderOriginCode", "SalesOrderOriginCodes", "Sales origin", "Sales origin"),
        Relation("SalesOrderPoolId", "SalesOrderPools", "Pool", "Sales order pools"),
        Relation("DefaultShippingSiteId", "OperationalSites", "Site", "Sites"),
        Relation("DefaultShippingWarehouseId", "Warehouses", "Warehouse", "Warehouses"),
        Relation("SalesTaxGroupCode", "TaxGroups", "Sales tax group", "Sales tax groups"),
        Relation("ContactPersonId", "ContactPersons", "Contact", "Contacts"),
    ),
    initial={
        "SkipCreateAutoCharges": "Yes",
        "SalesOrderStatus": "None",
        "SalesOrderProcessingStatus": "Active",
    },
    defaults=_defaults,
    validate=_valid,
    written=_written,
    deleting=_deleting,
)
