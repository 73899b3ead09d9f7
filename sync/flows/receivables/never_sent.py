"""Pieces of a sales order that F&O neither sends nor invoices any more, though its lines count them
as ordered: people there cancelled what remained to be delivered.

A refund of such pieces in Commerce credits nothing in F&O, which never charged them.
"""

from collections.abc import Mapping
from decimal import Decimal

from sync.core.money import ZERO
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.engine.systems import Systems
from sync.flows.fulfilment.cancellations import CANCELLATIONS


async def never_sent(
    sold: ExistingSalesOrder, company: str, systems: Systems
) -> Mapping[str, Decimal]:
    """Sales units by the lot of a line; empty where the connection does not follow what F&O
    cancels. What was invoiced without a packing slip was sent."""
    if CANCELLATIONS not in systems.settings.flows:
        return {}
    dynamics = systems.dynamics
    live = await dynamics.live_orders.get(company, sold.number)
    alive = {line.lot: line.alive for line in live.lines} if live is not None else {}
    ordered = {
        lot: Decimal(line.get("OrderedSalesQuantity") or 0)
        for line in sold.lines
        if (lot := str(line["InventoryLotId"])) in alive
    }
    if not any(ordered[lot] > alive[lot] for lot in ordered):
        return {}
    invoiced = await dynamics.invoiced_lines.by_lot(company, sold.number)
    return {
        lot: max(quantity - max(alive[lot], invoiced.get(lot, ZERO)), ZERO)
        for lot, quantity in ordered.items()
    }
