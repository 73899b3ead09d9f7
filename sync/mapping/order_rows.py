"""Which rows of a Commerce order carry money, with their true totals and discounts. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import ZERO, stored, total
from sync.mapping.bundles import children_carry, repeat_the_price, sets_shipped, spread
from sync.mapping.row_totals import half_cents, recovered_or_multiplied, true_rows

COMPARE_ROWS: Final = (
    "Compare the order's items with its subtotal in Commerce; an extension may change rows or leave"
    " some out. Then replay the order."
)


@dataclass(frozen=True)
class MoneyRow:
    """A row that carries money. `row` is before discount, without tax and fixed product tax; the
    rest as on the item.

    `sku` is what was really sold (a configurable's chosen child has the same sku as its parent's
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
    """The rows that carry amounts with the sku sold: children of a dynamic bundle, else the top
    row. Raises `Never`."""
    choices = [*_choices(order)]
    found = next((items for items in choices if true_rows(order, items) is not None), choices[0])
    if not found:
        raise Never(
            f"order {order.increment_id} has no items"
            + (" with a qty_ordered" if order.items else ""),
            remedy="Ask Commerce for the order with its items (no `fields` filter).",
        )
    return found


def money_ids(order: Order) -> set[int | None]:
    """The ids of those rows; none where the order has no rows."""
    return {item.item_id for item, _ in money_items(order)} if any(_choices(order)) else set()


def _choices(order: Order) -> Iterator[list[tuple[Item, str]]]:
    """Which rows may carry the amounts, the likeliest first: as bundles look; else as those of
    fixed price from 2.4.9 on."""
    yield _chosen(order, children_carry)
    if any(item.product_type == "bundle" for item in order.items):
        yield _chosen(
            order,
            lambda top, parts: children_carry(top, parts) and not repeat_the_price(top, parts),
        )


def _chosen(
    order: Order, on_children: Callable[[Item, list[Item]], bool]
) -> list[tuple[Item, str]]:
    tops = [item for item in order.items if item.parent_item_id is None]
    below = [item for item in order.items if item.parent_item_id is not None]
    known = {item.item_id for item in tops}
    orphans = [item for item in below if item.parent_item_id not in known]
    chosen: list[tuple[Item, str]] = []
    for top in [*tops, *orphans]:
        children = [item for item in below if item.parent_item_id == top.item_id]
        if top.product_type == "bundle" and on_children(top, children):
            chosen += [(child, child.sku) for child in children]
        elif top.product_type == "bundle":
            shipped = {"qty_shipped": sets_shipped(top, children)}
            chosen.append((top.model_copy(update=shipped), top.sku))
        elif top.product_type == "configurable" and children:
            chosen.append((top, children[0].sku or top.sku))
        else:
            chosen.append((top, top.sku))
    return [(item, sku) for item, sku in chosen if not _is_nothing(item)]


def _is_nothing(item: Item) -> bool:
    """No piece and no money: a bundle option whose quantity was left at zero. Its price is that
    of a piece that was not ordered."""
    money = (
        item.row_total_incl_tax, item.tax_amount, item.discount_amount, item.row_invoiced,
        item.weee_tax_applied_row_amount
    )  # fmt: skip
    return item.qty_ordered == ZERO and not any(money)


def money_rows(order: Order) -> list[MoneyRow]:
    """The rows that carry amounts, with their true row totals and each with its discount.

    Raises `Never` when no reading adds up to `subtotal`.
    """
    items = money_items(order)
    rows = true_rows(order, items)
    if rows is None:
        added = total(stored(recovered_or_multiplied(item)) for item, _ in items)
        raise Never(
            f"order {order.increment_id}: items[].row_total_incl_tax add up to {added}"
            f" {order.order_currency_code} without tax, but subtotal is {order.subtotal}",
            remedy=COMPARE_ROWS,
        )
    found = [MoneyRow(item, row, sku) for (item, sku), row in zip(items, rows, strict=True)]
    return _with_discounts_of_bundles(order, found)


def unrounded(order: Order, rows: Sequence[MoneyRow]) -> Decimal:
    """What the header has beyond rows that REST rounded to the cent; zero where that explains
    nothing (exact)."""
    allowed = half_cents(row.item.qty_ordered for row in rows)
    fixed = total(row.item.weee_tax_applied_row_amount for row in rows)
    subtotal = order.subtotal - total(row.row for row in rows)
    discount = (
        -order.discount_amount
        - order.shipping_discount_amount
        - total(r.item.discount_amount for r in rows)
    )
    differences = (min(subtotal, subtotal - fixed, key=abs), -discount)
    return total(difference for difference in differences if abs(difference) <= allowed)


def _with_discounts_of_bundles(order: Order, rows: list[MoneyRow]) -> list[MoneyRow]:
    """With a discount that only the parents of dynamic bundles show, spread over their children in
    whole cents.

    Only where the header's discount is short of exactly that; most shops show it on the children,
    and some on both.
    """
    parents = _parents_beside(order, rows)
    on_items = total(row.item.discount_amount for row in rows)
    missing = -order.discount_amount - order.shipping_discount_amount - on_items
    for less_the_children_s in (False, True):
        discounts = [_own_discount(rows, parent, less_the_children_s) for parent in parents]
        if missing and missing == total(discounts):
            told = total(row.item.discount_tax_compensation_amount for row in rows)
            relieved = order.discount_tax_compensation_amount - told
            for parent, discount in zip(parents, discounts, strict=True):
                rows = _discounted(rows, parent, discount, relieved * discount / missing)
            break
    return rows


def _parents_beside(order: Order, rows: Sequence[MoneyRow]) -> list[Item]:
    """The parents of dynamic bundles: they are no rows themselves, and their children's rows can
    take a discount."""
    parents = {row.item.parent_item_id for row in rows if row.row}
    chosen = {row.item.item_id for row in rows}
    return [
        i
        for i in order.items
        if i.product_type == "bundle" and i.item_id in parents and i.item_id not in chosen
    ]


def _own_discount(rows: Sequence[MoneyRow], parent: Item, less_the_children_s: bool) -> Decimal:
    of_children = total(
        r.item.discount_amount for r in rows if r.item.parent_item_id == parent.item_id
    )
    return parent.discount_amount - (of_children if less_the_children_s else ZERO)


def _discounted(
    rows: Sequence[MoneyRow], parent: Item, discount: Decimal, compensation: Decimal
) -> list[MoneyRow]:
    """The rows, those of a bundle's children less their shares of its discount."""
    ours = [row for row in rows if row.item.parent_item_id == parent.item_id]
    weights = [row.row for row in ours]
    shares = zip(ours, spread(discount, weights), spread(compensation, weights), strict=True)
    found = {}
    for row, less, back in shares:
        changed = {
            "discount_amount": row.item.discount_amount + less,
            "discount_tax_compensation_amount": row.item.discount_tax_compensation_amount + back,
        }
        found[row.item.item_id] = replace(row, item=row.item.model_copy(update=changed))
    return [found.get(row.item.item_id, row) for row in rows]
