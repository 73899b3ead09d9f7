"""Products in the demo: F&O names them, in two languages, and renames some while orders run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sandbox.demo.drifting import drifted
from sandbox.demo.environment import (
    PRICES,
    PRODUCT_OPTIONS,
    PRODUCTS,
    SHARED_CATALOGS,
    STOCK,
    Environment,
    Pair,
)
from sandbox.demo.prices import FIRST as FIRST_PRICE
from sandbox.demo.prices import cost
from sandbox.demo.reconciliation import Finding
from sandbox.terms import SHELF, item_numbers
from sync.flows.catalogue.products import products

ROUNDS: Final = ((PRODUCT_OPTIONS,), (PRODUCTS,), (PRICES, STOCK), (PRODUCTS, SHARED_CATALOGS))
"""A new product needs options, buyers its price, and the shop a price to show it."""
FIRST, WAVE = SHELF[:40], SHELF[20:60]
"""Those that have a German name from the beginning, and those that get another one later."""


@dataclass(frozen=True)
class Named:
    """What the shops show in the end. `skus`: products of F&O in all shops."""

    skus: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"skus": self.skus, "drift": len(self.findings)}


async def first_products(environment: Environment, within: timedelta) -> None:
    """The shops show F&O's names, and are given its masters with their variants: made first, then
    priced, then shown to buyers, who find them in stock. Raises `Stuck`."""
    masters = environment.masters
    for name, pair in environment.pairs.items():
        await _translated(pair, [one.sku for one in FIRST], "Regal")
        await masters.release(pair.ledger)
        await cost(pair, masters.numbers, FIRST_PRICE)
        await (await environment.engine.systems_pool.open(name)).items.put_many(masters.mappings())
    await publish(environment, within, ROUNDS if masters.count else ROUNDS[-1:])


async def publish(
    environment: Environment, within: timedelta, rounds: Sequence[tuple[str, ...]] = ROUNDS
) -> None:
    """Show all that there is, and what one flow needs of another after that. Raises `Stuck`."""
    for flows in rounds:
        await environment.poll(*flows)
        await environment.until_idle(within=within)


async def more_names(environment: Environment) -> None:
    """Somebody renames products; one of them is told of at once."""
    some = environment.masters.some()
    german = {item: f"Kappe {item}" for item in some.numbers}
    for pair in environment.pairs.values():
        await pair.ledger.ask("POST", "/sandbox/translations", {"language": "de", "names": german})
        await _translated(pair, [one.sku for one in WAVE], "Ablage")
        await environment.touch(PRODUCTS, pair.name, WAVE[0].sku)
    await environment.poll(PRODUCTS)


async def _translated(pair: Pair, skus: Sequence[str], word: str) -> None:
    numbers = item_numbers()
    names = {numbers[sku]: f"{word} {numbers[sku]}" for sku in skus}
    await pair.ledger.ask("POST", "/sandbox/translations", {"language": "de", "names": names})


async def products_in_the_end(environment: Environment) -> Named:
    """What the shops show against what F&O says, when everything is published."""
    count, found = await drifted(environment, products)
    return Named(count, tuple(found))
