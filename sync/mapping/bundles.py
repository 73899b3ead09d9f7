"""Bundles: whether the parent's row or its children's carry the amounts, and a discount that only
the parent shows. Pure.

A dynamic bundle's children carry the amounts and its parent repeats their sum; a fixed-price
bundle's parent carries them. REST does not say which kind a bundle is. From 2.4.9 on, children of a
fixed bundle show the parent's price, so a price alone proves nothing: `row_total_incl_tax` (the
whole row's gross) does.

Where parts are shipped separately, the parent's `qty_shipped` counts shipments: one for three whole
sets, three for one set (measured). The parts' own counters tell.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, Decimal

from sync.commerce.models.item import Item
from sync.core.money import ZERO, rounded, total


def children_carry(parent: Item, children: Iterable[Item]) -> bool:
    """Whether the amounts are on the children. Where neither side shows a row, a child's price
    decides."""
    parts = list(children)
    if any(_shows_a_row(child) for child in parts):
        return True
    return not _shows_a_row(parent) and any(child.price for child in parts)


def _shows_a_row(item: Item) -> bool:
    return bool(
        item.row_total_incl_tax or item.tax_amount or item.discount_amount or item.row_invoiced
    )


def repeat_the_price(parent: Item, children: Sequence[Item]) -> bool:
    """Whether each child shows its parent's price, as those of fixed-price bundles do from 2.4.9
    on."""
    return bool(children) and all(child.price == parent.price for child in children)


def sets_shipped(parent: Item, children: Iterable[Item]) -> Decimal:
    """How many of a fixed-price bundle any part was shipped of; what the parent says where no part
    was."""
    shares = [
        part.qty_shipped * parent.qty_ordered / part.qty_ordered
        for part in children
        if part.qty_ordered
    ]
    begun = max(shares, default=ZERO).to_integral_value(ROUND_CEILING)
    return min(begun, parent.qty_ordered) if begun else parent.qty_shipped


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`amount` in cents over the weights, each its share; the shares come to exactly `amount`.

    Raises ValueError where the weights come to nothing: then there is nothing to spread it over.
    """
    whole, so_far, given, shares = total(weights), ZERO, ZERO, []
    if not whole:
        raise ValueError("nothing to spread an amount over")
    for weight in weights:
        so_far += weight
        share = (amount if so_far == whole else rounded(amount * so_far / whole)) - given
        given += share
        shares.append(share)
    return shares
