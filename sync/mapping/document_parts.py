"""What the grand total of an invoice or credit memo is made of, each part with its home in D365.

Measured over 583 invoices and 538 credit memos of a live shop: the header is right, the last memo
of an order may carry a cent of tax that no item has, discounted shipping leaves four decimals, and
the fixed product tax of an invoice stands in no field at all. So tax is taken from the header, the
discount on shipping is what the items do not explain, and the fixed product tax is what the order's
own leads one to expect.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo, DocumentItem, Invoice
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.money import CENT, ZERO, stored, total
from sync.mapping.document_items import carrying_items, unrounded_rows
from sync.mapping.document_rows import DocumentRow, document_rows
from sync.mapping.fixed_product_tax import (
    expected_fixed_product_tax,
    expected_tax,
    fixed_product_tax,
)
from sync.mapping.order_parts import Charge, Parts, segment_parts, shipping_tax_codes
from sync.mapping.reward_points import by_points, points_spent

SHIPPING: Final = "shipping"
ADJUSTMENTS: Final = ("adjustment-refund", "adjustment-fee")


class DocumentParts(Parts[DocumentRow]):
    """All money of a document; for a credit memo everything is positive where money goes back."""

    @property
    def rest(self) -> Decimal:
        """Grand total less everything explained, exactly (four decimals)."""
        explained = total(r.net for r in self.rows) + total(c.net for c in self.charges) + self.tax
        return stored(self.grand_total - explained + total(p.amount for p in self.paid))


def document_parts(document: Invoice | CreditMemo, order: Order, settings: Orders) -> DocumentParts:
    """Split an invoice or credit memo. `order` gives what the document does not say: tax codes,
    fixed product tax.

    Raises `Never` for a row without a quantity, for one that is not in the order, and for a
    segment without a home.
    """
    items = carrying_items(document, order)
    rows = tuple(document_rows(document, items, order))
    charges = [*_shipping(document, items, order, settings)]
    carried = total(row.tax for row in rows) + total(one.tax for one in charges)
    untold = document.tax_amount - carried - expected_tax(document, order)
    more, paid, extra_tax = segment_parts(document, order, settings, untold)
    charges += more
    if isinstance(document, CreditMemo):
        charges = [*_with_adjustments(charges, document, settings)]
    parts = DocumentParts(
        rows, tuple(charges), tuple(paid), document.tax_amount, document.grand_total,
        unrounded_rows(document, items),
    )  # fmt: skip
    parts = _settled(parts, document, order, settings, extra_tax)
    return _with_fixed_product_tax(parts, document, order, settings)


def _with_fixed_product_tax(
    parts: DocumentParts, document: Invoice | CreditMemo, order: Order, settings: Orders
) -> DocumentParts:
    on_lines = total(one.tax for one in parts.rows) + total(one.tax for one in parts.charges)
    fixed = fixed_product_tax(
        document, order, settings, rest=parts.rest, tax=stored(parts.tax - on_lines)
    )
    return replace(parts, charges=(*parts.charges, *fixed))


def _settled(
    parts: DocumentParts,
    document: Invoice | CreditMemo,
    order: Order,
    settings: Orders,
    extra_tax: Decimal,
) -> DocumentParts:
    """With the tax and the reward points that the document does not show; what is left is fixed
    product tax."""
    expected, points = (
        expected_fixed_product_tax(document, order),
        points_spent(document, order, settings),
    )
    parts = replace(parts, tax=parts.tax + _beside(parts.rest - expected, extra_tax, points))
    return replace(parts, paid=(*parts.paid, *by_points(expected - parts.rest, points, settings)))


def _beside(rest: Decimal, extra_tax: Decimal, points: Decimal) -> Decimal:
    """The tax of extensions' totals as far as `tax_amount` does not hold it already: the grand
    total tells."""
    return min(
        ZERO, extra_tax, key=lambda extra: min(abs(rest - extra), abs(rest - extra + points))
    )


def _shipping(
    document: Invoice | CreditMemo,
    items: Mapping[int, DocumentItem],
    order: Order,
    settings: Orders,
) -> Iterator[Charge]:
    """Shipping less its discount, which is the part of the header's that no item has; of a memo it
    may be unrounded, and of the wrong sign where no shipping is given back."""
    discount = -document.discount_amount - total(item.discount_amount for item in items.values())
    reduction = discount - _shipping_compensation(document, items)
    if document.shipping_amount or reduction or document.shipping_tax_amount:
        net, tax = document.shipping_amount - reduction, document.shipping_tax_amount
        yield Charge(
            SHIPPING, settings.freight_item, net, tax, reduction, shipping_tax_codes(order)
        )


def _shipping_compensation(
    document: Invoice | CreditMemo, items: Mapping[int, DocumentItem]
) -> Decimal:
    if isinstance(document, Invoice):
        return document.shipping_discount_tax_compensation_amount
    on_items = total(item.discount_tax_compensation_amount for item in items.values())
    return document.discount_tax_compensation_amount - on_items


def _with_adjustments(
    charges: Sequence[Charge], memo: CreditMemo, settings: Orders
) -> Iterator[Charge]:
    """With what was given back beyond goods and shipping, or withheld, which carries no tax
    (measured). What withholds the discount of shipping that was not given back is no charge."""
    adjustments = [*_adjustments(memo, settings)]
    beside = [] if memo.shipping_amount else [one for one in charges if one.reference == SHIPPING]
    rest = total(one.net for one in (*beside, *adjustments))
    is_offset = bool(beside and adjustments) and abs(rest) < CENT
    for one in charges:
        yield replace(one, net=rest) if is_offset and one in beside else one
    yield from () if is_offset else adjustments


def _adjustments(memo: CreditMemo, settings: Orders) -> Iterator[Charge]:
    positive, negative = memo.adjustment_positive, memo.adjustment_negative
    if not positive and not negative and memo.adjustment:
        positive, negative = max(memo.adjustment, ZERO), max(-memo.adjustment, ZERO)
    refund, fee = ADJUSTMENTS
    if positive:
        yield Charge(refund, settings.adjustment_refund_item, positive)
    if negative:
        yield Charge(fee, settings.adjustment_fee_item, -negative)
