"""Categories of the shop and the products in them, as recorded on 2.4.7-p8."""

from typing import Final

from sandbox.commerce.conditions import Kind, as_text
from sandbox.commerce.faults import RestFault, no_such
from sandbox.commerce.products import UNKNOWN, known_product
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found

COLUMNS: Final[dict[str, Kind]] = {"entity_id": "number", "name": "text"}
NOT_IN: Final = "The category doesn't contain the specified product."


def categories(call: RestRequest) -> Columns:
    """`GET categories/list`."""
    criteria = criteria_from(call.query)
    rows = [
        {"id": one, "entity_id": one, "name": name, "path": f"1/2/{one}"}
        for one, name in call.state.products.categories.items()
    ]
    page, total = found(rows, criteria, COLUMNS, dict.get)
    return listed([{**row} for row in page], criteria, total)


def _place(call: RestRequest, sku: str) -> tuple[int, str]:
    number, product = call.whole("id"), known_product(call.state, sku)
    if number not in call.state.products.categories:
        raise no_such("id", number)
    if product is None:
        raise RestFault(404, UNKNOWN)
    return number, as_text(product.sku)


def put_in(call: RestRequest) -> bool:
    """`PUT categories/{id}/products`."""
    number, sku = _place(call, str(call.argument("productLink").get("sku")))
    call.state.products.members.setdefault(sku, set()).add(number)
    return True


def take_out(call: RestRequest) -> bool:
    """`DELETE categories/{id}/products/{sku}`."""
    number, sku = _place(call, call.arguments["sku"])
    members = call.state.products.members.setdefault(sku, set())
    if number not in members:
        raise RestFault(400, NOT_IN)
    members.remove(number)
    return True


WRITES: Final = "Magento_Catalog::categories"
CATEGORIES: Final = (
    Endpoint("GET", "categories/list", WRITES, categories),
    Endpoint("PUT", "categories/{id}/products", WRITES, put_in),
    Endpoint("DELETE", "categories/{id}/products/{sku}", WRITES, take_out),
)
