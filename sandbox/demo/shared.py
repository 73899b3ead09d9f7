"""Shared catalogs in the demo: F&O chooses by its categories what buyers of companies see, and one
product that people at the shop add by hand stays where it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.commerce.shared_catalogs import PUBLIC as GUESTS_TOO
from sandbox.demo.drifting import drifted
from sandbox.demo.environment import SHARED_CATALOGS, Environment, Pair
from sandbox.demo.home import PUBLIC, RECORD, WHOLESALE
from sandbox.demo.reconciliation import Finding
from sandbox.terms import SHELF, item_numbers
from sync.flows.catalogue.shared_catalogs import shared_catalogs

FIRST, MORE = ([one.sku for one in SHELF[:30]], [one.sku for one in SHELF[30:50]])
BY_HAND: Final = SHELF[50].sku
WEB: Final = {"ProductCategoryHierarchyName": "Web"}
CATEGORY: Final = "Wholesale"


@dataclass(frozen=True)
class Shared:
    """What buyers see in the end. `products`: of companies, in all shops."""

    products: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"products": self.products, "drift": len(self.findings)}


async def first_shared(environment: Environment) -> None:
    """The shops have one for all and one for companies, and F&O chooses products for the latter."""
    for pair in environment.pairs.values():
        await _put(pair, {"name": PUBLIC, "kind": GUESTS_TOO})
        await _put(pair, {"name": WHOLESALE})
        row = {**WEB, "CategoryName": CATEGORY, "CategoryRecordId": RECORD}
        await pair.ledger.ask("POST", "/sandbox/rows", {"ProductCategories": [row]})
        await _chosen(pair, FIRST)


async def more_shared(environment: Environment) -> None:
    """F&O chooses more, and somebody at the shop adds one."""
    for pair in environment.pairs.values():
        await _chosen(pair, MORE)
        await _put(pair, {"name": WHOLESALE, "skus": [BY_HAND]})
    await environment.poll(SHARED_CATALOGS)


async def shared_in_the_end(environment: Environment) -> Shared:
    """What is in the shared catalogs against what was chosen, when everything is published."""
    _, found = await drifted(environment, shared_catalogs)
    everything = {one.sku for one in SHELF}
    everything |= {one.sku for one in environment.masters.mappings()}
    count = 0
    for name, pair in environment.pairs.items():
        shown = await pair.shop.ask("GET", "/sandbox/shared_catalogs")
        count += len(shown[WHOLESALE])
        if {*shown[WHOLESALE]} != {*FIRST, *MORE, BY_HAND}:
            found.append(Finding(name, WHOLESALE, f"has {sorted(shown[WHOLESALE])}"))
        if lacking := everything - {*shown[PUBLIC]}:
            found.append(Finding(name, PUBLIC, f"lacks {sorted(lacking)}"))
    return Shared(count, tuple(found))


async def _chosen(pair: Pair, skus: Sequence[str]) -> None:
    numbers = item_numbers()
    rows = [{**WEB, "ProductCategoryName": CATEGORY, "ProductNumber": numbers[one]} for one in skus]
    await pair.ledger.ask("POST", "/sandbox/rows", {"ProductCategoryAssignments": rows})


async def _put(pair: Pair, wanted: dict[str, Any]) -> None:
    await pair.shop.ask("POST", "/sandbox/shared_catalogs", wanted)
