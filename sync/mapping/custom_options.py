"""Skus that chosen custom options have made longer: `ENG-1-TXT-MAT` is `ENG-1` with two of them."""

from collections.abc import Collection, Iterable
from typing import Final

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order

OWN_SKU: Final = frozenset({"simple", "virtual", "downloadable"})
"""Product types whose sku in an order is the product's and that of its custom options. Those of
bundles and configurable products name their parts as well."""


def with_custom_options(order: Order) -> dict[str, int]:
    """The skus that chosen custom options may have made longer, each with its product's id."""
    return longer_skus(order.items)


def longer_skus(items: Iterable[Item]) -> dict[str, int]:
    """The same of rows of any orders."""
    return {
        item.sku: item.product_id
        for item in items
        if item.product_option and item.product_id and item.product_type in OWN_SKU
    }


def remedy(skus: Collection[str]) -> str:
    """What else helps where these skus, which have custom options, are not mapped."""
    if not skus:
        return ""
    return (
        f" {', '.join(sorted(skus))} may be a product's sku with custom options:"
        ' items.custom_options = "base" in connections.toml takes the item of the product.'
    )
