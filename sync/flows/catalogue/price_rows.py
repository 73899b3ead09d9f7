"""The rows of the price publication: the base price and the tiers of each SKU, as they count today.

Date windows need no clock of their own: a run looks which agreements apply on its day, by the legal
entity's time zone.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sync.core.errors import Missing, Never
from sync.dynamics.price_agreements import (
    Lines,
    SalesPrice,
    agreements_of,
    discounts_of,
    sales_price_of,
)
from sync.dynamics.unit_conversions import Conversions
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.mapping.price_search import Audience, Wanted, whose_line
from sync.mapping.priced import Priced, PriceRules
from sync.mapping.prices import prices_to_show
from sync.mapping_tables.records import ItemMapping

READINGS: Final = 2


@dataclass(frozen=True)
class Reading:
    """What F&O said, and who is shown a price. `day`: on which it counts, by the legal entity's
    time zone."""

    released: Lines
    agreements: Lines
    discounts: Lines | None
    conversions: Conversions
    rules: PriceRules
    day: date


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that have an item in F&O and a price of their own in the shop. What the rule of
    `items` makes the number of no released item is left alone."""
    skus = await systems.commerce.inventory.skus()
    reading = await read_prices(systems)
    async for sku, item in systems.items.every(skus):
        row = _row(systems, sku, item, reading)
        if row is not None:
            yield row


async def one(sku: str, systems: Systems, _ledger: Ledger) -> Shown:
    """One SKU; its content is None where it has no item or no price. What cannot be shown is read
    once more: a price and its agreements are of several requests, and somebody may have changed
    both between them."""
    known = await systems.commerce.inventory.sku(sku)
    item = await systems.items.get(sku) if known else None
    if item is None:
        return Shown(sku, None)
    for _ in range(READINGS):
        row = _row(systems, sku, item, await read_prices(systems, item.item_number))
        if row is None or row.fault is None:
            break
    return row or Shown(sku, None)


async def read_prices(systems: Systems, item: str = "") -> Reading:
    """Everything, or what may be of one item. Raises as the client does."""
    company, settings = systems.settings.legal_entity, systems.settings.prices
    client, zone = systems.dynamics.price_agreements, systems.settings.time_zone(company)
    return Reading(
        await client.sales_prices(company, item),
        await client.agreements(company, item, settings.customers),
        await client.discounts(company) if settings.line_discounts else None,
        await systems.dynamics.unit_conversions.all(),
        PriceRules(
            await _audiences(systems), settings.decimals, settings.unclear,
            special=settings.special_prices != "off", converts=settings.generic_currency,
        ),
        systems.clock.now().astimezone(zone).date(),
    )  # fmt: skip


async def _audiences(systems: Systems) -> list[Audience]:
    """The mapped price groups, and the mapped customers with the groups that F&O has them in."""
    settings, company = systems.settings.prices, systems.settings.legal_entity
    groups = [
        Audience(code, group, discount_group=settings.discount_groups.get(group, ""))
        for group, code in settings.groups.items()
    ]
    if not settings.customers:
        return groups
    found = await systems.dynamics.price_agreements.groups_of(company, list(settings.customers))
    for account, code in settings.customers.items():
        price_group, discount_group = found.get(account.casefold(), ("", ""))
        groups.append(Audience(code, price_group, account, discount_group))
    return groups


def _row(systems: Systems, sku: str, item: ItemMapping, reading: Reading) -> Shown | None:
    priced = priced_of(systems, sku, item, reading)
    if priced is None:
        return None
    shown = priced if isinstance(priced, Never) else prices_to_show(priced, reading.rules)
    if isinstance(shown, Never):
        return Shown(sku, {"fault": shown.reason}, shown)
    return Shown(sku, shown, origin=_origin(item, priced))


def _origin(item: ItemMapping, priced: Priced | Never) -> str:
    """The rows of F&O that a price may be of."""
    lines = () if isinstance(priced, Never) else (*priced.agreements, *priced.discounts)
    records = ", ".join(str(one.record) for one in lines)
    return f"item {item.item_number}" + (f", records {records}" if records else "")


def priced_of(
    systems: Systems, sku: str, item: ItemMapping, reading: Reading
) -> Priced | Never | None:
    """What a SKU's prices are made of; None for what is no item of F&O."""
    released = sales_price_of(reading.released, item.item_number)
    if released is None:
        return None if item.item_number == item.sku else _unreleased(item)
    unit = item.unit or released.unit
    base = _in_unit(released, unit, reading.conversions)
    searched = systems.settings.prices.searched
    lines = [
        one for one in agreements_of(reading.agreements, item.item_number)
        if whose_line(one).partition(" ")[0] in searched
    ]  # fmt: skip
    if base is None and released.price and not lines:
        return _no_conversion(item, released, unit)
    off = reading.discounts
    discounts = discounts_of(off, item.item_number, released.discount_group) if off else []
    return Priced(
        sku, base, item.factor, _wanted(systems, item, unit, reading.day), lines, discounts,
        released.charges,
    )  # fmt: skip


def _wanted(systems: Systems, item: ItemMapping, unit: str, day: date) -> Wanted:
    settings = systems.settings.prices
    places = {"PriceSiteId": settings.site, "PriceWarehouseId": settings.warehouse}
    filled = {**item.dimensions(), **places}
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
