"""Where the prices of a connection hold in the shop, and which base prices are there."""

from collections.abc import Sequence
from decimal import Decimal

from sync.commerce.prices import ALL_WEBSITES, PriceScope
from sync.engine.systems import Systems


def price_scope(systems: Systems) -> PriceScope:
    """The website that the connection shows prices in; all of them where none is named."""
    settings = systems.settings.prices
    return PriceScope(settings.website, settings.store_view)


async def base_prices(systems: Systems, skus: Sequence[str]) -> dict[str, Decimal]:
    """Base prices by SKU as the shop spells it: those of the website that we show prices in, else
    those of all."""
    prices, scope = systems.commerce.prices, price_scope(systems)
    found = await prices.base(skus)
    if "prices" in systems.settings.flows and scope != ALL_WEBSITES:
        found |= await prices.base(skus, scope)
    return found
