"""Where the product publication writes: the fields that F&O owns, and nothing beside them.

What the shop shows is read first, and only what differs is sent, one request for each scope of a
product. A product that is not released any more is disabled, and never deleted.
"""

from asyncio import TaskGroup
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce.errors import NotAccepted, NotThere
from sync.commerce.inventory import WITH_STOCK
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.mirror_pieces import piece_of
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.catalogue.configurable_links import links_of
from sync.flows.catalogue.product_requests import (
    REMEDY,
    Unlike,
    first_values,
    image_entry,
    requests_of,
    wanted_of,
)
from sync.flows.catalogue.product_rows import CONFIGURABLE, ShownProduct
from sync.flows.catalogue.shop_reading import ABSENT, There, read_shop
from sync.flows.targets import commerce_of
from sync.mapping.configurables import VARIANTS
from sync.mapping.product_images import IMAGES
from sync.mapping.products import ALL, CATEGORIES, STOCK_ITEM
from sync.mapping.shown_products import (
    Content,
    differences,
    stock_item_of,
)
from sync.mapping_tables.records import normal_sku

LINKING: Final = 2
"""Reads of a configurable product's variants and attributes."""
AT_ONCE: Final = 16_000
"""Kilobytes of images that are held in memory at once, at most."""


@dataclass(frozen=True)
class ShopProducts(RowTarget):
    """Products in Commerce, a chunk of SKUs at a time, side by side as the shop's pace allows."""

    most: int = 40
    is_whole: ClassVar[bool] = False

    @override
    def rank(self, row: Shown) -> int:
        """Configurable products when their variants are there: each look finds more of them."""
        return int(isinstance(row, ShownProduct) and row.kind == CONFIGURABLE)

    @override
    def cost(self, row: Shown) -> int:
        """A new product is made by one request, and each store view, image, category and the rest
        of it take one more. What links variants is three: both ends are looked up."""
        if not isinstance(row, ShownProduct) or not row.is_new:
            return 1
        content = row.content or {VARIANTS: {}, IMAGES: {}}
        parts = content.keys() - {ALL, IMAGES, CATEGORIES}
        links: int = LINKING * (VARIANTS in parts) + sum(content.get(CATEGORIES, {}).values())
        return 1 + len(parts) + links + len(row.images) * (IMAGES in content)

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)

    @override
    def same(self, key: str) -> str:
        return normal_sku(key)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        return [request for row in rows for request in requests_of(row, systems)]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        """In rounds, each after a look at the shop: what it lacks is made, then all store views are
        given their values, and single ones where they still show another."""
        refused: dict[str, Never] = {}
        kept, there, is_stale = [*rows], dict[str, There](), True
        views = (self._save_views,) if systems.settings.products.views else ()
        for save in (self._create, self._save, *views):
            if is_stale:
                there = await read_shop(systems, [row.key for row in kept]) if kept else {}
            refused |= await _side_by_side(kept, partial(save, systems, there, not_after))
            kept = [row for row in rows if row.key not in refused]
            is_stale = save == self._save or len(there) < len(kept)
        return {**refused, **await self._not_shown(kept, systems)}

    async def _create(
        self, systems: Systems, there: Mapping[str, There], not_after: datetime, row: Shown
    ) -> None:
        known = there.get(normal_sku(row.key))
        if row.content is None:
            return
        if known is None:
            values = first_values(row, systems)
            await systems.commerce.product_data.create(values, not_after=not_after)
        elif not _is_fit(row, known):
            raise _of_type(row.key, known.kind)

    async def _save(
        self, systems: Systems, there: Mapping[str, There], not_after: datetime, row: Shown
    ) -> None:
        shop, known = systems.commerce.product_data, there.get(normal_sku(row.key), ABSENT)
        wanted = {} if known is ABSENT else wanted_of(row, systems)
        for scope, changed in _changes(wanted, known):
            if scope == STOCK_ITEM:
                rules = stock_item_of(changed)
                await shop.change_stock_item(row.key, rules, not_after=not_after)
            elif scope == CATEGORIES:
                await self._move(row.key, changed, systems, not_after)
            elif scope == VARIANTS:
                links = await links_of(wanted[scope], systems)
                await shop.change(ALL, row.key, links, not_after=not_after)
            elif scope == IMAGES:
                await self._save_images(row, known, systems, not_after)
            elif scope == ALL:
                await shop.change(ALL, row.key, changed, not_after=not_after)

    async def _save_views(
        self, systems: Systems, there: Mapping[str, There], not_after: datetime, row: Shown
    ) -> None:
        known = there.get(normal_sku(row.key), ABSENT)
        wanted = {} if known is ABSENT else wanted_of(row, systems)
        for scope, changed in _changes(wanted, known):
            if scope in systems.settings.products.views:
                shop = systems.commerce.product_data
                await shop.change(scope, row.key, changed, not_after=not_after)

    async def _save_images(
        self, row: Shown, there: There, systems: Systems, not_after: datetime
    ) -> None:
        """Images that the shop lacks are added, and those that F&O has no more are removed. A
        few are held in memory at a time."""
        shop = systems.commerce.product_data
        images = row.images if isinstance(row, ShownProduct) else ()
        for image in images:
            if image.name not in there.images:
                async with systems.one_at_a_time(_image_lock(row, systems)):
                    entry = await image_entry(row, image, systems)
                    await shop.add_image(row.key, entry, not_after=not_after)
        for name, number in there.images.items():
            if name not in {image.name for image in images}:
                await shop.remove_image(row.key, number, not_after=not_after)

    async def _move(
        self, sku: str, changed: Mapping[str, int], systems: Systems, not_after: datetime
    ) -> None:
        """Put a product into categories, and take it out of others."""
        categories = systems.commerce.categories
        for category, is_in in changed.items():
            move = categories.put_in if is_in else categories.take_out
            await move(int(category), sku, not_after=not_after)

    async def _not_shown(self, rows: Sequence[Shown], systems: Systems) -> dict[str, Never]:
        """Rows that the shop does not show although it took them. A 200 is not believed."""
        found = await self.shown(systems, [row.key for row in rows]) if rows else {}
        refused: dict[str, Never] = {}
        for row in rows:
            there = found.get(normal_sku(row.key))
            if there is None and row.content is None:
                continue
            off = differences(wanted_of(row, systems), there or {})
            if off:
                refused[row.key] = Never(f"{row.key}: {'; '.join(off)}", remedy=REMEDY)
        return refused

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Content]:
        return {sku: there.content for sku, there in (await read_shop(systems, keys)).items()}


async def _side_by_side(
    rows: Sequence[Shown], save: Callable[[Shown], Awaitable[None]]
) -> dict[str, Never]:
    """Save rows as the shop's pace allows; why it refused some."""
    refused: dict[str, Never] = {}

    async def saved(row: Shown) -> None:
        try:
            await save(row)
        except (NotAccepted, NotThere, Unlike) as error:
            refused[row.key] = error

    try:
        async with TaskGroup() as group:
            for row in rows:
                group.create_task(saved(row))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return refused


def _changes(wanted: Content, there: There) -> Iterator[tuple[str, dict[str, Any]]]:
    """The values that differ, by scope."""
    for scope, values in wanted.items():
        shows = there.content.get(scope, {})
        changed = {name: value for name, value in values.items() if shows.get(name) != value}
        if changed:
            yield scope, changed


def _image_lock(row: Shown, systems: Systems) -> str:
    """The lock of those of whose images one is held at a time: four where images are small."""
    at_once = min(4, max(1, AT_ONCE // systems.settings.products.largest_image_kilobytes))
    return f"images {int(piece_of(row.key), 16) % at_once}"


def _is_fit(row: Shown, there: There) -> bool:
    if isinstance(row, ShownProduct) and row.kind == CONFIGURABLE:
        return there.kind == CONFIGURABLE
    return there.kind in WITH_STOCK


def _of_type(sku: str, kind: str) -> Unlike:
    return Unlike(
        f"{sku}: the shop has it as a product of the type {kind}",
        remedy="Map the item to another SKU (map items set), or make it a simple or virtual product"
        " in Commerce.",
    )
