"""What the product's own comparison of both books says once a world is quiet: nothing that is not
known to wait for a person."""

from collections.abc import AsyncIterator
from datetime import timedelta

from sync.app.services import Services
from sync.engine.ledger import Ledger
from sync.flows import FLOWS
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import COMPARISONS, kinds_of, reconcile
from sync.reconcile.shipment_looks import BY_HAND
from tests.simulation.world import World

FLOW_OF = {one.name: one.flow for one in COMPARISONS}


async def of_reconciling(world: World, ledger: Ledger, excused: set[str]) -> AsyncIterator[str]:
    """Differences that nobody waits for. `excused`: orders that a person must decide about."""
    services = Services(world.systems.connections, FLOWS, world.systems.edition_parts())
    try:
        for name in world.systems.connections.connections:
            for one in await _differences(services, name):
                claim = await ledger.claim(name, FLOW_OF[one.kind], one.key)
                is_known = claim.waits_for_a_person or one.cause.is_explained
                if not is_known and one.key not in excused:
                    yield f"reconcile of {name}: {one.as_json()}"
    finally:
        await services.close()


async def _differences(services: Services, name: str) -> list[Difference]:
    systems = await services.systems_pool.open(name)
    connected = await Connected.of(systems, services.ledger, services.documents)
    # Shoppers' goods are shipped by hand in some worlds.
    now, found = services.edition_parts.clock.now(), list[Difference]()
    window = Window(now - timedelta(days=30), now)
    await reconcile(connected, window, kinds_of(connected), found.append)
    return [one for one in found if one.cause is not Cause.TAX and one.command != BY_HAND]
