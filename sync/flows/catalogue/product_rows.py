"""The rows of the product publication: of each SKU, the fields that F&O owns.

The shop is asked which products it has, and which of them have a price: without one, none is
enabled.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync.commerce.inventory import WITH_STOCK
from sync.core.errors import Never
from sync.dynamics.documents.product_image import ProductImage
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.chosen_items import NO_SKU, Chosen, chosen_items, mapped_items
from sync.flows.catalogue.product_reading import (
    Reading,
    children_of,
    described,
    read,
    released_products,
    variant_of,
)
from sync.mapping.products import Described, name_of, origin_of, product_to_show
from sync.mapping_tables.records import ItemMapping, normal_sku

CONFIGURABLE: Final = "configurable"


@dataclass(frozen=True)
class ShownProduct(Shown):
    """A product, with what only a new one is given: `name`, `kind`, its type, and `websites`; none
    where all are ours. `is_new`: the shop lacks it. `is_part`: shoppers find it in another one.
    `images`: those of F&O."""

    name: str = ""
    kind: str = "simple"
    websites: tuple[int, ...] = ()
    is_new: bool = False
    is_part: bool = False
    images: Sequence[ProductImage] = ()


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that are to be shown. What the shop has beside them is left alone."""
    released = await released_products(systems)
    chosen = await chosen_items(systems, await mapped_items(systems), released)
    types = await systems.commerce.inventory.types()
    for row in _rows(systems, chosen, await read(systems, chosen, types)):
        yield row


async def one(sku: str, systems: Systems, _: Ledger) -> Shown:
    """One SKU; its content is None where it is not to be shown (any more)."""
    chosen, wanted = await chosen_of(sku, systems)
    if not wanted:
        return Shown(sku, None)
    number = wanted[0].released.item
    if any(one.is_master for one in wanted):
        reading = await read(systems, chosen, await systems.commerce.inventory.types(), number)
    else:
        types = await systems.commerce.inventory.type_of(sku)
        reading = await read(systems, wanted, types, number)
    return next(_rows(systems, wanted, reading), Shown(sku, None))


async def chosen_of(sku: str, systems: Systems) -> tuple[list[Chosen], list[Chosen]]:
    """All that is chosen of the item that has a SKU, and of these what has the SKU itself."""
    rows = await mapped_items(systems)
    row = next((row for row in rows if row.key == normal_sku(sku)), None)
    if row is None and systems.settings.products.which == "mapped":
        return [], []
    number = row.item_number if row else sku.removeprefix(NO_SKU)
    released = await released_products(systems, number)
    of_item = [one for one in rows if one.item_number.casefold() in released]
    chosen = await chosen_items(systems, of_item, released)
    return chosen, [one for one in chosen if normal_sku(one.key) == normal_sku(sku)]


def _rows(systems: Systems, chosen: Iterable[Chosen], reading: Reading) -> Iterator[Shown]:
    for one in chosen:
        if one.item is None:
            if one.fault is not None:
                yield Shown(one.key, {"fault": one.fault.reason}, one.fault)
        elif row := _row(systems, one, one.item, reading):
            yield row


def _row(systems: Systems, one: Chosen, item: ItemMapping, reading: Reading) -> Shown | None:
    """None for what the shop lacks and is not to be made, for what it puts together itself (a
    bundle), for variants that are not released, and for masters without any: what was shown of them
    is withdrawn."""
    settings, kind = systems.settings.products, reading.types.get(normal_sku(one.key))
    fitting = {CONFIGURABLE} if one.is_master else WITH_STOCK
    if kind not in fitting and (kind is not None or not settings.create):
        return None
    known = _known(systems, one, item, reading)
    if known is None:
        return _waiting(one, reading) if one.is_master and settings.configurables else None
    shown = product_to_show(known, settings, reading.tax_classes)
    if isinstance(shown, Never):
        return Shown(one.key, {"fault": shown.reason}, shown)
    return ShownProduct(
        one.key, shown, origin=origin_of(known, settings),
        name=name_of(known, settings), kind=_kind(one),
        websites=reading.websites, is_new=kind is None,
        is_part=settings.configurables and one.is_variant, images=known.images,
    )  # fmt: skip


def _waiting(one: Chosen, reading: Reading) -> Shown:
    """A master that is shown once one of its variants is."""
    images = reading.images.get(one.released.item.casefold(), ())
    is_new = normal_sku(one.key) not in reading.types
    return ShownProduct(one.key, None, waits=True, is_new=is_new, images=images)


def _known(systems: Systems, one: Chosen, item: ItemMapping, reading: Reading) -> Described | None:
    """All that is known of a product that can be shown. A configurable one has the prices of its
    variants."""
    settings = systems.settings.products
    if not one.is_master:
        try:
            return described(one, item, variant_of(item, one.released, reading), reading)
        except LookupError:
            return None
    children = children_of(one, settings, reading) if settings.configurables else []
    if not any(child.is_ready for child in children):
        return None
    has_price = any(reading.prices.get(child.sku) for child in children if child.is_ready)
    known = described(one, item, None, reading)
    return replace(known, children=children, has_price=has_price)


def _kind(one: Chosen) -> str:
    if one.is_master:
        return CONFIGURABLE
    return "virtual" if one.released.is_service else "simple"
