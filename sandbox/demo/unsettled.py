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
    return len(left) + sum(c.state is State.DELIVERED and c.reason != "" for c in claims)


def _was_left_behind(claim: Claim, open_: Mapping[tuple[str, str, str], Claim]) -> bool:
    """Whether the record that required this one is done, and a host died before the claim said so:
    the document is there, and the hourly repair settles the claim."""
    flow, _, key = claim.required_by.partition("|")
    return bool(key) and (claim.connection, flow, key) not in open_
