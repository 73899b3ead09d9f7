"""Catching up: polls find what notifications missed. The watermark moves last, and the window
overlaps."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from sync.core.errors import Later, Never
from sync.core.ports import Row, Value
from sync.engine.claim import State
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.intake import BATCH
from sync.engine.results import Change
from sync.engine.sign_in_alerts import report_refused_sign_in
from sync.engine.systems import Systems

log = logging.getLogger("sync.engine.polling")

WATERMARKS = "watermarks"
SETTLED_AFTER = timedelta(seconds=60)
"""A record read this long after its own stamp holds what that stamp announced: stamps are taken
before the commit."""
SWEEP_EVERY, SWEEP_BACK = timedelta(days=1), timedelta(days=2)
"""Once a day a poll looks further back: a stamp that became visible later than any overlap is found
then, at the latest."""
DUE_EARLY = timedelta(seconds=5)
"""Timers fire a little early or late: a poll that is due within this is due."""


class Polling:
    """Polls of all flows and connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def poll(self, flow_name: str, only: str | None = None, *, at_once: bool = False) -> int:
        """Find what changed since the watermark less the overlap, enqueue it, then move the
        watermark. Safe to race.

        A connection is polled when its `poll_minutes` have passed, or `at_once`; once a day it
        looks two days further back, but never for what is older than the first poll's window.
        Returns how many notifications were stored.
        """
        flow = self._engine.flows[flow_name]
        found = 0
        for connection in [only] if only else self._engine.connections(flow_name):
            try:
                found += await self._poll_connection(flow, connection, at_once=at_once)
            except (Later, Never) as error:
                report_refused_sign_in(flow.name, connection, error)
                log.warning(
                    "%s.poll_failed connection=%s reason=%s", flow.name, connection, error.reason
                )
        return found

    async def _poll_connection(
        self, flow: DocumentFlow[Any], connection: str, *, at_once: bool
    ) -> int:
        poll = flow.trigger(Poll)
        if poll is None:
            return 0
        systems = await self._engine.open_systems(connection)
        mark = await self._engine.tables.get(WATERMARKS, connection, flow.name)
        marks = mark.values if mark else {}
        stands, polled, swept = (_moment(marks.get(name)) for name in ("at", "polled", "swept"))
        now = self._engine.clock.now()
        every = timedelta(minutes=poll.every_minutes(systems.settings)) - DUE_EARLY
        is_due = at_once or polled is None or now - polled >= every
        if not is_due or await self._engine.pauses.over(systems.pause_names) is not None:
            return 0
        until = await poll.until(systems)
        behind = self._engine.clock.now() - until
        first = _moment(marks.get("first")) or (stands or until) - timedelta(
            days=systems.settings.commerce.first_poll_days
        )
        since = stands - poll.overlap if stands is not None else first
        found = await self.enqueue(
            flow, systems, poll.changed(systems, since, until), "poll", behind=behind
        )
        known: dict[str, Value] = {
            "at": until,
            "polled": now,
            "first": first,
            "swept": swept if stands else now,
        }
        await self._engine.tables.upsert(WATERMARKS, Row(connection, flow.name, known))
        if stands is not None and (swept is None or now - swept >= SWEEP_EVERY):
            earlier = poll.changed(systems, max(first, since - SWEEP_BACK), since)
            found += await self.enqueue(flow, systems, earlier, "poll", behind=behind)
            await self._engine.tables.upsert(
                WATERMARKS, Row(connection, flow.name, {**known, "swept": now})
            )
        log.info("%s.polled connection=%s found=%d", flow.name, connection, found)
        return found

    async def enqueue(
        self,
        flow: DocumentFlow[Any],
        systems: Systems,
        changes: AsyncIterator[Change],
        origin: str,
        *,
        behind: timedelta = timedelta(),
    ) -> int:
        """Notification for every change that no delivery has seen yet; returns how many.

        `behind`: how far the owner's clock, which stamps changes, is behind ours, or a little more.
        """
        found, batch = 0, list[str]()
        async for change in changes:
            if origin == "poll" and await self._has_seen(flow, systems, change, behind):
                continue
            batch.append(change.key)
            if len(batch) == BATCH:
                found += await self._engine.intake.accept(flow.name, systems.name, batch, origin)
                batch = []
        return found + await self._engine.intake.accept(flow.name, systems.name, batch, origin)

    async def _has_seen(
        self, flow: DocumentFlow[Any], systems: Systems, change: Change, behind: timedelta
    ) -> bool:
        """Never for a record that had vanished: now it is there."""
        claim = await self._engine.ledger.claim(systems.name, flow.name, change.key)
        is_settled = claim.state not in (State.NEW, State.POSTING, State.VANISHED)
        if change.fingerprint:
            return is_settled and claim.seen == change.fingerprint
        changed_at = change.changed_at + behind
        return (
            is_settled and claim.read_at is not None and claim.read_at >= changed_at + SETTLED_AFTER
        )


def _moment(value: Value) -> datetime | None:
    return value if isinstance(value, datetime) else None
