"""Orders of variants in the demo: a configurable product is bought, and F&O sells the item of its
master in the color and size that the buyer chose."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.environment import Environment, Pair
from sandbox.demo.masters import Masters
from sandbox.demo.prices import FIRST
from sandbox.demo.reconciliation import Finding, shop_number

BOUGHT: Final = (3, 4)
"""Pieces of each order."""
LINE: Final = ("ItemNumber", "ProductColorId", "ProductSizeId", "OrderedSalesQuantity")
Order = Mapping[str, Any]


async def buy_variants(pair: Pair, masters: Masters, most: int) -> list[Order]:
    """One order for each of `BOUGHT`, of a master each; not more than `most`."""
    found: list[Order] = []
    for item, pieces in list(zip(masters.numbers, BOUGHT, strict=False))[:most]:
        found += await pair.shop.place(1, quantities={item: pieces})
    return found


async def not_as_bought(
    environment: Environment, bought: Mapping[str, Sequence[Order]]
) -> list[Finding]:
    """Orders that cost nothing, or of which F&O does not have exactly one line of what was
    chosen; their amounts are compared as those of all orders are."""
    chosen = {
        one.sku: (one.item_number, one.color, one.size) for one in environment.masters.variants()
    }
    found = list[Finding]()
    for name, orders in bought.items():
        pair = environment.pairs[name]
        sold = {
            shop_number(row["CustomersOrderReference"]): row["lines"]
            for row in await pair.ledger.sales_orders()
        }
        for order in orders:
            number = str(order["increment_id"])
            lines = [tuple(line.get(name) for name in LINE) for line in sold.get(number, ())]
            lines = [line for line in lines if line[0] in environment.masters.numbers]
            wanted = [
                (*chosen[item["sku"]], Decimal(item["qty_ordered"]))
                for item in await pair.shop.items(order)
            ]
            if lines != wanted or len(lines) != 1 or Decimal(order["grand_total"]) < FIRST:
                found.append(Finding(name, number, f"is of {wanted}, F&O sells {lines}"))
    return found
