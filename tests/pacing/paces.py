"""A pace for clients that stand alone in a test."""

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Clock
from sync.pacing.limiter import Limiter
from sync.pacing.pace import Pace
from sync.pacing.pauses import Pauses


def pace_of(clock: Clock, limiter: Limiter | None = None, system: str = "the system") -> Pace:
    """Over tables of its own."""
    return Pace(system, limiter or Limiter(4), Pauses(SqliteTables(":memory:"), clock), clock)
