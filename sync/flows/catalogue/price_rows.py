"""The rows of the price publication: the base price and the tiers of each SKU, as they count today.

Date windows need no clock of their own: a run looks which agreements apply on its day, by the legal
entity's time zone.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sync.core.errors import Missing, Never
from sync.dynamics.documents.price_agreement import Agreement
from sync.dynamics.price_agreements import SalesPrice
from sync.dynamics.unit_conversions import Conversions
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.mapping.price_search import Wanted
from sync.mapping.prices import Priced, PriceRules, prices_to_show
from sync.mapping_tables.records import ItemMapping


@dataclass(frozen=True)
class Reading:
    """What F&O said, by item number in lower case."""

    released: Mapping[str, SalesPrice]
    agreements: Mapping[str, Sequence[Agreement]]
    conversions: Conversions


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that have an item in F&O and a price of their own in the shop. What the rule of
    `items` makes the number of no released item is left alone."""
    skus = await systems.commerce.inventory.skus()
    reading = await _read(systems)
    async for sku, item in systems.items.every(skus):
        for row in _rows(systems, {sku: item}, reading):
            yield row


async def one(sku: str, systems: Systems, _: Ledger) -> Shown:
    """One SKU; its content is None where it has no item or no price."""
    known = await systems.commerce.inventory.sku(sku)
    item = await systems.items.get(sku) if known else None
    if item is None:
        return Shown(sku, None)
    reading = await _read(systems, item.item_number)
    return next(_rows(systems, {sku: item}, reading), Shown(sku, None))


async def _read(systems: Systems, item: str = "") -> Reading:
    company, prices = systems.settings.legal_entity, systems.dynamics.price_agreements
    return Reading(
        await prices.sales_prices(company, item), await prices.agreements(company, item),
        await systems.dynamics.unit_conversions.all(),
    )  # fmt: skip


def _rows(systems: Systems, items: Mapping[str, ItemMapping], reading: Reading) -> Iterator[Shown]:
    settings = systems.settings.prices
    rules = PriceRules(settings.groups, settings.decimals, settings.unclear)
    for sku, item in items.items():
        priced = _priced(systems, sku, item, reading)
        if priced is None:
            continue
        shown = priced if isinstance(priced, Never) else prices_to_show(priced, rules)
        if isinstance(shown, Never):
            yield Shown(sku, {"fault": shown.reason}, shown)
        else:
            yield Shown(sku, shown)


def _priced(
    systems: Systems, sku: str, item: ItemMapping, reading: Reading
) -> Priced | Never | None:
    number = item.item_number.casefold()
    released = reading.released.get(number)
    if released is None:
        return None if item.item_number == item.sku else _unreleased(item)
    unit = item.unit or released.unit
    base = _in_unit(released, unit, reading.conversions)
    lines = reading.agreements.get(number, ())
    if base is None and released.price and not lines:
        return _no_conversion(item, released, unit)
    wanted = _wanted(systems, item, unit)
    return Priced(sku, base, item.factor, wanted, lines)


def _wanted(systems: Systems, item: ItemMapping, unit: str) -> Wanted:
    settings, company = systems.settings.prices, systems.settings.legal_entity
    places = {"PriceSiteId": settings.site, "PriceWarehouseId": settings.warehouse}
    filled = {**item.dimensions(), **places}
    day = systems.clock.now().astimezone(systems.settings.time_zone(company)).date()
    dimensions = frozenset((name, value.casefold()) for name, value in filled.items() if value)
    return Wanted(settings.currency, unit.casefold(), day, dimensions)


def _in_unit(released: SalesPrice, unit: str, conversions: Conversions) -> Decimal | None:
    """The item's own price of one such unit; None where it has none, or no conversion is known."""
    if not released.price:
        return None
    factor = conversions.factor(released.product, unit, released.unit)
    if factor is None or factor == 1:
        return None if factor is None else released.price
    exact = Fraction(released.price) * factor
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _unreleased(item: ItemMapping) -> Never:
    return Never(
        f"{item.sku}: item {item.item_number} is not released in this legal entity",
        remedy="Release the product in F&O, or correct the row: map items.",
        missing=(Missing("items", item.sku),),
    )


def _no_conversion(item: ItemMapping, released: SalesPrice, unit: str) -> Never:
    return Never(
        f"{item.sku}: F&O has no conversion from {unit} to {released.unit}, the unit of the sales"
        f" price of item {item.item_number}",
        remedy=(
            "Add the conversion in F&O (Organization administration > Units > Unit conversions), or"
            " post a trade agreement in that unit."
        ),
    )
