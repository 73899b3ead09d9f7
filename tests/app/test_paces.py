"""Connections that share a system share its pace; processes that share it, its budget."""

from typing import Any

import pytest

from sync.app.paces import Paces
from sync.commerce.transport import shop_client
from sync.config.connections import Commerce, Connections
from sync.core.ports import Clock
from sync.dynamics.transport import http_client
from sync.pacing.limiter import MOST
from sync.pacing.pauses import Pauses
from tests.systems import SETTINGS, SystemsUnderTest, merged
from tests.virtual_time import LoopClock, virtually


def paces_of(
    *changes: dict[str, Any], is_alone: bool = True
) -> tuple[Paces, Connections, SystemsUnderTest]:
    """The paces of one connection for each of these settings, which share their systems."""
    clock: Clock = LoopClock()
    systems = SystemsUnderTest(clock)
    connections = Connections.model_validate(
        {"connections": {f"c{n}": merged(SETTINGS, one) for n, one in enumerate(changes)}}
    )
    parts = systems.edition_parts(is_alone=is_alone)
    pauses = Pauses(systems.tables, clock)
    return Paces(connections.connections, parts, pauses, "worker"), connections, systems


async def _alone() -> None:
    low = {"dynamics": {"concurrency": 6, "concurrency_in_all": 20}, "commerce": {"concurrency": 2}}
    high = {"dynamics": {"concurrency": 9, "concurrency_in_all": 40}}
    paces, connections, systems = paces_of(high, low)
    first, second = connections.connections.values()
    ledger, shop = paces.of(first.dynamics), paces.of(first.commerce)
    assert ledger is paces.of(second.dynamics)
    assert shop is paces.of(second.commerce)
    assert ledger is not shop
    assert (ledger.limiter.limit, ledger.limiter.cap, ledger.limiter.room) == (6, 20, 6)
    assert (shop.limiter.limit, shop.limiter.cap, shop.limiter.room) == (2, 2, 2)
    await paces.close()
    systems.close()


def test_connections_that_share_a_system_share_its_pace_and_the_lowest_number_holds() -> None:
    virtually(_alone())


async def _beside() -> None:
    paces, connections, systems = paces_of({}, is_alone=False)
    ledger = paces.of(connections.connections["c0"].dynamics)
    assert ledger.limiter.room == 0, "nothing is lent before it is asked for"
    async with ledger.turn(what="read"):
        assert ledger.limiter.room == 1
    whole = {one.system: one.whole for one in await paces.lent()}
    assert whole[ledger.system] == 16, "twice what one begins with, until more is known to be taken"
    assert whole[paces.of(connections.connections["c0"].commerce).system] == 16, "all that it may"
    await paces.close()
    assert ledger.limiter.room == 0
    systems.close()


def test_a_process_beside_others_takes_its_part_of_the_budget() -> None:
    virtually(_beside())


@pytest.mark.parametrize("client", [http_client, shop_client])
async def test_the_pool_is_as_wide_as_the_limit_may_become(client: Any) -> None:
    field = Commerce.model_fields["concurrency"].metadata
    widest = max(MOST, *(getattr(bound, "le", 0) or 0 for bound in field))
    async with client() as http:
        pool = http._transport._pool
        assert pool._max_connections >= widest
