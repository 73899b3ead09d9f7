"""How many changes each hour of the week usually brings to a flow, so that silence is noticed where
there was always traffic.

One row per hour of the week, with the counts of its last weeks: the table never grows. Polls count
(`Watermark.counted`): they list each change, whether a notification told of it or not. Hours are
those of UTC, so that a change of summer time moves the pattern by one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sync.core.ports import Row, Tables, Value
from sync.engine.samples import SAMPLES
from sync.engine.watermarks import Watermark

WEEKS: Final = 4
"""Past weeks that are remembered; all but one must be known before silence is told of."""
FEWEST: Final = 8
"""Changes that each past week brought in the same hours. By chance nothing comes where eight are
usual about once in 3,000 times."""
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday."""


@dataclass(frozen=True)
class Silence:
    """Nothing has changed `since`. `usual`: the fewest changes that one of the last weeks brought
    in the same hours."""

    since: datetime
    usual: int


@dataclass(frozen=True)
class _Hour:
    """An hour of the week. `week`: the one that `count` is of; `start`: how many changes had been
    listed before it; `past`: the counts of the weeks before, the newest first."""

    week: int
    start: int
    count: int = 0
    past: tuple[int, ...] = ()

    @classmethod
    def of(cls, row: Row) -> "_Hour":
        cell = row.values
        week, start, count = (int(str(cell.get(name) or 0)) for name in ("week", "start", "count"))
        return cls(week, start, count, tuple(map(int, str(cell.get("past") or "").split())))

    def before(self, week: int) -> tuple[int, ...]:
        """The counts of the weeks before this one, as far as they are known; none where too many
        have passed since."""
        known = self.past if self.week == week else (self.count, *self.past)
        return known[:WEEKS] if week - self.week <= WEEKS else ()

    def cells(self) -> dict[str, Value]:
        past = " ".join(map(str, self.past))
        return {"week": self.week, "start": self.start, "count": self.count, "past": past}


async def keep_traffic(
    tables: Tables, connection: str, flow: str, mark: Watermark, now: datetime
) -> None:
    """Store how many changes this hour has brought so far. Safe to repeat and to race."""
    (week, key), partition = _place(now), _partition(connection, flow)
    known = await _hour(tables, partition, key)
    if known is not None and known.week == week:
        hour = replace(known, count=max(mark.listed - known.start, known.count))
    else:
        before = await _hour(tables, partition, _place(now - HOUR)[1])
        start = mark.listed
        if before is not None and before.week == _place(now - HOUR)[0]:
            start = min(before.start + before.count, mark.listed)
        past = known.before(week) if known is not None else ()
        hour = _Hour(week, start, mark.listed - start, past)
    if hour != known:
        await tables.upsert(SAMPLES, Row(partition, key, hour.cells()))


async def _hour(tables: Tables, partition: str, key: str) -> _Hour | None:
    row = await tables.get(SAMPLES, partition, key)
    return _Hour.of(row) if row is not None else None


async def silence_of(tables: Tables, connection: str, flow: str, mark: Watermark) -> Silence | None:
    """Whether nothing has come, as far as the poll has looked, where each of the last weeks brought
    something in the same hours; None too where they are not known yet. Reads one row per hour of
    the week."""
    if mark.newest is None or mark.at is None or mark.at - mark.newest < HOUR:
        return None
    rows = tables.query(SAMPLES, _partition(connection, flow))
    hours = {row.key: _Hour.of(row) async for row in rows}
    stretch = [hours_before(hours, moment) for moment in _whole_hours(mark.newest, mark.at)]
    weeks = min(map(len, stretch), default=0)
    if weeks < WEEKS - 1:
        return None
    usual = min(sum(counts[week] for counts in stretch) for week in range(weeks))
    return Silence(mark.newest, usual) if usual >= FEWEST else None


def hours_before(hours: Mapping[str, _Hour], moment: datetime) -> Sequence[int]:
    """What the same hour of the weeks before has brought, the newest first."""
    week, key = _place(moment)
    return hours[key].before(week) if key in hours else ()


def _whole_hours(since: datetime, until: datetime) -> Iterator[datetime]:
    """The hours that lie between, of the last week."""
    first = max(since, until - WEEK)
    moment = EPOCH + -((EPOCH - first) // HOUR) * HOUR
    while moment + HOUR <= until:
        yield moment
        moment += HOUR


def _place(moment: datetime) -> tuple[int, str]:
    """The week, by its number, and the hour in it."""
    week, rest = divmod(moment - EPOCH, WEEK)
    return week, f"{rest // HOUR:03d}"


def _partition(connection: str, flow: str) -> str:
    return f"{connection}|{flow}|traffic"
