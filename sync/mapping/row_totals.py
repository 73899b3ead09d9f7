"""The true row totals of the rows of a Commerce order. Pure.

REST rewrites `row_total` while answering (measured on 2.4.8-p1: one piece's price less the discount
of the whole row), and older releases rewrite it otherwise. The true row is therefore *recovered*:
several readings are tried, and the first whose sum is the order's `subtotal` (with or without the
fixed product tax) is the one this shop means. Source: measurements over 1,908 items of a live shop.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import CENT, STORED, ZERO, rounded, stored, total


def _recovered(item: Item) -> Decimal:
    return (
        item.row_total_incl_tax
        + item.discount_amount
        - item.tax_amount
        - item.discount_tax_compensation_amount
        - item.weee_tax_applied_row_amount
    )


def _price_times_quantity(item: Item) -> Decimal:
    row = item.price * item.qty_ordered
    return rounded(row) if _is_whole(item.qty_ordered) else stored(row)


def _is_whole(quantity: Decimal) -> bool:
    return quantity == quantity.to_integral_value()


def _cut_off(item: Item) -> bool:
    """The answer was cut off at zero, so nothing can be recovered from it: the discount exceeds the
    row's gross."""
    return item.row_total_incl_tax == ZERO and item.discount_amount > ZERO


def recovered_or_multiplied(item: Item) -> Decimal:
    """The row recovered from its gross; from invoice or price where nothing can be recovered."""
    if not _cut_off(item):
        return _recovered(item)
    invoiced = item.row_invoiced if item.qty_invoiced == item.qty_ordered else ZERO
    return invoiced or _price_times_quantity(item)


READINGS: tuple[Callable[[Item], Decimal], ...] = (
    _recovered,
    recovered_or_multiplied,
    lambda item: item.row_total,  # releases that do not rewrite it
    lambda item: item.row_total + item.discount_amount,  # releases that start from the stored row
    _price_times_quantity,
    lambda item: item.row_invoiced,
)


def true_rows(order: Order, items: Sequence[tuple[Item, str]]) -> Sequence[Decimal] | None:
    """The row totals in the first reading that adds up; None where none does."""
    for reading in READINGS:
        rows = [stored(reading(item)) for item, _ in items]
        if _adds_up(order, items, rows, _ten_thousandths(item for item, _ in items)):
            return rows
    rows = [stored(recovered_or_multiplied(item)) for item, _ in items]
    completed = _remainder_given_to_the_one_cut_off(order, items, rows)
    if completed is None and _adds_up(
        order, items, rows, half_cents(item.qty_ordered for item, _ in items)
    ):
        return rows
    return completed


def _ten_thousandths(items: Iterable[Item]) -> Decimal:
    """Rows of fractional quantities are cut to four decimals one by one; whole ones are exact."""
    return STORED * sum(1 for item in items if not _is_whole(item.qty_ordered))


def half_cents(quantities: Iterable[Decimal]) -> Decimal:
    """From 2.4.9 on, REST rounds rows of fractional quantities to the cent, while the header keeps
    four decimals."""
    return CENT / 2 * sum(1 for quantity in quantities if not _is_whole(quantity))


def _adds_up(
    order: Order, items: Sequence[tuple[Item, str]], rows: Sequence[Decimal], allowed: Decimal
) -> bool:
    fixed = total(item.weee_tax_applied_row_amount for item, _ in items)
    return any(abs(order.subtotal - total(rows) - extra) <= allowed for extra in {ZERO, fixed})


def _remainder_given_to_the_one_cut_off(
    order: Order, items: Sequence[tuple[Item, str]], rows: Sequence[Decimal]
) -> list[Decimal] | None:
    cut = [index for index, (item, _) in enumerate(items) if _cut_off(item)]
    if len(cut) != 1:
        return None
    rest = order.subtotal - total(row for index, row in enumerate(rows) if index != cut[0])
    return (
        [rest if index == cut[0] else row for index, row in enumerate(rows)]
        if rest >= ZERO
        else None
    )
