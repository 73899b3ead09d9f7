"""Catching up: polls find what notifications missed.

Windows overlap, and once a day a poll looks further back. Each flow of each connection is polled by
a message of its own (`jobs.py`), so that none waits for another; `poll_run` reads the window.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.flow_pauses import covering
from sync.engine.poll_run import MOST, RUN, PollRun, stands_still
from sync.engine.sign_in_alerts import report_refused_sign_in
from sync.engine.stopped_flows import stopped_for
from sync.engine.systems import Systems
from sync.engine.watermarks import WATERMARKS, Watermark, Window, watermark_of
from sync.pacing.priority import working_at

log = logging.getLogger("sync.engine.polling")

SWEEP_EVERY, SWEEP_BACK = timedelta(days=1), timedelta(days=2)
"""Once a day a poll looks further back: a stamp that became visible later than any overlap is found
then, at the latest."""
DUE_EARLY = timedelta(seconds=30)
"""Timers look once a minute: a poll that is due within this is due."""
LATE = timedelta(minutes=2)
"""A message that comes later than this after its minute stands for now: of those that waited while
nothing ran, only the first polls."""
LONGEST: Final = timedelta(minutes=8)
"""When a run is given up that a system holds up: before the host stops the function."""


class Polling:
    """Polls of all flows and connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def due(self, moment: datetime) -> list[tuple[str, str]]:
        """Flow and connection of every poll that is due: its `poll_minutes` have passed, or its
        last run left something. None that stands still."""
        pauses = await self._engine.flow_pauses.standing()
        found = list[tuple[str, str]]()
        for name, settings in self._engine.connections.items():
            rows = self._engine.tables.query(WATERMARKS, name)
            marks = {row.key: Watermark.of(row) async for row in rows}
            for flow in self._engine.flows.values():
                poll, mark = flow.trigger(Poll), marks.get(flow.name, Watermark())
                if poll is None or covering(pauses, name, flow.name) is not None:
                    continue
                if flow.name in settings.flows and _is_due(poll, settings, mark, moment):
                    found.append((flow.name, name))
        return found

    async def poll(self, flow_name: str, connection: str, *, due: datetime | None = None) -> int:
        """Find what changed since the watermark less the overlap, enqueue it page by page, and move
        the watermark after each. Safe to repeat and to race.

        `due`: the minute for which a timer found it due; nothing is done where it is not due any
        more. None polls at once. Once a day it looks two days further back, but never for what is
        older than the first poll's window. Whatever goes wrong is the connection's own, and is
        logged. Returns how many notifications were stored by a run that ended well.
        """
        flow, settings = self._engine.flows.get(flow_name), self._engine.connections.get(connection)
        if flow is None or settings is None or flow_name not in settings.flows:
            log.warning("%s.not_polled connection=%s", flow_name, connection)
            return 0
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                with working_at(flow.priority):
                    return await self._poll_connection(flow, connection, due)
        except (Later, Never) as error:
            report_refused_sign_in(flow_name, connection, error)
            await stopped_for(error, flow_name, connection, self._engine.flow_pauses)
            log.warning(
                "%s.poll_failed connection=%s reason=%s", flow_name, connection, error.reason
            )
        except Exception as error:  # noqa: BLE001 - a connection's trouble is its own; the line names it
            log.error(  # noqa: TRY400 - a traceback may quote a record
                "%s.poll_failed connection=%s error=%s", flow.name, connection, type(error).__name__
            )
        return 0

    async def _poll_connection(
        self, flow: DocumentFlow[Any], connection: str, due: datetime | None
    ) -> int:
        poll = flow.trigger(Poll)
        if poll is None:
            return 0
        systems = await self._engine.open_systems(connection)
        mark = await watermark_of(self._engine.tables, connection, flow.name)
        now = self._engine.clock.now()
        moment = due if due is not None and now - due < LATE else now
        is_due = due is None or _is_due(poll, systems.settings, mark, moment)
        if not is_due or await stands_still(self._engine, flow, systems):
            return 0
        return await self._run(flow, poll, systems, replace(mark, polled=moment))

    async def _run(
        self, flow: DocumentFlow[Any], poll: Poll[Any], systems: Systems, mark: Watermark
    ) -> int:
        """Read the window, and the wider one that is due. Returns how many were stored."""
        now = self._engine.clock.now()
        until = await poll.until(systems)
        behind = self._engine.clock.now() - until
        run = PollRun(self._engine, flow, systems, now + RUN, behind, poll.lag)
        begun = _begun(mark, poll, systems, now, until)
        found, mark = await run.read(poll.changed, begun, "window")
        if mark.window is None and mark.sweep is not None and found < MOST:
            more, mark = await run.read(poll.changed, mark, "sweep", found)
            found += more
        log.info(
            "%s.polled connection=%s found=%d is_behind=%s",
            flow.name, systems.name, found, mark.is_behind,
        )  # fmt: skip
        return found


def _is_due(poll: Poll[Any], settings: Connection, mark: Watermark, moment: datetime) -> bool:
    """Also where the last run was by a clock that is not ours: far in our future."""
    every = timedelta(minutes=poll.every_minutes(settings)) - DUE_EARLY
    return mark.is_behind or mark.polled is None or not -LATE < moment - mark.polled < every


def _begun(
    mark: Watermark, poll: Poll[Any], systems: Systems, now: datetime, until: datetime
) -> Watermark:
    """The watermark with what is to be read in this run: what the last one left, or what is new and
    a sweep that is due. An owner's clock that was set back is followed."""
    first = mark.first or (mark.at or until) - timedelta(
        days=systems.settings.commerce.first_poll_days
    )
    since = min(mark.at, until) - poll.overlap if mark.at is not None else first
    swept, sweep = mark.swept, mark.sweep
    if mark.at is None:
        swept = now
    elif mark.window is None and (swept is None or now - swept >= SWEEP_EVERY):
        swept, sweep = now, Window(max(first, since - SWEEP_BACK), since)
    window = mark.window or Window(since, until)
    return replace(mark, first=first, swept=swept, window=window, sweep=sweep)
