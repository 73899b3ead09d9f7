"""A person's decision on a record: it is not delivered, its sums stay, it waits, it goes on, or
what is known of the target is forgotten. First what that does, then the doing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from sync.console.visit import Visit, see
from sync.engine.claim import Claim, State
from sync.engine.corrections import Corrections
from sync.engine.refused_keys import key_fault
from sync.operating.deciding import corrections, require_found_again
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, require_known
from sync.operating.replaying import Again, enqueued


@dataclass(frozen=True)
class Decision:
    """`does`: stores it; False where the record has changed meanwhile. `fits`: whether it can be
    decided so. `delivers`: whether the record is delivered after it."""

    does: Callable[[Corrections, Claim], Awaitable[bool]]
    fits: Callable[[Claim], bool]
    delivers: bool = False


DECISIONS: Final[Mapping[str, Decision]] = {
    "resolve": Decision(Corrections.resolve, lambda claim: claim.is_different),
    "skip": Decision(Corrections.skip, lambda claim: claim.state is State.PARKED),
    "hold": Decision(Corrections.hold, lambda claim: bool(claim.etag) and not claim.on_hold),
    "release": Decision(Corrections.release, lambda claim: bool(claim.on_hold), delivers=True),
    "forget": Decision(Corrections.forget, lambda claim: bool(claim.delivered), delivers=True),
}


def decisions_on(claim: Claim) -> list[str]:
    """What can be decided about a record now."""
    return [name for name, decision in DECISIONS.items() if decision.fits(claim)]


async def preview(visit: Visit) -> Response:
    """What the decision does, and where the reason is written."""
    claim, what = await _asked(visit)
    return visit.page("decide.html", claim=claim, what=what)


async def decide(visit: Visit) -> Response:
    """Store it, with its author and reason."""
    (claim, what), why = await _asked(visit), visit.asked("why")
    if not why:
        raise Problem("the reason is empty", remedy="Write down what was decided, and why.")
    ledgers = Ledgers(visit.services, claim.connection, claim.flow)
    place = {"connection": claim.connection, "flow": claim.flow}
    if what == "forget":
        await require_found_again(ledgers, claim)
    if not await DECISIONS[what].does(corrections(ledgers, why=why, by=visit.person.name), claim):
        changed = f"{claim.flow} {claim.key} was left as it is: it has just changed, is being"
        raise Problem(
            f"{changed} worked on, or a write of it may still commit",
            remedy="Look at the record again, in some minutes.",
        )
    if DECISIONS[what].delivers:
        again = Again(claim.connection, claim.flow, claim.key, str(claim.state), claim.reason)
        await enqueued(ledgers, [again], by=visit.person.name)
    await visit.note(what, subject=claim.key, why=why, **place)
    return see("/record", key=claim.key, **place)


async def _asked(visit: Visit) -> tuple[Claim, str]:
    """The record, and what is to be decided about it. Raises `Problem`."""
    place = [visit.asked(name) for name in ("connection", "flow", "key")]
    require_known(visit.services, place[0], place[1])
    if not all(place) or key_fault(place[2]):
        raise Problem("no record is named", remedy="Choose one in the list of the parked.")
    claim = await visit.services.ledger.claim(*place)
    possible = decisions_on(claim)
    what = visit.asked("what") or next(iter(possible), "")
    if what not in possible:
        what = f"{claim.flow} {claim.key} does not wait for this decision"
        raise Problem(what, remedy="Look at the record again.")
    return claim, what
