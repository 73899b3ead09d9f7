"""Timer triggers on this side of the wire: one run at a time, in UTC, and a run that was missed is
made up for once.

When a timer last ran is kept in the table `timers`, so that a restart neither forgets a run nor
repeats one that was finished. It is written after the run: killed in the middle, the run is made up
for at the next start.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from azure.functions.timer import TimerRequest

from sync.core.errors import Later
from sync.core.ports import Clock, Row, Tables
from sync.hosts.causes import cause
from sync.hosts.ncrontab import Schedule, schedule
from sync.hosts.pump import FUNCTION_TIMEOUT
from sync.hosts.registered import TimerFunction

log = logging.getLogger(__name__)

TABLE: Final = "timers"
PARTITION: Final = "local"
LONGEST_SLEEP: Final = timedelta(minutes=1)
"""The wall clock may be put right while a timer waits; it is looked at this often."""

LATE: Final = timedelta(seconds=1)


class Timer:
    """One function and its schedule."""

    def __init__(self, function: TimerFunction, tables: Tables, clock: Clock) -> None:
        """Raises `NotASchedule`."""
        self._function = function
        self._schedule: Schedule = schedule(function.schedule)
        self._tables = tables
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Run the function whenever it is due, until `stop`.

        What came due while it ran, or while nothing ran here, is one run. The first start ever only
        notes the time, as does one that cannot read when it last ran.
        """
        last = await self._last()
        while (due := await self._come(last, stop)) is not None:
            last = self._clock.now()
            await self._call(past_due=last - due > LATE)
            await self._record(last)

    async def _last(self) -> datetime:
        try:
            row = await self._tables.get(TABLE, PARTITION, self._function.name)
        except Later as trouble:
            log.warning("%s.last_run_unknown reason=%s", self._function.name, trouble.reason)
            return self._clock.now()
        stored = row.values.get("started_at") if row else None
        if isinstance(stored, datetime):
            return stored
        now = self._clock.now()
        await self._record(now)
        return now

    async def _come(self, last: datetime, stop: asyncio.Event) -> datetime | None:
        """Wait until it is due on the injected clock; when that was. None when `stop` was first. A
        last run that is still to come was noted before a clock was set back, and counts as now."""
        while not stop.is_set():
            last = min(last, self._clock.now())
            due = self._schedule.after(last)
            if (left := due - self._clock.now()) <= timedelta():
                return due
            try:
                async with asyncio.timeout(min(left, LONGEST_SLEEP).total_seconds()):
                    await stop.wait()
            except TimeoutError:
                continue
        return None

    async def _call(self, *, past_due: bool) -> None:
        try:
            async with asyncio.timeout(FUNCTION_TIMEOUT.total_seconds()):
                await self._function.handler(
                    **{self._function.argument: TimerRequest(past_due=past_due)}
                )
        except Exception as error:  # noqa: BLE001 - a failed run is logged; the next one comes by the schedule
            log.error("%s.failed cause=%s", self._function.name, cause(error))  # noqa: TRY400

    async def _record(self, started_at: datetime) -> None:
        row = Row(PARTITION, self._function.name, {"started_at": started_at.astimezone(UTC)})
        try:
            await self._tables.upsert(TABLE, row)
        except Exception as error:  # noqa: BLE001 - at worst the run is repeated after a restart, which is safe
            log.error("%s.not_recorded cause=%s", self._function.name, cause(error))  # noqa: TRY400
