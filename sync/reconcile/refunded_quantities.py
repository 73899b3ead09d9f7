"""Pieces of each RMA: what credit memos gave back of it, against what credit notes of F&O credited
and is not replaced.

Sums of money may agree where pieces do not: an adjustment in place of goods leaves them sold.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO, total
from sync.flows.returns.return_states import REFUNDS
from sync.flows.returns.rma_records import RETURNS
from sync.mapping.order_rows import money_items
from sync.mapping.refund_case import RefundCase, given_by
from sync.mapping.rma_return_order import RmaWithOrder
from sync.reconcile.causes import Told
from sync.reconcile.difference import Cause
from sync.reconcile.kind import Connected
from sync.reconcile.returns import cases_of, memos_of, told_of_notes
from sync.reconcile.rma_quantities import ReturnedGoods, RmaQuantities
from sync.reconcile.verdict import Verdict


def _is_wanted(settings: Connection) -> bool:
    """Whether F&O's credit notes are refunded."""
    return {RETURNS, REFUNDS} <= {*settings.flows}


async def _looked(connected: Connected, goods: ReturnedGoods) -> Verdict | None:
    """None where the order cannot be seen."""
    systems, place = connected.systems, goods.place
    order = await systems.commerce.orders.by_id(goods.rma.order_id)
    if order is None:
        return None
    found = RmaWithOrder(goods.rma, Order.read(order))
    refunded = _refunded(found.order, await memos_of(found, systems))
    given = total(refunded.values())
    try:
        credited = _credited(await cases_of(found, connected.delivery(goods.claim)))
    except Never as fault:
        told: Told = (Cause.PARKED, "", fault.remedy)
        return Verdict(place, [given], [], goods.differs(given, None, told))
    taken = total(credited.values())
    if refunded == credited:
        return Verdict(place, [given], [taken])
    company = systems.settings.legal_entity_of(found.order.store_id)
    said = f"Compare the credit memos of the order with the credit notes of {goods.number} in D365."
    told = await told_of_notes(connected, company, [goods.number]) or (Cause.AMOUNT, "", said)
    return Verdict(place, [given], [taken], goods.differs(given, taken, told))


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


refunded_quantities: Final = RmaQuantities("refunded_quantities", RETURNS, _is_wanted, _looked)
