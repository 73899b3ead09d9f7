"""What is still wanted of an order once pieces of it were cancelled, or refunded before they were
shipped. Pure.

Refunded pieces count as the unshipped ones first, as Commerce's own inventory counts them: of five
ordered, three shipped and two refunded nothing is left to be shipped. Pieces refunded after they
were shipped come back by a return.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.money import ZERO, rounded, stored, total
from sync.mapping.order_parts import Charge, OrderParts, fixed_product_tax_charges, order_parts
from sync.mapping.order_rows import MoneyRow

SHIPPING: Final = "shipping"
FIXED_PRODUCT_TAX: Final = "fixed-product-tax"


def pieces_kept(item: Item) -> Decimal:
    """What was ordered and not cancelled."""
    return min(max(item.qty_ordered - item.qty_canceled, ZERO), item.qty_ordered)


def pieces_taken_off(item: Item) -> Decimal:
    """What was refunded before it was shipped."""
    return max(min(item.qty_refunded, pieces_kept(item) - item.qty_shipped), ZERO)


def pieces_wanted(item: Item) -> Decimal:
    """What has been shipped or is still to be."""
    return pieces_kept(item) - pieces_taken_off(item)


def is_changed(order: Order) -> bool:
    """Whether anything was cancelled or refunded at all."""
    return bool(order.shipping_refunded) or any(
        item.qty_canceled or item.qty_refunded for item in order.items
    )


def parts_left(order: Order, parts: OrderParts, settings: Orders) -> OrderParts:
    """The parts of an order in their places, each with what is left of it: rows without pieces and
    charges of nothing stay listed. `grand_total` is what Commerce holds of it, `tax` what it
    charges on it."""
    if not is_changed(order):
        return parts
    rows, charges = _left(order, parts.rows, parts.charges, settings)
    tax = parts.tax - _tax(parts.rows, parts.charges) + _tax(rows, charges)
    held = order.grand_total - order.total_canceled + _tendered_left(order, parts)
    if all(pieces_taken_off(row.item) == row.item.qty_refunded for row in parts.rows):
        held -= _refunded_of_goods(order)
    else:
        sold = [replace(row, item=row.item.model_copy(update=_NOT_REFUNDED)) for row in parts.rows]
        before = _left(
            order.model_copy(update=_NO_SHIPPING_REFUNDED), sold, parts.charges, settings
        )
        held -= _sum(*before) - _sum(rows, charges)
    return OrderParts(tuple(rows), tuple(charges), (), tax, held)


def is_nothing_left(order: Order, settings: Orders) -> bool:
    """Whether all of an order was cancelled or refunded before it was shipped. Raises `Never` as
    `order_parts` does."""
    if not is_changed(order) or any(
        pieces_wanted(item) for item in order.items if item.parent_item_id is None
    ):
        return False
    left = parts_left(order, order_parts(order, settings), settings)
    return not any(row.item.qty_ordered for row in left.rows) and not any(
        one.net or one.tax for one in left.charges
    )


def without_refunds(order: Order) -> Order:
    """The order as if nothing of it had been refunded."""
    items = [item.model_copy(update=_NOT_REFUNDED) for item in order.items]
    return order.model_copy(
        update={"items": items, "total_refunded": ZERO, **_NO_SHIPPING_REFUNDED}
    )


_NOT_REFUNDED: Final = {"qty_refunded": ZERO}
_NO_SHIPPING_REFUNDED: Final = {
    "shipping_refunded": ZERO,
    "shipping_tax_refunded": ZERO,
    "discount_refunded": ZERO,
}


def _left(
    order: Order, placed: Sequence[MoneyRow], charges: Sequence[Charge], settings: Orders
) -> tuple[list[MoneyRow], list[Charge]]:
    rows = [row_left(row) for row in placed]
    is_gone = not any(row.item.qty_ordered for row in rows) and _is_paid_back(order, settings)
    return rows, [
        _charge_left(one, order, placed, rows, settings, is_gone=is_gone) for one in charges
    ]


def _sum(rows: Iterable[MoneyRow], charges: Iterable[Charge]) -> Decimal:
    return total(row.amount(gross=True) for row in rows) + total(
        one.amount(gross=True) for one in charges
    )


def row_left(row: MoneyRow) -> MoneyRow:
    """A row as if only what is still wanted had been ordered, with Commerce's own amounts where it
    tells them."""
    item = row.item
    wanted, kept = pieces_wanted(item), pieces_kept(item)
    if wanted == item.qty_ordered:
        return row
    amounts = _amounts_kept(row, kept)
    off = pieces_taken_off(item)
    if off:
        back = (
            item.amount_refunded,
            item.discount_refunded,
            item.tax_refunded,
            item.discount_tax_compensation_refunded,
        )
        share = off / item.qty_refunded if any(back) else ZERO
        parts = zip(amounts, back, strict=True)
        amounts = (
            [a - b * share for a, b in parts] if share else [a * wanted / kept for a in amounts]
        )
    if not wanted:
        amounts = [ZERO] * 4
    total_row, discount, tax, compensation = (stored(amount) for amount in amounts)
    share = wanted / item.qty_ordered
    fixed = tuple(
        entry.model_copy(
            update={name: stored(getattr(entry, name) * share) for name in type(entry).model_fields}
        )
        for entry in item.weee_tax_applied
    )
    changes = {
        "qty_ordered": wanted, "discount_amount": discount, "tax_amount": tax,
        "discount_tax_compensation_amount": compensation, "weee_tax_applied": fixed,
        "weee_tax_applied_row_amount": stored(item.weee_tax_applied_row_amount * share),
    }  # fmt: skip
    return MoneyRow(item.model_copy(update=changes), total_row, row.sku)


def _amounts_kept(row: MoneyRow, kept: Decimal) -> list[Decimal]:
    """(row, discount, tax, compensation) of what was not cancelled: what was invoiced, where all of
    it has been."""
    item = row.item
    placed = [row.row, item.discount_amount, item.tax_amount, item.discount_tax_compensation_amount]
    if kept == item.qty_ordered:
        return placed
    invoiced = [
        item.row_invoiced,
        item.discount_invoiced,
        item.tax_invoiced,
        item.discount_tax_compensation_invoiced,
    ]
    if kept and item.qty_invoiced == kept and any(invoiced):
        return invoiced
    return [amount * kept / item.qty_ordered for amount in placed]


def _charge_left(
    charge: Charge,
    order: Order,
    placed: Sequence[MoneyRow],
    left: Sequence[MoneyRow],
    settings: Orders,
    *,
    is_gone: bool,
) -> Charge:
    """Shipping less what was refunded of it, fixed product tax by its pieces; any other goes with
    the last piece."""
    if is_gone:
        return replace(charge, net=ZERO, tax=ZERO, discount=ZERO)
    if charge.reference == SHIPPING:
        return _shipping_left(charge, order)
    if charge.reference == FIXED_PRODUCT_TAX:
        before = [one.tax_codes for one in fixed_product_tax_charges(order, placed, settings)]
        after = {one.tax_codes: one for one in fixed_product_tax_charges(order, left, settings)}
        nothing = replace(charge, net=ZERO, tax=ZERO)
        return after.get(charge.tax_codes, nothing) if charge.tax_codes in before else charge
    return charge


def _shipping_left(charge: Charge, order: Order) -> Charge:
    if not order.shipping_refunded:
        return charge
    if order.shipping_refunded >= order.shipping_amount:
        return replace(charge, net=ZERO, tax=ZERO, discount=ZERO)
    of_items = total(item.discount_refunded for item in order.items)
    discount = min(max(abs(order.discount_refunded) - of_items, ZERO), charge.discount)
    return replace(
        charge, net=charge.net - order.shipping_refunded + discount,
        tax=charge.tax - order.shipping_tax_refunded,
        discount=charge.discount - discount,
    )  # fmt: skip


def _tax(rows: Iterable[MoneyRow], charges: Iterable[Charge]) -> Decimal:
    return total(row.item.tax_amount for row in rows) + total(charge.tax for charge in charges)


def _refunded_of_goods(order: Order) -> Decimal:
    """What was refunded of goods and charges: not what was given beyond them, and what was withheld
    as well."""
    return order.total_refunded - order.adjustment_positive + order.adjustment_negative


def _is_paid_back(order: Order, settings: Orders) -> bool:
    """Whether all shipping is refunded, and no more money is held for the order than rounding
    leaves."""
    if order.shipping_refunded < order.shipping_amount and order.state not in (
        "closed",
        "canceled",
    ):
        return False
    rest = order.grand_total - order.total_canceled - _refunded_of_goods(order)
    return abs(rest) <= max(settings.rounding_most, ZERO)


def _tendered_left(order: Order, parts: OrderParts) -> Decimal:
    """Gift cards, credit and points that still pay for what is left: they were no part of the grand
    total."""
    back = (
        order.extension_attributes.gift_cards_refunded
        + order.extension_attributes.customer_balance_refunded
    )
    return max(total(rounded(paid.amount) for paid in parts.paid) - back, ZERO)


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
