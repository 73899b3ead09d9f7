"""`GET products` and `GET products/{sku}`: the catalogue, each product with its custom options.

Shapes, rights and refusals as recorded on 2.4.8; SKUs are compared as the database compares text.
"""

from typing import Final

from sandbox.commerce import columns
from sandbox.commerce.assortment import Product
from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import ALWAYS, Columns, stamp
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import criteria_from, found
from sandbox.commerce.shape import plain
from sandbox.commerce.state import CommerceState

TAX_CLASSES: Final = {"standard": "2", "reduced": "5", "zero": "0"}


def products(call: RestRequest) -> Columns:
    """`GET products`: an unknown field is refused as an attribute, with 400."""
    products = call.state.catalogue.products
    rows = sorted((_row(call.state, one) for one in products), key=lambda row: row["id"])
    criteria = criteria_from(call.query)
    page, total = found(
        [{**row, "entity_id": row["id"]} for row in rows],
        criteria,
        columns.PRODUCT,
        dict.get,
        attributes=True,
    )
    for row in page:
        del row["entity_id"]
    return listed([plain(row) for row in page], criteria, total)


def product(call: RestRequest) -> Columns:
    """`GET products/{sku}`, whatever the case of the SKU."""
    for one in call.state.catalogue.products:
        if as_text(one.sku) == as_text(call.arguments["sku"]):
            answer: Columns = plain(_row(call.state, one))
            return answer
    raise RestFault(
        404, "The product that was requested doesn't exist. Verify the product and try again."
    )


def _row(state: CommerceState, one: Product) -> Columns:
    since = state.product_stamps.get(one.sku, stamp(ALWAYS))
    return {
        "id": one.product_id, "sku": one.sku, "name": one.name, "attribute_set_id": 4,
        "price": one.price, "status": 1, "visibility": 4, "type_id": one.type,
        "created_at": since, "updated_at": since, "weight": one.weight or None,
        "extension_attributes": {"website_ids": [1]}, "product_links": [],
        "options": _options(one), "media_gallery_entries": [], "tier_prices": [],
        "custom_attributes": [
            {"attribute_code": code, "value": value} for code, value in _attributes(one).items()
        ],
    }  # fmt: skip


def _attributes(one: Product) -> dict[str, str]:
    attributes = {
        "url_key": one.sku.lower(),
        "required_options": "0",
        "has_options": "1" if _options(one) else "0",
        "tax_class_id": TAX_CLASSES[one.tax_class],
    }
    if one.type == "bundle":
        attributes["price_type"] = "1" if one.fixed else "0"
        attributes["shipment_type"] = "1" if one.in_parts else "0"
    return attributes


def _options(one: Product) -> list[Columns]:
    """Each choice as a list with one value, which orders name by the option's own id."""
    if one.type == "downloadable":
        return []  # its choices are links
    skus = one.option_skus or (None,) * len(one.options)
    return [
        {
            "product_sku": one.sku, "option_id": int(option), "title": f"Option {option}",
            "type": "drop_down", "sort_order": place, "is_require": False,
            "values": [
                {
                    "title": f"Value {option}", "sort_order": 1, "price": surcharge,
                    "price_type": "fixed", "sku": sku, "option_type_id": int(option),
                }
            ],
        }
        for place, ((option, surcharge), sku) in enumerate(
            zip(one.options, skus, strict=True), start=1
        )
    ]  # fmt: skip


PRODUCTS: Final = (
    Endpoint("GET", "products", "Magento_Catalog::products", products),
    Endpoint("GET", "products/{sku}", "Magento_Catalog::products", product),
)
