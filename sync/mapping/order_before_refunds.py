"""An order as if some of its refunds, or all of them, had not been made. Pure."""

from collections.abc import Sequence
from typing import Final

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import ZERO, total


def without_refunds(order: Order) -> Order:
    """The order as if nothing of it had been refunded."""
    items = [item.model_copy(update=NOT_REFUNDED) for item in order.items]
    return order.model_copy(update={"items": items, "total_refunded": ZERO, **NO_SHIPPING_REFUNDED})


NOT_REFUNDED: Final = {"qty_refunded": ZERO}


NO_SHIPPING_REFUNDED: Final = {
    "shipping_refunded": ZERO,
    "shipping_tax_refunded": ZERO,
    "discount_refunded": ZERO,
}


def without_credited(order: Order, memos: Sequence[CreditMemo]) -> Order:
    """The order without what these credit memos refunded: F&O holds credit notes for all of it, so
    it stays sold."""
    if not memos:
        return order
    lines = [line for memo in memos for line in memo.items]
    items = [
        _item_without(item, [line for line in lines if line.order_item_id == item.item_id])
        for item in order.items
    ]
    changes = {
        "items": items,
        "shipping_refunded": max(
            order.shipping_refunded - total(memo.shipping_amount for memo in memos), ZERO
        ),
        "shipping_tax_refunded": max(
            order.shipping_tax_refunded - total(m.shipping_tax_amount for m in memos), ZERO
        ),
        "discount_refunded": abs(order.discount_refunded)
        - total(abs(memo.discount_amount) for memo in memos),
        "total_refunded": order.total_refunded - total(memo.grand_total for memo in memos),
        "adjustment_positive": order.adjustment_positive
        - total(memo.adjustment_positive for memo in memos),
        "adjustment_negative": order.adjustment_negative
        - total(memo.adjustment_negative for memo in memos),
    }
    return order.model_copy(update=changes)


def _item_without(item: Item, lines: Sequence[object]) -> Item:
    if not lines:
        return item
    counted = {
        "qty_refunded": "qty", "amount_refunded": "row_total",
        "discount_refunded": "discount_amount",
        "tax_refunded": "tax_amount",
        "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
    }  # fmt: skip
    return item.model_copy(
        update={
            name: max(getattr(item, name) - total(getattr(line, of) for line in lines), ZERO)
            for name, of in counted.items()
        }
    )
