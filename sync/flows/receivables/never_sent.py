"""Pieces of a sales order that F&O neither sends nor invoices any more, though its lines count them
as ordered: people there cancelled what remained to be delivered.

A refund of such pieces in Commerce credits nothing in F&O, which never charged them.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sync.core.money import ZERO
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.live_orders import CANCELLED
from sync.engine.systems import Systems
from sync.flows.fulfilment.cancellations import CANCELLATIONS


async def never_sent(
    sold: ExistingSalesOrder, company: str, systems: Systems
) -> Mapping[str, Decimal]:
    """Sales units by the lot of a line. What was invoiced without a packing slip was sent. Parts of
    a line are told where the connection follows what F&O cancels and may read what remains; a line
    that is cancelled whole, by its status, always is."""
    settings, dynamics = systems.settings, systems.dynamics
    if CANCELLATIONS not in settings.flows or not settings.dynamics.tells_remainders:
        return _ordered(
            line for line in sold.lines if line.get("SalesOrderLineStatus") == CANCELLED
        )
    ordered = _ordered(sold.lines)
    live = await dynamics.live_orders.get(company, sold.number)
    alive = {line.lot: line.alive for line in live.lines} if live is not None else {}
    if not any(ordered.get(lot, ZERO) > left for lot, left in alive.items()):
        return {}
    invoiced = await dynamics.invoiced_lines.by_lot(company, sold.number)
    return {
        lot: max(ordered[lot] - max(left, invoiced.get(lot, ZERO)), ZERO)
        for lot, left in alive.items()
        if lot in ordered
    }


def _ordered(lines: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    return {str(one["InventoryLotId"]): Decimal(one.get("OrderedSalesQuantity") or 0)
            for one in lines}  # fmt: skip
