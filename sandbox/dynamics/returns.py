"""Return orders: what a customer sends back, or is credited without sending it.

A return has two numbers, its own (from the sequence of sales orders: it is a row of their table)
and that of the RMA. Quantities are negative, and so is the amount: quantity x price, rounded half
up to the currency's unit. It is a draft until its credit note is posted.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.order_lines import convertible_unit, placed, released_item, released_variant
from sandbox.dynamics.posting import return_lines
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, country, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import PLACES, folded

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
FROM_HEADER: Final = ("RMANumber", "CustomerAccountNumber", "InvoiceCustomerAccountNumber")
FROM_SALE: Final = ("SalesUnitSymbol", "LineDescription")
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


def _refuse_settled(header: Record) -> None:
    number, status = header["ReturnOrderNumber"], header.values.get("ReturnStatus")
    refuse_if(
        status not in OPEN, f"Return order {number} has status {status} and cannot be changed."
    )


def _header_valid(draft: Draft) -> None:
    if draft.before is not None:
        _refuse_settled(draft.before)
        return
    number = draft.get("ReturnOrderNumber")
    if draft.state.order(draft.company, number) is not None:
        text = (
            f"Cannot create a record in Sales orders (SalesTable). Sales order: {number}.\nThe"
            " record already exists."
        )
        raise Refused(text, field="ReturnOrderNumber")


def _header_deleting(env: Environment, header: Record) -> None:
    _refuse_settled(header)
    rows = return_lines(env, header[COMPANY], header["ReturnOrderNumber"])
    for row in rows:
        _refuse_arrived(row)
    for row in rows:
        env.store.delete(LINE, row)


def _refuse_arrived(row: Record) -> None:
    lot, status = row["ReturnInventoryLotId"], row.values.get("ReturnStatus", "None")
    refuse_if(
        status not in EXPECTED, f"The line of lot {lot} has status {status} and cannot be deleted."
    )


def _header(draft: Draft) -> Record:
    header = draft.state.store.find(HEADER, draft.company, draft.get("ReturnOrderNumber"))
    if header is None:
        raise must_be_filled("Return order", field="ReturnOrderNumber")
    return header


def _line_defaults(draft: Draft) -> None:
    header, item = _header(draft), released_item(draft)
    if draft.before is None:
        for name in FROM_HEADER:
            draft.values[name] = header[name]
        sold = _sold(draft)
        if sold is not None:
            for name in FROM_SALE:
                draft.default(name, sold.values.get(name))
            draft.default("SalesPrice", _net_price(sold))
        draft.default(
            "SalesUnitSymbol", item.values.get("SalesUnitSymbol") if sold is None else None
        )
        draft.default("SalesPrice", item.values.get("SalesPrice") if sold is None else None)
        draft.default(
            "LineDescription", item.values.get("ProductSearchName") if sold is None else None
        )
        rows = return_lines(draft.state, draft.company, header["ReturnOrderNumber"])
        draft.values["LineCreationSequenceNumber"] = 1 + max(
            (row["LineCreationSequenceNumber"] for row in rows), default=0
        )
    defaults = (
        header.values.get("DefaultReturnSiteId", ""),
        header.values.get("DefaultReturnWarehouseId", ""),
    )
    placed(draft, item, ("ReturnSiteId", "ReturnWarehouseId"), defaults)
    amount = Fraction(draft.get("ReturnSalesQuantity")) * Fraction(draft.get("SalesPrice"))
    draft.values["LineAmount"] = draft.state.rounded(amount, header["CurrencyCode"])


def _sold(draft: Draft) -> Record | None:
    lot = draft.get("ReturningInventoryLotId")
    return draft.state.store.find("SalesLine", draft.company, lot) if lot else None


def _net_price(sold: Record) -> Decimal:
    """What one unit was sold for, discounts taken off (inferred: F&O copies price and
    discounts)."""
    quantity = sold["OrderedSalesQuantity"]
    return (
        Decimal(0)
        if not quantity
        else (sold["LineAmount"] / quantity).quantize(PLACES).normalize() + 0
    )


def _line_valid(draft: Draft) -> None:
    header, item = _header(draft), released_item(draft)
    _refuse_settled(header)
    refuse_if(
        draft.get("ReturnSalesQuantity") >= NOTHING,
        "The quantity to return must be negative.",
        field="ReturnSalesQuantity",
    )
    if draft.changed("ReturnStatus") and draft.get("ReturnStatus") != "Awaiting":
        raise Refused("Update not allowed for field 'Return status'.", field="ReturnStatus")
    released_variant(draft, item)
    convertible_unit(draft, item)
    lot, sold = draft.get("ReturningInventoryLotId"), _sold(draft)
    if lot:
        _returns_a_sale(draft, header, lot, sold)


def _returns_a_sale(draft: Draft, header: Record, lot: str, sold: Record | None) -> None:
    """The lot is that of a line of the same item, sold to the customer who returns it."""
    order = draft.state.order(draft.company, sold["SalesOrderNumber"]) if sold else None
    customer = order["OrderingCustomerAccountNumber"] if order else ""
    if sold is None or folded(customer) != folded(header["CustomerAccountNumber"]):
        raise not_found(lot, "Return lot ID", "Order lines", field="ReturningInventoryLotId")
    text = f"Lot {lot} is of item number {sold['ItemNumber']}, not of {draft.get('ItemNumber')}."
    refuse_if(
        folded(sold["ItemNumber"]) != folded(draft.get("ItemNumber")),
        text,
        field="ReturningInventoryLotId",
    )


def _line_written(draft: Draft, row: Record) -> None:
    """The first line opens the order behind the return."""
    header = draft.state.store.find(HEADER, row[COMPANY], row["ReturnOrderNumber"])
    assert header is not None  # the draft was checked
    if header.values.get("ReturnOrderStatus") == "None":
        draft.state.store.update(HEADER, header, {"ReturnOrderStatus": "Backorder"})


def _line_deleting(env: Environment, row: Record) -> None:
    header = env.store.find(HEADER, row[COMPANY], row["ReturnOrderNumber"])
    assert header is not None  # a header that goes takes its lines along
    _refuse_settled(header)
    _refuse_arrived(row)


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
LINES: Final = TableRules(
    "Return order lines",
    numbers=(
        Number("ReturnInventoryLotId", "Lot ID", "Lot", "{company}-{number:08d}", always=True),
    ),
    relations=(
        Relation("ReturnOrderNumber", HEADER, "Return order", "Return orders"),
        Relation("ItemNumber", "ReleasedProductsV2", "Item number", "Items"),
        Relation("SalesUnitSymbol", "UnitsOfMeasure", "Unit", "Units"),
        Relation(
            "ReturnDispositionCode",
            "ReturnDispositionCodes",
            "Disposition code",
            "Disposition codes",
        ),
        Relation("ReturnSiteId", "OperationalSites", "Site", "Sites"),
        Relation("ReturnWarehouseId", "Warehouses", "Warehouse", "Warehouses"),
    ),
    initial={"ReturnStatus": "Awaiting"},
    fixed=frozenset({"ItemNumber", "ReturningInventoryLotId"}),
    defaults=_line_defaults,
    validate=_line_valid,
    written=_line_written,
    deleting=_line_deleting,
)
