"""A pause of a flow holds in every process soon, whatever its clock does."""

from datetime import timedelta

from sync.engine.flow_pauses import FlowPauses
from tests.contracts.hand_clock import HandClock
from tests.doubles.memory_tables import MemoryTables


async def test_a_pause_is_known_soon_although_the_clock_was_set_back() -> None:
    tables, clock = MemoryTables(), HandClock()
    here, there = FlowPauses(tables, clock), FlowPauses(tables, clock)
    assert await there.over("shop", "orders") is None
    clock.at -= timedelta(minutes=10)
    pause, _ = await here.pause("shop", "orders", by="anna", why="stocktaking")
    assert await there.over("shop", "orders") == pause
