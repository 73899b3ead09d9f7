"""What must hold of packing slips: each is one shipment at most, and what Commerce shows of an
order is what F&O has sent, or a person is told."""

from collections import Counter
from collections.abc import AsyncIterator

from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.store import Record
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from tests.simulation.environment import SHIPMENTS
from tests.simulation.naming import reference_of
from tests.simulation.world import World
from tests.systems import COMPANY


async def of_slips(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """Every fault."""
    if SHIPMENTS not in world.plan.flows:
        return
    slips = world.systems.dynamics.store.table("CustPackingSlipJourBiEntities").oldest_first()
    for order in (*world.story.orders, *world.afterwards.orders):
        marks = Counter(one["comments"][0]["comment"] for one in order.shipments if one["comments"])
        for mark, times in marks.items():
            if times > 1:
                yield f"order {reference_of(order)}: {mark} is shipped {times} times"
        for slip in slips:
            if slip["CustomerRef"] == reference_of(order):
                async for fault in _of_slip(world, ledger, order, slip):
                    yield fault


async def _of_slip(
    world: World, ledger: Ledger, order: StoredOrder, slip: Record
) -> AsyncIterator[str]:
    connection = world.connection_of(order.row["store_id"])
    key = f"{COMPANY}|{slip['SalesId']}|{slip['PackingSlipId']}"
    claim = await ledger.claim(connection, SHIPMENTS, key)
    if claim.waits_for_a_person:
        return
    is_shown = any(
        one["comments"] and one["comments"][0]["comment"] == f"PS:{slip['PackingSlipId']}"
        for one in order.shipments
    )
    if claim.state is State.DELIVERED and not is_shown:
        yield f"slip {key} is delivered, and no shipment shows it"
    if claim.state not in {State.DELIVERED, State.SKIPPED}:
        yield f"slip {key}: its claim is {claim.state}: {claim.reason}"
