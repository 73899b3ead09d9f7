"""Silence is told of where each of the last weeks brought something in the same hours, and nowhere
else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from sync.core.ports import Row, Value
from sync.engine.results import Change
from sync.engine.traffic import EPOCH, FEWEST, Silence, keep_traffic, silence_of
from sync.engine.watermarks import Watermark
from tests.doubles.memory_tables import MemoryTables
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLACE: Final = (CONNECTION, "orders")
MONDAY: Final = EPOCH + timedelta(weeks=100)


async def lived(
    tables: MemoryTables, start: datetime, *, weeks: int, an_hour: int = 6, off: int = -1
) -> Watermark:
    """A shop that takes so many orders in each hour from 8 to 20 o'clock, but none in the week
    `off`; looked at twice an hour."""
    mark, moment = Watermark(), start
    while moment < start + timedelta(weeks=weeks):
        if 8 <= moment.hour < 20 and (moment - start) // timedelta(weeks=1) != off:
            page = [Change(str(n), moment + timedelta(minutes=n + 1)) for n in range(an_hour // 2)]
            mark = mark.counted(page)
        moment += HOUR / 2
        await keep_traffic(tables, *PLACE, mark, moment - timedelta(minutes=1))
    return mark


async def seen(tables: MemoryTables, mark: Watermark, now: datetime) -> Silence | None:
    return await silence_of(tables, *PLACE, replace(mark, at=now))


def last_order(at: datetime) -> Watermark:
    return Watermark(newest=at, listed=10_000)


async def test_hours_that_always_brought_something_are_missed() -> None:
    tables = MemoryTables()
    await lived(tables, MONDAY, weeks=4)
    monday = MONDAY + timedelta(weeks=4)
    mark = last_order(monday + 9 * HOUR + timedelta(minutes=5))
    assert await seen(tables, mark, monday + 11 * HOUR) is None, "one hour brings six, too few"
    found = await seen(tables, mark, monday + 12 * HOUR)
    assert found is not None
    assert (found.since, found.usual) == (mark.newest, 12)
    mark = mark.counted([Change("n", monday + 12 * HOUR)])
    assert await seen(tables, mark, monday + 12.5 * HOUR) is None


async def test_a_quiet_night_is_no_silence() -> None:
    tables = MemoryTables()
    await lived(tables, MONDAY, weeks=4)
    evening = last_order(MONDAY + timedelta(weeks=4) + 19 * HOUR + timedelta(minutes=59))
    assert evening.newest is not None
    assert await seen(tables, evening, evening.newest + 13 * HOUR) is None
    late = await seen(tables, evening, evening.newest + 15 * HOUR)
    assert late == Silence(evening.newest, 12)


@pytest.mark.parametrize(
    ("weeks", "an_hour", "off", "is_silent"),
    [(2, 6, -1, False), (3, 6, -1, True), (4, 6, 2, False), (4, 2, -1, False)],
    ids=["not learned yet", "three weeks are enough", "one week was as quiet", "too few"],
)
async def test_what_was_not_always_so_is_not_missed(
    weeks: int, an_hour: int, off: int, is_silent: bool
) -> None:
    tables = MemoryTables()
    await lived(tables, MONDAY, weeks=weeks, an_hour=an_hour, off=off)
    noon = MONDAY + timedelta(weeks=weeks) + 12 * HOUR
    found = await seen(tables, last_order(noon - 3 * HOUR), noon)
    assert (found is not None) is is_silent


async def test_weeks_of_long_ago_say_nothing() -> None:
    tables = MemoryTables()
    await lived(tables, MONDAY, weeks=4)
    noon = MONDAY + timedelta(weeks=10) + 12 * HOUR
    assert await seen(tables, last_order(noon - 3 * HOUR), noon) is None


def test_each_change_counts_once_and_what_has_no_stamp_never() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    page = [Change("1", at), Change("2", at + HOUR), Change("3", at + 2 * HOUR, "digest")]
    mark = Watermark().counted(page).counted(page).counted([Change("2", at + 3 * HOUR)])
    assert (mark.listed, mark.newest) == (3, at + 3 * HOUR)
    assert Watermark.of(mark.row("shop", "orders")) == mark


@in_harness()
async def test_silence_is_told_once_and_ends_with_the_next_change(harness: Harness) -> None:
    harness.place()
    await harness.polls()
    await harness.works_until_idle()
    for hour in range(168):
        row: dict[str, Value] = {
            "week": _week(harness) - 1,
            "start": 0,
            "count": FEWEST,
            "past": "9 9 9",
        }
        await harness.systems.tables.upsert("samples", _row(hour, row))
    await harness.works_for(3 * 3600)
    await harness.polls()
    standing = await _looks(harness)
    assert [one for one in standing if one.startswith("silent")] == ["silent|shop|orders"]
    harness.place()
    await harness.works_for(60)
    await harness.polls()
    assert "silent|shop|orders" not in await _looks(harness)


def _week(harness: Harness) -> int:
    return (harness.clock.now() - EPOCH) // timedelta(weeks=1)


def _row(hour: int, cells: dict[str, Value]) -> Row:
    return Row(f"{CONNECTION}|orders|traffic", f"{hour:03d}", cells)


async def _looks(harness: Harness) -> list[str]:
    watch = harness.services.watch
    for _ in range(3):
        await watch.look()
        await harness.works_for(601)
    return [one.alert.cause for one in await watch.alerting.standing() if one.gone_at is None]
