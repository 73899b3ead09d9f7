"""Pieces of each RMA that came back: what Commerce shows as returned, against what F&O registered
on its return order."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.core.money import total
from sync.engine.claim import State
from sync.flows.keys import elsewhere
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.flows.returns.handled_returns import read
from sync.flows.returns.return_states import STATES, items_shown
from sync.flows.returns.rma_records import RETURNS
from sync.mapping.rma_return_order import requested_at
from sync.reconcile.causes import Told
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict

RETURNED_QUANTITIES: Final = "returned_quantities"
Pieces = tuple[Decimal, Decimal]
"""Shown by Commerce, registered by F&O."""


@dataclass(frozen=True)
class ReturnedQuantities:
    """The comparison."""

    name: str = RETURNED_QUANTITIES
    flow: str = STATES
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether Commerce is shown what came back."""
        return {RETURNS, STATES} <= {*settings.flows} and settings.returns.states

    def is_usual(self, _: Connection) -> bool:
        """It reads each RMA a second time."""
        return False

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per RMA of which F&O has a return order."""
        rows = connected.systems.commerce.returns.since(
            window.since, window.until, stores=connected.stores(window)
        )
        async for row in rows:
            verdict = await _looked(connected, row)
            if verdict is not None:
                yield verdict


async def _looked(connected: Connected, row: Mapping[str, Any]) -> Verdict | None:
    """None for what has no return order."""
    systems, rma = connected.systems, Rma.read(row)
    claim = await connected.ledger.claim(systems.name, RETURNS, rma.key)
    held = claim.delivered.get(ReturnOrderWrite.kind)
    if held is None or elsewhere(rma.store_id, systems):
        return None
    store = "" if rma.store_id is None else str(rma.store_id)
    place = (RETURNED_QUANTITIES, connected.day(requested_at(rma), rma.store_id), store, PIECES)
    pieces = await _pieces(rma.key, held.number, connected)
    shown, came = (total(one[side] for one in pieces) for side in (0, 1))
    if all(one == other for one, other in pieces):
        return Verdict(place, [shown], [came])
    told = await _told(rma, held.number, connected)
    difference = Difference(
        RETURNED_QUANTITIES, rma.key, store, place[1], PIECES, shown, came, *told
    )
    return Verdict(place, [shown], [came], difference)


async def _pieces(key: str, number: str, connected: Connected) -> list[Pieces]:
    """Of each item; none where its return order does not show."""
    handled = await read(key, connected.systems)
    state = next((one for one in handled.states if one.number == number), None) if handled else None
    if handled is None or state is None:
        return []
    items = {one.entity_id: one for one in handled.found.rma.items or ()}
    wanted = await items_shown(handled.found, state, connected.systems)
    return [(items[one.entity_id].qty_returned, one.quantities[1]) for one in wanted]


async def _told(rma: Rma, number: str, connected: Connected) -> Told:
    """Why it differs."""
    claim = await connected.ledger.claim(connected.systems.name, STATES, rma.key)
    if claim.waits_for_a_person:
        return Cause.PARKED, "", claim.remedy
    if rma.is_over:
        said = f"{rma.label} was closed in Commerce; compare it with {number} in D365 by hand."
        return Cause.AMOUNT, "", said
    again = Commands(connected.systems.name, STATES, rma.key).replay()
    return (Cause.AMOUNT if claim.state is State.DELIVERED else Cause.WAITING), "", again


returned_quantities: Final = ReturnedQuantities()
