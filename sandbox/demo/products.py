"""Products in the demo: F&O names them, in two languages, and renames some while orders run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.demo.environment import PRICES, PRODUCTS, Environment, Pair
from sandbox.demo.prices import FIRST as FIRST_PRICE
from sandbox.demo.prices import cost
from sandbox.demo.reconciliation import Finding
from sandbox.terms import SHELF, item_numbers
from sync.engine.drift import drift
from sync.flows.catalogue.products import products

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


async def _nothing() -> None:
    """Nobody watches."""


async def first_products(environment: Environment, within: timedelta) -> None:
    """The shops show F&O's names, and are given its masters with their variants: made first, then
    priced, then shown to buyers. Raises `Stuck`."""
    masters = environment.masters
    for name, pair in environment.pairs.items():
        await _translated(pair, [one.sku for one in FIRST], "Regal")
        await masters.release(pair.ledger)
        await cost(pair, masters.numbers, FIRST_PRICE)
        await (await environment.engine.systems_pool.open(name)).items.put_many(masters.mappings())
    for flow in (PRODUCTS, PRICES, PRODUCTS) if masters.count else (PRODUCTS,):
        await environment.poll(flow)
        await environment.until_idle(_nothing, within=within)


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


async def products_in_the_end(environment: Environment, within: timedelta) -> Named:
    """What the shops show against what F&O says, when everything is published. Raises `Stuck`."""
    await environment.poll(PRODUCTS)
    await environment.until_idle(_nothing, within=within)
    found: list[Finding] = []
    count = 0
    for pair in environment.pairs.values():
        systems = await environment.engine.systems_pool.open(pair.name)
        found += [
            Finding(pair.name, one.key, f"shows {one.field} {one.shown}, F&O says {one.wanted}")
            async for one in drift(products, systems, environment.engine.ledger)
        ]
        known = await environment.engine.ledger.mirror.whole(f"{pair.name}|{products.name}")
        count += known.shown
    return Named(count, tuple(found))
