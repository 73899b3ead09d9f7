"""Lines of return orders.

Quantities are negative, and so is the amount: quantity x price, rounded half up to the currency's
unit.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from sandbox.dynamics.customer_transactions import NOTHING
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.order_lines import convertible_unit, placed, released_item, released_variant
from sandbox.dynamics.return_posting import return_lines
from sandbox.dynamics.returns import HEADER, refuse_arrived, refuse_settled
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, refuse_if
from sandbox.dynamics.schema import COMPANY
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import PLACES, folded

FROM_HEADER: Final = ("RMANumber", "CustomerAccountNumber", "InvoiceCustomerAccountNumber")


FROM_SALE: Final = ("SalesUnitSymbol", "LineDescription")


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
    refuse_settled(header)
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
    refuse_settled(header)
    refuse_arrived(row)


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
