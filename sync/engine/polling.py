"""Catching up: polls find what notifications missed.

A poll reads its window page by page. The watermark is stored after each page has been enqueued,
never before, and windows overlap. A run is bounded in time and count: what is left, the next run
reads. Each flow of each connection is polled by a message of its own (`jobs.py`), so that none
waits for another.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.engine.claim import Claim, State
from sync.engine.claims_in_bulk import claims_of
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.flow_pauses import covering
from sync.engine.refused_keys import key_fault
from sync.engine.results import Change, Changed
from sync.engine.sign_in_alerts import report_refused_sign_in
from sync.engine.stopped_flows import stopped_for
from sync.engine.systems import Systems
from sync.engine.watermarks import WATERMARKS, Watermark, Which, Window
from sync.pacing.pace import may_begin
from sync.pacing.priority import working_at

log = logging.getLogger("sync.engine.polling")

SETTLED_AFTER = timedelta(seconds=60)
"""A record read this long after its own stamp holds what that stamp announced, where a list says
nothing of a record's content: stamps are taken before the commit."""
SECOND_OVER: Final = timedelta(seconds=1)
"""A stamp's second, by the owner's clock, which is never ahead as we know it. What changes later
has another stamp, unless it began before and was still being committed; that shows in what is
listed beside the stamp. Stamps of Commerce are MySQL's `datetime` of whole seconds: the time at
which a statement began, seen when its transaction commits (MySQL, "Automatic Initialization and
Updating for TIMESTAMP and DATETIME", "Fractional Seconds in Time Values", `NOW()`)."""
SWEEP_EVERY, SWEEP_BACK = timedelta(days=1), timedelta(days=2)
"""Once a day a poll looks further back: a stamp that became visible later than any overlap is found
then, at the latest."""
DUE_EARLY = timedelta(seconds=30)
"""Timers look once a minute: a poll that is due within this is due."""
LATE = timedelta(minutes=2)
"""A message that comes later than this after its minute stands for now: of those that waited while
nothing ran, only the first polls."""
PAGE: Final = 300
"""Changes that are looked up, enqueued and checkpointed together."""
RUN: Final = timedelta(minutes=3)
MOST: Final = 20_000
"""How long a connection's run reads on, and how many notifications it may store. The timer comes
every minute, so a backlog hardly waits; and the queues keep room for what shoppers do now."""
LONGEST: Final = timedelta(minutes=8)
"""When a run is given up that a system holds up: before the host stops the function."""


@dataclass(frozen=True)
class Run:
    """One connection's run: what it works with and when it ends. `behind`: how far the owner's
    clock, which stamps changes, is behind ours, or a little more. `lag`: how much of that the flow
    keeps behind the owner's clock on purpose."""

    flow: DocumentFlow[Any]
    systems: Systems
    ends: datetime
    behind: timedelta
    lag: timedelta


class Polling:
    """Polls of all flows and connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def due(self, moment: datetime) -> list[tuple[str, str]]:
        """Flow and connection of every poll that is due: its `poll_minutes` have passed, or its
        last run left something. None that stands still."""
        pauses = await self._engine.flow_pauses.standing()
        found = []
        for name, settings in self._engine.connections.items():
            rows = self._engine.tables.query(WATERMARKS, name)
            marks = {row.key: Watermark.of(row) async for row in rows}
            found += [
                (flow.name, name)
                for flow in self._engine.flows.values()
                if flow.name in settings.flows
                and (poll := flow.trigger(Poll)) is not None
                and _is_due(poll, settings, marks.get(flow.name, Watermark()), moment)
                and covering(pauses, name, flow.name) is None
            ]
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
            report_refused_sign_in(flow.name, connection, error)
            await stopped_for(error, flow.name, connection, self._engine.flow_pauses)
            log.warning(
                "%s.poll_failed connection=%s reason=%s", flow.name, connection, error.reason
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
        mark = Watermark.of(await self._engine.tables.get(WATERMARKS, connection, flow.name))
        now = self._engine.clock.now()
        moment = due if due is not None and now - due < LATE else now
        is_due = due is None or _is_due(poll, systems.settings, mark, moment)
        if not is_due or await self._stands_still(flow, systems):
            return 0
        until = await poll.until(systems)
        run = Run(flow, systems, now + RUN, self._engine.clock.now() - until, poll.lag)
        begun = replace(_begun(mark, poll, systems, now, until), polled=moment)
        found, mark = await self._read(run, poll.changed, begun, "window")
        if mark.window is None and mark.sweep is not None and found < MOST:
            more, mark = await self._read(run, poll.changed, mark, "sweep", found)
            found += more
        log.info(
            "%s.polled connection=%s found=%d is_behind=%s",
            flow.name,
            connection,
            found,
            mark.is_behind,
        )
        return found

    async def _read(
        self, run: Run, changed: Changed, mark: Watermark, which: Which, before: int = 0
    ) -> tuple[int, Watermark]:
        """Enqueue what the window holds, page by page, until it is read through or the run ends
        where the next one can go on. Returns how many were stored, and the watermark as stored."""
        window = mark.window if which == "window" else mark.sweep
        assert window is not None
        found, page = 0, list[Change]()
        after = (window.after,) if window.after else ()
        async with aclosing(changed(run.systems, window.since, window.until, *after)) as changes:  # type: ignore[type-var]
            async for change in changes:
                page.append(change)
                if len(page) < PAGE:
                    continue
                found += await self._enqueue(run, page)
                moved = window.moved_to(page[-1])
                mark = await self._store(run, mark.moved(which, moved, page[-1]))
                if moved != window and await self._is_over(run, before + found):
                    return found, mark
                window, page = moved, []
        found += await self._enqueue(run, page)
        return found, await self._store(run, mark.read_through(which))

    async def _is_over(self, run: Run, found: int) -> bool:
        return (
            found >= MOST
            or self._engine.clock.now() >= run.ends
            or await self._stands_still(run.flow, run.systems)
        )

    async def _stands_still(self, flow: DocumentFlow[Any], systems: Systems) -> bool:
        """Whether a person has paused the flow, or one of the systems may not be called."""
        pause = await self._engine.flow_pauses.over(systems.name, flow.name)
        return pause is not None or not await may_begin(systems.paces)

    async def _store(self, run: Run, mark: Watermark) -> Watermark:
        await self._engine.tables.upsert(WATERMARKS, mark.row(run.systems.name, run.flow.name))
        return mark

    async def _enqueue(self, run: Run, page: Sequence[Change]) -> int:
        """Notification for every change that no delivery has seen yet; returns how many."""
        flow, connection = run.flow.name, run.systems.name
        keys = [change.key for change in page if not key_fault(change.key)]
        claims = await claims_of(self._engine.tables, connection, flow, keys)
        new = [
            change.key
            for change in page
            if change.key not in claims or not self._has_seen(claims[change.key], change, run)
        ]
        return await self._engine.intake.accept(flow, connection, new, "poll")

    def _has_seen(self, claim: Claim, change: Change, run: Run) -> bool:
        """Whether a claim stands for the record as it is listed: what was read of it said the same,
        or, where nobody knows what was read or what is listed, was read long after its stamp.

        What waits for its next try will be read again anyway. Never for a record that had vanished:
        now it is there.
        """
        is_settled = claim.state not in (State.NEW, State.POSTING, State.VANISHED)
        waits = claim.retry_at is not None and claim.retry_at > self._engine.clock.now()
        listed = change.fingerprint or change.listed
        is_same = bool(listed) and self._engine.ledger.digests.same(claim.seen, listed)
        if is_same and (waits or change.fingerprint):
            return is_settled or waits
        is_other = bool(listed and claim.seen) and not is_same
        if is_other or change.fingerprint or not is_settled or claim.read_at is None:
            return False
        settled = SECOND_OVER - run.lag if is_same else SETTLED_AFTER
        return claim.read_at >= change.changed_at + run.behind + settled


def _is_due(poll: Poll[Any], settings: Connection, mark: Watermark, moment: datetime) -> bool:
    every = timedelta(minutes=poll.every_minutes(settings)) - DUE_EARLY
    return mark.is_behind or mark.polled is None or moment - mark.polled >= every


def _begun(
    mark: Watermark, poll: Poll[Any], systems: Systems, now: datetime, until: datetime
) -> Watermark:
    """The watermark with what is to be read in this run: what the last one left, or what is new and
    a sweep that is due."""
    first = mark.first or (mark.at or until) - timedelta(
        days=systems.settings.commerce.first_poll_days
    )
    since = mark.at - poll.overlap if mark.at is not None else first
    swept, sweep = mark.swept, mark.sweep
    if mark.at is None:
        swept = now
    elif mark.window is None and (swept is None or now - swept >= SWEEP_EVERY):
        swept, sweep = now, Window(max(first, since - SWEEP_BACK), since)
    window = mark.window or Window(since, until)
    return replace(mark, first=first, swept=swept, window=window, sweep=sweep)
