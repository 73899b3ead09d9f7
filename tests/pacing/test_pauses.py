"""A pause holds for everybody who calls a system, is only ever lengthened, and ends by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.pacing.pauses import FRESH, Pauses
from tests.contracts.hand_clock import HandClock

SYSTEM = "Dynamics at bikes.operations.dynamics.com"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def tables() -> AsyncIterator[SqliteTables]:
    found = SqliteTables(":memory:")
    yield found
    found.close()


async def test_a_system_that_never_asked_may_be_called(tables: SqliteTables) -> None:
    assert await Pauses(tables, HandClock()).until(SYSTEM) is None


async def test_a_pause_is_known_at_once_where_it_was_asked_for_and_soon_everywhere(
    tables: SqliteTables,
) -> None:
    clock = HandClock()
    here, there = Pauses(tables, clock), Pauses(tables, clock)
    assert await there.until(SYSTEM) is None
    await here.pause(SYSTEM, MINUTE)
    assert await here.until(SYSTEM) == clock.at + MINUTE
    end = clock.at + MINUTE
    await clock.pass_by(FRESH)
    assert await there.until(SYSTEM) == end


async def test_what_was_read_a_moment_ago_is_not_read_again(tables: SqliteTables) -> None:
    pauses = Pauses(tables, HandClock())
    await pauses.pause(SYSTEM, MINUTE)
    known = await pauses.until(SYSTEM)
    tables.close()
    assert await pauses.until(SYSTEM) == known


async def test_a_pause_ends_by_itself(tables: SqliteTables) -> None:
    clock = HandClock()
    pauses = Pauses(tables, clock)
    await pauses.pause(SYSTEM, MINUTE)
    await clock.pass_by(MINUTE)
    assert await pauses.until(SYSTEM) is None


async def test_a_shorter_pause_never_shortens_a_longer_one(tables: SqliteTables) -> None:
    clock = HandClock()
    pauses = Pauses(tables, clock)
    await pauses.pause(SYSTEM, 5 * MINUTE)
    await pauses.pause(SYSTEM, MINUTE)
    assert await pauses.until(SYSTEM) == clock.at + 5 * MINUTE
    await pauses.pause(SYSTEM, 7 * MINUTE)
    assert await pauses.until(SYSTEM) == clock.at + 7 * MINUTE


async def test_one_system_asks_for_itself_only(tables: SqliteTables) -> None:
    pauses = Pauses(tables, HandClock())
    await pauses.pause(SYSTEM, MINUTE)
    assert await pauses.until("Commerce at shop.example.com") is None


async def test_of_many_at_once_the_latest_end_wins(tables: SqliteTables) -> None:
    clock = HandClock()
    workers = [Pauses(tables, clock) for _ in range(8)]
    async with asyncio.TaskGroup() as group:
        for number, worker in enumerate(workers, start=1):
            group.create_task(worker.pause(SYSTEM, number * MINUTE))
    await clock.pass_by(FRESH)
    assert {await worker.until(SYSTEM) for worker in workers} == {clock.at + 8 * MINUTE - FRESH}


async def test_a_pause_outlives_the_process(tables: SqliteTables) -> None:
    clock = HandClock()
    await Pauses(tables, clock).pause(SYSTEM, MINUTE)
    assert await Pauses(tables, clock).until(SYSTEM) == clock.at + MINUTE
