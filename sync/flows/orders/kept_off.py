"""Pieces that were refunded and taken off a sales order stay off, although Commerce ships them when
it is told to ship all that is left (`Item::getSimpleQtyToShip`)."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import ZERO, stored
from sync.dynamics.documents.line_amount import pieces_of
from sync.dynamics.documents.sales_order import SalesOrder, SalesOrderLine
from sync.dynamics.documents.sales_order_changes import sent_form
from sync.engine.delivery import Delivery
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.order_before_refunds import still_without
from sync.mapping.pieces_left import pieces_kept, pieces_taken_off


async def with_pieces_off(order: Order, document: SalesOrder, delivery: Delivery) -> Order:
    """The order, of which no more is shipped than was sent last where the rest is refunded.

    `document`: the sales order as the order would have it. Where nobody knows what was sent last,
    F&O is asked; raises `Later` while it may change yet. Without questions where all that is
    refunded is taken off.
    """
    held = delivery.held(KIND)
    if held is None or all(pieces_taken_off(one) == one.qty_refunded for one in order.items):
        return order
    is_open = delivery.inherited is not None and delivery.inherited.concerns(KIND)
    sent = None if is_open else await delivery.last_sent(KIND)
    if sent is None:
        delivery.wait_until_settled()
        sales_orders = delivery.systems.dynamics.sales_orders
        sent = await sales_orders.in_form_of(sent_form(document), held.number)
    return still_without(order, _off(order, document, sent["lines"])) if sent["header"] else order


def _off(
    order: Order, document: SalesOrder, sent: Mapping[str, Mapping[str, Any]]
) -> dict[int | None, Decimal]:
    """Pieces by row, of those that were not cancelled."""
    rows = {str(item.item_id): item for item in order.items}
    return {
        rows[line.reference].item_id: pieces_kept(rows[line.reference]) - there
        for line in document.lines
        if line.reference in rows
        for there in [_pieces(rows[line.reference], line, sent.get(line.reference, {}))]
    }


def _pieces(item: Item, line: SalesOrderLine, sent: Mapping[str, Any]) -> Decimal:
    """What was sent of a line, in pieces."""
    factor = Fraction(line.price.quantity) / Fraction(item.qty_ordered)
    pieces = pieces_of(Decimal(sent.get("OrderedSalesQuantity", ZERO)), factor)
    return stored(Decimal(pieces.numerator) / Decimal(pieces.denominator))
