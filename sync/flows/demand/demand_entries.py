"""The rows of the demand publication: of each item and week, the entry that F&O is to have."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

from sync.config.connections.demand import Demand
from sync.core.errors import Never
from sync.dynamics.demand_forecasts import DIMENSIONS, Entry
from sync.dynamics.on_hand import ItemUnits
from sync.dynamics.unit_conversions import Conversions
from sync.engine.demand_told import Told
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.pieces import pieces_of
from sync.mapping_tables.records import ItemMapping

WEEK: Final = timedelta(days=7)
HUNDREDTH: Final = Decimal("0.01")
DIGITS: Final = 14
"""Of a number, behind the prefix: F&O's numbers have 20 characters."""
BUILD: Final = "Run: python -m sync report build, and look at: report status."


@dataclass(frozen=True)
class DemandRow(Shown):
    """A row with its entry; None where it has a fault."""

    entry: Entry | None = None


async def every(systems: Systems, _: Ledger) -> AsyncIterator[Shown]:
    """All items that have a forecast which beats its baseline. SKUs without an item in F&O are left
    alone. Raises `Never` where there is no forecast, or an old one."""
    for company in systems.settings.legal_entities:
        async for row in _of(company, systems):
            yield row


async def one(key: str, systems: Systems, _: Ledger) -> Shown:
    """One item and week; its content is None where nothing is forecast."""
    company = company_of(key)
    if company in systems.settings.legal_entities:
        async for row in _of(company, systems):
            if row.key == key:
                return row
    return Shown(key, None)


async def _of(company: str, systems: Systems) -> AsyncIterator[Shown]:
    told = await _told(company, systems)
    units = await systems.dynamics.on_hand.units(company)
    conversions = await systems.dynamics.unit_conversions.all()
    weekly: dict[tuple[str, ...], list[Decimal]] = {}
    symbols: dict[tuple[str, ...], str] = {}
    async for sku, item in systems.items.every(told.pieces):
        pieces = _pieces(item, units, conversions)
        if isinstance(pieces, Never):
            yield DemandRow(f"{company}|{sku}|", {"fault": pieces.reason}, pieces)
        elif pieces is not None:
            found = units.of(item.item_number)
            product = (item.item_number, *(item.dimensions()[name] for name in DIMENSIONS))
            symbols[product] = found.inventory if found is not None else ""
            added = [one * pieces.denominator / pieces.numerator for one in told.pieces[sku]]
            before = weekly.get(product, [Decimal(0)] * len(added))
            weekly[product] = [a + b for a, b in zip(before, added, strict=True)]
    for product, quantities in sorted(weekly.items()):
        for row in _rows(company, product, quantities, told, systems, unit=symbols[product]):
            yield row


async def _told(company: str, systems: Systems) -> Told:
    told = await systems.demand_of(company)
    if told is None:
        raise Never(f"nothing was forecast for {company} yet", remedy=BUILD)
    oldest = timedelta(days=systems.settings.demand.oldest_days)
    if told.at < systems.clock.now() - oldest:
        raise Never(f"the forecast of {company} is of {told.at:%Y-%m-%d}, too old", remedy=BUILD)
    return told


def _rows(
    company: str,
    product: tuple[str, ...],
    quantities: list[Decimal],
    told: Told,
    systems: Systems,
    *,
    unit: str,
) -> Iterator[Shown]:
    """What is forecast to be nothing needs no entry."""
    settings = systems.settings.demand
    item, *dimensions = product
    for place, quantity in enumerate(quantities):
        week, wanted = told.monday + WEEK * place, quantity.quantize(HUNDREDTH)
        key = key_of(company, item, dimensions, week)
        if not wanted:
            continue
        entry = Entry(
            company, number_of(key, settings.prefix), settings.model, item, tuple(dimensions),
            week, settings.site, settings.warehouse, wanted, unit,
        )  # fmt: skip
        yield DemandRow(key, content_of(entry, settings), origin=f"item {item}", entry=entry)


def content_of(entry: Entry, settings: Demand) -> Mapping[str, Mapping[str, Any]]:
    """What of an entry is compared; of what no setting names, F&O may fill in its own."""
    site, warehouse = settings.site and entry.site, settings.warehouse and entry.warehouse
    place = "/".join(one for one in (site, warehouse) if one)
    return {entry.model: {"quantity": entry.quantity, "unit": entry.unit, "place": place}}


def number_of(key: str, prefix: str) -> str:
    """The number of an entry, by what it is the demand of: the same each time, so that nothing is
    there twice, wherever it is written."""
    return prefix + sha256(key.casefold().encode()).hexdigest()[:DIGITS].upper()


def key_of(company: str, item: str, dimensions: Sequence[str], week: date) -> str:
    """The key of a row."""
    told = "/".join(dimensions) if any(dimensions) else ""
    return f"{company}|{item}|{told}|{week.isoformat()}"


def company_of(key: str) -> str:
    """The legal entity of a row."""
    return key.partition("|")[0]


def week_of(key: str) -> date | None:
    """The week of a row; None for one that has none."""
    try:
        return date.fromisoformat(key.rpartition("|")[2])
    except ValueError:
        return None


def _pieces(
    item: ItemMapping, units: ItemUnits, conversions: Conversions
) -> Fraction | Never | None:
    """How many pieces one inventory unit is; None for what is not released."""
    found = units.of(item.item_number)
    return None if found is None else pieces_of(item, found, conversions)
