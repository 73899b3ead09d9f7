"""What the shops show of F&O's goods in the demo: their stock, their prices and their names."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.demo.environment import PRICES, PRODUCTS, STOCK, Environment
from sandbox.demo.prices import (
    WAVES,
    PricesShown,
    change_prices,
    first_prices,
    prices_in_the_end,
)
from sandbox.demo.products import Named, first_products, more_names, products_in_the_end
from sandbox.demo.reconciliation import Finding
from sandbox.demo.stock import Stocked, first_stock, more_stock, stock_in_the_end


@dataclass(frozen=True)
class Goods:
    """What was shown in the end."""

    stock: Stocked
    prices: PricesShown
    named: Named

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Where it differs."""
        return (*self.stock.findings, *self.prices.findings, *self.named.findings)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "stock": self.stock.as_json(), "prices": self.prices.as_json(),
            "products": self.named.as_json(),
        }  # fmt: skip


async def first_goods(environment: Environment, within: timedelta) -> None:
    """Everything has a price and is there, before the first order; then some prices change. Raises
    `Stuck`."""
    await first_prices(environment)
    await first_stock(environment, within)
    await first_products(environment, within)
    await change_prices(environment, WAVES[0])


async def more_goods(environment: Environment) -> None:
    """More comes in while orders run, and prices change again."""
    await more_stock(environment)
    await more_names(environment)
    await change_prices(environment, WAVES[1])


async def goods_in_the_end(environment: Environment, within: timedelta) -> Goods:
    """What the shops show, compared with F&O when everything is published. Raises `Stuck`."""
    await environment.poll(STOCK, PRICES, PRODUCTS)
    await environment.until_idle(_nothing, within=within)
    stock, prices, named = await asyncio.gather(
        stock_in_the_end(environment), prices_in_the_end(environment),
        products_in_the_end(environment),
    )  # fmt: skip
    return Goods(stock, prices, named)


async def _nothing() -> None:
    """Nobody watches."""
