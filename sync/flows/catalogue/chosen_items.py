"""Which SKU each released product has in the shop: by the rows of `items`, or by its rule."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sync.core.errors import Missing, Never
from sync.dynamics.documents.released_product import ReleasedProduct
from sync.engine.systems import Systems
from sync.mapping_tables.records import ItemMapping

NO_SKU: Final = "item "
"""Begins the key of an item that has no SKU; its number follows."""


@dataclass(frozen=True)
class Chosen:
    """A product and the row that shows it. `item`: its SKU; None where it has none, as `fault`
    says."""

    key: str
    released: ReleasedProduct
    item: ItemMapping | None
    fault: Never | None = None

    @property
    def is_variant(self) -> bool:
        """Whether its row names dimensions."""
        return self.item is not None and any(self.item.dimensions().values())

    @property
    def is_master(self) -> bool:
        """Whether it is a master itself, and none of its variants."""
        return self.released.is_master and not self.is_variant


async def mapped_items(systems: Systems) -> list[ItemMapping]:
    """The items of all rows."""
    rows = [row.sku async for row in systems.items.all()]
    return [item async for _, item in systems.items.every(rows)]


async def chosen_items(
    systems: Systems, rows: Iterable[ItemMapping], released: Mapping[str, ReleasedProduct]
) -> list[Chosen]:
    """All that `products` says is to be shown. `released`: by item number without case."""
    chosen = [
        Chosen(row.sku, released[row.item_number.casefold()], row)
        for row in rows
        if row.item_number.casefold() in released
    ]
    settings = systems.settings.products
    if settings.which == "released":
        taken = {
            one.released.item.casefold() for one in chosen
            if one.is_master or not one.released.is_master
        }  # fmt: skip
        left = [
            one for key, one in released.items()
            if key not in taken and (settings.configurables or not one.is_master)
        ]  # fmt: skip
        ruled = {sku: item async for sku, item in systems.items.every(one.item for one in left)}
        chosen += _by_rule(ruled, left)
    return chosen


def _by_rule(
    ruled: Mapping[str, ItemMapping], products: Iterable[ReleasedProduct]
) -> Iterator[Chosen]:
    """An item whose number is the SKU of another one has none, and neither has one without a
    rule."""
    for product in products:
        item = ruled.get(product.item)
        if item is not None and item.item_number.casefold() == product.item.casefold():
            yield Chosen(item.sku, product, item)
        else:
            yield Chosen(f"{NO_SKU}{product.item}", product, None, _no_sku(product, item))


def _no_sku(product: ReleasedProduct, item: ItemMapping | None) -> Never:
    why = f"SKU {product.item} is item {item.item_number}" if item else "items has no rule"
    return Never(
        f"item {product.item} has no SKU: no row names it, and {why}",
        remedy=f"Run: map items set SKU {product.item}; or leave its item group out of"
        " products.groups in connections.toml.",
        missing=(Missing("items", product.item),),
    )
