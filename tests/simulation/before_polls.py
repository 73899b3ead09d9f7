"""What must hold before any poll has looked: whatever a webhook told and was answered with success,
and what F&O wrote into its queue, is delivered by the notifications alone."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from sync.engine.claim import Claim, State
from sync.engine.ledger import Ledger
from tests.doubles.digests import DIGESTS
from tests.simulation.checks import of_order
from tests.simulation.naming import key_of
from tests.simulation.read_back import of_invoice
from tests.simulation.world import World

NO_OUTCOME: Final = (State.NEW, State.POSTING, State.VANISHED)


async def faults_before_polls(world: World) -> AsyncIterator[str]:
    """What was told and not delivered, in a world where no poll has looked yet."""
    ledger = Ledger(world.systems.tables, world.clock, DIGESTS)
    for (connection, flow, key), at in world.told.taken.items():
        claim = await ledger.claim(connection, flow, key)
        if connection == world.owner_of(flow, key):
            for fault in _of_told(world, claim, at):
                yield f"{flow} {key}, told at {at:%H:%M:%S} and not polled: {fault}"
    for order in world.story.orders:
        connection, key = world.connection_of(order.row["store_id"]), key_of(order)
        if world.told.is_whole(connection, "orders", key):
            claim = await ledger.claim(connection, "orders", key)
            for fault in of_order(world, order, claim):
                yield f"order {key}, told and not polled: {fault}"
    for number in sorted(world.told.events & world.story.posted.keys()):
        async for fault in _of_event(world, ledger, number):
            yield f"{fault}, told by an event and not polled"


async def _of_event(world: World, ledger: Ledger, number: str) -> AsyncIterator[str]:
    """An invoice of an order that nobody has told is nobody's, until the order is polled."""
    key = world.story.posted[number]
    of_order = await ledger.claim(world.connection_of(key.rpartition("@")[2]), "orders", key)
    if of_order.number:
        async for fault in of_invoice(world, ledger, number):
            yield fault


def _of_told(world: World, claim: Claim, at: datetime) -> list[str]:
    if claim.state in NO_OUTCOME:
        return [f"its claim is {claim.state}: {claim.reason}"]
    apart = timedelta(seconds=2 * world.plan.environment.clocks_apart)
    is_read = claim.read_at is not None and claim.read_at + apart >= at
    return (
        [] if is_read or claim.state is State.PARKED else [f"it was last read at {claim.read_at}"]
    )
