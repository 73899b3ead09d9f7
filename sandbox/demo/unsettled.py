"""Records that wait for another try, by their claims."""

from collections.abc import Iterable, Mapping
from typing import Final

from sync.engine.claim import Claim, State
from sync.engine.ledger import Ledger

UNSETTLED: Final = (State.NEW, State.POSTING)


async def unsettled(ledger: Ledger, connections: Iterable[str], flows: Iterable[str]) -> int:
    """How many records of these flows do."""
    claims = [
        claim
        for name in connections
        for flow in flows
        async for claim in ledger.claims(name, flow)
    ]  # fmt: skip
    open_ = {(c.connection, c.flow, c.key): c for c in claims if c.state in UNSETTLED}
    left = [c for c in open_.values() if not _was_left_behind(c, open_)]
    return len(left) + sum(_waits(c) for c in claims if c.state not in UNSETTLED)


def _waits(claim: Claim) -> bool:
    """Whether a message waits for the record's next try, or is worked on by somebody who may have
    died: then it comes again, and later where that was not the first time."""
    return claim.retry_at is not None or bool(claim.owner and not claim.required_by)


def _was_left_behind(claim: Claim, open_: Mapping[tuple[str, str, str], Claim]) -> bool:
    """Whether the record that required this one is done, and a host died before the claim said so:
    the document is there, and the hourly repair settles the claim."""
    flow, _, key = claim.required_by.partition("|")
    return bool(key) and (claim.connection, flow, key) not in open_
