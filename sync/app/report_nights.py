"""Builds reports each night on one machine, in a process of its own: what serves loads nothing that
reports need, and a build may take what it takes. On Azure a job of its own does it."""

import asyncio
import logging
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sync.config.connections import Connection
from sync.core.ports import Clock

log = logging.getLogger("sync.app.report_nights")


class ReportNights:
    """The nights of all connections that report. `command` builds; empty: somebody else does."""

    def __init__(
        self, connections: Sequence[Connection], command: Sequence[str], clock: Clock
    ) -> None:
        named = (one for one in connections if one.reporting and one.reporting.hour is not None)
        self._first, self._command, self._clock = next(named, None), command, clock

    @property
    def are_wanted(self) -> bool:
        """Whether anything is built here by itself."""
        return self._first is not None and bool(self._command)

    async def run(self, last: datetime | None) -> timedelta | None:
        """Build, but not at the first start; returns after which time the next night begins, None
        where none does."""
        if self._first is None or not self._command:
            return None
        if last is not None:
            await self._build()
        return self._until_next(self._first)

    async def _build(self) -> None:
        process = await asyncio.create_subprocess_exec(*self._command, stdout=DEVNULL)
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
        if status:
            log.error("reporting.build_ended status=%d", status)

    def _until_next(self, first: Connection) -> timedelta:
        assert first.reporting is not None
        zone = first.time_zone(first.legal_entity)
        now, hour = self._clock.now().astimezone(zone), time(first.reporting.hour or 0)
        begins = datetime.combine(now.date(), hour, zone)
        if begins <= now:
            begins = datetime.combine(now.date() + timedelta(days=1), hour, zone)
        return begins.astimezone(UTC) - now.astimezone(UTC)
