"""One run of a poll: its window is read page by page, and what no delivery has seen is enqueued.

The watermark is stored after each page has been enqueued, never before. A run is bounded in time
and count: what is left, the next run reads.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.engine.claim import Claim, State
from sync.engine.claims_in_bulk import claims_of
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow
from sync.engine.message import CLOCKS_APART
from sync.engine.refused_keys import key_fault
from sync.engine.results import Change, Changed
from sync.engine.systems import Systems
from sync.engine.watermarks import WATERMARKS, Watermark, Which
from sync.pacing.pace import may_begin

SETTLED_AFTER = timedelta(seconds=60)
"""A record read this long after its own stamp holds what that stamp announced, where a list says
nothing of a record's content: stamps are taken before the commit."""
SECOND_OVER: Final = timedelta(seconds=1)
"""A stamp's second, by the owner's clock, which is never ahead as we know it. What changes later
has another stamp, unless it began before and was still being committed; that shows in what is
listed beside the stamp. Stamps of Commerce are MySQL's `datetime` of whole seconds: the time at
which a statement began, seen when its transaction commits (MySQL, "Automatic Initialization and
Updating for TIMESTAMP and DATETIME", "Fractional Seconds in Time Values", `NOW()`)."""
PAGE: Final = 300
"""Changes that are looked up, enqueued and checkpointed together."""
RUN: Final = timedelta(minutes=3)
MOST: Final = 20_000
"""How long a connection's run reads on, and how many notifications it may store. The timer comes
every minute, so a backlog hardly waits; and the queues keep room for what shoppers do now."""


async def stands_still(engine: Engine, flow: DocumentFlow[Any], systems: Systems) -> bool:
    """Whether a person has paused the flow, or one of the systems may not be called."""
    pause = await engine.flow_pauses.over(systems.name, flow.name)
    return pause is not None or not await may_begin(systems.paces)


@dataclass(frozen=True)
class PollRun:
    """One connection's run: what it works with and when it ends. `behind`: how far the owner's
    clock, which stamps changes, is behind ours, or a little more. `lag`: how much of that the flow
    keeps behind the owner's clock on purpose."""

    engine: Engine
    flow: DocumentFlow[Any]
    systems: Systems
    ends: datetime
    behind: timedelta
    lag: timedelta

    async def read(
        self, changed: Changed, mark: Watermark, which: Which, before: int = 0
    ) -> tuple[int, Watermark]:
        """Enqueue what the window holds, page by page, until it is read through or the run ends
        where the next one can go on. Returns how many were stored, and the watermark as stored."""
        window = mark.window if which == "window" else mark.sweep
        assert window is not None
        found, page = 0, list[Change]()
        after = (window.after,) if window.after else ()
        async with aclosing(changed(self.systems, window.since, window.until, *after)) as changes:  # type: ignore[type-var]
            async for change in changes:
                page.append(change)
                if len(page) < PAGE and not (change.place and self._is_late()):
                    continue
                found += await self._enqueue(page)
                moved, mark = window.moved_to(page[-1]), self._counted(mark, which, page)
                mark = await self._store(mark.moved(which, moved, page[-1]))
                if moved != window and await self._is_over(before + found):
                    return found, mark
                window, page = moved, []
        found += await self._enqueue(page)
        mark = self._counted(mark, which, page)
        return found, await self._store(mark.read_through(which))

    def _counted(self, mark: Watermark, which: Which, page: Sequence[Change]) -> Watermark:
        return mark.counted(page) if which == "window" else mark

    async def _is_over(self, found: int) -> bool:
        is_enough = found >= MOST or self._is_late()
        return is_enough or await stands_still(self.engine, self.flow, self.systems)

    def _is_late(self) -> bool:
        return self.engine.clock.now() >= self.ends

    async def _store(self, mark: Watermark) -> Watermark:
        await self.engine.tables.upsert(WATERMARKS, mark.row(self.systems.name, self.flow.name))
        return mark

    async def _enqueue(self, page: Sequence[Change]) -> int:
        """Notification for every change that no delivery has seen yet; returns how many."""
        flow, connection = self.flow.name, self.systems.name
        keys = [one.key for one in page if not (one.is_passed or key_fault(one.key))]
        claims = await claims_of(self.engine.tables, connection, flow, keys)
        new = [
            change.key
            for change in page
            if not change.is_passed
            and (change.key not in claims or not self._has_seen(claims[change.key], change))
        ]
        return await self.engine.intake.accept(flow, connection, new, "poll")

    def _has_seen(self, claim: Claim, change: Change) -> bool:
        """Whether a claim stands for the record as it is listed: what was read of it said the same,
        or, where nobody knows what was read or what is listed, was read long after its stamp.

        What waits for its next try will be read again anyway. Never for a record that had vanished:
        now it is there. One that nobody survived was not read: it is left to a person until its
        stamp is newer. A read that is still to come was stamped before a clock was set back, and
        tells nothing.
        """
        if claim.state is State.PARKED and claim.deaths and claim.read_at is not None:
            return claim.read_at >= change.changed_at
        is_settled = claim.state not in (State.NEW, State.POSTING, State.VANISHED)
        waits = claim.retry_at is not None and claim.retry_at > self.engine.clock.now()
        listed = change.fingerprint or change.listed
        is_same = bool(listed) and self.engine.ledger.digests.same(claim.seen, listed)
        if is_same and (waits or change.fingerprint):
            return is_settled or waits
        is_other = bool(listed and claim.seen) and not is_same
        if is_other or change.fingerprint or not is_settled or claim.read_at is None:
            return False
        if claim.read_at > self.engine.clock.now() + CLOCKS_APART:
            return False
        settled = SECOND_OVER - self.lag if is_same else SETTLED_AFTER
        return claim.read_at >= change.changed_at + self.behind + settled
