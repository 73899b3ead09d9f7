"""A pace for clients that stand alone in a test, and slots of a limiter that does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Clock
from sync.pacing.limiter import Limiter, Slot
from sync.pacing.pace import Pace
from sync.pacing.pauses import Pauses
from sync.pacing.priority import Priority


def pace_of(clock: Clock, limiter: Limiter | None = None, system: str = "the system") -> Pace:
    """Over tables of its own."""
    return Pace(system, limiter or Limiter(4), Pauses(SqliteTables(":memory:"), clock), clock)


@asynccontextmanager
async def slot_of(limiter: Limiter, priority: Priority = Priority.DOCUMENTS) -> AsyncIterator[Slot]:
    """One request's slot, for the length of the block."""
    slot, is_answered = await limiter.enter(priority), False
    try:
        yield slot
        is_answered = True
    finally:
        limiter.leave(slot, is_answered=is_answered)
