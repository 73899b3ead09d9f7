"""What the grand total of an invoice or credit memo is made of, each part with its home in D365.

Measured over 583 invoices and 538 credit memos of a live shop: the header is right, the last memo
of an order may carry a cent of tax that no item has, discounted shipping leaves four decimals, and
the fixed product tax of an invoice stands in no field at all. So tax is taken from the header, the
discount on shipping is what the items do not explain, and the fixed product tax is what the order's
own leads one to expect.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo, DocumentItem, Invoice
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.errors import Never
from sync.core.money import ZERO, rounded, stored, total
from sync.mapping.document_items import carrying_items, unrounded_rows
from sync.mapping.fixed_product_tax import (
    SLACK,
    expected_fixed_product_tax,
    expected_tax,
    fixed_product_tax,
)
from sync.mapping.order_parts import Charge, Paid, row_tax_codes, segment_parts, shipping_tax_codes
from sync.mapping.order_rows import MoneyRow

ADJUSTMENTS: Final = ("adjustment-refund", "adjustment-fee")


@dataclass(frozen=True)
class DocumentRow:
    """A row that bears money. `net`: after discount, without tax; `tax` as Commerce charged it on
    the row."""

    reference: str
    sku: str
    text: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    tax_codes: tuple[str, ...] = ()
    before_discount: Decimal = ZERO
    order_item_id: int | None = None

    def amount(self, *, gross: bool) -> Decimal:
        """What its line comes to."""
        return self.net + self.tax if gross else self.net


@dataclass(frozen=True)
class DocumentParts:
    """All money of a document; for a credit memo everything is positive where money goes back."""

    rows: tuple[DocumentRow, ...]
    charges: tuple[Charge, ...]
    paid: tuple[Paid, ...]
    tax: Decimal
    grand_total: Decimal
    unrounded: Decimal = ZERO
    """What the header has beyond rows that REST had rounded already."""

    @property
    def rest(self) -> Decimal:
        """Grand total less everything explained, exactly (four decimals)."""
        explained = total(r.net for r in self.rows) + total(c.net for c in self.charges) + self.tax
        return stored(self.grand_total - explained + total(p.amount for p in self.paid))

    def dust(self, *, gross: bool) -> Decimal:
        """What rounding each line to the cent leaves over: with fractional quantities Commerce
        keeps four decimals."""
        exact = [row.amount(gross=gross) for row in self.rows] + [
            c.amount(gross=gross) for c in self.charges
        ]
        return total(amount - rounded(amount) for amount in exact) + self.unrounded


def document_parts(document: Invoice | CreditMemo, order: Order, settings: Orders) -> DocumentParts:
    """Split an invoice or credit memo. `order` gives what the document does not say: tax codes,
    fixed product tax.

    Raises `Never` for a row without a quantity, for one that is not in the order where codes decide
    its tax, and for a segment without a home.
    """
    items = carrying_items(document, order)
    rows = tuple(_rows(document, items, order, settings))
    charges = [*_shipping(document, items, order, settings)]
    carried = total(row.tax for row in rows) + total(one.tax for one in charges)
    untold = document.tax_amount - carried - expected_tax(document, order)
    more, paid, extra_tax = segment_parts(document, order, settings, untold)
    charges += more
    if isinstance(document, CreditMemo):
        charges += _adjustments(document, settings)
    parts = DocumentParts(
        rows,
        tuple(charges),
        tuple(paid),
        document.tax_amount,
        document.grand_total,
        unrounded_rows(document, items),
    )
    parts = _settled(parts, document, order, settings, extra_tax)
    on_lines = total(row.tax for row in rows) + total(charge.tax for charge in charges)
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
        _points_spent(document, order, settings),
    )
    parts = replace(parts, tax=parts.tax + _beside(parts.rest - expected, extra_tax, points))
    return replace(parts, paid=(*parts.paid, *_by_points(expected - parts.rest, points, settings)))


def _beside(rest: Decimal, extra_tax: Decimal, points: Decimal) -> Decimal:
    """The tax of extensions' totals as far as `tax_amount` does not hold it already: the grand
    total tells."""
    return min(
        ZERO, extra_tax, key=lambda extra: min(abs(rest - extra), abs(rest - extra + points))
    )


def _points_spent(document: Invoice | CreditMemo, order: Order, settings: Orders) -> Decimal:
    """The reward points of the order, where neither the document nor the configuration says what
    became of them."""
    home = settings.segments.get("reward_points")
    is_reported = document.extension_attributes.reward_currency_amount or (
        home is not None and (home.field or home.item)
    )
    return ZERO if is_reported else order.extension_attributes.reward_currency_amount


def _by_points(missing: Decimal, spent: Decimal, settings: Orders) -> Iterator[Paid]:
    """Reward points, which an invoice or credit memo counts and REST does not show: what is missing
    of the grand total, where the order was paid with that many or more. A difference of rounding is
    none."""
    near = max(settings.rounding_most, SLACK)
    if spent and (missing == spent or near < missing < spent + near):
        home = settings.segments.get("reward_points")
        amount = spent if abs(missing - spent) <= near else missing
        yield Paid("reward_points", (home.payment if home else None) or "reward_points", amount)


def _rows(
    document: Invoice | CreditMemo,
    items: Mapping[int, DocumentItem],
    order: Order,
    settings: Orders,
) -> Iterator[DocumentRow]:
    ordered = {item.item_id: item for item in order.items}
    for place, item in items.items():
        if item.qty <= ZERO:
            raise _unfit(
                document,
                f"items[{place}].qty of {item.sku[:64]} is {item.qty}",
                "a row with an amount needs a quantity",
            )
        origin = ordered.get(item.order_item_id) if item.order_item_id is not None else None
        if origin is None and settings.taxes:
            what = (
                f"items[{place}].order_item_id {item.order_item_id} is no row of order"
                f" {order.increment_id}"
            )
            raise _unfit(document, what, "its tax codes are not known")
        yield DocumentRow(
            reference=(
                str(item.order_item_id) if item.order_item_id is not None else f"row-{place + 1}"
            ),
            sku=_sold_sku(item, origin, order),
            text=item.name or item.sku,
            quantity=item.qty,
            net=item.row_total - item.discount_amount + item.discount_tax_compensation_amount,
            tax=item.tax_amount,
            tax_codes=row_tax_codes(order, MoneyRow(origin, ZERO, item.sku)) if origin else (),
            before_discount=item.row_total,
            order_item_id=item.order_item_id,
        )


def _unfit(document: Invoice | CreditMemo, what: str, why: str) -> Never:
    return Never(
        f"{document.label}: {what}; {why}",
        remedy=(
            "Compare the document with its order in Commerce and with the extension that writes it,"
            " then replay it."
        ),
    )


def _sold_sku(item: DocumentItem, origin: Item | None, order: Order) -> str:
    """A configurable's row bears the money, its child the sku."""
    if origin is None:
        return item.sku
    if origin.product_type != "configurable":
        return item.sku or origin.sku
    return next(
        (
            child.sku
            for child in order.items
            if child.parent_item_id == origin.item_id and child.sku
        ),
        item.sku,
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
            "shipping", settings.freight_item, net, tax, reduction, shipping_tax_codes(order)
        )


def _shipping_compensation(
    document: Invoice | CreditMemo, items: Mapping[int, DocumentItem]
) -> Decimal:
    if isinstance(document, Invoice):
        return document.shipping_discount_tax_compensation_amount
    on_items = total(item.discount_tax_compensation_amount for item in items.values())
    return document.discount_tax_compensation_amount - on_items


def _adjustments(memo: CreditMemo, settings: Orders) -> Iterator[Charge]:
    """What was given back beyond goods and shipping, or withheld. Bears no tax (measured)."""
    positive, negative = memo.adjustment_positive, memo.adjustment_negative
    if not positive and not negative and memo.adjustment:
        positive, negative = max(memo.adjustment, ZERO), max(-memo.adjustment, ZERO)
    refund, fee = ADJUSTMENTS
    if positive:
        yield Charge(refund, settings.adjustment_refund_item, positive)
    if negative:
        yield Charge(fee, settings.adjustment_fee_item, -negative)
