"""Delivering records again: first what would happen, then the doing, then the outcomes."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from sync.console.pages.parked import Wanted
from sync.console.visit import Visit, see
from sync.engine.gateways import AT_A_GATEWAY
from sync.engine.refused_keys import key_fault
from sync.operating.causes import parked_of
from sync.operating.problem import Problem
from sync.operating.records import Ledgers
from sync.operating.replaying import Again, enqueued, of_keys, of_record
from sync.operating.trying import TRIED, tried

MOST: Final = 500
"""Records that one form replays; what is left is replayed by the next."""


async def preview(visit: Visit) -> Response:
    """What a replay would do: which records, and what would come of the first of them."""
    return await _preview(visit, await _wanted(visit))


async def _preview(visit: Visit, wanted: Sequence[Again], *, changed: bool = False) -> Response:
    found = await tried(visit.services, wanted[:TRIED])
    return visit.page(
        "replay.html", wanted=Wanted.by(visit), key=visit.asked("key"), records=wanted,
        tried=found, most=MOST, changed=changed,
    )  # fmt: skip


async def replay(visit: Visit) -> Response:
    """Enqueue what was shown. Where other records fit by now, they are shown first."""
    wanted = await _wanted(visit)
    if visit.asked("count") != str(len(wanted)):
        return await _preview(visit, wanted, changed=True)
    ledgers = Ledgers(visit.services, "", "")
    asking = await enqueued(ledgers, wanted[:MOST], by=visit.person.name)
    first = wanted[0]
    id_ = await visit.note(
        "replay", connection=first.connection, flow=first.flow, count=asking.count,
        subject=first.key if asking.count == 1 else first.reason, details=asking.as_json(),
    )  # fmt: skip
    return see("/activity/one", id=id_)


async def _wanted(visit: Visit) -> list[Again]:
    """The record, or everything that fits the filter. Raises `Problem` where there is none."""
    wanted, key = Wanted.by(visit), visit.asked("key")
    if key and (fault := key_fault(key)):
        raise Problem(f"the key cannot be used: {fault}", remedy="Choose the record in a list.")
    if key and wanted.connection and wanted.flow:
        return [await of_record(visit.services, wanted.connection, wanted.flow, key)]
    if key:
        return await of_keys(Ledgers(visit.services, wanted.connection, wanted.flow), [key])
    parked = await parked_of(visit.services, wanted.connection, wanted.flow)
    found = [
        Again(one.connection, one.flow, one.key, "parked", one.reason) for one in wanted.of(parked)
    ]
    if not found:
        raise Problem("nothing that fits is parked any more", remedy="Look at the list again.")
    if len(found) > 1 and not (found := [one for one in found if AT_A_GATEWAY not in one.reason]):
        cure = "Open each record, look at the gateway, and replay it there."
        raise Problem("all that fits waits for a look at the payment gateway", remedy=cure)
    return found
