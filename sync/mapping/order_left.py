"""What is still wanted of an order once pieces of it were cancelled, or refunded before they were
shipped. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CANCELLED, CreditMemo
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.money import CENT, ZERO, rounded, total
from sync.mapping.order_before_refunds import NO_SHIPPING_REFUNDED, NOT_REFUNDED
from sync.mapping.order_parts import (
    Charge,
    OrderParts,
    Paid,
    fixed_product_tax_charges,
    order_parts,
)
from sync.mapping.order_rows import MoneyRow, money_items
from sync.mapping.pieces_left import pieces_wanted, row_left
from sync.mapping.sales_order_lines import unique_references

SHIPPING: Final = "shipping"
FIXED_PRODUCT_TAX: Final = "fixed-product-tax"


def is_changed(order: Order) -> bool:
    """Whether anything was cancelled or refunded at all. What was shipped is cancelled in the
    header's sum alone, and no row's pieces."""
    return bool(order.shipping_refunded or order.total_canceled) or any(
        item.qty_canceled or item.qty_refunded for item in order.items
    )


def is_refunded(order: Order) -> bool:
    """Whether anything was refunded of it, with money or without: cards and credit may have paid
    for all of it."""
    return bool(order.total_refunded or order.shipping_refunded) or any(
        item.qty_refunded for item in order.items
    )


def is_all_refunded_by(memo: CreditMemo, order: Order) -> bool:
    """Whether a credit memo is all that was refunded of its order: another one may have given
    pieces back, and no money."""
    pieces = {one.order_item_id: one.qty for one in memo.items}
    return (
        abs(order.total_refunded - memo.grand_total) < CENT
        and abs(order.shipping_refunded - memo.shipping_amount) < CENT
        and all(one.qty_refunded <= pieces.get(one.item_id, ZERO) for one in order.items)
    )


def is_told(memo: CreditMemo, order: Order, memos: Sequence[CreditMemo]) -> bool:
    """Whether these credit memos, its own among them, are all that was refunded of the rows of
    `memo`."""
    told = defaultdict[int | None, Decimal](Decimal)
    for line in (line for one in memos if one.state != CANCELLED for line in one.items):
        told[line.order_item_id] += line.qty
    rows = {line.order_item_id for line in memo.items}
    return all(one.qty_refunded <= told[one.item_id] for one in order.items if one.item_id in rows)


def parts_left(order: Order, parts: OrderParts, settings: Orders) -> OrderParts:
    """The parts of an order in their places, each with what is left of it: rows without pieces and
    charges of nothing stay listed. `grand_total` is what Commerce holds of it, `tax` what it
    charges on it.

    Refunds are those of rows and shipping: what a credit memo gives back beside them, it credits
    itself."""
    if not is_changed(order):
        return parts
    rows, charges = _left(order, parts.rows, parts.charges, settings)
    tax = parts.tax - _tax(parts.rows, parts.charges) + _tax(rows, charges)
    held = order.grand_total - order.total_canceled + _tendered(order, parts)
    sold = [replace(row, item=row.item.model_copy(update=NOT_REFUNDED)) for row in parts.rows]
    before = _left(order.model_copy(update=NO_SHIPPING_REFUNDED), sold, parts.charges, settings)
    held -= _sum(*before) - _sum(rows, charges)
    return OrderParts(tuple(rows), tuple(charges), (), tax, held)


def is_nothing_left(order: Order, settings: Orders) -> bool:
    """Whether all of an order was cancelled or refunded before it was shipped. Raises `Never` as
    `order_parts` does. Only rows that carry money tell: the parent of a dynamic bundle is never
    counted as cancelled."""
    if not is_changed(order) or any(pieces_wanted(item) for item, _ in money_items(order)):
        return False
    left = parts_left(order, order_parts(order, settings), settings)
    return not any(row.item.qty_ordered for row in left.rows) and not any(
        one.net or one.tax for one in left.charges
    )


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
    the last piece, unless a credit note has given it back. Earlier releases noted the reference of
    the credit note's line."""
    if {charge.reference, *unique_references([charge.reference])} & order.charges_credited:
        return charge
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
    """Its discount goes in proportion: the one that a memo's header shows may be of another
    share, and of no shipping at all."""
    if not order.shipping_refunded:
        return charge
    if order.shipping_refunded >= order.shipping_amount:
        return replace(charge, net=ZERO, tax=ZERO, discount=ZERO)
    share = 1 - order.shipping_refunded / order.shipping_amount
    return replace(
        charge, net=charge.net * share, tax=charge.tax - order.shipping_tax_refunded,
        discount=charge.discount * share,
    )  # fmt: skip


def _tax(rows: Iterable[MoneyRow], charges: Iterable[Charge]) -> Decimal:
    return total(row.item.tax_amount for row in rows) + total(charge.tax for charge in charges)


def refunded_of_goods(order: Order) -> Decimal:
    """What was refunded of goods and charges: not what was given beyond them, and what was withheld
    as well."""
    return order.total_refunded - order.adjustment_positive + order.adjustment_negative


def still_charged(order: Order) -> Decimal:
    """What was invoiced and not refunded of goods and charges, by money, cards or credit. What
    points have paid is not told, so it may be more."""
    told = order.extension_attributes
    tendered = told.gift_cards_invoiced + told.customer_balance_invoiced
    back = told.gift_cards_refunded + told.customer_balance_refunded
    return order.total_invoiced - refunded_of_goods(order) + tendered - back


def _is_paid_back(order: Order, settings: Orders) -> bool:
    """Whether all shipping is refunded, and no more money is held for the order than rounding
    leaves."""
    if order.shipping_refunded < order.shipping_amount and order.state not in (
        "closed",
        "canceled",
    ):
        return False
    rest = order.grand_total - order.total_canceled - refunded_of_goods(order)
    return rest <= max(settings.rounding_most, ZERO)


def _tendered(order: Order, parts: OrderParts) -> Decimal:
    """Gift cards, credit and points that pay for it as well: they were no part of the grand total,
    and rows say what was refunded of them. What pays for cancelled pieces went back with them, and
    is as little part of the total that was cancelled."""
    return total(_kept(order, paid) for paid in parts.paid)


def _kept(order: Order, paid: Paid) -> Decimal:
    """What is still paid by it; all of it where Commerce does not say how much was invoiced."""
    if not _is_over(order):
        return rounded(paid.amount)
    if not any(item.qty_invoiced for item in order.items):
        return ZERO
    told = getattr(order.extension_attributes, f"{paid.segment}_invoiced", ZERO)
    return rounded(abs(told) or paid.amount)


def _is_over(order: Order) -> bool:
    """Whether all that was not invoiced is cancelled, by the total or by the rows: what was shipped
    is cancelled in the total alone, and cards that pay for everything leave no total."""
    if order.total_canceled:
        return order.grand_total - order.total_canceled - order.total_invoiced <= CENT
    rows = [item for item, _ in money_items(order)]
    is_cancelled = any(item.qty_canceled for item in rows)
    return is_cancelled and all(r.qty_invoiced + r.qty_canceled >= r.qty_ordered for r in rows)
