"""Play one seed and say what went wrong, with all that is needed to find out why."""

import logging
from collections.abc import Callable
from random import Random

from sync.road.ledger import Ledger
from sync.services import Services
from tests.simulation.checks import faults
from tests.simulation.naming import key_of
from tests.simulation.plan import Plan
from tests.simulation.world import World, Wrong, run_in
from tests.site import CONNECTION


def play(seed: int, *, make: Callable[..., Services] = Services, tells: bool = False) -> None:
    """Raises `Wrong` with the plan, the diary and the trails of what is wrong."""
    world = World(Plan.drawn(seed), make, tells)
    run_in(Random(f"loop {seed}"), _played(world))


def diary(seed: int) -> str:
    """What happens in a world, whether or not all is well in the end."""
    world = World(Plan.drawn(seed))
    run_in(Random(f"loop {seed}"), world.play())
    return world.diary.told()


async def _played(world: World) -> None:
    world.at_last = lambda: _judged(world)
    log = logging.getLogger("sync")
    before = log.level
    log.setLevel(logging.CRITICAL)  # thousands of deliveries, each with its lines
    try:
        await world.play()
    finally:
        log.setLevel(before)


async def _judged(world: World) -> None:
    found = await faults(world)
    if found:
        raise Wrong(await told(world, found))


async def told(world: World, found: list[str]) -> str:
    """Seed, faults, plan, trails of the orders named, and the diary."""
    ledger = Ledger(world.site.tables, world.clock)
    parts = [f"seed {world.plan.seed}; replay it with: make simulate SEED={world.plan.seed}", *found, world.plan.told()]
    for order in world.story.orders:
        if any(str(order.row["increment_id"]) in fault for fault in found):
            parts.append(f"trail of {key_of(order)} ({order.row['state']}):")
            for entry in await ledger.trail(CONNECTION, "orders", key_of(order)):
                at = (entry.at - world.started).total_seconds()
                parts.append(
                    f"  {at:10.3f}  {entry.event} {entry.number} {entry.origin}/{entry.attempt} {entry.reason}"
                )
    return "\n".join([*parts, "diary:", world.diary.told()])
