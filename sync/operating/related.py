"""Records that belong to the same story: by the numbers that they share, and by what was told of
them."""

from collections.abc import Sequence
from typing import Any, Final

from sync.app.services import Services
from sync.engine.claim import Claim, State
from sync.engine.numbers import RELATED, records_called
from sync.engine.trail import Entry
from sync.operating.records import Ledgers

WRITTEN_BACK: Final = "write_back"
MOST_NUMBERS: Final = 10


async def related_to(services: Services, claim: Claim, trail: Sequence[Entry]) -> list[Claim]:
    """The records of the story, the given one left out. Read by key and by short stretches."""
    places = {(WRITTEN_BACK, f"{claim.flow}|{claim.key}"): None}
    if claim.required_by:
        flow, _, key = claim.required_by.partition("|")
        places[flow, key] = None
    if claim.flow == WRITTEN_BACK:
        flow, _, key = claim.key.partition("|")
        places[flow, key] = None
    for number in _numbers(claim, trail):
        tables = services.edition_parts.tables
        found = await records_called(tables, claim.connection, number)
        places |= dict.fromkeys(found)
    places.pop((claim.flow, claim.key), None)
    for slip in await Ledgers(services, claim.connection, "").shipped([claim]):
        places[slip.flow, slip.key] = None
    claims = [await services.ledger.claim(claim.connection, *place) for place in places]
    return [one for one in claims if one.state is not State.NEW]


def _numbers(claim: Claim, trail: Sequence[Entry]) -> list[str]:
    numbers: dict[str, Any] = {one.number: None for one in claim.delivered.values() if one.number}
    for entry in trail:
        numbers |= {str(entry.details[n]): None for n in RELATED if entry.details.get(n)}
    return list(numbers)[:MOST_NUMBERS]
