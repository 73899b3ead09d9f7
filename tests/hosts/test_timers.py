import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import azure.functions as func
import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.errors import Later
from sync.core.ports import Row
from sync.hosts.ncrontab import NotASchedule
from sync.hosts.pump import FUNCTION_TIMEOUT
from sync.hosts.registered import TimerFunction
from sync.hosts.timers import PARTITION, TABLE, Timer
from tests.virtual_time import START, LoopClock, virtually

MINUTE = timedelta(minutes=1)
CLOCK = LoopClock()

Handler = Callable[[func.TimerRequest], Awaitable[None]]


class Runs:
    """A timer's function: when it ran, whether it came late, and how long it takes."""

    def __init__(self, takes: timedelta = timedelta()) -> None:
        self.at: list[str] = []
        self.late: list[bool] = []
        self.takes = takes

    async def __call__(self, timer: func.TimerRequest) -> None:
        self.at.append(f"{CLOCK.now():%H:%M:%S}")
        self.late.append(timer.past_due)
        await asyncio.sleep(self.takes.total_seconds())


def timer(tables: SqliteTables, handler: Handler, schedule: str = "0 */5 * * * *") -> Timer:
    return Timer(TimerFunction("poll_orders", "timer", handler, schedule), tables, CLOCK)


def running(
    tables: SqliteTables, handler: Handler, long: timedelta, schedule: str = "0 */5 * * * *"
) -> None:
    async def story() -> None:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(timer(tables, handler, schedule).run(stop))
            await asyncio.sleep(long.total_seconds())
            stop.set()

    virtually(story())


def ran_before(tables: SqliteTables, at: datetime) -> None:
    async def story() -> None:
        await tables.upsert(TABLE, Row(PARTITION, "poll_orders", {"started_at": at}))

    virtually(story())


def test_a_timer_runs_when_it_is_due(tables: SqliteTables) -> None:
    running(tables, runs := Runs(), 12 * MINUTE)
    assert runs.at == ["12:00:00", "12:05:00", "12:10:00"]
    assert runs.late == [False, False, False]


def test_the_first_start_ever_runs_nothing_before_it_is_due(tables: SqliteTables) -> None:
    running(tables, runs := Runs(), MINUTE)
    assert runs.at == []


def test_runs_of_one_timer_do_not_overlap_and_those_missed_meanwhile_are_one(
    tables: SqliteTables,
) -> None:
    running(tables, runs := Runs(7 * MINUTE), 20 * MINUTE)
    assert runs.at == ["12:00:00", "12:07:00", "12:14:00"]
    assert runs.late == [False, True, True]


def test_runs_missed_while_the_host_was_down_are_made_up_for_once(tables: SqliteTables) -> None:
    ran_before(tables, START - timedelta(days=3))
    running(tables, runs := Runs(), 3 * MINUTE)
    assert runs.at == ["11:58:30", "12:00:00"]
    assert runs.late == [True, False]


def test_a_restart_within_the_same_period_repeats_nothing(tables: SqliteTables) -> None:
    ran_before(tables, START - 2 * MINUTE)
    running(tables, runs := Runs(), MINUTE)
    assert runs.at == []


def test_a_run_that_was_killed_is_made_up_for_at_the_next_start(tables: SqliteTables) -> None:
    async def killed() -> None:
        task = asyncio.create_task(timer(tables, Runs(5 * MINUTE)).run(asyncio.Event()))
        await asyncio.sleep(3 * 60)
        task.cancel()
        await asyncio.wait({task})

    virtually(killed())
    later = LoopClock(START + 4 * MINUTE)
    again = Timer(
        TimerFunction("poll_orders", "timer", runs := Runs(), "0 */5 * * * *"), tables, later
    )

    async def story() -> None:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(again.run(stop))
            await asyncio.sleep(1)
            stop.set()

    virtually(story())
    assert runs.late == [True]


def test_a_run_that_fails_or_hangs_is_logged_and_the_next_one_comes(
    tables: SqliteTables, caplog: pytest.LogCaptureFixture
) -> None:
    runs = Runs()

    async def poll(timer: func.TimerRequest) -> None:
        await runs(timer)
        if len(runs.at) == 1:
            raise OSError("a text that must not be logged")
        if len(runs.at) == 2:
            await asyncio.sleep(2 * FUNCTION_TIMEOUT.total_seconds())

    running(tables, poll, 25 * MINUTE)
    assert runs.at == ["12:00:00", "12:05:00", "12:15:00", "12:20:00"]
    assert "poll_orders.failed cause=OSError at " in caplog.text
    assert "poll_orders.failed cause=TimeoutError at " in caplog.text
    assert "must not be logged" not in caplog.text


def test_a_stop_lets_a_run_finish(tables: SqliteTables) -> None:
    finished: list[str] = []

    async def poll(timer: func.TimerRequest) -> None:
        await asyncio.sleep(3 * 60)
        finished.append(f"{CLOCK.now():%H:%M:%S}")

    running(tables, poll, 2 * MINUTE)
    assert finished == ["12:03:00"]


def test_a_run_that_cannot_be_recorded_does_not_end_the_timer(
    tables: SqliteTables, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(SqliteTables):
        async def upsert(self, table: str, row: Row) -> Row:
            raise OSError(f"no room for {table} {row.key}")

    full = Full(":memory:")
    running(full, runs := Runs(), 7 * MINUTE)
    full.close()
    assert runs.at == ["12:00:00", "12:05:00"]
    assert "poll_orders.not_recorded cause=OSError at " in caplog.text


def test_a_schedule_that_is_none_is_refused_at_start(tables: SqliteTables) -> None:
    with pytest.raises(NotASchedule, match="six fields"):
        timer(tables, Runs(), "*/5 * * * *")


def test_a_clock_that_was_set_back_by_hours_holds_no_timer_up(tables: SqliteTables) -> None:
    ran_before(tables, START + 180 * MINUTE)
    running(tables, runs := Runs(), 12 * MINUTE)
    assert runs.at == ["12:00:00", "12:05:00", "12:10:00"]


def test_a_timer_runs_although_nobody_knows_when_it_ran_last(tables: SqliteTables) -> None:
    class Away(SqliteTables):
        async def get(self, table: str, partition: str, key: str) -> Row | None:
            raise Later(f"table {table} is away: {partition} {key}")

    away = Away(":memory:")
    running(away, runs := Runs(), 7 * MINUTE)
    away.close()
    assert runs.at == ["12:00:00", "12:05:00"]
