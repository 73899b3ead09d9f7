"""Packing slips as shipments: how many pieces of which order rows a slip sends. Pure.

F&O counts lines in sales units, Commerce rows in pieces, and the two are not always the same rows:

* a configurable is shipped by its own row, never by its variant's;
* a bundle that is sent together is shipped by its own row, once all parts of a set have left;
* a bundle that is sent in parts is shipped by the rows of its parts.

What a slip sends is what all slips up to it come to, less what those before it do: so a set, or a
piece of several units, is sent with the slip that completes it, whichever is delivered first.
Source: a live 2.4.7 (the wrong row of a bundle is refused; the variant's row is no product).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from math import floor
from typing import Final

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import STORED, ZERO
from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.mapping.bundles import sets_shipped
from sync.mapping.order_rows import money_items
from sync.mapping.pieces_left import pieces_wanted
from sync.mapping_tables.records import ItemMapping, normal_sku

ONE: Final = Fraction(1)
Pieces = Mapping[int, Decimal]
"""Pieces by order item."""


@dataclass(frozen=True)
class ShippedRow:
    """An order row that Commerce ships by. `counted`: the rows that F&O's lines are of, and how
    many of each go with one piece. `most`: pieces that are shipped or still to be. `goods`: what
    a piece takes from stock, by product."""

    item: Item
    counted: Mapping[int, Fraction]
    most: Decimal
    goods: Mapping[int, Decimal]

    def pieces(self, lines: Iterable[SlipLine], factors: Mapping[int, Decimal]) -> Decimal:
        """Whole pieces that these lines come to."""
        units = dict.fromkeys(self.counted, Fraction(0))
        for line in lines:
            number = _item_id(line)
            if number in units:
                units[number] += Fraction(line.quantity) / Fraction(factors[number])
        exact = min(units[number] / per for number, per in self.counted.items())
        if self.item.is_qty_decimal:
            return Decimal(floor(exact * 10_000)).scaleb(-4)
        return Decimal(floor(exact))


@dataclass(frozen=True)
class Sent:
    """What a slip sends of a row: `wanted` by F&O, `shown` as far as the order has that many
    left."""

    row: ShippedRow
    wanted: Decimal
    shown: Decimal


def shipped_rows(order: Order, in_parts: frozenset[int]) -> list[ShippedRow]:
    """The rows that Commerce ships by. `in_parts`: products of bundles whose parts are shipped
    separately."""
    tops = (item for item in order.items if item.parent_item_id is None)
    return [row for top in tops for row in _rows_of(order, top, in_parts)]


def invoiced_rows(order: Order) -> list[ShippedRow]:
    """The rows that Commerce invoices by: those at the top, virtual ones too. The parts of a bundle
    come along with it, however they are shipped. `most`: pieces that were not cancelled."""
    sold = {item.item_id for item, _ in money_items(order)}
    found = []
    for top in (item for item in order.items if item.parent_item_id is None and item.qty_ordered):
        parts = [one for one in order.items if one.parent_item_id == top.item_id]
        of_parts = {one.item_id or 0: _per(one, top) for one in parts if one.item_id in sold}
        counted = of_parts if of_parts and top.item_id not in sold else {top.item_id or 0: ONE}
        most = min(
            floor(Fraction(one.qty_ordered - one.qty_canceled) / counted[one.item_id or 0])
            if not one.is_qty_decimal else one.qty_ordered - one.qty_canceled
            for one in (top, *parts) if one.item_id in counted
        )  # fmt: skip
        found.append(ShippedRow(top, counted, Decimal(most), {}))
    return found


def left_of(rows: Iterable[ShippedRow], beyond: Pieces) -> list[ShippedRow]:
    """The rows with what slips can still send of them. `beyond`: pieces that were shipped without a
    slip."""
    return [
        replace(row, most=max(row.most - beyond.get(row.item.item_id or 0, ZERO), ZERO))
        for row in rows
    ]


def sent_by(
    slip: PackingSlip, rows: Sequence[ShippedRow], factors: Mapping[int, Decimal]
) -> list[Sent]:
    """What a slip sends. `factors`: sales units per piece, by order item."""
    found = []
    for row in rows:
        before = row.pieces(slip.earlier, factors)
        through = row.pieces([*slip.earlier, *slip.lines], factors)
        if through != before:
            shown = min(row.most, through) - min(row.most, before)
            found.append(Sent(row, through - before, shown))
    return found


def strange_lines(slip: PackingSlip, order: Order) -> str:
    """The slip's lines that are of no row of the order, in words: added or replaced in F&O. Charges
    are none."""
    known = {item.item_id for item, _ in money_items(order)}
    return ", ".join(
        f"{line.quantity.normalize():f} of item {line.item}" for line in slip.lines
        if line.quantity and (_item_id(line) or not line.reference) and _item_id(line) not in known
    )  # fmt: skip


def factors_of(
    slip: PackingSlip, order: Order, items: Mapping[str, ItemMapping], unit: str
) -> dict[int, Decimal]:
    """Sales units per piece of the order's rows. `unit`: of items whose mapping names none.

    Raises `Never` for a row without an item, and for one that the slip counts in another unit.
    """
    wanted = {_item_id(line) for line in slip.rows}
    skus = {item.item_id: sku for item, sku in money_items(order) if item.item_id in wanted}
    found: dict[int, Decimal] = {}
    for number, sku in skus.items():
        item = items.get(normal_sku(sku))
        if item is None:
            raise Never(
                f"{slip.noun} {slip.number}: {sku} has no item in D365 (any more)",
                remedy=f"Map the sku (`map items set SKU ITEM`), then replay the {slip.noun}.",
            )
        found[number or 0] = item.factor
        _refuse_other_units(slip, number, sku, item.unit or unit)
    return found


def _refuse_other_units(slip: PackingSlip, number: int | None, sku: str, unit: str) -> None:
    units = {line.unit for line in slip.rows if _item_id(line) == number and line.unit}
    other = sorted(one for one in units if one.casefold() != unit.casefold())
    if unit and other:
        raise Never(
            f"{slip.noun} {slip.number} counts {sku} in {other[0]}, and its mapping says {unit}",
            remedy=(
                "Correct unit and factor of the sku (`map items set`), then replay the"
                f" {slip.noun}."
            ),
        )


def _item_id(line: SlipLine) -> int:
    """The order item that a line is of; 0 for a charge, and for a line that is not ours."""
    return int(line.reference) if line.reference.isascii() and line.reference.isdigit() else 0


def _rows_of(order: Order, top: Item, in_parts: frozenset[int]) -> Iterator[ShippedRow]:
    """The rows that a top row is shipped by."""
    parts = [one for one in order.items if one.parent_item_id == top.item_id]
    if top.product_type == "bundle":
        solid = [part for part in parts if not part.is_virtual and part.qty_ordered > ZERO]
        sold = {item.item_id for item, _ in money_items(order)}
        rows = _separate if top.product_id in in_parts else _together
        yield from rows(top, solid, sold) if solid else ()
    elif not top.is_virtual and top.qty_ordered > ZERO:
        product = parts[0].product_id if parts else top.product_id
        goods = {product or 0: Decimal(1)}
        yield ShippedRow(top, {top.item_id or 0: ONE}, pieces_wanted(top), goods)


def _together(
    top: Item, parts: Sequence[Item], sold: set[int | None]
) -> Iterator[ShippedRow]:  # fmt: skip
    per_set = {part.item_id or 0: _per(part, top) for part in parts}
    counted = {top.item_id or 0: ONE} if top.item_id in sold else per_set
    sets = [floor(Fraction(pieces_wanted(part)) / _per(part, top)) for part in parts]
    most = min(pieces_wanted(top), *(Decimal(one) for one in sets))
    goods: dict[int, Decimal] = {}
    for part in parts:
        product = part.product_id or 0
        goods[product] = goods.get(product, ZERO) + _decimal(_per(part, top))
    yield ShippedRow(top, counted, most, goods)


def _separate(
    top: Item, parts: Sequence[Item], sold: set[int | None]
) -> Iterator[ShippedRow]:  # fmt: skip
    whole = top.model_copy(update={"qty_shipped": sets_shipped(top, parts)})
    for part in parts:
        per = _per(part, top)
        is_sold = part.item_id in sold
        counted = {part.item_id or 0: ONE} if is_sold else {top.item_id or 0: 1 / per}
        most = min(pieces_wanted(part), _decimal(Fraction(pieces_wanted(whole)) * per))
        yield ShippedRow(part, counted, most, {part.product_id or 0: Decimal(1)})


def _per(part: Item, top: Item) -> Fraction:
    """How many pieces of a part go with one of its bundle."""
    return Fraction(part.qty_ordered) / Fraction(top.qty_ordered)


def _decimal(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(STORED, rounding=ROUND_FLOOR)
