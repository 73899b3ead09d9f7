"""What must hold of the catalogue once a world is quiet: the shop shows what F&O has, the mirror
says so of each row and of no other, and what F&O cannot tell waits for a person."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from sync.engine.claim import State
from sync.engine.ledger import Ledger
from sync.engine.publication import PublicationFlow
from sync.flows.catalogue.prices import prices
from sync.flows.catalogue.product_options import product_options
from sync.flows.catalogue.products import products
from sync.flows.catalogue.shared_catalogs import shared_catalogs
from sync.flows.catalogue.stock import stock
from sync.flows.demand.demand import demand
from sync.flows.orders.in_dynamics import is_posted
from tests.simulation.naming import key_of, reference_of
from tests.simulation.world import World
from tests.systems import CONNECTION

FLOWS: Final = (stock, prices, product_options, products, shared_catalogs, demand)


async def of_catalogue(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """What is wrong with it."""
    for flow in FLOWS:
        if flow.name not in world.plan.flows:
            continue
        for fault in world.catalogue.oversold:
            yield fault
        for fault in await _wrong(world, ledger, flow):
            yield fault
        async for fault in _of_mirror(world, ledger, flow):
            yield f"{flow.name} {fault}"


async def _wrong(world: World, ledger: Ledger, flow: PublicationFlow) -> Iterator[str]:
    catalogue = world.catalogue
    if flow is stock:
        return catalogue.wrong_quantities(*await _orders(world, ledger))
    if flow is prices:
        return catalogue.wrong_prices()
    if flow is shared_catalogs:
        return catalogue.sharing.wrong()
    if flow is demand:
        return catalogue.forecasting.wrong()
    named = catalogue.assortment
    return named.wrong_products() if flow is products else named.wrong_options()


async def _orders(world: World, ledger: Ledger) -> tuple[set[str], set[str]]:
    """References of the orders that F&O has, and of those that are parked."""
    claims = {
        reference_of(one): await ledger.claim(CONNECTION, "orders", key_of(one))
        for one in world.systems.commerce.orders.values()
    }
    known = {name for name, claim in claims.items() if is_posted(claim)}
    return known, {name for name, claim in claims.items() if claim.state is State.PARKED}


async def _of_mirror(world: World, ledger: Ledger, flow: PublicationFlow) -> AsyncIterator[str]:
    rows = await ledger.mirror.whole(f"{CONNECTION}|{flow.name}")
    async for row in flow.source.every(await world.opened(), ledger):
        was = rows.of(row.key)
        claim = await ledger.claim(CONNECTION, flow.name, row.key)
        if (claim.state is State.PARKED) != (row.fault is not None):
            yield f"{row.key} is {claim.state}: {claim.reason}"
        if row.fault is None and not ledger.mirror.shows(was, row):
            yield f"{row.key}: the mirror does not say what is shown: {was}"
