"""Which rows of a Commerce order bear money, and what their true row totals are.

REST rewrites `row_total` while answering (measured on 2.4.8-p1: one piece's price less the discount
of the whole row), and older releases rewrite it otherwise. The true row is therefore *recovered*:
several readings are tried, and the first whose sum is the order's `subtotal` (with or without the
fixed product tax) is the one this shop means. Source: measurements over 1,908 items of a live shop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import ZERO, rounded, stored, total


@dataclass(frozen=True)
class MoneyRow:
    """A row that bears money. `row` is before discount, without tax and fixed product tax; the rest
    as on the item.

    `sku` is what was really sold (a configurable's chosen child bears the same sku as its parent's
    row).
    """

    item: Item
    row: Decimal
    sku: str

    @property
    def net(self) -> Decimal:
        """What the row comes to without tax and without fixed product tax, after its discount."""
        return self.row - self.item.discount_amount + self.item.discount_tax_compensation_amount

    def amount(self, *, gross: bool) -> Decimal:
        """What its line comes to: `net`, or with its tax (not the tax on the fixed product tax)."""
        return self.net + self.item.tax_amount if gross else self.net

    def discount(self, *, gross: bool) -> Decimal:
        """What was taken off, in the same terms: with gross prices, part of a discount is tax that
        is not charged."""
        net_only = ZERO if gross else self.item.discount_tax_compensation_amount
        return self.item.discount_amount - net_only


def money_items(order: Order) -> list[tuple[Item, str]]:
    """The rows that bear money with the sku sold: children of a dynamic bundle, else the top row.
    Raises `Never`."""
    tops = [item for item in order.items if item.parent_item_id is None]
    known = {item.item_id for item in tops}
    orphans = [
        i for i in order.items if i.parent_item_id is not None and i.parent_item_id not in known
    ]
    chosen: list[tuple[Item, str]] = []
    for top in [*tops, *orphans]:
        children = [
            i
            for i in order.items
            if i.parent_item_id is not None and i.parent_item_id == top.item_id
        ]
        if top.product_type == "bundle" and any(_bears_money(child) for child in children):
            chosen += [(child, child.sku) for child in children]
        elif top.product_type == "configurable" and children:
            chosen.append((top, children[0].sku or top.sku))
        else:
            chosen.append((top, top.sku))
    ordered = [(item, sku) for item, sku in chosen if not _is_nothing(item)]
    if not ordered:
        raise Never(
            f"order {order.increment_id} has no items" + (" with a qty_ordered" if chosen else ""),
            remedy="Ask Commerce for the order with its items (no `fields` filter).",
        )
    return ordered


def _is_nothing(item: Item) -> bool:
    """No piece and no money, as a bundle option that was left at nought; its price is that of a
    piece nobody ordered."""
    money = (
        item.row_total_incl_tax, item.tax_amount, item.discount_amount, item.row_invoiced,
        item.weee_tax_applied_row_amount
    )  # fmt: skip
    return item.qty_ordered == ZERO and not any(money)


def _bears_money(item: Item) -> bool:
    return bool(item.price or item.row_total_incl_tax or item.tax_amount or item.discount_amount)


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


def _recovered_or_multiplied(item: Item) -> Decimal:
    if not _cut_off(item):
        return _recovered(item)
    invoiced = item.row_invoiced if item.qty_invoiced == item.qty_ordered else ZERO
    return invoiced or _price_times_quantity(item)


READINGS: tuple[Callable[[Item], Decimal], ...] = (
    _recovered,
    _recovered_or_multiplied,
    lambda item: item.row_total,  # releases that do not rewrite it
    lambda item: item.row_total + item.discount_amount,  # releases that start from the stored row
    _price_times_quantity,
    lambda item: item.row_invoiced,
)


def money_rows(order: Order) -> list[MoneyRow]:
    """The rows that bear money with their true row totals. Raises `Never` when no reading adds up
    to `subtotal`."""
    items = money_items(order)
    for reading in READINGS:
        rows = [stored(reading(item)) for item, _ in items]
        if _adds_up(order, items, rows):
            return [MoneyRow(item, row, sku) for (item, sku), row in zip(items, rows, strict=True)]
    rows = [stored(_recovered_or_multiplied(item)) for item, _ in items]
    completed = _remainder_given_to_the_one_cut_off(order, items, rows)
    if completed is not None:
        return [MoneyRow(item, row, sku) for (item, sku), row in zip(items, completed, strict=True)]
    raise Never(
        f"order {order.increment_id}: items[].row_total_incl_tax add up to {total(rows)}"
        f" {order.order_currency_code} without tax, but subtotal is {order.subtotal}",
        remedy=(
            "Compare the order's items with its subtotal in Commerce; an extension may change rows"
            " or leave some out. Then replay the order."
        ),
    )


def _tolerance(items: Sequence[tuple[Item, str]]) -> Decimal:
    """Rows of fractional quantities are cut to four decimals one by one; whole ones are exact."""
    return Decimal("0.0001") * sum(1 for item, _ in items if not _is_whole(item.qty_ordered))


def _adds_up(order: Order, items: Sequence[tuple[Item, str]], rows: Sequence[Decimal]) -> bool:
    allowed = _tolerance(items)
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
