"""Line discounts of F&O: what is off the price of one unit.

They are searched as prices are, by customer and by item: each customer level with the item, then
its item group, then all items. With *Find next* several add up (5 % and 10 % are 15 %). Source:
Microsoft, "Activate sales price/discount"; that they add up is told by users. Where one of them has
two percentages, nobody tells whether these are put together before or after.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from sync.core.money import ZERO
from sync.dynamics.documents.price_agreement import Discount
from sync.mapping.price_search import (
    Audience,
    Unclear,
    UnclearPrice,
    Wanted,
    combinations,
    unfit,
    visited,
)

HUNDRED: Final = Decimal(100)


def net_price(price: Decimal, counted: Sequence[Discount]) -> Decimal:
    """A price less these line discounts, by F&O's formula of a line amount: the amounts come off
    before the percentages do."""
    percent = sum((one.percent for one in counted), ZERO)
    amount = sum((one.amount for one in counted), ZERO)
    return (price - amount) * (HUNDRED - percent) / HUNDRED


def counted_discounts(
    discounts: Sequence[Discount],
    wanted: Wanted,
    audience: Audience,
    quantity: Decimal,
    unclear: Unclear = "park",
) -> list[Discount]:
    """Those that are taken off. `discounts`: those of the item, of its item group, and of all
    items. Raises `UnclearPrice`."""
    found = _found(discounts, wanted, audience, quantity, unclear)
    if unclear == "park" and len(found) > 1 and any(one.is_double for one in found):
        raise UnclearPrice(", ".join(str(one.record) for one in found))
    return found


def _found(
    discounts: Sequence[Discount], wanted: Wanted, audience: Audience, quantity: Decimal,
    unclear: Unclear,
) -> list[Discount]:  # fmt: skip
    found = list[Discount]()
    fitting = [one for one in discounts if not unfit(one, wanted, quantity)]
    for _, lines in combinations(fitting, audience.customer, audience.discount_group):
        for of_items in _by_items(lines):
            found += visited(of_items, unclear)
            if not all(one.finds_next for one in of_items):
                return found
    return found


def _by_items(lines: Sequence[Discount]) -> Iterator[list[Discount]]:
    """Those of the item, of its group, of all items."""
    of_item = [one for one in lines if one.item]
    of_group = [one for one in lines if one.item_group and not one.item]
    of_all = [one for one in lines if not one.item and not one.item_group]
    yield from (found for found in (of_item, of_group, of_all) if found)
