"""Return orders: what a customer sends back, or is credited without sending it.

A return has two numbers, its own (from the sequence of sales orders: it is a row of their table)
and that of the RMA. It is a draft until its credit note is posted.
"""

from typing import Any, Final

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled
from sandbox.dynamics.return_posting import return_lines
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record

HEADER: Final = "ReturnOrderHeadersV2"
LINE: Final = "ReturnOrderLinesV2"
FROM_CUSTOMER: Final = {
    "InvoiceCustomerAccountNumber": "InvoiceAccount",
    "CurrencyCode": "SalesCurrencyCode",
    "LanguageId": "LanguageId",
    "Email": "PrimaryContactEmail",
    "ReturnAddressName": "OrganizationName",
    "DefaultReturnSiteId": "SiteId",
    "DefaultReturnWarehouseId": "WarehouseId",
}
OPEN: Final = frozenset({"Created", "Open"})
EXPECTED: Final = frozenset({"None", "Awaiting"})


def _header_defaults(draft: Draft) -> None:
    if draft.sent.get("ReturnAddressCountryRegionId") or draft.sent.get(
        "ReturnAddressCountryRegionISOCode"
    ):
        country(draft, "ReturnAddressCountryRegionId", "ReturnAddressCountryRegionISOCode")
    if draft.before is not None:
        return
    account = draft.get("CustomerAccountNumber")
    customer = draft.state.store.find("CustTable", draft.company, account) if account else None
    if customer is None:
        raise must_be_filled("Customer account", field="CustomerAccountNumber")
    for name, source in FROM_CUSTOMER.items():
        draft.default(name, customer.values.get(source))
    draft.default(
        "InvoiceCustomerAccountNumber", draft.get("InvoiceCustomerAccountNumber") or account
    )
    warehouse = draft.get("DefaultReturnWarehouseId")
    row = draft.state.store.find("Warehouses", draft.company, warehouse) if warehouse else None
    if row is not None:
        draft.default("DefaultReturnSiteId", row["OperationalSiteId"])


def refuse_settled(header: Record) -> None:
    """Refuse a change of a return that is settled."""
    number, status = header["ReturnOrderNumber"], header.values.get("ReturnStatus")
    refuse_if(
        status not in OPEN, f"Return order {number} has status {status} and cannot be changed."
    )


def _header_valid(draft: Draft) -> None:
    if draft.before is not None:
        refuse_settled(draft.before)
        return
    number = draft.get("ReturnOrderNumber")
    if draft.state.order(draft.company, number) is not None:
        text = (
            f"Cannot create a record in Sales orders (SalesTable). Sales order: {number}.\nThe"
            " record already exists."
        )
        raise Refused(text, field="ReturnOrderNumber")


def _header_deleting(env: Environment, header: Record) -> None:
    refuse_settled(header)
    rows = return_lines(env, header[COMPANY], header["ReturnOrderNumber"])
    for row in rows:
        refuse_arrived(row)
    for row in rows:
        env.store.delete(LINE, row)


def refuse_arrived(row: Record) -> None:
    """Refuse to delete a line whose goods have come back."""
    lot, status = row["ReturnInventoryLotId"], row.values.get("ReturnStatus", "None")
    refuse_if(
        status not in EXPECTED, f"The line of lot {lot} has status {status} and cannot be deleted."
    )


def receive(env: Environment, header: Record) -> None:
    """Register and receive everything that a return expects, as the warehouse does."""
    if header.values.get("ReturnStatus") not in OPEN:
        return
    with env.store.transaction():
        env.store.update(HEADER, header, {"ReturnStatus": "Open"})
        for row in return_lines(env, header[COMPANY], header["ReturnOrderNumber"]):
            if row.values.get("ReturnStatus") in EXPECTED:
                changes: dict[str, Any] = {
                    "ReturnStatus": "Received",
                    "ActualReturnArrivalDate": env.today(),
                }
                env.store.update(
                    LINE, row, changes | {"ReturnedSalesQuantity": row["ReturnSalesQuantity"]}
                )


HEADERS: Final = TableRules(
    "Return orders",
    numbers=(
        Number("ReturnOrderNumber", "Return order", "Sales order", drawn_as="SalesOrderNumber"),
        Number("RMANumber", "RMA number", "RMA", "{number:05d}", always=True),
    ),
    relations=(
        Relation("CustomerAccountNumber", "CustTable", "Customer account", "Customers"),
        Relation("InvoiceCustomerAccountNumber", "CustTable", "Invoice account", "Customers"),
        Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
        Relation(
            "CustomerReturnReasonCode",
            "ReturnReasonCodeBiEntities",
            "Return reason code",
            "Return reason codes",
        ),
        Relation("DefaultReturnSiteId", "OperationalSites", "Site", "Sites"),
        Relation("DefaultReturnWarehouseId", "Warehouses", "Warehouse", "Warehouses"),
        Relation("ContactPersonId", "ContactPersons", "Contact", "Contacts"),
    ),
    initial={"ReturnStatus": "Created", "ReturnOrderStatus": "None"},
    fixed=frozenset({"CustomerAccountNumber", "CurrencyCode", "RMANumber"}),
    defaults=_header_defaults,
    validate=_header_valid,
    deleting=_header_deleting,
)
