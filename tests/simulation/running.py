"""Simulate one seed and say what went wrong, with all that is needed to find out why."""

import logging
from collections.abc import Callable
from random import Random

from sync.app.services import Services
from sync.engine.ledger import Ledger
from tests.doubles.digests import DIGESTS
from tests.simulation.before_polls import faults_before_polls
from tests.simulation.checks import faults
from tests.simulation.naming import key_of
from tests.simulation.plan import Plan
from tests.simulation.world import World, Wrong, run_in


def simulate(seed: int, *, make: Callable[..., Services] = Services, prints: bool = False) -> None:
    """Raises `Wrong` with the plan, the diary and the trails of what is wrong."""
    world = World(Plan.drawn(seed), make, prints)
    run_in(Random(f"loop {seed}"), _simulated(world))


def event_log(seed: int) -> str:
    """What happens in a world, whether or not all is well in the end."""
    world = World(Plan.drawn(seed))
    run_in(Random(f"loop {seed}"), world.simulate())
    return world.event_log.reported()


async def _simulated(world: World) -> None:
    world.before_polls = lambda: _judged_before_polls(world)
    world.at_last = lambda: _judged(world)
    log = logging.getLogger("sync")
    before = log.level
    log.setLevel(logging.CRITICAL)  # thousands of deliveries, each with its lines
    try:
        await world.simulate()
    finally:
        log.setLevel(before)


async def _judged_before_polls(world: World) -> None:
    found = [fault async for fault in faults_before_polls(world)]
    if found:
        raise Wrong(await reported(world, found))


async def _judged(world: World) -> None:
    found = await faults(world)
    if found:
        raise Wrong(await reported(world, found))


async def reported(world: World, found: list[str]) -> str:
    """Seed, faults, plan, trails of the orders named, and the diary."""
    ledger = Ledger(world.systems.tables, world.clock, DIGESTS)
    parts = [
        f"seed {world.plan.seed}; replay it with: make simulate SEED={world.plan.seed}",
        *found,
        world.plan.reported(),
    ]
    for order in world.story.orders:
        if any(str(order.row["increment_id"]) in fault for fault in found):
            parts.append(f"trail of {key_of(order)} ({order.row['state']}):")
            for entry in await ledger.trail(
                world.connection_of(order.row["store_id"]), "orders", key_of(order)
            ):
                at = (entry.at - world.started).total_seconds()
                parts.append(
                    f"  {at:10.3f}  {entry.event} {entry.number} {entry.origin}/{entry.attempt}"
                    f" {entry.reason}"
                )
    return "\n".join([*parts, "diary:", world.event_log.reported()])
