"""Records that two flows change back and forth: what the one writes is news to the other. No flow
means to do that; a rule of somebody else's in one of the systems may make them.

A claim counts the changes of its record within a day. What a person asks for is not counted, and
begins a new count. Flows that hand records on to each other and change nothing are stopped by a
count in the message.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sync.core.errors import Never
from sync.engine.claim import Claim
from sync.engine.message import Message

MOST: Final = 12
"""Changes of one record within a day. People edit an order a few times."""
DAY: Final = timedelta(days=1)
CHANGES: Final = frozenset({"amended", "held", "released"})
"""Actions that can go back and forth: nothing is created or cancelled twice."""


MOST_HOPS: Final = 20
"""Flows that hand a record on in a row, and change nothing. Rows of follow-ups are short."""
CIRCLE: Final = "flows handed it on to each other and changed nothing; it is not handed on again"


def hops_to(flow: str, message: Message, action: str) -> int:
    """The count of a follow-up to a flow, after a delivery with this action. A flow that goes on
    with its own next piece is no circle."""
    if action in {"created", "cancelled", *CHANGES}:
        return 0
    return message.hops + (flow != message.flow)


class Changing(Protocol):
    """A try at a record (`Delivery`)."""

    claim: Claim
    message: Message
    is_answered: bool

    def now(self) -> datetime:
        """Aware UTC."""
        ...


def require_no_loop(delivery: Changing) -> None:
    """Raise `Never` where a record that was changed too often is about to be changed again: nothing
    is written until a person asks for it."""
    claim, is_due = delivery.claim, delivery.is_answered and not delivery.message.is_asked
    if is_due and claim.changes >= MOST and _is_counting(claim, delivery.now()):
        raise Never(
            f"it was changed {claim.changes} times within a day: something changes it back and"
            " forth",
            remedy=(
                f"Look at `trail {claim.key}`: which field goes back and forth, and what in"
                " Commerce or F&O changes it beside us? End that, then replay."
            ),
        )


def counted(claim: Claim, action: str, now: datetime, *, is_asked: bool) -> dict[str, Any]:
    """What the claim remembers after an outcome with this action."""
    if is_asked:
        return {"changes": 0, "changes_since": None}
    if action not in CHANGES:
        return {}
    if not _is_counting(claim, now):
        return {"changes": 1, "changes_since": now}
    return {"changes": claim.changes + 1}


def _is_counting(claim: Claim, now: datetime) -> bool:
    return claim.changes_since is not None and now - claim.changes_since < DAY
