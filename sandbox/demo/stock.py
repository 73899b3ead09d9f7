"""Stock in the demo: F&O has goods, more come in while orders run, and in the end each shop offers
exactly what its F&O can still deliver."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.drifting import drifted
from sandbox.demo.environment import STOCK, Environment, Pair
from sandbox.demo.masters import Masters
from sandbox.demo.reconciliation import Finding
from sandbox.terms import SHELF, item_numbers
from sync.dynamics.free_quantities import AVAILABLE
from sync.dynamics.on_hand import BY_WAREHOUSE, ON_ORDER
from sync.flows.catalogue.stock import stock

VARIANT: Final = ("ItemNumber", "ProductColorId", "ProductSizeId")
PIECES: Final = 5000
"""Of each item at first: nothing of a demo runs out."""
MORE: Final = 25
"""Pieces that come in later, of some items."""
WAVE: Final = tuple(product.sku for product in SHELF[:60])


@dataclass(frozen=True)
class Offered:
    """What a shop has of F&O's goods, by both systems' own books. `what`: products or pieces."""

    connection: str
    what: str
    commerce: Decimal
    dynamics: Decimal

    def as_json(self) -> dict[str, str]:
        """Counts as text."""
        counts = {"commerce": f"{self.commerce:f}", "dynamics": f"{self.dynamics:f}"}
        return {"connection": self.connection, "what": self.what, **counts}


@dataclass(frozen=True)
class Stocked:
    """What was shown in the end. `skus`: of all shops; `pieces`: that they offer."""

    skus: int
    pieces: Decimal
    findings: tuple[Finding, ...]
    offered: tuple[Offered, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        found = {"skus": self.skus, "pieces": self.pieces, "drift": len(self.findings)}
        return {**found, "offered": [one.as_json() for one in self.offered]}


async def first_stock(environment: Environment, within: timedelta) -> None:
    """F&O has goods of everything, and the shops manage stock from when they show it: before that
    they could ship nothing. Raises `Stuck`."""
    for pair in environment.pairs.values():
        await pair.shop.ask("POST", "/sandbox/stock", {"is_managed": True})
        await _come_in(pair, list(item_numbers()), PIECES, environment.masters)
    await environment.poll(STOCK)
    await environment.until_idle(within=within)


async def more_stock(environment: Environment) -> None:
    """A delivery comes in; one product of it is told of at once."""
    for pair in environment.pairs.values():
        await _come_in(pair, WAVE, MORE, environment.masters.some())
        await environment.touch(STOCK, pair.name, WAVE[0])
    await environment.poll(STOCK)


async def _come_in(pair: Pair, skus: Sequence[str], pieces: int, masters: Masters) -> None:
    numbers = item_numbers()
    items = {numbers[sku]: pieces for sku in skus}
    body = {"items": items, "variants": masters.goods(pieces)}
    await pair.ledger.ask("POST", "/sandbox/receipts", body)


async def stock_in_the_end(environment: Environment) -> Stocked:
    """What the shops show against what F&O says, and what they offer against what it can
    deliver, when everything is published."""
    pairs = environment.pairs.values()
    (_, off), each = await asyncio.gather(
        drifted(environment, stock),
        asyncio.gather(*(_compared(environment, pair) for pair in pairs)),
    )
    return Stocked(
        sum(one.skus for one in each), sum((one.pieces for one in each), Decimal(0)),
        (*off, *(finding for one in each for finding in one.findings)),
        tuple(row for one in each for row in one.offered),
    )  # fmt: skip


async def _compared(environment: Environment, pair: Pair) -> Stocked:
    rows, shown = await asyncio.gather(
        pair.ledger.rows_of(BY_WAREHOUSE, pair.token, *VARIANT, AVAILABLE, *ON_ORDER),
        pair.shop.ask("GET", "/sandbox/stock"),
    )
    off, can = list[Finding](), _deliverable(rows, environment.masters)
    offered = {row["sku"].casefold(): Decimal(row["salable"]) for row in shown}
    goods = [one.sku for one in SHELF] + [one.sku for one in environment.masters.variants()]
    names = sorted({*offered, *map(str.casefold, goods)})
    for sku in names:
        if sku not in offered:
            off.append(Finding(pair.name, sku, "is not in the shop"))
        elif offered[sku] != can[sku]:
            what = f"offers {offered[sku]} pieces, F&O can deliver {can[sku]}"
            off.append(Finding(pair.name, sku, what))
    pieces = sum(offered.values(), Decimal(0))
    compared = (
        Offered(pair.name, "products", Decimal(len(offered)), Decimal(len(names))),
        Offered(pair.name, "pieces", pieces, sum((can[sku] for sku in names), Decimal(0))),
    )
    return Stocked(len(shown), pieces, tuple(off), compared)


def _deliverable(rows: Sequence[Mapping[str, Any]], masters: Masters) -> Mapping[str, Decimal]:
    """What F&O can deliver, by SKU without case; nothing of what it does not have."""
    free = {
        tuple(row[name] for name in VARIANT): row[AVAILABLE] - sum(row[name] for name in ON_ORDER)
        for row in rows
    }
    items = {sku: (number, "", "") for sku, number in item_numbers().items()}
    items |= {one.sku: (one.item_number, one.color, one.size) for one in masters.variants()}
    found = {sku.casefold(): free.get(item, Decimal(0)) for sku, item in items.items()}
    return defaultdict(Decimal, found)
