"""A 429 is the environment speaking, to everyone: one durable `paused until` per system, honoured
by all workers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sync.core.ports import Clock, Conflict, Row, Tables

TABLE = "pauses"
SPREAD = 10.0
"""Seconds over which the first tries after a pause are spread at most; a short pause is spread over
its own length."""
FRESH = timedelta(seconds=1)
"""How long a worker trusts what it last read; a pause of its own making is known at once."""


class Pauses:
    """Reads and lengthens the pause of a system (`dynamics|<host>`, `commerce|<host>`). A pause is
    never shortened."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._known: dict[str, tuple[datetime, datetime | None]] = {}

    async def until(self, system: str) -> datetime | None:
        """When the system may be called again; None when it may be now."""
        now = self._clock.now()
        read_at, until = self._known.get(system, (None, None))
        if read_at is None or now - read_at >= FRESH:
            row = await self._tables.get(TABLE, system, "until")
            at = row.values.get("at") if row else None
            until = at if isinstance(at, datetime) else None
            self._known[system] = (now, until)
        return until if until is not None and until > now else None

    async def over(self, systems: Sequence[str]) -> datetime | None:
        """A moment after the latest pause of these systems, spread; None when none is paused."""
        ends = [until for system in systems if (until := await self.until(system)) is not None]
        if not ends:
            return None
        length = (max(ends) - self._clock.now()).total_seconds()
        return max(ends) + timedelta(seconds=self._clock.between(0, min(length, SPREAD)))

    async def pause(self, system: str, length: timedelta) -> None:
        """Nobody calls `system` for `length` from now. Safe to repeat and to race: the latest end
        wins."""
        until = self._clock.now() + length
        while True:
            row = await self._tables.get(TABLE, system, "until")
            stands = row.values.get("at") if row else None
            if isinstance(stands, datetime) and stands >= until:
                break
            try:
                if row is None:
                    await self._tables.insert(TABLE, Row(system, "until", {"at": until}))
                else:
                    await self._tables.replace(TABLE, row.having(at=until))
            except Conflict:
                continue
            break
        self._known.pop(system, None)
