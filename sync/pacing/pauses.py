"""Times in which nobody calls a system, written down for all workers: it asked for quiet (429), or
it is away.

A pause that was asked for ends by itself. An outage ends with an answer: when its time is over, one
request of one worker may find out, and the others wait until it has.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sync.core.ports import Clock, Conflict, Row, Tables, Value

TABLE: Final = "pauses"
FRESH: Final = timedelta(seconds=1)
"""How long a worker trusts what it last read; a pause of its own making is known at once."""
ASKED_AGAIN: Final = timedelta(seconds=10)
"""How long nobody asks a system that is away, and how long one request has to find out."""
APART: Final = timedelta(seconds=5)
"""How far the clocks of two workers may be apart. What was said later than this from now was said
by a clock that was ahead."""


@dataclass(frozen=True)
class Standing:
    """What holds of a system. `until`: when it may be called again, or asked again where it
    `is_away`. `since` and `reason` of an outage are those of its beginning."""

    system: str
    until: datetime
    since: datetime
    reason: str
    is_away: bool
    row: Row
    said_at: datetime

    @classmethod
    def of(cls, row: Row) -> "Standing":
        """What the row says. Rows of before know only the end."""
        at, since, said_at = (row.values.get(name) for name in ("at", "since", "said_at"))
        until = at if isinstance(at, datetime) else datetime.min.replace(tzinfo=UTC)
        return cls(
            row.partition, until, since if isinstance(since, datetime) else until,
            str(row.values.get("reason") or "it asked for a pause"),
            bool(row.values.get("is_away")), row,
            said_at if isinstance(said_at, datetime) else datetime.min.replace(tzinfo=UTC),
        )  # fmt: skip

    def as_of(self, now: datetime) -> "Standing":
        """What it says now. How long it stands is not known where a clock that was ahead said so:
        not any longer, and whether the system is away is asked."""
        if self.said_at <= now + APART:
            return self
        return replace(self, until=min(self.until, now), since=min(self.since, now))


class Pauses:
    """Reads and lengthens the pause of a system, by the name it has for operators ("Dynamics at
    host"). A pause that was asked for is never shortened."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._known: dict[str, tuple[datetime, Standing | None]] = {}

    async def standing(self, system: str) -> Standing | None:
        """The pause or the outage that holds now; None where the system may be called. Read again
        where a clock was set back."""
        now = self._clock.now()
        read_at, found = self._known.get(system, (None, None))
        if read_at is None or not timedelta() <= now - read_at < FRESH:
            found = await self._read(system)
        return found if found is not None and (found.is_away or found.until > now) else None

    async def pause(self, system: str, length: timedelta, reason: str = "") -> None:
        """Nobody calls `system` for `length` from now: it asked for that, so it is not away. Safe
        to repeat and to race: the latest end wins."""
        now = self._clock.now()
        while True:
            stands = await self._read(system)
            ends = stands.until if stands is not None and not stands.is_away else now
            if stands is not None and not stands.is_away and ends >= now + length:
                return
            since = stands.since if stands is not None and ends > now else now
            if await self._write(system, stands, now + length, since, reason, is_away=False):
                return

    async def away(self, system: str, length: timedelta, reason: str) -> None:
        """Nobody answers at `system`: it is asked again after `length`, by one. Safe to repeat and
        to race."""
        now = self._clock.now()
        while True:
            stands = await self._read(system)
            is_away = stands is not None and stands.is_away
            if stands is not None and stands.until + FRESH >= now + length:
                return
            since, why = (stands.since, stands.reason) if stands and is_away else (now, reason)
            if await self._write(system, stands, now + length, since, why, is_away=True):
                return

    async def may_find_out(self, found: Standing) -> bool:
        """Whether this request is the one that may ask a system that is away. At most one of all
        workers may, until it has been answered or `ASKED_AGAIN` has passed."""
        until = self._clock.now() + ASKED_AGAIN
        return await self._write(
            found.system, found, until, found.since, found.reason, is_away=True
        )

    async def back(self, system: str) -> None:
        """The system answered: an outage is over for everybody. A pause that it asked for stays.
        Safe to repeat and to race."""
        while (found := await self._read(system)) is not None and found.is_away:
            try:
                await self._tables.delete(TABLE, system, "until", found.row.etag)
            except Conflict:
                continue
            self._known[system] = self._clock.now(), None

    async def _read(self, system: str) -> Standing | None:
        row = await self._tables.get(TABLE, system, "until")
        now = self._clock.now()
        found = Standing.of(row).as_of(now) if row is not None else None
        self._known[system] = now, found
        return found

    async def _write(
        self, system: str, stands: Standing | None, until: datetime, since: datetime, reason: str,
        *, is_away: bool,
    ) -> bool:  # fmt: skip
        """Store what holds from now on, over what stood; whether nobody was faster."""
        cells: dict[str, Value] = {
            "at": until, "since": since, "reason": reason[:500], "is_away": is_away,
            "said_at": self._clock.now(),
        }  # fmt: skip
        row = Row(system, "until", cells, stands.row.etag if stands is not None else "")
        store = self._tables.replace if row.etag else self._tables.insert
        try:
            stored = await store(TABLE, row)
        except Conflict:
            self._known.pop(system, None)
            return False
        self._known[system] = self._clock.now(), Standing.of(stored)
        return True
