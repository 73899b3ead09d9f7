"""What the shop shows of the fields that F&O owns."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sync.commerce.inventory import WITH_STOCK
from sync.commerce.models.product_attribute import ShopAttribute
from sync.config.connections.products import ProductView
from sync.engine.systems import Systems
from sync.flows.catalogue.configurable_links import variants_shown
from sync.flows.catalogue.product_rows import CONFIGURABLE
from sync.mapping.configurables import VARIANTS
from sync.mapping.product_images import FILES, IMAGES, shown_images
from sync.mapping.products import ALL, CATEGORIES, STOCK_ITEM
from sync.mapping.shown_products import (
    QUANTITIES,
    attributes_of,
    categories_of,
    quantities_of,
    values_of,
)
from sync.mapping_tables.records import normal_sku


@dataclass
class There:
    """A product of the shop: its type, the fields that F&O owns, by scope, and the ids of its
    images, by name."""

    kind: str
    content: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    images: dict[str, int] = field(default_factory=dict)


ABSENT: Final = There("")


async def read_shop(systems: Systems, keys: Collection[str] | None) -> dict[str, There]:
    """What the shop has of these, or of all, by `normal_sku`."""
    settings, shop = systems.settings.products, systems.commerce.product_data
    attributes = await shop.kinds(settings.attribute_codes)
    found: dict[str, There]
    views = [_view(systems, code, view, keys) for code, view in settings.views.items()]
    (found, linked), shown = await asyncio.gather(
        _products(systems, attributes, keys), asyncio.gather(*views)
    )
    for code, values in zip(settings.views, shown, strict=True):
        for sku in values.keys() & found.keys():
            found[sku].content[code] = values[sku]
    if settings.configurables:
        for sku, content in (await variants_shown(linked, attributes, systems)).items():
            found[sku].content[VARIANTS] = content
    if QUANTITIES in settings.fields:
        stocked = [sku for sku, one in found.items() if one.kind in WITH_STOCK]
        for sku, item in (await shop.stock_items(stocked)).items():
            found[sku].content[STOCK_ITEM] = quantities_of(item)
    return found


async def _products(
    systems: Systems, attributes: Mapping[str, ShopAttribute], keys: Collection[str] | None
) -> tuple[dict[str, There], dict[str, Mapping[str, Any]]]:
    """What all store views show, and the extension attributes of configurable products."""
    settings, shop = systems.settings.products, systems.commerce.product_data
    found, linked = dict[str, There](), dict[str, Mapping[str, Any]]()
    async for row in shop.shown(ALL, keys):
        there = found[normal_sku(str(row["sku"]))] = There(str(row.get("type_id")))
        owned = values_of(row, settings.fields) | attributes_of(row, attributes)
        there.content[ALL] = owned
        there.images = shown_images(row.get("media_gallery_entries") or [])
        there.content[IMAGES] = {FILES: sorted(there.images)}
        there.content[CATEGORIES] = categories_of(row, [*settings.categories.values()])
        if there.kind == CONFIGURABLE:
            linked[normal_sku(str(row["sku"]))] = row.get("extension_attributes") or {}
    return found, linked


async def _view(
    systems: Systems, code: str, view: ProductView, keys: Collection[str] | None
) -> dict[str, dict[str, Any]]:
    """What one store view shows of the fields that F&O owns there, by SKU."""
    fields = (*view.fields, *(("status",) if "status" in systems.settings.products.fields else ()))
    shown = systems.commerce.product_data.shown(code, keys)
    return {normal_sku(str(row["sku"])): values_of(row, fields) async for row in shown}
