"""What the trail says of a try that ended well."""

from datetime import datetime, timedelta

from sync.core.skipped import Skipped
from sync.engine.cell_text import clipped
from sync.engine.claim import Claim, State
from sync.engine.delivery import Delivery
from sync.engine.ledger import Entry
from sync.engine.plan import Delivered


def is_as_before(claim: Claim, outcome: Delivered | Skipped) -> bool:
    """Whether a try ended as the last one, with nothing that was not known."""
    return (
        isinstance(outcome, Skipped)
        and claim.state is State.SKIPPED
        and claim.reason == clipped(str(outcome))
    )


def entry_of(delivery: Delivery, outcome: Delivered | Skipped, now: datetime) -> Entry:
    """What the trail says of a try that ended well."""
    ms = _ms(now - delivery.started)
    if not isinstance(outcome, Delivered):
        return Entry(now, "skipped", reason=str(outcome), details={"ms": ms})
    documents = {
        result.kind: {"number": result.number, "action": result.action, **result.keys}
        for result in outcome.results
    }
    details = {
        "digest": outcome.digest, "ms": ms,
        "since_notification_ms": _ms(now - delivery.message.notified_at), **outcome.plan.keys,
        "documents": documents, "amounts": dict(outcome.plan.amounts),
    }  # fmt: skip
    return Entry(
        now, outcome.action, number=outcome.number or delivery.claim.number, details=details,
        reason=outcome.reason, remedy=outcome.remedy,
    )  # fmt: skip


def _ms(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)
