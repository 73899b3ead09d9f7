"""Pieces of each RMA that came back: what Commerce shows as returned, against what F&O registered
on its return order."""

from decimal import Decimal
from typing import Final

from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.core.money import total
from sync.engine.claim import State
from sync.flows.returns.handled_returns import read
from sync.flows.returns.return_states import STATES, items_shown
from sync.flows.returns.rma_records import RETURNS
from sync.reconcile.causes import Told
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause
from sync.reconcile.kind import Connected
from sync.reconcile.rma_quantities import ReturnedGoods, RmaQuantities
from sync.reconcile.verdict import Verdict

Pieces = tuple[Decimal, Decimal]
"""Shown by Commerce, registered by F&O."""


def _is_wanted(settings: Connection) -> bool:
    """Whether Commerce is shown what came back."""
    return {RETURNS, STATES} <= {*settings.flows} and settings.returns.states


async def _looked(connected: Connected, goods: ReturnedGoods) -> Verdict:
    pieces = await _pieces(goods.rma.key, goods.number, connected)
    shown, came = (total(one[side] for one in pieces) for side in (0, 1))
    if all(one == other for one, other in pieces):
        return Verdict(goods.place, [shown], [came])
    told = await _told(goods.rma, goods.number, connected)
    return Verdict(goods.place, [shown], [came], goods.differs(shown, came, told))


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


registered_quantities: Final = RmaQuantities("registered_quantities", STATES, _is_wanted, _looked)
