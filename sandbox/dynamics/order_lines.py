"""Sales order lines: item, variant, unit, site, price and the line amount. SalesOrderLines and V3
are one table.

Line amount = quantity x (price - line discount - multiline discount) / price quantity, less the
percentages, rounded half up to the currency's unit; a sent amount only counts when
`CalculateLineAmount` is No.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sandbox.dynamics.environment import CENT, LOCKED, Environment
from sandbox.dynamics.faults import Refused, must_be_filled, not_found
from sandbox.dynamics.ruling import Draft, Number, Relation, TableRules, refuse_if
from sandbox.dynamics.schema import COMPANY, DIMENSIONS
from sandbox.dynamics.store import Record
from sandbox.dynamics.values import folded

FROM_HEADER: Final = {
    "DeliveryModeCode": "DeliveryModeCode",
    "DeliveryTermsId": "DeliveryTermsCode",
    "SalesTaxGroupCode": "SalesTaxGroupCode",
    "RequestedShippingDate": "RequestedShippingDate",
    "RequestedReceiptDate": "RequestedReceiptDate",
    "CustomerRequisitionNumber": "CustomerRequisitionNumber",
    "DeliveryAddressLocationId": "DeliveryAddressLocationId",
    "DeliveryAddressName": "DeliveryAddressName",
    "DeliveryAddressStreet": "DeliveryAddressStreet",
    "DeliveryAddressCity": "DeliveryAddressCity",
    "DeliveryAddressZipCode": "DeliveryAddressZipCode",
    "DeliveryAddressStateId": "DeliveryAddressStateId",
    "DeliveryAddressCountryRegionId": "DeliveryAddressCountryRegionId",
}
FROM_ITEM: Final = {
    "SalesUnitSymbol": "SalesUnitSymbol",
    "SalesPrice": "SalesPrice",
    "SalesPriceQuantity": "SalesPriceQuantity",
    "SalesTaxItemGroupCode": "SalesSalesTaxItemGroupCode",
    "LineDescription": "ProductSearchName",
}
PRICES: Final = ("SalesPrice", "LineDiscountAmount", "MultilineDiscountAmount")
NAMES: Final = dict(
    zip(DIMENSIONS, ("Configuration", "Size", "Color", "Style", "Version"), strict=True)
)


def priced(state: Environment, values: dict[str, Any]) -> Decimal:
    """The line amount of these values, in the line's currency."""

    def of(name: str) -> Fraction:
        return Fraction(values.get(name, Decimal(0)))

    if values.get("CalculateLineAmount") == "No":
        return state.rounded(of("LineAmount"), values["CurrencyCode"])
    unit_price = of("SalesPrice") - of("LineDiscountAmount") - of("MultilineDiscountAmount")
    share = (1 - of("LineDiscountPercentage") / 100) * (1 - of("MultilineDiscountPercentage") / 100)
    amount = of("OrderedSalesQuantity") * unit_price / (of("SalesPriceQuantity") or 1) * share
    return state.rounded(amount, values["CurrencyCode"])


def _header(draft: Draft) -> Record:
    number = draft.get("SalesOrderNumber")
    header = draft.state.order(draft.company, number)
    if header is None:
        raise must_be_filled("Sales order", field="SalesOrderNumber")
    return header


def released_item(draft: Draft) -> Record:
    """The released product of a line's item number."""
    item = draft.state.store.find("ReleasedProductsV2", draft.company, draft.get("ItemNumber"))
    if item is None:
        raise must_be_filled("Item number", field="ItemNumber")
    return item


def _defaults(draft: Draft) -> None:
    header, item = _header(draft), released_item(draft)
    if draft.before is None:
        draft.default("CurrencyCode", header["CurrencyCode"])
        draft.default("OrderedSalesQuantity", Decimal(1))
        for name, source in FROM_HEADER.items():
            draft.default(name, header.values.get(source))
        for name, source in FROM_ITEM.items():
            draft.default(name, item.values.get(source))
        lines = draft.state.lines(draft.company, header["SalesOrderNumber"])
        draft.default(
            "LineNumber", max((line["LineNumber"] for line in lines), default=Decimal(0)) // 1 + 1
        )
        draft.values["LineCreationSequenceNumber"] = 1 + max(
            (line["LineCreationSequenceNumber"] for line in lines), default=0
        )
        draft.values["SalesOrderLineStatus"] = "Backorder"
    defaults = (
        header.values.get("DefaultShippingSiteId", ""),
        header.values.get("DefaultShippingWarehouseId", ""),
    )
    placed(draft, item, ("ShippingSiteId", "ShippingWarehouseId"), defaults)
    draft.values["LineAmount"] = priced(draft.state, draft.values)


def placed(draft: Draft, item: Record, fields: tuple[str, str], defaults: tuple[str, str]) -> None:
    """Site and warehouse: the line's own, else the header's; a warehouse brings its site; goods
    need a site.

    `fields` are the line's properties for them, `defaults` the header's values.
    """
    site, warehouse = fields
    if not draft.get(site) and not draft.get(warehouse):
        draft.default(site, defaults[0])
        draft.default(warehouse, defaults[1])
    wanted = draft.get(warehouse)
    row = draft.state.store.find("Warehouses", draft.company, wanted) if wanted else None
    if row is not None:
        if not draft.sent.get(site):
            draft.values[site] = row["OperationalSiteId"]
        if draft.get(site) != row["OperationalSiteId"]:
            raise not_found(wanted, "Warehouse", "Warehouses", field=warehouse)
    if item.values.get("ProductType") != "Service" and not draft.get(site):
        raise Refused("Inventory dimension Site is mandatory and must consequently be specified.")


def _valid(draft: Draft) -> None:
    header, item = _header(draft), released_item(draft)
    refuse_locked(header)
    if draft.get("CurrencyCode") != header["CurrencyCode"]:
        raise Refused(
            "The currency of a line must be the currency of its order.", field="CurrencyCode"
        )
    released_variant(draft, item)
    convertible_unit(draft, item)
    for name in PRICES:
        fine = draft.get(name) % CENT != 0
        text = f"The value {draft.get(name):f} in field '{name}' has more than 2 decimals."
        refuse_if(draft.state.settings.strict_prices and fine, text, field=name)


def refuse_locked(header: Record) -> None:
    """Lines of an order that has left the warehouse, or never will, do not change."""
    status = header.values.get("SalesOrderStatus")
    refuse_if(
        status in LOCKED,
        f"Sales order {header['SalesOrderNumber']} has status {status}; its lines are settled.",
    )


def released_variant(draft: Draft, item: Record) -> None:
    """A product master is ordered with all dimensions its variants have, in a combination that is
    released."""
    number = item["ItemNumber"]
    released = [
        row
        for row in draft.state.store.table("ReleasedProductVariantsV2").having(
            "ItemNumber", (folded(number),)
        )
        if row[COMPANY] == draft.company
    ]
    wanted = {name: folded(draft.get(name)) for name in DIMENSIONS}
    for name in DIMENSIONS:
        used = any(row.values.get(name) for row in released)
        label = NAMES[name]
        refuse_if(
            used and not wanted[name],
            f"Inventory dimension {label} is mandatory and must consequently be specified.",
            field=name,
        )
        refuse_if(
            wanted[name] and not used,
            f"Dimension {label} is not active for item number {number}.",
            field=name,
        )
    fits = any(
        all(folded(row.values.get(name, "")) == wanted[name] for name in DIMENSIONS)
        for row in released
    )
    refuse_if(
        released and not fits,
        f"Item number {number} is not released in this combination of dimensions.",
    )


def convertible_unit(draft: Draft, item: Record) -> None:
    """Another unit than the item's own needs a conversion."""
    wanted, own = draft.get("SalesUnitSymbol"), item.values.get("InventoryUnitSymbol", "")
    if folded(wanted) in {folded(own), ""}:
        return
    find = draft.state.store.find
    known = any(find("UnitOfMeasureConversions", *pair) for pair in ((wanted, own), (own, wanted)))
    text = (
        f"Unit conversion from {wanted} to {own} does not exist for item number"
        f" {item['ItemNumber']}."
    )
    refuse_if(not known, text, field="SalesUnitSymbol")


def _written(draft: Draft, line: Record) -> None:
    """The first line opens the order."""
    header = draft.state.order(line[COMPANY], line["SalesOrderNumber"])
    assert header is not None  # the draft was checked
    if header.values.get("SalesOrderStatus") == "None":
        draft.state.store.update("SalesTable", header, {"SalesOrderStatus": "Backorder"})


def _deleting(state: Environment, line: Record) -> None:
    header = state.order(line[COMPANY], line["SalesOrderNumber"])
    assert header is not None  # a header that goes takes its lines along
    refuse_locked(header)
    if len(state.lines(line[COMPANY], line["SalesOrderNumber"])) == 1:
        state.store.update("SalesTable", header, {"SalesOrderStatus": "None"})


LINES: Final = TableRules(
    "Order lines",
    numbers=(Number("InventoryLotId", "Lot ID", "Lot", "{company}-{number:08d}", always=True),),
    relations=(
        Relation("SalesOrderNumber", "SalesTable", "Sales order", "Sales orders"),
        Relation("ItemNumber", "ReleasedProductsV2", "Item number", "Items"),
        Relation("SalesUnitSymbol", "UnitsOfMeasure", "Unit", "Units"),
        Relation("ShippingSiteId", "OperationalSites", "Site", "Sites"),
        Relation("ShippingWarehouseId", "Warehouses", "Warehouse", "Warehouses"),
        Relation("DeliveryModeCode", "DeliveryModesV2", "Mode of delivery", "Modes of delivery"),
        Relation("DeliveryTermsId", "DeliveryTerms", "Delivery terms", "Terms of delivery"),
        Relation("CurrencyCode", "Currencies", "Currency", "Currencies"),
        Relation("SalesTaxGroupCode", "TaxGroups", "Sales tax group", "Sales tax groups"),
        Relation(
            "SalesTaxItemGroupCode",
            "TaxItemGroupHeadings",
            "Item sales tax group",
            "Item sales tax groups",
        ),
    ),
    initial={"CalculateLineAmount": "Yes", "SkipCreateAutoCharges": "Yes"},
    fixed=frozenset({"SalesOrderNumber", "ItemNumber"}),
    defaults=_defaults,
    validate=_valid,
    written=_written,
    deleting=_deleting,
)
