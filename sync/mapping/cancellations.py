"""What of an order F&O sends no more, beside what Commerce can do about it. Pure.

Commerce cancels only everything at once that is neither invoiced nor shipped, on all rows. So it is
cancelled once nothing alive would go with it. Pieces that were shipped must be invoiced before: of
an order that is cancelled they can never be charged. Charged pieces are not cancelled but refunded.
Source: a live 2.4.7 (`s2_cancel_*`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import SlipLine
from sync.mapping.order_rows import money_items
from sync.mapping.pieces_left import pieces_kept, pieces_wanted
from sync.mapping.shipments import ONE, ShippedRow

Pieces = dict[int, Decimal]
"""Pieces by order item."""


@dataclass(frozen=True)
class RowView:
    """A row of an order, in pieces. `wanted`: shipped or still to be, by Commerce; `alive`: the
    same by F&O. `charged`: invoiced and not refunded. `uncharged`: never invoiced nor cancelled.
    `counted`: the rows that carry its money, and how many of each go with one piece. `is_torn`:
    F&O sends parts of a set that is no whole one."""

    item: Item
    counted: Mapping[int, Fraction]
    wanted: Decimal
    alive: Decimal
    shipped: Decimal
    charged: Decimal
    uncharged: Decimal
    is_torn: bool = False

    @property
    def number(self) -> int:
        """The order item."""
        return self.item.item_id or 0

    @property
    def open(self) -> Decimal:
        """What Commerce would still ship."""
        return max(self.wanted - self.shipped, ZERO)

    @property
    def dead(self) -> Decimal:
        """What of that F&O will not send."""
        return min(max(self.wanted - self.alive, ZERO), self.open)

    @property
    def cancellable(self) -> Decimal:
        """What of it goes when Commerce cancels the order."""
        return min(self.open, self.uncharged)

    @property
    def refundable(self) -> Decimal:
        """Dead pieces that were charged: cancelling leaves them."""
        unsent = max(self.charged - self.shipped, ZERO)
        return min(max(self.dead - self.cancellable, ZERO), unsent)

    @property
    def refund(self) -> Pieces | None:
        """What a credit memo lists for them, for it knows the rows that carry money; None where
        those are no whole pieces."""
        pieces = {one: Fraction(self.refundable) * per for one, per in self.counted.items()}
        if any(qty.denominator > 1 for qty in pieces.values()) and not self.item.is_qty_decimal:
            return None
        return {one: Decimal(qty.numerator) / qty.denominator for one, qty in pieces.items()}

    @property
    def to_charge(self) -> Decimal:
        """What was shipped, and could not be charged any more after the order is cancelled."""
        return min(max(self.shipped - self.charged, ZERO), self.uncharged)


@dataclass(frozen=True)
class Ending:
    """What of an order is to end."""

    rows: tuple[RowView, ...]

    @property
    def dead(self) -> Pieces:
        """Pieces that F&O will not send."""
        return {row.number: row.dead for row in self.rows if row.dead}

    @property
    def torn(self) -> Pieces:
        """Sets of which F&O sends a part: a person decides what becomes of them, and of the rest
        of the order with them."""
        return {row.number: row.dead for row in self.rows if row.dead and row.is_torn}

    @property
    def cancelled(self) -> Pieces:
        """What goes when Commerce cancels; nothing where something alive would go with it."""
        if self.torn or any(row.cancellable > row.dead for row in self.rows):
            return {}
        return {row.number: row.cancellable for row in self.rows if row.cancellable}

    @property
    def to_charge(self) -> Pieces:
        """What must be invoiced before that."""
        return {row.number: row.to_charge for row in self.rows if row.to_charge}

    @property
    def refundable(self) -> Pieces:
        """What was charged and will not be sent."""
        return {row.number: row.refundable for row in self.rows if row.refundable}

    @property
    def refund(self) -> Pieces:
        """The same by the rows that carry money; nothing where a set would be torn apart."""
        found: Pieces = {}
        for row in self.rows if not self.torn else ():
            part = row.refund if row.refundable else {}
            if part is None or found.keys() & part.keys():
                return {}
            found |= part
        return found

    @property
    def waiting(self) -> Pieces:
        """Dead pieces for which Commerce has no means while others are alive."""
        if self.cancelled or self.torn:
            return {}
        rest = {row.number: row.dead - row.refundable for row in self.rows}
        return {number: pieces for number, pieces in rest.items() if pieces > ZERO}

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the order was sent or will be."""
        return not any(row.alive or row.shipped for row in self.rows)

    def named(self, pieces: Mapping[int, Decimal]) -> str:
        """Pieces with their SKUs, as a person reads them."""
        skus = {row.number: row.item.sku for row in self.rows}
        return ", ".join(f"{qty.normalize():f} x {skus[one]}" for one, qty in pieces.items())


def ending_of(
    order: Order,
    rows: Sequence[ShippedRow],
    lines: Sequence[SlipLine],
    factors: Mapping[int, Decimal],
) -> Ending:
    """`rows`: those that Commerce ships by. `lines`: what F&O has sent of its lines and will send,
    as if all of it were on one slip. `factors`: sales units per piece, by order item."""
    items = {item.item_id or 0: item for item in order.items}
    all_ = [*rows, *_virtual(order, rows)]
    return Ending(tuple(_view(row, items, lines, factors) for row in all_))


def _virtual(order: Order, rows: Iterable[ShippedRow]) -> list[ShippedRow]:
    """Rows that carry money and are not shipped."""
    counted = {number for row in rows for number in row.counted}
    return [
        ShippedRow(item, {item.item_id or 0: ONE}, pieces_wanted(item), {})
        for item, _ in money_items(order)
        if item.is_virtual and item.item_id not in counted
    ]


def _view(
    row: ShippedRow,
    items: Mapping[int, Item],
    lines: Sequence[SlipLine],
    factors: Mapping[int, Decimal],
) -> RowView:
    counted = [(items[number], per) for number, per in row.counted.items()]
    alive = row.pieces(lines, factors)
    charged = min(_whole(one.qty_invoiced - one.qty_refunded, per) for one, per in counted)
    open_ = max(_begun(pieces_kept(one) - one.qty_invoiced, per) for one, per in counted)
    return RowView(
        row.item, row.counted, row.most, alive,
        min(row.item.qty_shipped, row.most), max(charged, ZERO), max(open_, ZERO),
        len(counted) > 1 and sends_more(row, alive, lines, factors),
    )  # fmt: skip


def sends_more(
    row: ShippedRow, sets: Decimal, lines: Sequence[SlipLine], factors: Mapping[int, Decimal]
) -> bool:
    """Whether F&O sends more of the parts than these sets take."""
    one_by_one = (
        (replace(row, counted={number: ONE}), Fraction(sets) * per)
        for number, per in row.counted.items()
    )
    return any(Fraction(part.pieces(lines, factors)) > taken for part, taken in one_by_one)


def _whole(quantity: Decimal, per: Fraction) -> Decimal:
    return quantity if per == ONE else Decimal(floor(Fraction(quantity) / per))


def _begun(quantity: Decimal, per: Fraction) -> Decimal:
    return quantity if per == ONE else Decimal(ceil(Fraction(quantity) / per))
