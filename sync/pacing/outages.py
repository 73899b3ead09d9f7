"""Whether a system is away for everybody, or one record makes it fail.

A failure that no record is to blame for uses up none of its tries. The two are told apart by what
else the system answers: while nothing but failures came from it for a while, it is away.
"""

from datetime import datetime, timedelta
from typing import Final

from sync.core.errors import Later
from sync.core.ports import Clock
from sync.pacing.pauses import ASKED_AGAIN

QUIET: Final = timedelta(seconds=30)
"""A failure uses up no try of its record when the system has given nobody an answer for so long."""
MANY: Final = 24
"""So many failures without an answer between them show it sooner: one record is tried three times
within `QUIET`."""
IN_A_ROW: Final = 3
"""Nobody asks the system any more once so many requests have failed since its last answer: one lost
connection after a quiet night is no outage."""
LONGEST: Final = timedelta(minutes=5)
"""A system that is away is asked again after this, however long a wait it names: one request finds
out, and what it names may be a gateway's guess."""


class Outages:
    """What one process knows of one system. `answered`: every answer that is no failure."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered_at: datetime | None = None
        self._failed = 0

    def answered(self) -> None:
        """The system answered somebody, be it with a refusal."""
        self._answered_at = self._clock.now()
        self._failed = 0

    def judged(self, error: Exception) -> timedelta | None:
        """How long nobody is to ask the system because of `error`; None where others may. An error
        that no record is to blame for then uses up no try."""
        if not isinstance(error, Later) or not error.is_outage:
            return None
        self._failed += 1
        is_said = not error.counts  # it says itself that it is away for everybody: maintenance
        last = self._answered_at
        is_answering = last is not None and timedelta() <= self._clock.now() - last < QUIET
        if not is_said and is_answering and self._failed < MANY:
            return None
        error.counts = False
        error.after = min(max(error.after or ASKED_AGAIN, ASKED_AGAIN), LONGEST)
        return error.after if is_said or self._failed >= IN_A_ROW else None
