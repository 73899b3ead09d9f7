"""A person's decisions on records that wait for one."""

from sync.engine.claim import Claim, State
from sync.engine.resolving import resolve, skip
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, is_called


async def resolved(ledgers: Ledgers, flow: str, key: str, *, why: str, by: str) -> Claim:
    """Store that the sums of a delivered record stay as they are; returns the claim as it was.
    Raises `Problem`."""
    services = ledgers.services
    claim = await _the_one(ledgers, flow, key)
    if not await resolve(services.ledger, services.edition_parts.clock, claim, why=why, by=by):
        what = f"the sums of {flow} {claim.key} have just changed; nothing was decided"
        raise Problem(what, remedy="Look at `parked` again.")
    return claim


async def skipped(ledgers: Ledgers, flow: str, key: str, *, why: str, by: str) -> Claim:
    """Store that a parked record is not delivered; returns the claim as it was. Raises
    `Problem`."""
    services = ledgers.services
    found = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
    parked = [one for one in found if one.flow == flow and one.state is State.PARKED]
    if len(parked) != 1:
        what = f"{len(parked)} parked records of {flow} are called {key}"
        raise Problem(what, remedy="Name the full key as `parked` shows it, and --connection.")
    (claim,) = parked
    if not await skip(services.ledger, services.edition_parts.clock, claim, why=why, by=by):
        what = f"{flow} {claim.key} has just changed; nothing was decided"
        raise Problem(what, remedy="Look at `parked` again.")
    return claim


async def _the_one(ledgers: Ledgers, flow: str, key: str) -> Claim:
    """The record of that key or number whose sums differ. Raises `Problem`."""
    found = [claim for claim in await ledgers.find(key) if is_called(claim.key, key)]
    asking = [claim for claim in found if claim.is_different]
    if len(asking) == 1:
        return asking[0]
    if asking:
        keys = ", ".join(f"{one.key} ({one.connection})" for one in asking)
        raise Problem(f"{key} may be: {keys}", remedy="Name the full key, and --connection.")
    if any(claim.state is State.PARKED for claim in found):
        what = f"{flow} {key} is not delivered: there is nothing to decide on"
        raise Problem(what, remedy="`parked` shows what to do; then `replay` it.")
    what = f"no sums of {flow} {key} wait for a decision"
    raise Problem(what, remedy="`parked` lists what does.")
