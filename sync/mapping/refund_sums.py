"""What Commerce gives back for pieces of an order, worked out as its credit memos are. Pure.

A memo takes of each row its part of what is left, to the cent, and hands what rounding leaves over
to the next row; the last piece takes the rest (replayed against recorded memos in the sandbox). The
tax of the header is never more than what is left of it. Fixed product tax is not worked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.invoice import REFUNDED, CreditMemo
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import ZERO, rounded, total
from sync.mapping.order_before_refunds import OF_ITEM, OF_SHIPPING
from sync.mapping.order_rows import money_rows

FINEST: Final = Decimal("1E-10")
AMOUNTS: Final = ("row_total", "discount_amount", "tax_amount", "discount_tax_compensation_amount")
INVOICED: Final = (
    "row_invoiced", "discount_invoiced", "tax_invoiced", "discount_tax_compensation_invoiced"
)  # fmt: skip
BACK: Final = tuple(OF_ITEM)[1:]
"""What an item counts as refunded, in the order of `AMOUNTS`."""


@dataclass(frozen=True)
class Left:
    """What of a row can come back: pieces, and its amounts in the order of `AMOUNTS`."""

    item: Item
    sku: str
    pieces: Decimal
    amounts: tuple[Decimal, ...]


@dataclass(frozen=True)
class ShippingBack:
    """Shipping that goes back: net, its tax, and its share of the discount."""

    net: Decimal = ZERO
    tax: Decimal = ZERO
    discount: Decimal = ZERO


def as_sold(order: Order) -> dict[int, Left]:
    """All rows as they were sold, as if nothing had come back yet. Raises `Never`."""
    return {
        row.item.item_id or 0: Left(
            row.item, row.sku, row.item.qty_ordered,
            (row.row, row.item.discount_amount, row.item.tax_amount,
             row.item.discount_tax_compensation_amount),
        )
        for row in money_rows(order)
    }  # fmt: skip


def left_to_refund(order: Order) -> dict[int, Left]:
    """What was invoiced of each row and is not refunded yet. Raises `Never`."""
    found: dict[int, Left] = {}
    for row in money_rows(order):
        item = row.item
        pairs = zip(INVOICED, BACK, strict=True)
        amounts = tuple(getattr(item, name) - getattr(item, back) for name, back in pairs)
        pieces = item.qty_invoiced - item.qty_refunded
        found[item.item_id or 0] = Left(item, row.sku, pieces, amounts)
    return found


def memo_of(
    order: Order,
    number: str,
    pieces: Mapping[int, Decimal],
    left: Mapping[int, Left],
    shipping: ShippingBack | None = None,
    *,
    tax_left: Decimal | None = None,
) -> CreditMemo:
    """The credit memo that gives these pieces back, without adjustments. Raises `Never` for fixed
    product tax, and for more pieces than are left."""
    back, rest = shipping or ShippingBack(), _Rest()
    rows = [one for row_id, one in left.items() if pieces.get(row_id)]
    for one in rows:
        _must_be_there(one, pieces[one.item.item_id or 0], number)
    found: dict[int, dict[str, Decimal]] = {one.item.item_id or 0: {} for one in rows}
    for names in (AMOUNTS[:1], AMOUNTS[1:2], AMOUNTS[2:]):
        for one in rows:
            row_id = one.item.item_id or 0
            for name in names:
                found[row_id][name] = rest.part(one, name, pieces[row_id])
    sums = {name: total(row[name] for row in found.values()) for name in AMOUNTS}
    tax = sums["tax_amount"] + back.tax
    tax = tax if tax_left is None else min(tax, tax_left)
    discount = sums["discount_amount"] + back.discount
    grand = sums["row_total"] - discount + sums[AMOUNTS[3]] + back.net + tax
    document: dict[str, Any] = {
        "increment_id": number, "order_id": order.entity_id, "store_id": order.store_id,
        "state": REFUNDED, "order_currency_code": order.order_currency_code,
        "subtotal": sums["row_total"], "discount_amount": -discount,
        "discount_tax_compensation_amount": sums[AMOUNTS[3]], "shipping_amount": back.net,
        "shipping_tax_amount": back.tax, "tax_amount": tax, "grand_total": grand,
        "items": [
            {"order_item_id": one.item.item_id, "sku": one.sku, "name": one.item.name,
             "qty": pieces[one.item.item_id or 0], **found[one.item.item_id or 0]}
            for one in rows
        ],
    }  # fmt: skip
    return CreditMemo.read(document)


def _must_be_there(left: Left, pieces: Decimal, number: str) -> None:
    sku = left.item.sku[:64]
    if left.item.weee_tax_applied_row_amount:
        raise Never(
            f"return {number}: {sku} has fixed product tax; it is not known what of it goes back",
            remedy="Enter this return in D365 by hand, and refund it in Commerce by hand.",
        )
    if pieces > left.pieces:
        raise Never(
            f"return {number}: {pieces:f} pieces of {sku} come back, but Commerce has"
            f" {left.pieces:f} left to refund",
            remedy=(
                "Look for credit memos of the order that gave them back already. Give no second"
                " credit in D365: cancel the return order, or credit it by hand."
            ),
        )


class _Rest:
    """Rounds parts to the cent and hands what is left over to the next one."""

    def __init__(self) -> None:
        self._left = ZERO

    def part(self, left: Left, name: str, pieces: Decimal) -> Decimal:
        """A row's part of an amount; a discount's rest counts the other way round."""
        whole = left.amounts[AMOUNTS.index(name)]
        if pieces == left.pieces or not whole:
            return whole
        sign = -1 if name == "discount_amount" else 1
        exact = whole / left.pieces * pieces + sign * self._left
        result = rounded(exact.quantize(FINEST))
        self._left = sign * (exact - result)
        return result


def after(order: Order, memo: CreditMemo) -> Order:
    """The order once this memo was made of it."""
    lines = {line.order_item_id: line for line in memo.items}
    items = [
        item.model_copy(update={
            name: getattr(item, name) + getattr(lines[item.item_id], of)
            for name, of in OF_ITEM.items()
        })
        if item.item_id in lines else item
        for item in order.items
    ]  # fmt: skip
    more = {name: getattr(order, name) + getattr(memo, of) for name, of in OF_SHIPPING.items()}
    refunded = order.total_refunded + memo.grand_total
    return order.model_copy(update={"items": items, "total_refunded": refunded, **more})
