"""The REST resources of stock, as recorded on 2.4.7."""

from decimal import Decimal
from typing import Final

from sandbox.commerce.conditions import Kind, as_text
from sandbox.commerce.faults import RestFault, no_route, wrong_type
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain
from sandbox.commerce.stock import DEFAULT, source_items_from

READS: Final = "Magento_InventoryApi::source"
WRITES: Final = "Magento_InventoryApi::stock_source_item_assign"
SOURCE_ITEM: Final[dict[str, Kind]] = {
    "sku": "text", "source_code": "text", "quantity": "number", "status": "number",
}  # fmt: skip
SOURCE: Final[dict[str, Kind]] = {"source_code": "text", "name": "text", "enabled": "number"}
UNKNOWN: Final = "The product that was requested doesn't exist. Verify the product and try again."


def _with_sources(call: RestRequest) -> None:
    if call.state.stock.is_single:
        raise no_route()


def source_items(call: RestRequest) -> Columns:
    """`GET inventory/source-items`."""
    _with_sources(call)
    criteria = criteria_from(call.query)
    rows = [one.row() for one in call.state.stock.items.values()]
    page, total = found(rows, criteria, SOURCE_ITEM, dict.get)
    return listed([plain(row) for row in page], criteria, total)


def save_source_items(call: RestRequest) -> list[Columns]:
    """`POST inventory/source-items`: absolute, all or nothing; the last of two rows counts."""
    _with_sources(call)
    stock = call.state.stock
    for one in source_items_from(stock, call.body.get("sourceItems")):
        stock.put(one.sku, one.quantity, source=one.source, status=one.status)
    return []


def sources(call: RestRequest) -> Columns:
    """`GET inventory/sources`."""
    _with_sources(call)
    criteria = criteria_from(call.query)
    rows = [
        {"source_code": code, "name": code.title(), "enabled": enabled}
        for code, enabled in call.state.stock.sources.items()
    ]
    page, total = found(rows, criteria, SOURCE, dict.get)
    return listed(page, criteria, total)


def _product(call: RestRequest) -> str:
    one = call.state.catalogue.by_sku.get(as_text(call.arguments["sku"]))
    if one is None:
        raise RestFault(404, UNKNOWN)
    return one.sku


def stock_item(call: RestRequest) -> Columns:
    """`GET stockItems/{sku}`: the default source."""
    sku = _product(call)
    there = call.state.stock.items.get((as_text(sku), DEFAULT))
    quantity = there.quantity if there else Decimal(0)
    is_there = bool(there and there.status)
    rules = call.state.products.rules_of(sku)
    answer: Columns = plain({"item_id": 1, "qty": quantity, "is_in_stock": is_there, **rules})
    return answer


def save_stock_item(call: RestRequest) -> str:
    """`PUT products/{sku}/stockItems/{id}`; the id is ignored, a quantity that is omitted stays,
    and a status that is omitted follows the quantity."""
    sku, sent = _product(call), call.argument("stockItem")
    flag = sent.get("use_config_min_sale_qty", 0)
    if isinstance(flag, bool):
        raise wrong_type("1" if flag else "", "int", "use_config_min_sale_qty")
    call.state.products.set_rules(sku, sent)
    if "qty" not in sent:
        return "1"
    quantity = Decimal(sent["qty"])
    is_there = sent.get("is_in_stock", quantity > 0)
    call.state.stock.put(sku, quantity, status=int(bool(is_there)))
    return "1"


STOCK: Final = (
    Endpoint("GET", "inventory/source-items", READS, source_items),
    Endpoint("POST", "inventory/source-items", WRITES, save_source_items),
    Endpoint("GET", "inventory/sources", READS, sources),
    Endpoint("GET", "stockItems/{sku}", "Magento_CatalogInventory::cataloginventory", stock_item),
    Endpoint(
        "PUT",
        "products/{sku}/stockItems/{id}",
        "Magento_CatalogInventory::cataloginventory",
        save_stock_item,
    ),
)
