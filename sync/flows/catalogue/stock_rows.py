"""The rows of the stock publication: what each source is to show of each SKU."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.core.encoding import to_json
from sync.core.errors import Missing, Never
from sync.core.money import ZERO
from sync.dynamics.free_quantities import FreeQuantities, product_key
from sync.dynamics.on_hand import ItemUnits
from sync.dynamics.unit_conversions import Conversions
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.catalogue.pieces import pieces_of
from sync.flows.catalogue.taken_orders import WebStock, posted, read_orders, web_stock
from sync.mapping.stock import in_pieces, shown_of
from sync.mapping_tables.records import ItemMapping


@dataclass(frozen=True)
class Reading:
    """What both systems said. `free` is in inventory units."""

    free: FreeQuantities
    units: ItemUnits
    conversions: Conversions
    multiples: Mapping[str, Decimal]
    web: WebStock


async def every(systems: Systems, ledger: Ledger) -> AsyncIterator[Shown]:
    """All SKUs that have an item in F&O and a quantity in the shop. What the rule of `items` makes
    the number of no released item is none of F&O's, and is left alone."""
    skus = await systems.commerce.inventory.skus()
    shelf = _Shelf(systems, await _read(systems, ledger))
    async for sku, item in systems.items.every(skus):
        row = shelf.row(sku, item)
        if row is not None:
            yield row


async def one(sku: str, systems: Systems, ledger: Ledger) -> Shown:
    """One SKU; its content is None where it has no item or no quantity."""
    known = await systems.commerce.inventory.sku(sku)
    item = await systems.items.get(sku) if known else None
    if item is None:
        return Shown(sku, None)
    shelf = _Shelf(systems, await _read(systems, ledger, item.item_number))
    return shelf.row(sku, item) or Shown(sku, None)


async def _read(systems: Systems, ledger: Ledger, item: str = "") -> Reading:
    """Open orders first and last: an order that F&O takes while its quantities are read then counts
    too little for a while, and never too much."""
    stock = systems.settings.stock
    company, on_hand = systems.settings.legal_entity, systems.dynamics.on_hand

    async def of_orders() -> tuple[FreeQuantities, WebStock]:
        before = await read_orders(systems, ledger)
        known = await posted(systems, ledger, before)
        free = await on_hand.free(
            company, list(stock.sources), stock.statuses, item=item,
            is_reserved=stock.reserved_on_arrival,
        )  # fmt: skip
        after = await read_orders(systems, ledger)
        return free, await web_stock(systems, before, after, known)

    async def multiples() -> Mapping[str, Decimal]:
        return await on_hand.multiples(company, item) if stock.multiples else {}

    (free, web), units, conversions, each = await asyncio.gather(
        of_orders(), on_hand.units(company, item), systems.dynamics.unit_conversions.all(),
        multiples(),
    )  # fmt: skip
    return Reading(free, units, conversions, each, web)


class _Shelf:
    """What the shop is to show of each SKU, by what both systems said."""

    def __init__(self, systems: Systems, reading: Reading) -> None:
        self._stock, self._reading = systems.settings.stock, reading
        by_source = sorted(_by_source(self._stock.sources.items()).items())
        self._sources = [(source, to_json(source), names) for source, names in by_source]

    def row(self, sku: str, item: ItemMapping) -> Shown | None:
        """The row of a SKU; None for what is no item of F&O."""
        pieces = _pieces(item, self._reading)
        if pieces is None:
            return None
        if isinstance(pieces, Never):
            return Shown(sku, {"fault": pieces.reason}, pieces)
        content, encoded = self._content(sku, item, pieces)
        moved = self._reading.web.moved.get(item.key, "")
        return Shown(sku, content, None, moved, encoded, f"item {item.item_number}")

    def _content(
        self, sku: str, item: ItemMapping, pieces: Fraction
    ) -> tuple[dict[str, Any], bytes]:
        """By source, and as canonical JSON."""
        reading, stock, safety = self._reading, self._stock, self._stock.safety_of(sku)
        free, web, key = reading.free.by_warehouse(product_key(item.product)), reading.web, item.key
        multiple = reading.multiples.get(item.item_number.casefold(), ZERO)
        content, encoded = dict[str, Any](), list[bytes]()
        for source, name, warehouses in self._sources:
            there = ZERO
            for warehouse in warehouses:
                there += free.get(warehouse, ZERO)
            shown, text = shown_of(
                in_pieces(there, pieces) - web.unposted.get((key, source), ZERO),
                web.taken.get((key, source), ZERO), safety, in_pieces(multiple, pieces),
                stock.decimals, backorders=stock.backorders,
            )  # fmt: skip
            content[source] = shown
            encoded.append(b"%b:%b" % (name, text))
        return content, b"{%b}" % b",".join(encoded)


def _by_source(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The warehouses of each source, in lower case."""
    found: dict[str, list[str]] = {}
    for warehouse, source in sources:
        found.setdefault(source, []).append(warehouse.casefold())
    return found


def _pieces(item: ItemMapping, reading: Reading) -> Fraction | Never | None:
    """How many pieces of the shop one inventory unit is, or why nobody knows; None for what is no
    item of F&O."""
    units = reading.units.of(item.item_number)
    if units is None and item.item_number == item.sku:
        return None
    if units is None:
        return Never(
            f"{item.sku}: item {item.item_number} is not released in this legal entity",
            remedy="Release the product in F&O, or correct the row: map items.",
            missing=(Missing("items", item.sku),),
        )
    return pieces_of(item, units, reading.conversions)
