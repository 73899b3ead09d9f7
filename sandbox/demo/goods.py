"""What the shops show of F&O's goods in the demo: their stock, their prices and their names."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.demo.environment import Environment
from sandbox.demo.options import Options, new_shade, options_in_the_end
from sandbox.demo.prices import (
    WAVES,
    PricesShown,
    change_prices,
    first_prices,
    prices_in_the_end,
)
from sandbox.demo.products import (
    Named,
    first_products,
    more_names,
    products_in_the_end,
    publish,
)
from sandbox.demo.reconciliation import Finding
from sandbox.demo.shared import Shared, first_shared, more_shared, shared_in_the_end
from sandbox.demo.stock import Stocked, first_stock, more_stock, stock_in_the_end


@dataclass(frozen=True)
class Goods:
    """What was shown in the end."""

    stock: Stocked
    prices: PricesShown
    named: Named
    shared: Shared
    options: Options

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Where it differs."""
        each = (self.stock, self.prices, self.named, self.shared, self.options)
        return tuple(finding for one in each for finding in one.findings)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "stock": self.stock.as_json(), "prices": self.prices.as_json(),
            "products": self.named.as_json(), "shared_catalogs": self.shared.as_json(),
            "product_options": self.options.as_json(),
        }  # fmt: skip


async def first_goods(environment: Environment, within: timedelta) -> None:
    """Everything has a price and is there, before the first order; then some prices change. Raises
    `Stuck`."""
    await first_prices(environment)
    await first_stock(environment, within)
    await first_shared(environment)
    await first_products(environment, within)
    await change_prices(environment, WAVES[0])


async def more_goods(environment: Environment, wave: int = 1) -> None:
    """More comes in while orders run, something new as well, and prices change again."""
    await new_shade(environment, wave)
    await more_stock(environment)
    await more_names(environment)
    await more_shared(environment)
    await change_prices(environment, WAVES[1])


async def goods_in_the_end(environment: Environment, within: timedelta) -> Goods:
    """What the shops show, compared with F&O when everything is published. Raises `Stuck`."""
    await publish(environment, within)
    return Goods(*await asyncio.gather(
        stock_in_the_end(environment), prices_in_the_end(environment),
        products_in_the_end(environment), shared_in_the_end(environment),
        options_in_the_end(environment),
    ))  # fmt: skip
