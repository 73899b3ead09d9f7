"""Prices in the demo: F&O's price list is shown before the first order, changes in two waves while
orders run, and in the end each shop shows exactly what its F&O says."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.drifting import drifted
from sandbox.demo.environment import PRICES, Environment, Pair
from sandbox.demo.reconciliation import Finding
from sandbox.terms import SHELF, item_numbers
from sync.flows.catalogue.prices import prices

FIRST: Final = Decimal("12.50")
WAVES: Final = (Decimal("11.90"), Decimal("13.20"))
"""What some products cost later."""
BREAK: Final = 10
"""Pieces from which retailers pay less."""
WAVE: Final = tuple(product.sku for product in SHELF[60:120])


@dataclass(frozen=True)
class PricesShown:
    """What was shown in the end. `skus`: of all shops; `changes`: of prices in F&O meanwhile."""

    skus: int
    changes: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"skus": self.skus, "changes": self.changes, "drift": len(self.findings)}


async def first_prices(environment: Environment) -> None:
    """F&O has a price of everything, and it is shown."""
    for pair in environment.pairs.values():
        await cost(pair, item_numbers().values(), FIRST)
    await environment.poll(PRICES)


async def change_prices(environment: Environment, price: Decimal) -> None:
    """Some products cost something else, and less for retailers who buy many; one of them is told
    of at once."""
    numbers, some = item_numbers(), environment.masters.some().numbers
    for pair in environment.pairs.values():
        await cost(pair, [*(numbers[sku] for sku in WAVE), *some], price)
        await environment.touch(PRICES, pair.name, WAVE[0])
    await environment.poll(PRICES)


async def cost(pair: Pair, items: Iterable[str], price: Decimal) -> None:
    """Items cost this in F&O; after their first price, less for retailers who buy many."""
    found = dict.fromkeys(items, price)
    agreed = {} if price == FIRST else dict.fromkeys(found, price - 1)
    body = {"prices": found, "agreements": agreed, "group": "RETAIL", "from_quantity": BREAK}
    await pair.ledger.ask("POST", "/sandbox/prices", body)


async def prices_in_the_end(environment: Environment) -> PricesShown:
    """What the shops show against what F&O says, when everything is published."""
    skus, off = await drifted(environment, prices)
    each = len(WAVE) + len(environment.masters.some().variants())
    changes = len(WAVES) * each * len(environment.pairs)
    return PricesShown(skus, changes, tuple(off))
