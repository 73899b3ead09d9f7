"""What both systems say of the products that are to be shown."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sync.commerce.inventory import WITH_STOCK
from sync.commerce.models.product_attribute import ShopAttribute
from sync.config.connections.products import Products
from sync.dynamics.documents.product_attribute import Barcode
from sync.dynamics.documents.product_image import ProductImage
from sync.dynamics.documents.released_product import (
    OrderSettings,
    ReleasedProduct,
    TextsByLanguage,
    Variant,
)
from sync.dynamics.free_quantities import DIMENSIONS, product_key
from sync.dynamics.on_hand import Units
from sync.dynamics.product_attributes import ValuesByName
from sync.dynamics.unit_conversions import Conversions
from sync.engine.systems import Systems
from sync.flows.catalogue.chosen_items import Chosen
from sync.flows.catalogue.pieces import pieces_of
from sync.flows.catalogue.price_scope import base_prices
from sync.mapping.configurables import Child
from sync.mapping.product_attributes import AttributeSources
from sync.mapping.products import ALL, Described
from sync.mapping.shown_products import attributes_of
from sync.mapping_tables.records import ItemMapping, normal_sku


@dataclass(frozen=True)
class Reading:
    """`types`: of the products that the shop has. `prices`: its base prices. `variants_there`: what
    tells variants apart, as the shop shows it. SKUs are as `normal_sku` has them; `values`,
    `barcodes` and `categories` are by product number without case, `images` by item number.
    `family`: all that is chosen, by item number."""

    variants: Mapping[str, Variant]
    texts: TextsByLanguage
    orders: Mapping[str, OrderSettings]
    conversions: Conversions
    values: Mapping[str, ValuesByName]
    barcodes: Mapping[str, Sequence[Barcode]]
    categories: Mapping[str, frozenset[str]]
    images: Mapping[str, Sequence[ProductImage]]
    tax_classes: Mapping[str, str]
    attributes: Mapping[str, ShopAttribute]
    types: Mapping[str, str]
    variants_there: Mapping[str, Mapping[str, str | None]]
    family: Mapping[str, Sequence[Chosen]]
    prices: Mapping[str, Decimal]
    websites: tuple[int, ...]
    day: date


async def released_products(systems: Systems, item: str = "") -> dict[str, ReleasedProduct]:
    """Those of the groups that are shown, by item number without case; or only this one."""
    company = systems.settings.legal_entity
    released = await systems.dynamics.released_products.released(company, item)
    groups = {one.casefold() for one in systems.settings.products.groups}
    return {
        key: one for key, one in released.items()
        if not groups or one.group.casefold() in groups
    }  # fmt: skip


async def read(
    systems: Systems, chosen: Collection[Chosen], types: Mapping[str, str], item: str = ""
) -> Reading:
    """`types`: of the products that the shop has, by SKU. `item`: all that is chosen is of this
    one. Raises as both systems do."""
    company, settings = systems.settings.legal_entity, systems.settings.products
    source, shop = systems.dynamics.released_products, systems.commerce.product_data
    has_dimensions = any(one.item and any(one.item.dimensions().values()) for one in chosen)
    variants = await source.variants(company, item) if has_dimensions else {}
    numbers = {one.released.product for one in chosen}
    numbers |= {variant.product for variant in variants.values()}
    needs_orders = {"status", "quantities"} & {*settings.fields}
    known = {normal_sku(sku): kind for sku, kind in types.items()}
    zone = systems.settings.time_zone(company)
    few = [*numbers] if item else []
    attributes = await shop.attributes(settings.attribute_codes)
    return Reading(
        variants=variants,
        texts=await source.texts(numbers, settings.languages, is_few=bool(item)),
        orders=await source.order_settings(company, item) if needs_orders else {},
        conversions=await systems.dynamics.unit_conversions.all(),
        values=await _values(systems, few), barcodes=await _barcodes(systems, few),
        categories=await _categories(systems, few),
        images=await systems.dynamics.product_images.all(company, item) if settings.images else {},
        tax_classes=await shop.tax_classes() if "tax_class" in settings.fields else {},
        attributes=attributes, family=_by_item(chosen),
        variants_there=await _variants_there(systems, chosen, attributes),
        types=known, prices=await _prices(systems, chosen, known),
        websites=tuple(sorted(await systems.websites.ours() or ())),
        day=systems.clock.now().astimezone(zone).date(),
    )  # fmt: skip


async def _values(systems: Systems, few: Sequence[str]) -> Mapping[str, ValuesByName]:
    names = {one.name for one in systems.settings.products.attributes.values()}
    return await systems.dynamics.product_attributes.values(names, few) if names else {}


async def _categories(systems: Systems, few: Sequence[str]) -> Mapping[str, frozenset[str]]:
    settings = systems.settings.products
    if not settings.categories:
        return {}
    source = systems.dynamics.product_categories
    return await source.assigned(settings.category_hierarchy, few)


async def _barcodes(systems: Systems, few: Sequence[str]) -> Mapping[str, Sequence[Barcode]]:
    if not systems.settings.products.barcode:
        return {}
    company = systems.settings.legal_entity
    return await systems.dynamics.product_attributes.barcodes(company, few)


async def _variants_there(
    systems: Systems, chosen: Iterable[Chosen], attributes: Mapping[str, ShopAttribute]
) -> dict[str, Mapping[str, str | None]]:
    """The attributes of variants in the shop, where masters are shown."""
    settings, shop = systems.settings.products, systems.commerce.product_data
    if not settings.configurables:
        return {}
    axes = {code: one for code, one in attributes.items() if code in settings.dimensions.values()}
    rows = shop.shown(ALL, [one.key for one in chosen if one.is_variant])
    return {normal_sku(str(row["sku"])): attributes_of(row, axes) async for row in rows}


async def _prices(
    systems: Systems, chosen: Iterable[Chosen], known: Mapping[str, str]
) -> dict[str, Decimal]:
    """The base prices of what the shop has, where they decide on the status."""
    if "status" not in systems.settings.products.fields:
        return {}
    there = [one.key for one in chosen if known.get(normal_sku(one.key)) in WITH_STOCK]
    found = await base_prices(systems, there) if there else {}
    return {normal_sku(sku): price for sku, price in found.items()}


def variant_of(item: ItemMapping, product: ReleasedProduct, reading: Reading) -> Variant | None:
    """The released variant of an item with dimensions. Raises `LookupError` where it is not
    released: neither is a master without them."""
    dimensions = item.dimensions()
    if any(dimensions.values()) or product.is_master:
        key = product_key((item.item_number, *(dimensions[name] for name in DIMENSIONS)))
        return reading.variants[key]
    return None


def described(
    one: Chosen, item: ItemMapping, variant: Variant | None, reading: Reading
) -> Described:
    """All that is known of a product."""
    product, sku = one.released, normal_sku(one.key)
    units = Units(product.product, product.inventory_unit, product.sales_unit)
    return Described(
        sku=one.key, released=product, variant=variant, texts=reading.texts,
        orders=reading.orders.get(product.item.casefold(), OrderSettings()),
        pieces=pieces_of(item, units, reading.conversions), day=reading.day,
        has_price=bool(reading.prices.get(sku)),
        attributes=_attributes(product, item, variant, reading),
        categories=_categories_of(product, variant, reading),
        images=reading.images.get(product.item.casefold(), ()),
    )  # fmt: skip


def _categories_of(
    product: ReleasedProduct, variant: Variant | None, reading: Reading
) -> frozenset[str]:
    """Its own, and those of its master."""
    numbers = (product.product, variant.product if variant else "")
    return frozenset().union(*(reading.categories.get(one.casefold(), ()) for one in numbers))


def children_of(master: Chosen, settings: Products, reading: Reading) -> list[Child]:
    """The released variants of a master that the shop has."""
    found = []
    kinds = _kinds_of(master, settings, reading)
    for one in reading.family[master.released.item]:
        there = reading.variants_there.get(normal_sku(one.key))
        if one.item is None or there is None or not one.is_variant:
            continue
        with suppress(LookupError):
            variant_of(one.item, one.released, reading)
            values = tuple((code, there.get(code)) for code in kinds)
            found.append(Child(normal_sku(one.key), values))
    return found


def _kinds_of(master: Chosen, settings: Products, reading: Reading) -> list[str]:
    """The attributes of the dimensions that some variant of a master has."""
    items = [one.item for one in reading.family[master.released.item] if one.item]
    return [
        code for kind, code in settings.dimensions.items()
        if any(getattr(item, kind) for item in items)
    ]  # fmt: skip


def _by_item(chosen: Iterable[Chosen]) -> dict[str, list[Chosen]]:
    found: dict[str, list[Chosen]] = {}
    for one in chosen:
        found.setdefault(one.released.item, []).append(one)
    return found


def _attributes(
    product: ReleasedProduct, item: ItemMapping, variant: Variant | None, reading: Reading
) -> AttributeSources:
    """A variant has its own values before those of its master."""
    own = (variant.product if variant else product.product).casefold()
    values = {**reading.values.get(product.product.casefold(), {}), **reading.values.get(own, {})}

    def factor(start: str, end: str) -> Fraction | None:
        return reading.conversions.factor(product.product, start, end)

    return AttributeSources(
        values=values,
        dimensions={
            kind: str(getattr(item, kind))
            for kind in ("color", "size", "style", "configuration", "version")
        },
        barcodes=reading.barcodes.get(own, ()),
        sales_unit=item.unit or product.sales_unit,
        shop=reading.attributes,
        factor=factor,
    )
