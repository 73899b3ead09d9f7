"""A pause holds for everybody who calls a system, is only ever lengthened, and ends by itself."""

import asyncio
from datetime import datetime, timedelta

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.pacing.pauses import FRESH, Pauses
from tests.contracts.hand_clock import HandClock

SYSTEM = "Dynamics at bikes.operations.dynamics.com"
MINUTE = timedelta(minutes=1)


async def until(pauses: Pauses) -> datetime | None:
    found = await pauses.standing(SYSTEM)
    return found.until if found is not None else None


async def test_a_system_that_never_asked_may_be_called(tables: SqliteTables) -> None:
    assert await until(Pauses(tables, HandClock())) is None


async def test_a_pause_is_known_at_once_where_it_was_asked_for_and_soon_everywhere(
    tables: SqliteTables,
) -> None:
    clock = HandClock()
    here, there = Pauses(tables, clock), Pauses(tables, clock)
    assert await until(there) is None
    await here.pause(SYSTEM, MINUTE)
    assert await until(here) == clock.at + MINUTE
    end = clock.at + MINUTE
    await clock.pass_by(FRESH)
    assert await until(there) == end


async def test_a_pause_is_known_soon_although_the_clock_was_set_back(tables: SqliteTables) -> None:
    clock = HandClock()
    here, there = Pauses(tables, clock), Pauses(tables, clock)
    assert await until(there) is None
    clock.at -= 10 * MINUTE
    await here.pause(SYSTEM, MINUTE)
    assert await until(there) == clock.at + MINUTE


@pytest.mark.parametrize("is_away", [False, True])
async def test_what_a_clock_said_that_was_ahead_stands_no_longer_than_what_is_said_now(
    tables: SqliteTables, is_away: bool
) -> None:
    clock = HandClock()
    ahead = HandClock(clock.at + 10 * MINUTE)
    there, here = Pauses(tables, ahead), Pauses(tables, clock)
    await (there.away(SYSTEM, MINUTE, "gone") if is_away else there.pause(SYSTEM, MINUTE))
    assert await until(here) == (clock.at if is_away else None)
    found = await here.standing(SYSTEM)
    assert found is None or await here.may_find_out(found)
    await here.pause(SYSTEM, 5 * MINUTE)
    found = await here.standing(SYSTEM)
    assert found is not None
    assert (found.since, found.until) == (clock.at, clock.at + 5 * MINUTE)


async def test_what_was_read_a_moment_ago_is_not_read_again(tables: SqliteTables) -> None:
    pauses = Pauses(tables, HandClock())
    await pauses.pause(SYSTEM, MINUTE)
    known = await until(pauses)
    tables.close()
    assert await until(pauses) == known


async def test_a_pause_ends_by_itself(tables: SqliteTables) -> None:
    clock = HandClock()
    pauses = Pauses(tables, clock)
    await pauses.pause(SYSTEM, MINUTE)
    await clock.pass_by(MINUTE)
    assert await until(pauses) is None


async def test_a_shorter_pause_never_shortens_a_longer_one(tables: SqliteTables) -> None:
    clock = HandClock()
    pauses = Pauses(tables, clock)
    await pauses.pause(SYSTEM, 5 * MINUTE)
    await pauses.pause(SYSTEM, MINUTE)
    assert await until(pauses) == clock.at + 5 * MINUTE
    await pauses.pause(SYSTEM, 7 * MINUTE)
    assert await until(pauses) == clock.at + 7 * MINUTE


async def test_one_system_asks_for_itself_only(tables: SqliteTables) -> None:
    pauses = Pauses(tables, HandClock())
    await pauses.pause(SYSTEM, MINUTE)
    assert await pauses.standing("Commerce at shop.example.com") is None


async def test_of_many_at_once_the_latest_end_wins(tables: SqliteTables) -> None:
    clock = HandClock()
    workers = [Pauses(tables, clock) for _ in range(8)]
    async with asyncio.TaskGroup() as group:
        for number, worker in enumerate(workers, start=1):
            group.create_task(worker.pause(SYSTEM, number * MINUTE))
    await clock.pass_by(FRESH)
    assert {await until(worker) for worker in workers} == {clock.at + 8 * MINUTE - FRESH}


async def test_a_pause_outlives_the_process(tables: SqliteTables) -> None:
    clock = HandClock()
    await Pauses(tables, clock).pause(SYSTEM, MINUTE)
    assert await until(Pauses(tables, clock)) == clock.at + MINUTE
