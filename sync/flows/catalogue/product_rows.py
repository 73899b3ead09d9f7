"""The rows of the product publication: of each SKU, the fields that F&O owns.

The shop is asked which products it has, and which of them have a price: without one, none is
enabled.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from sync.commerce.inventory import WITH_STOCK
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.chosen_items import NO_SKU, Chosen, chosen_items, mapped_items
from sync.flows.catalogue.product_reading import (
    Reading,
    described,
    read,
    released_products,
    variant_of,
)
from sync.mapping.products import name_of, product_to_show
from sync.mapping_tables.records import ItemMapping, normal_sku


@dataclass(frozen=True)
class ShownProduct(Shown):
    """A product, with what only a new one is given: `name`, `kind`, its type, and `websites`; none
    where all are ours. `is_new`: the shop lacks it."""

    name: str = ""
    kind: str = "simple"
    websites: tuple[int, ...] = ()
    is_new: bool = False


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that are to be shown. What the shop has beside them is left alone."""
    released = await released_products(systems)
    chosen = await chosen_items(systems, await mapped_items(systems), released)
    types = await systems.commerce.inventory.types()
    for row in _rows(systems, chosen, await read(systems, chosen, types)):
        yield row


async def one(sku: str, systems: Systems, _: Ledger) -> Shown:
    """One SKU; its content is None where it is not to be shown (any more)."""
    rows = await mapped_items(systems)
    row = next((row for row in rows if row.key == normal_sku(sku)), None)
    if row is None and systems.settings.products.which == "mapped":
        return Shown(sku, None)
    number = row.item_number if row else sku.removeprefix(NO_SKU)
    released = await released_products(systems, number)
    of_item = [one for one in rows if one.item_number.casefold() in released]
    chosen = await chosen_items(systems, of_item, released)
    chosen = [one for one in chosen if normal_sku(one.key) == normal_sku(sku)]
    types = await systems.commerce.inventory.type_of(sku) if chosen else {}
    reading = await read(systems, chosen, types, number)
    return next(_rows(systems, chosen, reading), Shown(sku, None))


def _rows(systems: Systems, chosen: Iterable[Chosen], reading: Reading) -> Iterator[Shown]:
    for one in chosen:
        if one.item is None:
            if one.fault is not None:
                yield Shown(one.key, {"fault": one.fault.reason}, one.fault)
        elif row := _row(systems, one, one.item, reading):
            yield row


def _row(systems: Systems, one: Chosen, item: ItemMapping, reading: Reading) -> Shown | None:
    """None for what the shop lacks and is not to be made, for what it puts together itself (a
    bundle), and for variants that are not released: what was shown of them is withdrawn."""
    settings, kind = systems.settings.products, reading.types.get(normal_sku(one.key))
    if kind not in WITH_STOCK and (kind is not None or not settings.create):
        return None
    try:
        variant = variant_of(item, one.released, reading)
    except LookupError:
        return None
    known = described(one, item, variant, reading)
    shown = product_to_show(known, settings, reading.tax_classes)
    if isinstance(shown, dict):
        return ShownProduct(
            one.key, shown, name=name_of(known, settings),
            kind="virtual" if one.released.is_service else "simple",
            websites=reading.websites, is_new=kind is None,
        )  # fmt: skip
    return Shown(one.key, {"fault": shown.reason}, shown)
