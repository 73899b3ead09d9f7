"""A person's decision on a record: it is not delivered, or its sums stay as they are."""

from starlette.responses import Response

from sync.console.visit import Visit, see
from sync.engine.claim import Claim, State
from sync.engine.refused_keys import key_fault
from sync.operating.deciding import resolved, skipped
from sync.operating.problem import Problem
from sync.operating.records import Ledgers, require_known


async def preview(visit: Visit) -> Response:
    """What the decision does, and where the reason is written."""
    return visit.page("decide.html", claim=await _claim(visit))


async def decide(visit: Visit) -> Response:
    """Store it, with its author and reason."""
    claim, why = await _claim(visit), visit.asked("why")
    if not why:
        raise Problem("the reason is empty", remedy="Write down what was decided, and why.")
    ledgers = Ledgers(visit.services, claim.connection, claim.flow)
    do = resolved if claim.is_different else skipped
    await do(ledgers, claim.flow, claim.key, why=why, by=visit.person.name)
    place = {"connection": claim.connection, "flow": claim.flow}
    what = "resolve" if claim.is_different else "skip"
    await visit.note(what, subject=claim.key, why=why, **place)
    return see("/record", key=claim.key, **place)


async def _claim(visit: Visit) -> Claim:
    """The record, which waits for a person. Raises `Problem`."""
    place = [visit.asked(name) for name in ("connection", "flow", "key")]
    require_known(visit.services, place[0], place[1])
    if not all(place) or key_fault(place[2]):
        raise Problem("no record is named", remedy="Choose one in the list of the parked.")
    claim = await visit.services.ledger.claim(*place)
    if not (claim.is_different or claim.state is State.PARKED):
        what = f"{claim.flow} {claim.key} does not wait for a decision"
        raise Problem(what, remedy="Look at the record again.")
    return claim
