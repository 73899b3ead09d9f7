"""Reads of a record beside the first one: whether it has changed since, and what another one
requires."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sync.core.errors import Later, Never
from sync.engine.claim import Claim, State
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, SubFlow
from sync.engine.timing import SEEN_AFTER
from sync.pacing.retry import reason_of


def rereading(
    flow: DocumentFlow[Any], delivery: Delivery, record: Any
) -> Callable[[], Awaitable[bool]]:
    """Asks the source whether the record is still as it was read."""

    async def is_current() -> bool:
        version = flow.source.version
        if version is None:
            return True
        again = await flow.source.read(delivery.claim.key, delivery.systems)
        return again is not None and version(again) == version(record)

    return is_current


async def required(
    flow: DocumentFlow[Any] | SubFlow[Any], inner: Delivery, record: Any, read_at: datetime
) -> Any:
    """The required record: the one that was handed in, and was read since `read_at`; else it is
    read. Raises `Later` where it is not there yet, and where it was handed in and may be older than
    what the claim stands for."""
    key = inner.claim.key
    if record is not None:
        inner.read_at = read_at
        last = inner.claim.read_at
        if isinstance(flow, DocumentFlow) and last is not None and read_at < last + SEEN_AFTER:
            _require_as_read_last(flow, inner, record)
            inner.read_at = max(read_at, last)
    elif isinstance(flow, DocumentFlow):
        record = await flow.source.read(key, inner.systems)
    if record is None:
        raise Later(f"{flow.name} {key} is not there yet", after=timedelta(seconds=15))
    return record


def _require_as_read_last(flow: DocumentFlow[Any], inner: Delivery, record: Any) -> None:
    """A record that says what was read last is as good as that; any other is read again."""
    poll = flow.trigger(Poll)
    if poll is None or not inner.is_same(inner.claim.seen, poll.seen_of(record)):
        reason = f"{flow.name} {inner.claim.key} may have changed since it was read for this"
        raise Later(reason, after=SEEN_AFTER, counts=False)


def delivered_with(flow: DocumentFlow[Any] | None, claim: Claim) -> tuple[str, str]:
    """(flow, key) of the record whose delivery delivers this one: itself, or, of a sub-flow and of
    what does not come alone, the record that last required it. Empty where none is known."""
    if flow is not None and flow.source.comes_alone(claim.key):
        return claim.flow, claim.key
    by, _, key = claim.required_by.partition("|")
    return by, key


def stopped(claim: Claim, error: Exception) -> dict[str, Any]:
    """What the claim of a required record says, as it was taken, once this has stopped it. What
    waited for a person before waits for one still; a fault that nobody else can mend is news to
    them, and why a delivered one stopped others stays until it goes through."""
    if claim.state is State.DELIVERED and not isinstance(error, Never):
        return {}
    if claim.state is not State.PARKED:
        return {"reason": reason_of(error)}
    if isinstance(error, Never):
        return {"state": State.PARKED, "reason": error.reason, "remedy": error.remedy}
    return {"state": State.PARKED}
