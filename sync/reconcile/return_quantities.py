"""Pieces of each RMA: what credit memos gave back of it, against what credit notes of F&O credited
and is not replaced.

Sums of money may agree where pieces do not: an adjustment in place of goods leaves them sold.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.flows.keys import elsewhere
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.flows.returns.return_states import REFUNDS
from sync.flows.returns.rma_records import RETURNS
from sync.mapping.order_rows import money_items
from sync.mapping.refund_case import RefundCase, given_by
from sync.mapping.rma_return_order import RmaWithOrder, requested_at
from sync.reconcile.causes import Told
from sync.reconcile.difference import Cause, Difference, Place
from sync.reconcile.kind import Connected, Window
from sync.reconcile.returns import cases_of, memos_of, told_of_notes
from sync.reconcile.verdict import PIECES, Verdict

RETURN_QUANTITIES: Final = "return_quantities"


@dataclass(frozen=True)
class ReturnQuantities:
    """The comparison."""

    name: str = RETURN_QUANTITIES
    flow: str = RETURNS
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether F&O's credit notes are refunded."""
        return {RETURNS, REFUNDS} <= {*settings.flows}

    def is_usual(self, _: Connection) -> bool:
        """It reads each RMA a second time."""
        return False

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per RMA of which F&O has a return order."""
        systems = connected.systems
        rows = systems.commerce.returns.since(
            window.since, window.until, stores=connected.stores(window)
        )
        async for row in rows:
            verdict = await _looked(connected, row)
            if verdict is not None:
                yield verdict


async def _looked(connected: Connected, row: Mapping[str, Any]) -> Verdict | None:
    """None for what has no return order: nothing of it may have been credited."""
    systems, rma = connected.systems, Rma.read(row)
    claim = await connected.ledger.claim(systems.name, RETURNS, rma.key)
    held = claim.delivered.get(ReturnOrderWrite.kind)
    order = await systems.commerce.orders.by_id(rma.order_id) if held is not None else None
    if held is None or order is None or elsewhere(rma.store_id, systems):
        return None
    found = RmaWithOrder(rma, Order.read(order))
    refunded = _refunded(found.order, await memos_of(found, systems))
    store = "" if rma.store_id is None else str(rma.store_id)
    day = connected.day(requested_at(rma), rma.store_id)
    place = (RETURN_QUANTITIES, day, store, PIECES)
    given = total(refunded.values())
    try:
        credited = _credited(await cases_of(found, connected.delivery(claim)))
    except Never as fault:
        told: Told = (Cause.PARKED, "", fault.remedy)
        return Verdict(place, [given], [], _difference(place, rma, given, None, told))
    taken = total(credited.values())
    if refunded == credited:
        return Verdict(place, [given], [taken])
    company = systems.settings.legal_entity_of(found.order.store_id)
    said = f"Compare the credit memos of the order with the credit notes of {held.number} in D365."
    told = await told_of_notes(connected, company, [held.number]) or (Cause.AMOUNT, "", said)
    return Verdict(place, [given], [taken], _difference(place, rma, given, taken, told))


def _difference(
    place: Place, rma: Rma, given: Decimal, taken: Decimal | None, told: Told
) -> Difference:
    kind, day, store, currency = place
    return Difference(kind, rma.key, store, day, currency, given, taken, *told)


def _refunded(order: Order, memos: Sequence[Mapping[str, Any]]) -> dict[int, Decimal]:
    """Pieces by row, of the rows that carry money."""
    rows, found = {item.item_id for item, _ in money_items(order)}, dict[int, Decimal]()
    for memo in memos:
        for one in memo.get("items") or ():
            pieces, row = Decimal(one.get("qty") or 0), int(one["order_item_id"])
            if pieces and row in rows:
                found[row] = found.get(row, ZERO) + pieces
    return found


def _credited(cases: Sequence[RefundCase]) -> dict[int, Decimal]:
    found = dict[int, Decimal]()
    for case in cases:
        for row, pieces in given_by(case).pieces.items():
            found[row] = found.get(row, ZERO) + pieces
    return found


return_quantities: Final = ReturnQuantities()
