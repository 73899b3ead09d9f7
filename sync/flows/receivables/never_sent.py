"""Pieces of a sales order that F&O neither sends nor invoices any more, though its lines count them
as ordered: people there cancelled what remained to be delivered.

A refund of such pieces in Commerce credits nothing in F&O, which never charged them.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sync.commerce.models.order import Order
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.dynamics.existing_sales_order import ExistingSalesOrder
from sync.dynamics.live_orders import CANCELLED
from sync.engine.systems import Systems
from sync.flows.fulfilment.cancellations import CANCELLATIONS
from sync.flows.fulfilment.order_totals import CAPTURES
from sync.flows.fulfilment.substitutes import substituted
from sync.mapping.shares_off import HeldLine
from sync.mapping_tables.records import ItemMapping

Pieces = Mapping[str, Decimal]
"""Sales units by the lot of a line."""


async def held_lines(
    sold: ExistingSalesOrder, company: str, order: Order, items: Mapping[str, ItemMapping],
    systems: Systems,
) -> dict[str, HeldLine]:  # fmt: skip
    """What F&O's lines hold without those pieces, by our reference; a substitute on a line of its
    own counts for what it is sent for."""
    gone = await never_sent(sold, company, systems)
    rows = [
        SlipLine(
            "", str(one.get("ExternalItemNumber") or ""), str(one.get("ItemNumber") or ""),
            Decimal(one.get("OrderedSalesQuantity") or 0)
            - gone.get(str(one["InventoryLotId"]), ZERO), "", "",
        )
        for one in sold.lines
    ]  # fmt: skip
    slip = PackingSlip(company, sold.number, "", rows=tuple(rows))
    found: dict[str, HeldLine] = {}
    sent = (await substituted(slip, order, items, systems)).slip.rows
    for row, line in zip(sent, sold.lines, strict=True):
        before = found.get(row.reference, HeldLine(ZERO, ZERO))
        amount = before.amount + Decimal(line.get("LineAmount") or 0)
        found[row.reference] = HeldLine(before.quantity + row.quantity, amount)
    return found


async def never_sent(sold: ExistingSalesOrder, company: str, systems: Systems) -> Pieces:
    """By what remains of its lines, where the connection follows what F&O cancels and may read
    that; else by their statuses, and by what was invoiced where that is read."""
    settings = systems.settings
    if CANCELLATIONS in settings.flows and settings.dynamics.tells_remainders:
        return await _not_alive(sold, company, systems)
    gone = _ordered(_with_status(sold, CANCELLED))
    settled = _ordered(_with_status(sold, "Invoiced"))
    if not settled or CAPTURES not in settings.flows or settings.dynamics.invoiced != "journal":
        return gone
    invoiced = await systems.dynamics.invoiced_lines.by_lot(company, sold.number)
    short = {lot: ordered - invoiced.get(lot, ZERO) for lot, ordered in settled.items()}
    return gone | {lot: left for lot, left in short.items() if ZERO < left < settled[lot]}


async def _not_alive(sold: ExistingSalesOrder, company: str, systems: Systems) -> Pieces:
    """What was invoiced without a packing slip was sent."""
    dynamics, ordered = systems.dynamics, _ordered(sold.lines)
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


def _with_status(sold: ExistingSalesOrder, status: str) -> list[Mapping[str, Any]]:
    return [one for one in sold.lines if one.get("SalesOrderLineStatus") == status]


def _ordered(lines: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    return {str(one["InventoryLotId"]): Decimal(one.get("OrderedSalesQuantity") or 0)
            for one in lines}  # fmt: skip
