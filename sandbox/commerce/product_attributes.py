"""The REST resources of product attributes, as recorded on 2.4.7-p8."""

from typing import Final

from sandbox.commerce.conditions import Kind
from sandbox.commerce.faults import no_such
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found

COLUMNS: Final[dict[str, Kind]] = {
    "attribute_id": "number", "attribute_code": "text", "is_user_defined": "number",
}  # fmt: skip


def attributes(call: RestRequest) -> Columns:
    """`GET products/attributes`, options among them."""
    criteria = criteria_from(call.query)
    rows = [one.row() for one in call.state.products.attributes.by_code.values()]
    page, total = found(rows, criteria, COLUMNS, dict.get)
    return listed(page, criteria, total)


def add_option(call: RestRequest) -> str:
    """`POST products/attributes/{code}/options`; the id, as a text."""
    known = call.state.products.attributes
    one = known.by_code.get(call.arguments["code"])
    if one is None:
        raise no_such("attributeCode", call.arguments["code"])
    return str(known.add(one, str(call.argument("option").get("label") or "")))


WRITES: Final = "Magento_Catalog::attributes_attributes"
ATTRIBUTES: Final = (
    Endpoint("GET", "products/attributes", WRITES, attributes),
    Endpoint("POST", "products/attributes/{code}/options", WRITES, add_option),
)
