"""The share proof: an invoice or credit memo is its share of its order, by row and in shipping.
Pure.

A document whose parts come to its grand total may still be wrong: with another price than its
order, or with a discount that no row has, which would be taken for one on shipping. Measured over
633 invoices and credit memos: each row is its order's, by pieces, to the cent; a header's discount
is what its rows have and its part of the order's discount on shipping, which credit memos return
up to twice, or with the wrong sign.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.core.money import CENT, ZERO, rounded
from sync.dynamics.documents.totals import Totals, Unproved
from sync.mapping.document_parts import DocumentParts
from sync.mapping.order_rows import money_items
from sync.mapping.row_totals import true_rows
from sync.mapping.tax_proof import HALF_A_CENT, MOST_DOCUMENTS

MOST_TIMES: Final = 2
"""How often credit memos may return the discount on shipping (Commerce's own fault, measured)."""

REMEDY: Final = (
    "Compare the document with its order in Commerce, row by row, and look at the extension that"
    " changes it. Correct it there and replay, or enter the document in D365 by hand."
)


def prove_share(document: Invoice | CreditMemo, order: Order, parts: DocumentParts) -> None:
    """Raise `Unproved`, with both sums, for a row, shipping, or a discount on it that is not its
    order's."""
    for what, amount, ordered, allowed in (
        *_rows(order, parts),
        *_shipping(document, order, parts),
    ):
        if abs(amount - ordered) > allowed:
            raise _unproved(document, what, amount, ordered)


def _rows(order: Order, parts: DocumentParts) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    """Of each row that is known: its name, its amount, that of as many pieces of its order, and how
    far rounding may part them."""
    placed = _placed(order)
    for row in parts.rows:
        item, worth = placed.get(row.order_item_id, (None, ZERO))
        if item is not None and item.qty_ordered:
            ordered = worth * row.quantity / item.qty_ordered
            allowed = CENT + HALF_A_CENT * min(item.qty_ordered, MOST_DOCUMENTS)
            yield f"items[].row_total of {row.sku[:64]}", row.before_discount, ordered, allowed


def _placed(order: Order) -> dict[int | None, tuple[Item, Decimal]]:
    """The order's rows that carry money, with what each comes to; none where they do not add up,
    of which the order itself tells."""
    items = money_items(order) if any(item.qty_ordered for item in order.items) else []
    worth = true_rows(order, items) or ()
    return {item.item_id: (item, row) for (item, _), row in zip(items, worth, strict=False)}


def _shipping(
    document: Invoice | CreditMemo, order: Order, parts: DocumentParts
) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    more = max(document.shipping_amount - order.shipping_amount, ZERO)
    yield "shipping_amount", order.shipping_amount + more, order.shipping_amount, CENT
    discount = sum((one.discount for one in parts.charges if one.reference == "shipping"), ZERO)
    most = abs(order.shipping_discount_amount)
    beyond = max(abs(discount) - MOST_TIMES * most, ZERO)
    allowed = CENT * (1 + len(parts.rows))
    yield "discount_amount beyond that of its rows", most + beyond, most, allowed


def _unproved(
    document: Invoice | CreditMemo, what: str, amount: Decimal, ordered: Decimal
) -> Unproved:
    commerce, currency = rounded(document.grand_total), document.order_currency_code
    return Unproved(
        f"{document.label}: {what} is {amount:.2f}, but its order has, for as much, {ordered:.2f}"
        f" (amounts in {currency}, grand_total {commerce})",
        remedy=REMEDY,
        totals=Totals(commerce, commerce - rounded(amount - ordered), currency),
    )
