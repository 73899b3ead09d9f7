"""A person's decision on a record whose sums differ in both systems."""

from sync.core.ports import Clock
from sync.engine.claim import Claim, State
from sync.engine.ledger import Entry, Ledger


async def resolve(ledger: Ledger, clock: Clock, claim: Claim, *, why: str, by: str) -> bool:
    """Store who has decided on the sums of `claim`, when and why, and take it off the list of the
    parked; False where they are other sums by now, or agree. Other sums ask again.

    Trail first. Who is at work on the record meanwhile is told to look again. Safe to repeat.
    """
    found = await ledger.claim(claim.connection, claim.flow, claim.key)
    if not _is_asked(found, claim):
        return False
    details = {"by": by, "resolved": claim.differs}
    await ledger.write(found, Entry(clock.now(), "resolved", reason=why, details=details))
    while not await ledger.note(
        found, again=found.is_held_at(clock.now()), resolved=claim.differs, differs="", reason="",
        remedy="",
    ):  # fmt: skip
        found = await ledger.claim(claim.connection, claim.flow, claim.key)
        if not _is_asked(found, claim):
            return False
    await ledger.unpark(found)
    return True


async def skip(ledger: Ledger, clock: Clock, claim: Claim, *, why: str, by: str) -> bool:
    """Store who has decided that a parked record is not delivered, when and why, and take it off
    the list; False where it waits for something else by now, or somebody is at work on it. What is
    told of it later, and a replay, have it looked at again.

    Trail first. Safe to repeat.
    """
    found = await ledger.claim(claim.connection, claim.flow, claim.key)
    if not _is_parked(found, claim) or found.is_held_at(clock.now()):
        return False
    details = {"by": by, "parked_for": claim.reason}
    await ledger.write(found, Entry(clock.now(), "skipped", reason=why, details=details))
    if not await ledger.note(found, state=State.SKIPPED, reason=why, remedy=""):
        return False
    await ledger.unpark(found)
    return True


def _is_parked(claim: Claim, shown: Claim) -> bool:
    """Whether the claim still waits for what the person was shown."""
    return claim.state is State.PARKED and claim.reason == shown.reason


def _is_asked(found: Claim, shown: Claim) -> bool:
    """Whether the claim still asks about the sums that the person was shown."""
    return found.is_different and found.differs == shown.differs
