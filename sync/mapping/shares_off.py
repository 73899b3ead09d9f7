"""Which part of each line of a credit memo was taken off its sales order. Pure.

F&O's sales order tells: what it holds less than was sold has been taken off, and the order's oldest
credit memos come first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import ZERO
from sync.dynamics.documents.line_amount import pieces_of
from sync.dynamics.documents.sales_order import SalesOrder, SalesOrderLine
from sync.mapping.document_parts import DocumentParts, document_parts
from sync.mapping.document_rows import DocumentRow
from sync.mapping.order_left import FIXED_PRODUCT_TAX, SHIPPING
from sync.mapping.order_parts import OrderParts, order_parts
from sync.mapping.sales_order_lines import unique_references

NONE, WHOLE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class HeldLine:
    """A line of a sales order as F&O has it."""

    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Sale:
    """A memo's sales order. `sold`: as if nothing had been refunded. `held`: F&O's lines by our
    reference, empty where it has none (any more). `earlier`: the order's credit memos before this
    one, but those that were credited whole."""

    sold: SalesOrder
    held: Mapping[str, HeldLine]
    earlier: Sequence[CreditMemo] = ()


def shares_off(
    memo: CreditMemo, order: Order, sale: Sale, connection: Connection
) -> dict[str, Fraction]:
    """How much of each of the memo's lines was taken off, by its reference."""
    shares: dict[str, Fraction] = {}
    lines = {line.reference: line for line in sale.sold.lines}
    sizes, *earlier = (
        _sizes(document_parts(one, order, connection.orders), one.shipping_amount)
        for one in (memo, *sale.earlier)
    )
    whole = _sizes(order_parts(order, connection.orders), order.shipping_amount)
    for key, (reference, size) in sizes.items():
        placed, all_of_it = whole.get(key, ("", NONE))
        line = lines.get(placed)
        if line is not None and size and all_of_it:
            before = sum((each[key][1] for each in earlier if key in each), NONE)
            off = _off(line, sale.held, all_of_it) - before
            shares[reference] = min(max(off / size, NONE), WHOLE)
    return shares


def _sizes(
    parts: DocumentParts | OrderParts, shipping: Decimal
) -> dict[tuple[str, ...], tuple[str, Fraction]]:
    """The reference of the line of each row and charge, and how large it is: in pieces, or in
    money, shipping before its discount. Each document numbers its own fixed product tax, so tax
    codes tell which is the same."""
    rows = [
        ((row.reference,), row.quantity)
        if isinstance(row, DocumentRow)
        else ((str(row.item.item_id),), row.item.qty_ordered)
        for row in parts.rows
    ]
    charges = [
        ((one.reference, *one.tax_codes), shipping if one.reference == SHIPPING else one.net)
        for one in parts.charges
    ]
    found = [*rows, *charges]
    lines = [*unique_references([key[0] for key, _ in found])]
    return {
        key if key[0] == FIXED_PRODUCT_TAX else (line,): (line, Fraction(size))
        for line, (key, size) in zip(lines, found, strict=True)
    }


def _off(line: SalesOrderLine, held: Mapping[str, HeldLine], size: Fraction) -> Fraction:
    """How much of a line, which was placed with this size, F&O does not hold, though it was not
    cancelled: charges are told by amount."""
    if line.left is None:
        return NONE
    placed, left = line.price, line.left
    there = held.get(line.reference, HeldLine(ZERO, ZERO))
    if line.reference.isdigit():
        factor = Fraction(placed.quantity) / size
        return max(pieces_of(left.quantity, factor) - pieces_of(there.quantity, factor), NONE)
    whole, off = placed.quantity, left.quantity - there.quantity
    if not off and placed.amount():
        whole, off = placed.amount(), left.amount() - there.amount
    return Fraction(max(off, ZERO)) / Fraction(whole) * size
