"""`GET products` and `GET products/{sku}`: the catalogue, each product with its custom options.

Shapes, rights and refusals as recorded on 2.4.8; SKUs are compared as the database compares text.
"""

from collections.abc import Iterable
from typing import Final

from sandbox.commerce import columns
from sandbox.commerce.assortment import Product
from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import ALWAYS, Columns, stamp
from sandbox.commerce.routing import Endpoint, RestRequest, listed
from sandbox.commerce.search import Criteria, criteria_from, found
from sandbox.commerce.shape import plain
from sandbox.commerce.state import CommerceState

TAX_CLASSES: Final = {"standard": "2", "reduced": "5", "zero": "0"}


COLUMNS: Final = frozenset(
    {
        "sku", "name", "attribute_set_id", "price", "status", "visibility", "type_id", "weight",
        "extension_attributes",
    }
)  # fmt: skip
"""What REST does not keep among the custom attributes."""
UNKNOWN: Final = "The product that was requested doesn't exist. Verify the product and try again."


def products(call: RestRequest) -> Columns:
    """`GET products`: an unknown field is refused as an attribute, with 400."""
    state, criteria = call.state, criteria_from(call.query)
    whole = [columns_of(state, one, call.scope) for one in _candidates(state, criteria)]
    rows = sorted(map(with_attributes, whole), key=lambda row: row["id"])
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


def _candidates(state: CommerceState, criteria: Criteria) -> Iterable[Product]:
    """The products that may fit: those that are named, where some are."""
    skus, ids = criteria.keys("sku"), criteria.keys("entity_id")
    if skus is not None:
        by_sku = state.catalogue.by_sku
        return [by_sku[sku] for sku in {as_text(one) for one in skus} if sku in by_sku]
    if ids is not None and all(map(str.isdecimal, ids)):
        by_id = state.catalogue.by_id
        return [by_id[number] for number in {int(one) for one in ids} if number in by_id]
    return state.catalogue.products


def product(call: RestRequest) -> Columns:
    """`GET products/{sku}`, whatever the case of the SKU."""
    one = known_product(call.state, call.arguments["sku"])
    if one is None:
        raise RestFault(404, UNKNOWN)
    answer: Columns = plain(with_attributes(columns_of(call.state, one, call.scope)))
    return answer


def known_product(state: CommerceState, sku: str) -> Product | None:
    """The product of a SKU, whatever its case."""
    return state.catalogue.by_sku.get(as_text(sku))


def columns_of(state: CommerceState, one: Product, scope: str) -> Columns:
    """What a scope shows of a product, attributes beside columns."""
    since = state.products.stamps.get(one.sku, stamp(ALWAYS))
    options = _options(one)
    return {
        "id": one.product_id, "sku": one.sku, "name": one.name, "attribute_set_id": 4,
        "status": 1, "visibility": 4, "type_id": one.type,
        "created_at": since, "updated_at": since, "weight": one.weight or None,
        "product_links": [],
        "options": options, "tier_prices": [],
        "media_gallery_entries": state.products.media.get(as_text(one.sku), []),
        "url_key": one.sku.lower(), "required_options": "0",
        "category_ids": [str(n) for n in sorted(state.products.members.get(as_text(one.sku), ()))],
        "has_options": "1" if options else "0", "tax_class_id": TAX_CLASSES[one.tax_class],
        **_of_bundle(one),
        **state.products.shown(one, scope), "price": state.prices.base_of(one),
        "extension_attributes": {
            "website_ids": [1], **state.products.links.get(as_text(one.sku), {}),
        },
    }  # fmt: skip


def _of_bundle(one: Product) -> dict[str, str]:
    if one.type != "bundle":
        return {}
    return {
        "price_type": "1" if one.fixed else "0", "shipment_type": "1" if one.in_parts else "0",
    }  # fmt: skip


FIRST: Final = frozenset(
    {
        "id", "created_at", "updated_at", "product_links", "options", "media_gallery_entries",
        "tier_prices", *COLUMNS,
    }
)  # fmt: skip


def with_attributes(row: Columns) -> Columns:
    """As REST answers it: the custom attributes that have a value in a list of their own."""
    attributes = [
        {"attribute_code": code, "value": value}
        for code, value in row.items()
        if code not in FIRST and value is not None
    ]
    first = {name: value for name, value in row.items() if name in FIRST}
    return {**first, "custom_attributes": attributes}


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
