"""An order as if some of its refunds, or all of them, had not been made. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import ZERO, total
from sync.mapping.pieces_left import pieces_kept


def without_refunds(order: Order) -> Order:
    """The order as if nothing of it had been refunded; itself where nothing was."""
    back = (order.total_refunded, *(getattr(order, name) for name in NO_SHIPPING_REFUNDED))
    if not any(back) and not any(item.qty_refunded for item in order.items):
        return order
    items = [item.model_copy(update=NOT_REFUNDED) for item in order.items]
    return order.model_copy(update={"items": items, "total_refunded": ZERO, **NO_SHIPPING_REFUNDED})


NOT_REFUNDED: Final = {"qty_refunded": ZERO}


NO_SHIPPING_REFUNDED: Final = {
    "shipping_refunded": ZERO,
    "shipping_tax_refunded": ZERO,
}


OF_SHIPPING: Final = {
    "shipping_refunded": "shipping_amount", "shipping_tax_refunded": "shipping_tax_amount",
}  # fmt: skip
OF_ORDER: Final = {
    **OF_SHIPPING,
    "total_refunded": "grand_total",
    "adjustment_positive": "adjustment_positive",
    "adjustment_negative": "adjustment_negative",
}
OF_ITEM: Final = {
    "qty_refunded": "qty",
    "amount_refunded": "row_total",
    "discount_refunded": "discount_amount",
    "tax_refunded": "tax_amount",
    "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
}
"""What an order (or a row of it) counts as refunded, and the field of the memo that it adds up."""


def without_credited(order: Order, memos: Sequence[CreditMemo]) -> Order:
    """The order without what these credit memos refunded: F&O holds credit notes for all of it, so
    it stays sold."""
    if not memos:
        return order
    items = [_item_without(item, memos) for item in order.items]
    less = {
        name: getattr(order, name) - total(getattr(memo, of) for memo in memos)
        for name, of in OF_ORDER.items()
    }
    shipping = {name: max(less[name], ZERO) for name in OF_SHIPPING}
    return order.model_copy(update={"items": items, **less, **shipping})


def pieces_of(memos: Sequence[CreditMemo]) -> dict[int | None, Decimal]:
    """The pieces that credit memos gave back, by row of the order."""
    pieces = defaultdict[int | None, Decimal](Decimal)
    for line in (line for memo in memos for line in memo.items):
        pieces[line.order_item_id] += line.qty
    return pieces


def still_without(order: Order, off: Mapping[int | None, Decimal]) -> Order:
    """The order, of which these pieces were refunded and taken off before they were shipped, by
    row: they are not sold again, although Commerce ships what was refunded if it is told to ship
    all that is left (`Item::getSimpleQtyToShip`). Parts go with their bundle."""
    off = {**_of_parts(order, off), **off}
    items = [
        item.model_copy(update={"qty_shipped": most})
        if (most := max(pieces_kept(item) - off.get(item.item_id, ZERO), ZERO)) < item.qty_shipped
        else item
        for item in order.items
    ]
    return order.model_copy(update={"items": items}) if off else order


def _of_parts(order: Order, off: Mapping[int | None, Decimal]) -> dict[int | None, Decimal]:
    sets = {item.item_id: item.qty_ordered for item in order.items if item.item_id in off}
    return {
        item.item_id: off[item.parent_item_id] * item.qty_ordered / sets[item.parent_item_id]
        for item in order.items
        if sets.get(item.parent_item_id)
    }


def _item_without(item: Item, memos: Sequence[CreditMemo]) -> Item:
    every = (line for memo in memos for line in memo.items)
    lines = [line for line in every if line.order_item_id == item.item_id]
    if not lines:
        return item
    changes = {
        name: max(getattr(item, name) - total(getattr(line, of) for line in lines), ZERO)
        for name, of in OF_ITEM.items()
    }
    return item.model_copy(update=changes)
