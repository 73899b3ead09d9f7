"""What the grand total of an invoice or credit memo is made of, each part with its home in D365.

Measured over 583 invoices and 538 credit memos of a live shop: the header is right, the last memo of an order may
carry a cent of tax that no item has, discounted shipping leaves four decimals, and the fixed product tax of an invoice
stands in no field at all. So tax is taken from the header, the discount on shipping is what the items do not explain,
and the fixed product tax is what the order's own leads one to expect.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sync.commerce.models.invoice import CreditMemo, DocumentItem, Invoice, MoneyDocument
from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.connections import Orders
from sync.mapping.order_parts import Charge, Paid, row_tax_codes, shipping_tax_codes
from sync.mapping.order_rows import MoneyRow
from sync.money import ZERO, rounded, stored, total

FPT_SLACK = Decimal("0.03")
"""How far the fixed product tax in a document may be from its share of the order's: rounded per row by Commerce."""


@dataclass(frozen=True)
class DocumentRow:
    """A row that bears money. `net`: after discount, without tax; `tax` as Commerce charged it on the row."""

    reference: str
    sku: str
    text: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    discount: Decimal
    tax_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentParts:
    """All money of a document; for a credit memo everything is positive where money goes back."""

    rows: tuple[DocumentRow, ...]
    charges: tuple[Charge, ...]
    paid: tuple[Paid, ...]
    tax: Decimal
    grand_total: Decimal

    @property
    def rest(self) -> Decimal:
        """Grand total less everything explained, exactly (four decimals)."""
        explained = total(r.net for r in self.rows) + total(c.net for c in self.charges) + self.tax
        return stored(self.grand_total - explained + total(p.amount for p in self.paid))


def document_parts(document: Invoice | CreditMemo, order: Order, settings: Orders) -> DocumentParts:
    """Split an invoice or credit memo. `order` gives what the document does not say: tax codes, fixed product tax."""
    rows = tuple(_rows(document, order))
    charges = tuple(_charges(document, order, settings))
    paid = tuple(_paid(document, settings))
    parts = DocumentParts(rows, charges, paid, document.tax_amount, document.grand_total)
    fixed = _fixed_product_tax(document, order, parts.rest)
    if not fixed:
        return parts
    on_it = stored(document.tax_amount - document.shipping_tax_amount - total(row.tax for row in rows))
    charge = Charge("fixed-product-tax", settings.fpt_item, fixed, on_it)
    return DocumentParts(rows, (*charges, charge), paid, document.tax_amount, document.grand_total)


def _rows(document: MoneyDocument, order: Order) -> Iterator[DocumentRow]:
    ordered = {item.item_id: item for item in order.items}
    for item in document.items:
        if not (item.row_total or item.tax_amount or item.discount_amount):
            continue
        origin = ordered.get(item.order_item_id)
        yield DocumentRow(
            reference=str(item.order_item_id),
            sku=_sold_sku(item, origin, order),
            text=item.name,
            quantity=item.qty,
            net=item.row_total - item.discount_amount + item.discount_tax_compensation_amount,
            tax=item.tax_amount,
            discount=item.discount_amount - item.discount_tax_compensation_amount,
            tax_codes=row_tax_codes(order, MoneyRow(origin, ZERO, item.sku)) if origin else (),
        )


def _sold_sku(item: DocumentItem, origin: Item | None, order: Order) -> str:
    """A configurable's row bears the money, its child the sku."""
    if origin is None or origin.product_type != "configurable":
        return item.sku
    return next((child.sku for child in order.items if child.parent_item_id == origin.item_id and child.sku), item.sku)


def _charges(document: Invoice | CreditMemo, order: Order, settings: Orders) -> Iterator[Charge]:
    discount = -document.discount_amount - total(item.discount_amount for item in document.items)
    compensation = _shipping_compensation(document)
    net = document.shipping_amount - discount + compensation
    if document.shipping_amount or discount or document.shipping_tax_amount:
        yield Charge(
            "shipping", settings.freight_item, net, document.shipping_tax_amount, discount - compensation,
            tax_codes=shipping_tax_codes(order),
        )  # fmt: skip
    extension = document.extension_attributes
    wrapping = extension.gw_price + extension.gw_items_price + extension.gw_card_price
    home = settings.segments.get("gift_wrapping")
    if wrapping and home is not None and home.item:
        yield Charge("gift_wrapping", home.item, wrapping)
    if isinstance(document, CreditMemo):
        yield from _adjustments(document, settings)


def _shipping_compensation(document: Invoice | CreditMemo) -> Decimal:
    if isinstance(document, Invoice):
        return document.shipping_discount_tax_compensation_amount
    return document.discount_tax_compensation_amount - total(i.discount_tax_compensation_amount for i in document.items)


def _adjustments(memo: CreditMemo, settings: Orders) -> Iterator[Charge]:
    positive, negative = memo.adjustment_positive, memo.adjustment_negative
    if not positive and not negative and memo.adjustment:
        positive, negative = max(memo.adjustment, ZERO), max(-memo.adjustment, ZERO)
    if positive:
        yield Charge("adjustment-refund", settings.adjustment_refund_item, positive)
    if negative:
        yield Charge("adjustment-fee", settings.adjustment_fee_item, -negative)


def _paid(document: MoneyDocument, settings: Orders) -> Iterator[Paid]:
    extension = document.extension_attributes
    amounts = {
        "gift_cards": extension.gift_cards_amount,
        "customer_balance": extension.customer_balance_amount,
        "reward_points": extension.reward_currency_amount,
    }
    for segment, amount in amounts.items():
        if amount:
            home = settings.segments.get(segment)
            yield Paid(segment, (home.payment if home else None) or segment, abs(amount))


def _fixed_product_tax(document: MoneyDocument, order: Order, rest: Decimal) -> Decimal:
    """What is left of the grand total, when it is what the rows' share of the order's fixed product tax leads to."""
    expected = ZERO
    for item in document.items:
        origin = next((each for each in order.items if each.item_id == item.order_item_id), None)
        if origin is not None and origin.qty_ordered and origin.weee_tax_applied_row_amount and _bears(item):
            expected += rounded(origin.weee_tax_applied_row_amount * item.qty / origin.qty_ordered)
    return rest if expected and abs(rest - expected) <= FPT_SLACK else ZERO


def _bears(item: DocumentItem) -> bool:
    return bool(item.row_total or item.tax_amount or item.discount_amount or item.weee_tax_applied_row_amount)
