"""Until when writes that were given up may still commit."""

from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Clock
from sync.engine.claim import Claim
from sync.engine.intent import Intent

WHILE: Final = timedelta(minutes=5)
"""For so long a clock that was set ahead is not followed: most lost writes have settled then."""


class EarliestNow:
    """How late it is at least, for who waits until a write can no longer commit: the least that the
    clock said within up to twice `WHILE`, and the time that has elapsed since, where a clock that
    was set ahead says more. Asked whenever such a time is stored, so that it knows of then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._least: list[tuple[float, datetime]] = []
        """When each `WHILE` began, and the least that the clock said in it, as it would have been
        when nothing had elapsed."""

    def now(self) -> datetime:
        """Aware UTC; never later than the clock's."""
        now, passed = self._clock.now(), self._clock.elapsed()
        said = now - timedelta(seconds=passed)
        began, least = self._least.pop() if self._least else (passed, said)
        if passed - began < WHILE.total_seconds():
            self._least.append((began, min(least, said)))
        else:
            self._least = [(began, least), (passed, said)]
        return min(now, *(one + timedelta(seconds=passed) for _, one in self._least))


def unsettled_until(claim: Claim) -> datetime | None:
    """Until when a write of a record that nobody is at work on may still commit; None where none
    may."""
    return latest_end(claim.unsettled_until, claim.intent)


def latest_end(end: datetime | None, intent: Intent | None) -> datetime | None:
    """When the last of both can no longer commit."""
    ends = (end, intent.settled_by if intent else None)
    return max((one for one in ends if one is not None), default=None)
