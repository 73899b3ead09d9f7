"""The rows of the product publication: of each SKU, the fields that F&O owns.

The shop is asked which products it has, and which of them have a price: without one, none is
enabled.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sync.commerce.inventory import WITH_STOCK
from sync.dynamics.documents.released_product import (
    OrderSettings,
    ReleasedProduct,
    TextsByLanguage,
    Variant,
)
from sync.dynamics.on_hand import ProductKey, Units, product_key
from sync.dynamics.unit_conversions import Conversions
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.chosen_items import NO_SKU, Chosen, chosen_items, mapped_items
from sync.flows.catalogue.pieces import pieces_of
from sync.mapping.products import Described, name_of, product_to_show
from sync.mapping_tables.records import ItemMapping, normal_sku


@dataclass(frozen=True)
class ShownProduct(Shown):
    """A product, with what only a new one is given: `name`, `kind`, its type, and `websites`; none
    where all are ours. `is_new`: the shop lacks it."""

    name: str = ""
    kind: str = "simple"
    websites: tuple[int, ...] = ()
    is_new: bool = False


@dataclass(frozen=True)
class Reading:
    """What both systems said. `types`: of the products that the shop has. `prices`: its base
    prices. SKUs are as `normal_sku` has them."""

    variants: Mapping[ProductKey, Variant]
    texts: TextsByLanguage
    orders: Mapping[str, OrderSettings]
    conversions: Conversions
    tax_classes: Mapping[str, str]
    types: Mapping[str, str]
    prices: Mapping[str, Decimal]
    websites: tuple[int, ...]
    day: date


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that are to be shown. What the shop has beside them is left alone."""
    released = await _released(systems)
    chosen = await chosen_items(systems, await mapped_items(systems), released)
    types = await systems.commerce.inventory.types()
    for row in _rows(systems, chosen, await _read(systems, chosen, types)):
        yield row


async def one(sku: str, systems: Systems, _: Ledger) -> Shown:
    """One SKU; its content is None where it is not to be shown (any more)."""
    rows = await mapped_items(systems)
    row = next((row for row in rows if row.key == normal_sku(sku)), None)
    if row is None and systems.settings.products.which == "mapped":
        return Shown(sku, None)
    number = row.item_number if row else sku.removeprefix(NO_SKU)
    released = await _released(systems, number)
    of_item = [one for one in rows if one.item_number.casefold() in released]
    chosen = await chosen_items(systems, of_item, released)
    chosen = [one for one in chosen if normal_sku(one.key) == normal_sku(sku)]
    types = await systems.commerce.inventory.type_of(sku) if chosen else {}
    reading = await _read(systems, chosen, types, number)
    return next(_rows(systems, chosen, reading), Shown(sku, None))


async def _released(systems: Systems, item: str = "") -> dict[str, ReleasedProduct]:
    """Those of the groups that are shown."""
    company = systems.settings.legal_entity
    released = await systems.dynamics.released_products.released(company, item)
    groups = {one.casefold() for one in systems.settings.products.groups}
    return {
        key: one for key, one in released.items()
        if not groups or one.group.casefold() in groups
    }  # fmt: skip


async def _read(
    systems: Systems, chosen: Collection[Chosen], types: Mapping[str, str], item: str = ""
) -> Reading:
    """`item`: all that is chosen is of this one."""
    known = {normal_sku(sku): kind for sku, kind in types.items()}
    company, fields = systems.settings.legal_entity, systems.settings.products.fields
    source, shop = systems.dynamics.released_products, systems.commerce.product_data
    has_dimensions = any(one.item and any(one.item.dimensions().values()) for one in chosen)
    variants = await source.variants(company, item) if has_dimensions else {}
    needs_orders = {"status", "quantities"} & {*fields}
    zone = systems.settings.time_zone(company)
    return Reading(
        variants=variants,
        texts=await _texts(systems, chosen, variants, item),
        orders=await source.order_settings(company, item) if needs_orders else {},
        conversions=await systems.dynamics.unit_conversions.all(),
        tax_classes=await shop.tax_classes() if "tax_class" in fields else {},
        types=known, prices=await _prices(systems, chosen, known),
        websites=tuple(sorted(await systems.websites.ours() or ())),
        day=systems.clock.now().astimezone(zone).date(),
    )  # fmt: skip


async def _texts(
    systems: Systems, chosen: Iterable[Chosen], variants: Mapping[ProductKey, Variant], item: str
) -> TextsByLanguage:
    """Of one item, its own product and its variants are too few to read all for them."""
    numbers = {one.released.product for one in chosen}
    numbers |= {variant.product for variant in variants.values()}
    settings, source = systems.settings.products, systems.dynamics.released_products
    return await source.texts(numbers, settings.languages, is_few=bool(item))


async def _prices(
    systems: Systems, chosen: Iterable[Chosen], known: Mapping[str, str]
) -> dict[str, Decimal]:
    """The base prices of what the shop has, where they decide on the status."""
    if "status" not in systems.settings.products.fields:
        return {}
    there = [one.key for one in chosen if known.get(normal_sku(one.key)) in WITH_STOCK]
    found = await systems.commerce.prices.base(there) if there else {}
    return {normal_sku(sku): price for sku, price in found.items()}


def _rows(systems: Systems, chosen: Iterable[Chosen], reading: Reading) -> Iterator[Shown]:
    for one in chosen:
        row = _row(systems, one, reading)
        if row is not None:
            yield row


def _row(systems: Systems, one: Chosen, reading: Reading) -> Shown | None:
    """None for what the shop lacks and is not to be made, for what it puts together itself (a
    bundle), and for variants that are not released: what was shown of them is withdrawn."""
    settings, item = systems.settings.products, one.item
    if item is None:
        fault = one.fault
        return Shown(one.key, {"fault": fault.reason}, fault) if fault else None
    kind = reading.types.get(normal_sku(one.key))
    key = product_key(item.item_number, item.dimensions())
    variant = reading.variants.get(key)
    is_released = variant is not None or not (any(key[1:]) or one.released.is_master)
    may_be = kind in WITH_STOCK or (kind is None and settings.create)
    if not (is_released and may_be):
        return None
    known = _described(one, item, variant, reading)
    shown = product_to_show(known, settings, reading.tax_classes)
    if isinstance(shown, dict):
        return ShownProduct(
            one.key, shown, name=name_of(known, settings),
            kind="virtual" if one.released.is_service else "simple",
            websites=reading.websites, is_new=kind is None,
        )  # fmt: skip
    return Shown(one.key, {"fault": shown.reason}, shown)


def _described(
    one: Chosen, item: ItemMapping, variant: Variant | None, reading: Reading
) -> Described:
    product, sku = one.released, normal_sku(one.key)
    units = Units(product.product, product.inventory_unit, product.sales_unit)
    return Described(
        sku=one.key, released=product, variant=variant, texts=reading.texts,
        orders=reading.orders.get(product.item.casefold(), OrderSettings()),
        pieces=pieces_of(item, units, reading.conversions), day=reading.day,
        has_price=bool(reading.prices.get(sku)),
    )  # fmt: skip
