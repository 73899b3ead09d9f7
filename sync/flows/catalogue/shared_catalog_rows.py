"""The rows of the publication to shared catalogs: of each product that the shop has, in which of
them it is to be. A variant is where its product is, for buyers choose it there.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Final

from sync.config.connections.products import Products
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.chosen_items import Chosen, chosen_items, mapped_items
from sync.flows.catalogue.product_reading import released_products
from sync.flows.catalogue.product_rows import chosen_of
from sync.flows.catalogue.shared_catalog_target import ASSIGNED, numbers_of
from sync.mapping.shown_products import Content
from sync.mapping_tables.records import normal_sku

EVERY: Final = "*"
"""In place of a category: all products."""


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All products of the shop that F&O releases. Raises `Never` where a shared catalog is not
    there."""
    await numbers_of(systems)
    released = await released_products(systems)
    chosen = await chosen_items(systems, await mapped_items(systems), released)
    types = await systems.commerce.inventory.types()
    for row in _rows(systems, chosen, types, await _categories(systems, ())):
        yield row


async def one(sku: str, systems: Systems, _: Ledger) -> Shown:
    """One product; its content is None where it is not released, or not in the shop."""
    wanted = (await chosen_of(sku, systems))[1]
    if not wanted:
        return Shown(sku, None)
    types = await systems.commerce.inventory.type_of(sku)
    categories = await _categories(systems, [one.released.product for one in wanted])
    return next(_rows(systems, wanted, types, categories), Shown(sku, None))


async def _categories(systems: Systems, few: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Record ids of the categories of products, by product number without case."""
    settings = systems.settings.products
    if {*settings.shared_catalog_categories} <= {EVERY}:
        return {}
    source = systems.dynamics.product_categories
    return await source.assigned(settings.category_hierarchy, [*few])


def _rows(
    systems: Systems,
    chosen: Iterable[Chosen],
    types: Mapping[str, str],
    categories: Mapping[str, frozenset[str]],
) -> Iterator[Shown]:
    settings, there = systems.settings.products, {normal_sku(sku) for sku in types}
    for product in chosen:
        if product.item is not None and normal_sku(product.key) in there:
            own = categories.get(product.released.product.casefold(), frozenset())
            item = f"item {product.released.item}"
            yield Shown(product.key, content_of(own, settings), origin=item)


def content_of(categories: frozenset[str], settings: Products) -> Content:
    """The shared catalogs of a product in these categories of F&O. Where people may assign more,
    those that it need not be in are not named."""
    wanted = {
        name: EVERY in some or not categories.isdisjoint(some)
        for name, some in settings.shared_catalogs.items()
    }
    return {
        name: {ASSIGNED: is_in}
        for name, is_in in wanted.items()
        if is_in or settings.shared_catalogs_owned
    }
