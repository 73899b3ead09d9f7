"""What must hold for `products`: fields for the flow, and tax classes where F&O owns them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections.products import Products
from sync.config.file.breaches import Breach, is_flowing, sound
from sync.config.file.toml_lines import Path

OF_OTHERS: Final = frozenset(
    {
        "cost", "description", "msrp", "name", "price", "sku", "special_price", "status",
        "tax_class_id", "tier_price", "url_key", "visibility", "weight",
    }
)  # fmt: skip
"""Attributes of Commerce that have another owner or another setting."""


def product_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `products` of the connection at `path`."""
    products, here = sound(Products, written.get("products", {})), (*path, "products")
    if products is None:
        return
    yield from _shared_catalogs(here, products, written)
    if not is_flowing(written, "products"):
        return
    if not products.fields and not products.views:
        what = 'the flow "products" is on, and "fields" names nothing that F&O owns'
        remedy = 'Write fields = ["name", "status"]: what F&O decides in all store views.'
        yield Breach((*here, "fields"), what, remedy)
    yield from _attributes(here, products, written)
    if "tax_class" in products.fields and not products.tax_classes:
        what = 'F&O owns the tax class, and "tax_classes" is missing'
        remedy = 'Write tax_classes = { FULL = "Taxable Goods" }: item sales tax group, tax class.'
        yield Breach((*here, "tax_classes"), what, remedy)
    if products.weight_factor <= 0:
        what = f"weight_factor is {products.weight_factor}"
        yield Breach((*here, "weight_factor"), what, "Write a number above 0.")
    for code in products.views:
        if code in ("", "all", "admin"):
            what = f'"{code}" is no store view'
            remedy = "Write the code that Stores > All Stores shows; fields is for all of them."
            yield Breach((*here, "views", code), what, remedy)


def _attributes(here: Path, products: Products, written: Mapping[str, Any]) -> Iterator[Breach]:
    if products.options == "create" and not is_flowing(written, "product_options"):
        what = 'options is "create", and the flow "product_options" is not on'
        remedy = 'Add "product_options" to flows: it makes the options.'
        yield Breach((*here, "options"), what, remedy)
    if products.configurables and not products.dimensions:
        what = "configurables is true, and dimensions names no attribute"
        remedy = 'Write dimensions = { color = "color" }: what tells variants apart.'
        yield Breach((*here, "configurables"), what, remedy)
    if products.categories and not products.category_hierarchy:
        what = "categories are named, and category_hierarchy is missing"
        remedy = 'Write category_hierarchy = "…": the hierarchy of F&O whose assignments count.'
        yield Breach((*here, "categories"), what, remedy)
    for code in products.attribute_codes:
        if code in OF_OTHERS:
            what = f"the attribute {code} is not one that products may show"
            remedy = "Leave it out: prices are of the flow prices, and other fields are in fields."
            yield Breach((*here, "attributes", code), what, remedy)


def _shared_catalogs(
    here: Path, products: Products, written: Mapping[str, Any]
) -> Iterator[Breach]:
    is_on, there = is_flowing(written, "shared_catalogs"), (*here, "shared_catalogs")
    if is_on and not products.shared_catalogs:
        what = 'the flow "shared_catalogs" is on, and "shared_catalogs" of products names none'
        remedy = 'Write shared_catalogs = { "Default (General)" = ["*"] }: its name, categories.'
        yield Breach(there, what, remedy)
    if products.shared_catalogs and not is_on:
        what = 'shared catalogs are named, and the flow "shared_catalogs" is not on'
        yield Breach(there, what, 'Add "shared_catalogs" to flows: it assigns the products.')
    if {*products.shared_catalog_categories} - {"*"} and not products.category_hierarchy:
        what = "shared catalogs are made of categories, and category_hierarchy is missing"
        remedy = 'Write category_hierarchy = "…": the hierarchy of F&O whose assignments count.'
        yield Breach(there, what, remedy)
