"""Until when writes that were given up may still commit."""

from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Clock
from sync.engine.claim import Claim
from sync.engine.intent import Intent

WHILE: Final = timedelta(minutes=5)
"""For so long a clock that was set ahead is not followed: most lost writes have settled then."""


class EarliestNow:
    """How late it is at least, for who waits until a write can no longer commit: what the clock
    said up to twice `WHILE` ago and the time that has elapsed since, where a clock that was set
    ahead says more. Asked before each write, so that it knows of before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: list[tuple[datetime, float]] = []

    def now(self) -> datetime:
        """Aware UTC; never later than the clock's."""
        now, passed = self._clock.now(), self._clock.elapsed()
        if not self._known or passed - self._known[-1][1] >= WHILE.total_seconds():
            self._known = [*self._known[-1:], (now, passed)]
        return min(now, *(at + timedelta(seconds=passed - since) for at, since in self._known))


def unsettled_until(claim: Claim) -> datetime | None:
    """Until when a write of a record that nobody is at work on may still commit; None where none
    may."""
    return latest_end(claim.unsettled_until, claim.intent)


def latest_end(end: datetime | None, intent: Intent | None) -> datetime | None:
    """When the last of both can no longer commit."""
    ends = (end, intent.settled_by if intent else None)
    return max((one for one in ends if one is not None), default=None)
