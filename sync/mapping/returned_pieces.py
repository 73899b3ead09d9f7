"""Which rows of an order an RMA sends back, and how many pieces of each. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.commerce.models.rma import DENIED, REJECTED, Rma, RmaItem
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.mapping.order_rows import money_items

BY_HAND: Final = (
    "Enter this return in D365 by hand, or deny it in Commerce and open one that can be taken."
)


@dataclass(frozen=True)
class Returned:
    """A row that comes back. `row`: the order row that carries its money. `item`: whose request it
    is. `pieces` of that row."""

    row: Item
    item: RmaItem
    pieces: Decimal

    @property
    def row_id(self) -> int:
        """Its id, which is our reference of its line in F&O."""
        return self.row.item_id or 0


def returned_pieces(rma: Rma, order: Order) -> list[Returned]:
    """What comes back, row by row; items that the shop has turned down do not. Raises `Never` for a
    fraction of a piece, for what is no row of the order, for a part of a bundle that has no price
    of its own, and for more pieces than were ordered."""
    found = [
        one
        for item in rma.items or ()
        if item.status not in (DENIED, REJECTED) and item.wanted
        for one in _of_item(item, rma, order)
    ]
    asked: dict[int, Decimal] = {}
    for one in found:
        asked[one.row_id] = asked.get(one.row_id, ZERO) + one.pieces
        if asked[one.row_id] > one.row.qty_ordered - one.row.qty_canceled:
            sold = f"{one.row.qty_ordered - one.row.qty_canceled:f} were sold"
            what = f"{asked[one.row_id]:f} pieces of {one.row.sku[:64]} come back, but {sold}"
            raise _unfit(rma, what)
    return found


def _of_item(item: RmaItem, rma: Rma, order: Order) -> Iterator[Returned]:
    if item.wanted != item.wanted.to_integral_value() or item.wanted < ZERO:
        raise _unfit(rma, f"items[].qty_requested is {item.wanted:f}; only whole pieces come back")
    rows = {row.item_id: row for row, _ in money_items(order)}
    known = {one.item_id: one for one in order.items}
    origin = known.get(item.order_item_id)
    if origin is None:
        raise _unfit(rma, f"order_item_id {item.order_item_id} is no row of {order.increment_id}")
    if origin.item_id in rows:
        yield Returned(rows[origin.item_id], item, item.wanted)
    elif (above := known.get(origin.parent_item_id)) is not None and above.item_id in rows:
        if above.product_type == "bundle":
            what = f"{origin.sku[:64]} is a part of {above.sku[:64]} without a price of its own"
            raise _unfit(rma, what)
        yield Returned(rows[above.item_id], item, item.wanted)
    else:
        yield from _parts(origin, item, rma, rows.values())


def _parts(bundle: Item, item: RmaItem, rma: Rma, rows: Iterable[Item]) -> Iterator[Returned]:
    """The parts of a bundle that carry its money."""
    parts = [row for row in rows if row.parent_item_id == bundle.item_id]
    if not parts or not bundle.qty_ordered:
        raise _unfit(rma, f"{bundle.sku[:64]} has no price in the order")
    for part in parts:
        yield Returned(part, item, item.wanted * part.qty_ordered / bundle.qty_ordered)


def _unfit(rma: Rma, what: str) -> Never:
    return Never(f"{rma.label}: {what}", remedy=BY_HAND)
