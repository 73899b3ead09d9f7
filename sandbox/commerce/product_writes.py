"""`POST products`, `PUT products/{sku}`, product tax classes and attribute sets, as recorded on
2.4.7 and 2.4.8.

A write names what it changes; all else stays. `POST` changes a product that is there, `PUT` makes
one that is not. Values of unknown attributes are dropped without a word.
"""

from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.assortment import Product
from sandbox.commerce.attributes import Attributes, stored
from sandbox.commerce.conditions import Kind
from sandbox.commerce.configurables import link
from sandbox.commerce.faults import RestFault, no_such, wrong_type
from sandbox.commerce.products import COLUMNS, columns_of, known_product, with_attributes
from sandbox.commerce.records import Columns, stamp
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shop_products import ALL
from sandbox.commerce.state import CommerceState

LONGEST_SKU: Final = 64
EMPTY: Final = 'The "Product Name" attribute value is empty. Set the attribute and try again.'
NO_SKU: Final = 'The "%1" attribute value is empty. Set the attribute and try again.'
TAKEN: Final = "URL key for specified store already exists."
CLASS: Final[dict[str, Kind]] = {
    "class_id": "number", "class_name": "text", "class_type": "text",
}  # fmt: skip
NOT_VALUES: Final = frozenset({"sku", "extension_attributes"})
WHOLE: Final = frozenset({"tax_class_id"})


def save(call: RestRequest) -> Columns:
    """`POST products`: by the SKU in the body."""
    sent = call.argument("product")
    if not sent.get("sku"):
        raise RestFault(400, NO_SKU, ["sku"])
    return _saved(call, str(sent["sku"]), sent)


def change(call: RestRequest) -> Columns:
    """`PUT products/{sku}`: by the SKU in the path, whatever the body says."""
    return _saved(call, call.arguments["sku"], call.argument("product"))


def _saved(call: RestRequest, sku: str, sent: Columns) -> Columns:
    state = call.state
    values = _values(sent, state.products.attributes)
    product = known_product(state, sku) or _made(state, sku, values)
    if product.type == "configurable":
        link(state, product.sku, sent.get("extension_attributes") or {})
    before = columns_of(state, product, ALL)
    state.products.write(product, call.scope, values, before)
    state.products.stamps[product.sku] = stamp(state.clock.now())
    return with_attributes(columns_of(state, product, call.scope))


def _values(sent: Columns, attributes: Attributes) -> Columns:
    """What is written, attributes among it; a SKU changes by no write. Raises the shop's refusal of
    a text where a number is due."""
    values = {name: value for name, value in sent.items() if name in COLUMNS - NOT_VALUES}
    for attribute in sent.get("custom_attributes") or []:
        code, value = str(attribute["attribute_code"]), attribute.get("value")
        if code in WHOLE and value is not None and not str(value).isdecimal():
            said = f'Attribute "{code}" has invalid value. The "{value}" value\'s type is invalid.'
            raise RestFault(
                400,
                f'Error occurred during "custom_attributes" processing. {said} The "int" type was'
                " expected. Verify and try again.",
            )
        if code in ("url_key", "tax_class_id", "description"):
            values[code] = value
        elif code in attributes.by_code:
            values[code] = stored(attributes, code, value)
    if values.get("status") not in (None, 1, 2):
        raise wrong_type(str(values["status"]), "int", "status")
    return values


def _made(state: CommerceState, sku: str, values: Columns) -> Product:
    """A new product, in the shop from now on."""
    if values.get("attribute_set_id") not in state.products.attribute_sets:
        raise RestFault(400, "Invalid product data: %1", ["Invalid attribute set entity type"])
    if not values.get("name"):
        raise RestFault(400, EMPTY)
    if len(sku) > LONGEST_SKU:
        raise RestFault(400, "SKU length should be 64 characters maximum.")
    others = state.catalogue.products
    key = values.setdefault("url_key", "-".join(str(values["name"]).lower().split()))
    shown = state.products.shown
    if any(shown(one, ALL).get("url_key", one.sku.lower()) == key for one in others):
        raise RestFault(400, TAKEN)
    number = max(one.product_id for one in others) + 1
    kind: Any = values.get("type_id") or "simple"
    price, weight = Decimal(values.get("price") or 0), Decimal(values.get("weight") or 0)
    product = Product(sku.strip(), number, price, kind, weight=weight, is_drawn=False)
    state.sell(product)
    state.stock.put(product.sku, Decimal(0), status=0)
    return product


def tax_classes(call: RestRequest) -> Columns:
    """`GET taxClasses/search`."""
    criteria = criteria_from(call.query)
    rows = [
        {"class_id": number, "class_name": name, "class_type": "PRODUCT"}
        for number, name in call.state.products.tax_classes.items()
    ]
    page, total = found(rows, criteria, CLASS, dict.get)
    return listed(page, criteria, total)


def attribute_set(call: RestRequest) -> Columns:
    """`GET products/attribute-sets/{id}`."""
    number = call.whole("id")
    name = call.state.products.attribute_sets.get(number)
    if name is None:
        raise no_such("attributeSetId", number)
    return {"attribute_set_id": number, "attribute_set_name": name, "entity_type_id": 4}


WRITES: Final = "Magento_Catalog::products"
PRODUCT_WRITES: Final = (
    Endpoint("GET", "taxClasses/search", "Magento_Tax::manage_tax", tax_classes),
    Endpoint("GET", "products/attribute-sets/{id}", "Magento_Catalog::sets", attribute_set),
    Endpoint("POST", "products", WRITES, save),
    Endpoint("PUT", "products/{sku}", WRITES, change),
)
