"""Whether a system is away for everybody, or one record makes it fail.

A failure that no record is to blame for uses up none of its tries. The two are told apart by what
else the system answers: while nothing but failures came from it for a while, it is away.
"""

from datetime import datetime, timedelta
from typing import Final

from sync.core.errors import Later
from sync.core.ports import Clock

QUIET: Final = timedelta(seconds=30)
"""A system that has given nobody an answer for so long is away."""
ASKED_AGAIN: Final = timedelta(seconds=15)
"""How long nobody asks a system that is away; the first requests after that find out."""


class Outages:
    """What one process knows of one system. `answered`: every answer that is no failure."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered_at: datetime | None = None

    def answered(self) -> None:
        """The system answered somebody, be it with a refusal."""
        self._answered_at = self._clock.now()

    def judged(self, error: Exception) -> timedelta | None:
        """How long nobody is to ask the system because of `error`; None where it is not away. An
        error of a system that is away then uses up no try."""
        if not isinstance(error, Later) or not error.is_outage:
            return None
        last = self._answered_at
        if last is not None and self._clock.now() - last < QUIET:
            return None
        error.counts = False
        error.after = max(error.after or ASKED_AGAIN, ASKED_AGAIN)
        return error.after
