"""Customer accounts and their groups: CustomersV3, CustomerGroups.

A customer's `Address...` fields are its primary postal address written through: writing them there
makes or ends the address. Facts: the customers chapter of the reference, `[I]` where inferred.
"""

from datetime import datetime
from typing import Any, Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country, refuse_if
from sandbox.dynamics.schema import COMPANY, NEVER_EXPIRES
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

PERSON: Final = ("PersonFirstName", "PersonMiddleName", "PersonLastName", "PersonLastNamePrefix")
ADDRESS: Final = {
    "AddressDescription": "AddressDescription",
    "AddressStreet": "AddressStreet",
    "AddressStreetNumber": "AddressStreetNumber",
    "AddressBuildingComplement": "BuildingCompliment",
    "AddressCity": "AddressCity",
    "AddressZipCode": "AddressZipCode",
    "AddressState": "AddressState",
    "AddressCounty": "AddressCountyId",
    "AddressDistrictName": "AddressDistrictName",
    "AddressPostbox": "AddressPostBox",
    "AddressCountryRegionId": "AddressCountryRegionId",
    "AddressCountryRegionISOCode": "AddressCountryRegionISOCode",
    "AddressLocationRoles": "AddressLocationRoles",
}
"""The customer's name of an address field -> the postal address's."""
DEPENDENT: Final = (
    ("FreeTextInvoiceHeaders", "CustomerAccount", "Free text invoices"),
    ("ReturnOrderHeadersV2", "CustomerAccountNumber", "Return orders"),
    ("CustTransactions", "AccountNum", "Customer transactions"),
)
"""What keeps a customer from being deleted, beside sales orders: table, its property for the
account, label."""


def formatted(*parts: str) -> str:
    """An address as F&O shows it in one field."""
    return "\n".join(part for part in parts if part)


def _name(draft: Draft) -> str:
    if draft.get("PartyType") == "Organization":
        return str(draft.get("OrganizationName"))
    return " ".join(part for name in PERSON[:3] if (part := draft.get(name)))


def _customer_defaults(draft: Draft) -> None:
    name = _name(draft)
    draft.default(
        "NameAlias", (draft.before.values.get("NameAlias") if draft.before else "") or name[:20]
    )
    if draft.get("PartyType") == "Person":
        draft.values["OrganizationName"] = name
    country(draft, "AddressCountryRegionId", "AddressCountryRegionISOCode")
    if draft.before is None:
        draft.values["PartyNumber"] = draft.state.next_number("Party", "{number:09d}")
        group = draft.state.store.find(
            "CustomerGroups", draft.company, draft.get("CustomerGroupId")
        )
        if group is not None:
            draft.default("PaymentTerms", group.values.get("PaymentTermId"))
            draft.default("SalesTaxGroup", group.values.get("TaxGroupId"))


def _customer_valid(draft: Draft) -> None:
    kind = draft.get("PartyType")
    if not kind:
        raise must_be_filled("Party type", field="PartyType")
    refuse_if(
        kind not in {"Organization", "Person"},
        f"The party type '{kind}' is not valid.",
        field="PartyType",
    )
    if not _name(draft):
        wanted = "OrganizationName" if kind == "Organization" else "PersonFirstName"
        raise must_be_filled("Name", field=wanted)
    wrong = PERSON if kind == "Organization" else ("OrganizationName",)
    for name in wrong:
        refuse_if(
            draft.sent.get(name),
            f"The field '{name}' does not apply to the party type {kind}.",
            field=name,
        )
    if any(draft.sent.get(name) for name in ADDRESS) and not draft.get("AddressCountryRegionId"):
        raise must_be_filled("Country/region", field="AddressCountryRegionId")


def _customer_written(draft: Draft, customer: Record) -> None:
    """Make the primary address agree with the customer's address fields, when any of them was
    sent."""
    changed = any(name in draft.sent and draft.changed(name) for name in ADDRESS)
    if not changed:
        return
    state, now = draft.state, draft.state.now().replace(microsecond=0)
    old = next(
        (row for row in addresses(state, customer) if row.values.get("IsPrimary") == "Yes"), None
    )
    values: dict[str, Any] = {
        theirs: customer.values.get(ours, "") for ours, theirs in ADDRESS.items()
    }
    if old is not None and old["Effective"] == now:
        row = state.store.update("CustomerPostalAddresses", old, values)
    else:
        location = (
            old["AddressLocationId"] if old else state.next_number("Location", "{number:09d}")
        )
        if old is not None:
            state.store.update(
                "CustomerPostalAddresses", old, {"Expiration": now, "IsPrimary": "No"}
            )
        row = state.store.insert(
            "CustomerPostalAddresses", {**values, **_frame(customer, location, now)}
        )
    show_primary(state, customer, row)


def _frame(customer: Record, location: str, now: datetime) -> dict[str, Any]:
    return {
        COMPANY: customer[COMPANY],
        "CustomerAccountNumber": customer["CustomerAccount"],
        "CustomerLegalEntityId": customer[COMPANY],
        "AddressLocationId": location,
        "Effective": now,
        "Expiration": NEVER_EXPIRES,
        "IsPrimary": "Yes",
        "IsPostalAddress": "Yes",
    }


def addresses(state: Environment, customer: Record) -> list[Record]:
    """A customer's postal addresses that have not expired, oldest first."""
    rows = state.store.table("CustomerPostalAddresses").having(
        "CustomerAccountNumber", (folded(customer["CustomerAccount"]),)
    )
    return [
        row for row in rows if row[COMPANY] == customer[COMPANY] and row["Expiration"] > state.now()
    ]


def show_primary(state: Environment, customer: Record, row: Record) -> None:
    """Copy a primary address into the customer's own fields. `customer` is the row as it is now."""
    shown = {ours: row.values.get(theirs, "") for ours, theirs in ADDRESS.items()}
    place = " ".join(
        part
        for part in (shown["AddressZipCode"], shown["AddressCity"], shown["AddressState"])
        if part
    )
    shown["FullPrimaryAddress"] = formatted(
        shown["AddressStreet"], place, shown["AddressCountryRegionId"]
    )
    shown |= {"AddressLocationId": row["AddressLocationId"], "AddressRecordId": row.number}
    shown |= {"AddressValidFrom": row["Effective"], "AddressValidTo": row["Expiration"]}
    state.store.update("CustTable", customer, shown)


def _customer_deleting(state: Environment, customer: Record) -> None:
    wanted = (folded(customer["CustomerAccount"]),)
    orders = state.store.table("SalesTable").having("OrderingCustomerAccountNumber", wanted)
    if any(order[COMPANY] == customer[COMPANY] for order in orders):
        raise Refused("Customers cannot be deleted while dependent Sales orders exist.")
    for table, field, label in DEPENDENT:
        if any(
            row[COMPANY] == customer[COMPANY]
            for row in state.store.table(table).having(field, wanted)
        ):
            raise Refused(f"Customers cannot be deleted while dependent {label} exist.")
    for row in state.store.table("CustomerPostalAddresses").having("CustomerAccountNumber", wanted):
        if row[COMPANY] == customer[COMPANY]:
            state.store.delete("CustomerPostalAddresses", row)


CUSTOMERS: Final = TableRules(
    "Customers",
    numbers=(Number("CustomerAccount", "Customer account", "Customer"),),
    relations=(
        Relation("CustomerGroupId", "CustomerGroups", "Customer group", "Customer groups"),
        Relation("SalesCurrencyCode", "Currencies", "Currency", "Currencies"),
        Relation("PaymentTerms", "PaymentTerms", "Terms of payment", "Terms of payment"),
        Relation(
            "PaymentMethod", "CustomerPaymentMethods", "Method of payment", "Methods of payment"
        ),
        Relation("DeliveryMode", "DeliveryModesV2", "Mode of delivery", "Modes of delivery"),
        Relation("DeliveryTerms", "DeliveryTerms", "Delivery terms", "Terms of delivery"),
        Relation("SalesTaxGroup", "TaxGroups", "Sales tax group", "Sales tax groups"),
        Relation("SiteId", "OperationalSites", "Site", "Sites"),
        Relation("WarehouseId", "Warehouses", "Warehouse", "Warehouses"),
        Relation("InvoiceAccount", "CustTable", "Invoice account", "Customers"),
        Relation("ContactPersonId", "ContactPersons", "Contact", "Contacts"),
    ),
    fixed=frozenset({"PartyType"}),
    defaults=_customer_defaults,
    validate=_customer_valid,
    written=_customer_written,
    deleting=_customer_deleting,
)
GROUPS: Final = TableRules(
    "Customer groups",
    relations=(
        Relation("PaymentTermId", "PaymentTerms", "Terms of payment", "Terms of payment"),
        Relation("TaxGroupId", "TaxGroups", "Sales tax group", "Sales tax groups"),
    ),
)
