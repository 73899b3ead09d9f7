"""Cases: each RMA against its case in Dataverse, and whether the case of a closed one was resolved.

Counted in pieces: one RMA, one case. A case that people opened again after we resolved it is
theirs.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.dataverse.cases import note_id
from sync.dataverse.documents.case import CaseState, Note
from sync.engine.claim import Claim, State
from sync.flows.cases.case_writes import CaseWrite
from sync.flows.cases.matters import case_id
from sync.flows.keys import elsewhere
from sync.flows.returns.rma_records import CASES
from sync.flows.targets import service_of
from sync.mapping.cases import OVER, RETURN
from sync.mapping.rma_return_order import requested_at
from sync.reconcile.causes import Told
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict, looked_at

ONE: Final = Decimal(1)


@dataclass(frozen=True)
class Cases:
    """The comparison."""

    name: str = CASES
    flow: str = CASES
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether returns are cases."""
        return CASES in settings.flows and settings.cases.returns

    def is_usual(self, settings: Connection) -> bool:
        """It is compared wherever it is wanted."""
        return self.is_wanted(settings)

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per RMA that was requested; none of those that were over when first seen."""
        rows = connected.systems.commerce.returns.since(
            window.since, window.until, stores=connected.stores(window)
        )
        async for verdict in looked_at(partial(_looked, connected), rows):
            yield verdict


async def _looked(connected: Connected, row: Mapping[str, Any]) -> Verdict | None:
    systems, rma = connected.systems, Rma.read(row)
    key = f"{RETURN}|{rma.key}"
    claim = await connected.ledger.claim(systems.name, CASES, key)
    if elsewhere(rma.store_id, systems) or claim.state is State.SKIPPED:
        return None
    dataverse, _ = service_of(systems)
    row_id = case_id(key, systems.settings)
    held = await dataverse.cases.get(row_id)
    there = await dataverse.cases.note_ids(row_id) if held and rma.is_over else frozenset()
    told = _told(claim, rma, held, there, connected)
    store = "" if rma.store_id is None else str(rma.store_id)
    place = (CASES, connected.day(requested_at(rma), rma.store_id), store, PIECES)
    found = None if held is None else ONE
    if told is None:
        return Verdict(place, [ONE], [ONE])
    difference = Difference(CASES, key, store, place[1], PIECES, ONE, found, *told)
    return Verdict(place, [ONE], [] if found is None else [ONE], difference)


def _told(
    claim: Claim, rma: Rma, held: CaseState | None, there: frozenset[str], connected: Connected
) -> Told | None:
    """Why it differs; None where it does not."""
    commands = Commands(claim.connection, CASES, claim.key)
    if claim.waits_for_a_person:
        return Cause.PARKED, "", claim.remedy
    if held is None:
        gone = CaseWrite.kind in claim.delivered
        return Cause.MISSING, "", commands.forget() if gone else commands.replay()
    over = note_id(held.row_id, Note(OVER, "", ""))
    is_left = rma.is_over and connected.settings.cases.resolve and over not in there
    return (Cause.AMOUNT, "", commands.replay()) if is_left and held.is_active else None


cases: Final = Cases()
