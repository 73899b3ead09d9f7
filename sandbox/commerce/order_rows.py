"""Rows of an order: which belong together, which carry an amount, and how much of each is left."""

from decimal import Decimal

from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO


def children(order: StoredOrder, item: Columns) -> list[Columns]:
    """The rows under a bundle or configurable."""
    return [one for one in order.items if one.get("parent_item_id") == item["item_id"]]


def parent(order: StoredOrder, item: Columns) -> Columns | None:
    """The row above a child."""
    wanted = item.get("parent_item_id")
    return (
        None
        if wanted is None
        else next((one for one in order.items if one["item_id"] == wanted), None)
    )


def pays(order: StoredOrder, item: Columns) -> bool:
    """Whether a row carries an amount: of a dynamic bundle the children, of anything else the
    parent."""
    above = parent(order, item)
    if above is not None:
        return _dynamic(order, above)
    return not _dynamic(order, item)


def _dynamic(order: StoredOrder, item: Columns) -> bool:
    return item["product_type"] == "bundle" and any(
        amount(child, "price") for child in children(order, item)
    )


def per_parent(item: Columns, above: Columns) -> Decimal:
    """How many of a child go with one of its parent."""
    return amount(item, "qty_ordered") / amount(above, "qty_ordered")


def countable(item: Columns, qty: Decimal) -> Decimal:
    """A quantity as an item takes it: fractions are cut off where it is sold by the piece."""
    return qty if item.get("is_qty_decimal") else Decimal(int(qty))


def to_invoice(order: StoredOrder, item: Columns) -> Decimal:
    """What can still be invoiced of a row; nothing of one without an amount."""
    if not pays(order, item):
        return ZERO
    return max(
        amount(item, "qty_ordered") - amount(item, "qty_invoiced") - amount(item, "qty_canceled"),
        ZERO,
    )


def to_refund(order: StoredOrder, item: Columns) -> Decimal:
    """What can still be refunded of a row; nothing of one without an amount."""
    return (
        max(amount(item, "qty_invoiced") - amount(item, "qty_refunded"), ZERO)
        if pays(order, item)
        else ZERO
    )


def to_ship(item: Columns) -> Decimal:
    """What can still be sent of a row."""
    gone = max(amount(item, "qty_shipped"), amount(item, "qty_refunded"))
    return max(amount(item, "qty_ordered") - gone - amount(item, "qty_canceled"), ZERO)


def is_shipped_by(order: StoredOrder, item: Columns) -> bool:
    """Whether a row is one that shipments name, and that counts what was sent."""
    above = parent(order, item)
    if item["is_virtual"] or (above is None and item["product_type"] != "bundle"):
        return not item["is_virtual"]
    if above is None:
        return item["product_id"] not in order.in_parts
    return above["product_type"] == "bundle" and above["product_id"] in order.in_parts


def levies_in_subtotal(order: StoredOrder) -> bool:
    """Whether the shop counts fixed product taxes to the subtotal; the order's own columns tell."""
    with_money = [item for item in order.items if pays(order, item)]
    rows = sum((amount(item, "row_total") for item in with_money), ZERO)
    levies = sum((amount(item, "weee_tax_applied_row_amount") for item in with_money), ZERO)
    over = order.amount("subtotal") - rows
    return bool(levies) and abs(over - levies) < abs(over)
