"""What trail and claim say of a try that ended well. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync.core.skipped import Skipped
from sync.engine.cell_text import clipped
from sync.engine.claim import Claim, State
from sync.engine.delivery import Delivery
from sync.engine.loops import counted
from sync.engine.plan import Delivered
from sync.engine.trail import Entry


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
        **_sums(delivery, outcome),
    }  # fmt: skip
    found = Entry(
        now, outcome.action, number=outcome.number or delivery.claim.number, details=details
    )
    if outcome.differs and not undecided(delivery, outcome):
        return found
    return replace(found, reason=outcome.reason, remedy=outcome.remedy)


def is_as_before(claim: Claim, outcome: Delivered | Skipped) -> bool:
    """Whether a record is skipped for the same reason as the last time."""
    was_skipped = isinstance(outcome, Skipped) and claim.state is State.SKIPPED
    return was_skipped and claim.reason == clipped(str(outcome))


def undecided(delivery: Delivery, outcome: Delivered | Skipped) -> str:
    """The sums that differ and that no person has decided on; empty where there are none."""
    sums = outcome.differs if isinstance(outcome, Delivered) else ""
    return sums if sums != delivery.claim.resolved else ""


def _sums(delivery: Delivery, outcome: Delivered) -> dict[str, str]:
    """Sums that differ, that a person has decided on, or that differ no more."""
    if outcome.differs:
        return {"differs" if undecided(delivery, outcome) else "resolved": outcome.differs}
    return {"differs_no_more": delivery.claim.differs} if delivery.claim.differs else {}


def settled(delivery: Delivery, outcome: Delivered | Skipped, now: datetime) -> dict[str, Any]:
    """What the claim says of the targets from now on."""
    if not isinstance(outcome, Delivered):
        return {"state": State.SKIPPED, "differs": "", **_looked_at(delivery)}
    stays = outcome.action == "unchanged" and delivery.claim.state is State.CANCELLED
    is_gone = outcome.action == "cancelled" or stays
    return {
        "state": State.CANCELLED if is_gone else State.DELIVERED, "digest": outcome.digest,
        "number": outcome.number or delivery.claim.number, "targets": delivery.targets,
        "intent_document": "", "intent_kind": "", "intent_not_after": None,
        "intent_settled_by": None, "differs": undecided(delivery, outcome),
        **counted(delivery.claim, outcome.action, now, is_asked=delivery.message.is_asked),
    }  # fmt: skip


def _looked_at(delivery: Delivery) -> dict[str, str]:
    """Who asked for a record since its write was not saved has looked at the payment gateway."""
    intent, asked_at = delivery.claim.intent, delivery.message.asked_at
    if intent is None or asked_at is None or asked_at <= intent.settled_by:
        return {}
    return {"intent_document": intent.document}


def _ms(length: timedelta) -> int:
    return int(length.total_seconds() * 1000)
