"""The rows of the stock publication: what each source is to show of each SKU."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.core.errors import Missing, Never
from sync.core.money import ZERO
from sync.dynamics.on_hand import ProductKey, Units, product_key
from sync.dynamics.unit_conversions import Conversions
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.pieces import pieces_of
from sync.flows.catalogue.taken_orders import WebStock, posted, read_orders, web_stock
from sync.mapping.stock import as_shown, in_pieces, pieces_to_show
from sync.mapping_tables.records import ItemMapping, normal_sku


@dataclass(frozen=True)
class Reading:
    """What both systems said. `free`: by product and warehouse, in inventory units."""

    free: Mapping[ProductKey, Mapping[str, Decimal]]
    units: Mapping[str, Units]
    conversions: Conversions
    multiples: Mapping[str, Decimal]
    web: WebStock


async def every(systems: Systems, ledger: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that have an item in F&O and a quantity in the shop. What the rule of `items` makes
    the number of no released item is none of F&O's, and is left alone."""
    items = await systems.items.every(await systems.commerce.inventory.skus())
    reading = await _read(systems, ledger)
    for row in _rows(systems, items, reading):
        yield row


async def one(sku: str, systems: Systems, ledger: Ledger) -> Shown:
    """One SKU; its content is None where it has no item or no quantity."""
    known = await systems.commerce.inventory.sku(sku)
    item = await systems.items.get(sku) if known else None
    if item is None:
        return Shown(sku, None)
    reading = await _read(systems, ledger, item.item_number)
    return next(_rows(systems, {sku: item}, reading), Shown(sku, None))


async def _read(systems: Systems, ledger: Ledger, item: str = "") -> Reading:
    """Open orders first and last: an order that F&O takes while its quantities are read then counts
    too little for a while, and never too much."""
    stock = systems.settings.stock
    before = await read_orders(systems, ledger)
    known = await posted(systems, ledger, before)
    company, on_hand = systems.settings.legal_entity, systems.dynamics.on_hand
    is_reserved, warehouses = stock.reserved_on_arrival, list(stock.sources)
    free = await on_hand.free(
        company, warehouses, stock.statuses, is_reserved=is_reserved, item=item
    )
    units = await on_hand.units(company, item)
    conversions = await systems.dynamics.unit_conversions.all()
    multiples = await on_hand.multiples(company, item) if stock.multiples else {}
    after = await read_orders(systems, ledger)
    web = await web_stock(systems, before, after, known)
    return Reading(free, units, conversions, multiples, web)


def _rows(systems: Systems, items: Mapping[str, ItemMapping], reading: Reading) -> Iterator[Shown]:
    warehouses = _by_source(systems.settings.stock.sources.items())
    for sku, item in items.items():
        pieces = _pieces(item, reading)
        if pieces is None:
            continue
        if isinstance(pieces, Never):
            yield Shown(sku, {"fault": pieces.reason}, pieces)
            continue
        free = reading.free.get(product_key(item.item_number, item.dimensions()), {})
        multiple = reading.multiples.get(item.item_number.casefold(), ZERO)
        content = {
            source: _shown(
                systems, reading.web, (sku, source),
                in_pieces(sum((free.get(one, ZERO) for one in names), ZERO), pieces),
                in_pieces(multiple, pieces),
            )
            for source, names in warehouses.items()
        }  # fmt: skip
        yield Shown(sku, content, moved=reading.web.moved.get(normal_sku(sku), ""))


def _shown(
    systems: Systems, web: WebStock, place: tuple[str, str], free: Decimal, multiple: Decimal
) -> dict[str, Any]:
    stock, (sku, source) = systems.settings.stock, place
    key = (normal_sku(sku), source)
    pieces = pieces_to_show(
        free - web.unposted.get(key, ZERO),
        web.taken.get(key, ZERO),
        safety=stock.safety_of(sku),
        multiple=multiple,
        decimals=stock.decimals,
    )
    return as_shown(pieces, backorders=stock.backorders)


def _by_source(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The warehouses of each source, in lower case."""
    found: dict[str, list[str]] = {}
    for warehouse, source in sources:
        found.setdefault(source, []).append(warehouse.casefold())
    return found


def _pieces(item: ItemMapping, reading: Reading) -> Fraction | Never | None:
    """How many pieces of the shop one inventory unit is, or why nobody knows; None for what is no
    item of F&O."""
    units = reading.units.get(item.item_number.casefold())
    if units is None and item.item_number == item.sku:
        return None
    if units is None:
        return Never(
            f"{item.sku}: item {item.item_number} is not released in this legal entity",
            remedy="Release the product in F&O, or correct the row: map items.",
            missing=(Missing("items", item.sku),),
        )
    return pieces_of(item, units, reading.conversions)
