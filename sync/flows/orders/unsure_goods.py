"""Goods of which nobody can tell whether they are still wanted: all money of an order went back, by
an adjustment, and pieces of it are neither shipped nor refunded. Commerce still lets them be
shipped (`Order::canShip` looks at the pieces alone)."""

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, total
from sync.engine.plan import OpenPoint
from sync.mapping.order_rows import money_items
from sync.mapping.pieces_left import pieces_wanted
from sync.mapping.taken_off import orders_are_invoiced


def unsure_goods(order: Order, connection: Connection) -> OpenPoint | None:
    """What a person decides about such goods; None where there are none."""
    pieces = total(
        max(pieces_wanted(item) - item.qty_shipped, ZERO)
        for item, _ in money_items(order)
        if not item.is_virtual
    )
    if not pieces or not _is_paid_back_by_adjustment(order):
        return None
    key, credit = order.key, "what is left of {number} in F&O"
    if orders_are_invoiced(connection):
        credit = (
            "{number} in F&O, and the credit notes of the order's credit memos with it, for F&O"
            " then invoices nothing that they could give back"
        )
    return OpenPoint(
        f"{order.label}: all its money was given back by an adjustment, and {pieces.normalize():f}"
        " pieces are neither shipped nor refunded: nobody can tell whether they are still to be"
        " sent",
        f"If they are: resolve orders {key} --why TEXT. If not: cancel {credit}; then replay"
        f" {key}.",
        sums=f"all money given back, {pieces.normalize():f} pieces to be shipped",
    )


def _is_paid_back_by_adjustment(order: Order) -> bool:
    """Adjustments are entered in the shop's own currency: converted they may be a cent off."""
    is_charged = order.total_invoiced + CENT >= order.grand_total - order.total_canceled
    is_back = order.total_refunded + CENT >= order.total_paid > ZERO
    return is_charged and is_back and order.adjustment_positive > ZERO
