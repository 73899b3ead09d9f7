"""When a failed delivery is tried again, and when it is parked. Pure: a table test covers it."""

from dataclasses import dataclass
from datetime import timedelta

from sync.core.errors import Later, Never

WAITS = tuple(
    timedelta(seconds=s) for s in (10, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200)
)
"""Waits between tries, about a day and a half in all: a night's maintenance passes, and nobody
waits a week to hear."""

SHORTEST = timedelta(seconds=1)
"""Nobody is asked again at once, whatever an answer says."""

BUG_WAITS = (timedelta(seconds=5), timedelta(seconds=60))
"""An unexpected exception is a bug of ours: a few tries, in case it was the weather, then a person
must see it."""

ABSENT_WAITS = tuple(timedelta(seconds=s) for s in (2, 5, 15, 60, 300))
"""A hook can fire before the row is committed, and replicas lag; after this the record is not
coming."""


@dataclass(frozen=True)
class Wait:
    """Try again after this; `attempt` is the number of the next try."""

    after: timedelta
    attempt: int


@dataclass(frozen=True)
class Park:
    """Give it to a person: what happened, what to do, whose correlation id."""

    reason: str
    remedy: str
    code: str = ""


def decide(error: Exception, attempt: int) -> Wait | Park:
    """What happens after try number `attempt` (from 1) ended with `error`."""
    if isinstance(error, Never):
        return Park(error.reason, error.remedy, error.code)
    if isinstance(error, Later):
        if not error.counts:
            return Wait(WAITS[0] if error.after is None else max(error.after, SHORTEST), attempt)
        if attempt > len(WAITS):
            reason = f"gave up after {attempt} tries: {error.reason}"
            return Park(reason, error.remedy or "Mend the cause, then replay the record.")
        usual = WAITS[attempt - 1]
        least = usual if error.is_outage else SHORTEST
        return Wait(usual if error.after is None else max(error.after, least), attempt + 1)
    if attempt > len(BUG_WAITS):
        reason = f"unexpected {type(error).__name__} in {_place(error)}"
        return Park(reason, "This is a fault of the product: report it with this trail.")
    return Wait(BUG_WAITS[attempt - 1], attempt + 1)


def _place(error: Exception) -> str:
    """Where it happened, without its text, which may quote a document."""
    trace = error.__traceback__
    place = "an unknown place"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_qualname} line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def reason_of(error: Exception) -> str:
    """Why a try failed, in one line; nothing of an unexpected error's text: it may name people."""
    if isinstance(error, Later | Never):
        return error.reason
    return f"unexpected {type(error).__name__}"
