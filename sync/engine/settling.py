"""Until when writes that were given up may still commit."""

from datetime import datetime

from sync.engine.claim import Claim, Intent


def unsettled_until(claim: Claim) -> datetime | None:
    """Until when a write of a record that nobody is at work on may still commit; None where none
    may."""
    return latest_end(claim.unsettled_until, claim.intent)


def latest_end(end: datetime | None, intent: Intent | None) -> datetime | None:
    """When the last of both can no longer commit."""
    ends = (end, intent.settled_by if intent else None)
    return max((one for one in ends if one is not None), default=None)
