"""What a Commerce order's grand total is made of, each part with its home in D365.

Every amount is in the order currency, each currency on its own: base and order amounts are rounded
separately by Commerce and never derived from one another. Identity proved here (measured, 370 of
370 orders): grand total = rows + shipping + fixed product tax + wrapping + fees + tax - discounts -
what was paid by card or credit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from sync.commerce.models.invoice import MoneyDocument
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.money import CENT, ZERO, rounded, total
from sync.mapping.order_rows import MoneyRow, money_rows, unrounded
from sync.mapping.segments import segments_of
from sync.mapping.tax_groups import order_tax_codes


@dataclass(frozen=True)
class Charge:
    """A part of the grand total that becomes a line of a service item.

    `net`: without tax, after `discount`. `tax`: what Commerce charged on it. `reference` tells it
    from other lines.
    """

    reference: str
    item: str
    net: Decimal
    tax: Decimal = ZERO
    discount: Decimal = ZERO
    tax_codes: tuple[str, ...] = ()

    def amount(self, *, gross: bool) -> Decimal:
        """What its line comes to."""
        return self.net + self.tax if gross else self.net


@dataclass(frozen=True)
class Paid:
    """A part that was a way to pay: not on the sales order. `home` is what the configuration calls
    it."""

    segment: str
    home: str
    amount: Decimal


class HasAmount(Protocol):
    """A row or charge."""

    def amount(self, *, gross: bool) -> Decimal:
        """What its line comes to."""


R = TypeVar("R", bound=HasAmount)


@dataclass(frozen=True)
class Parts(Generic[R]):
    """All money of a document. `tax` is the whole tax Commerce charged."""

    rows: tuple[R, ...]
    charges: tuple[Charge, ...]
    paid: tuple[Paid, ...]
    tax: Decimal
    grand_total: Decimal
    unrounded: Decimal = ZERO
    """What the header has beyond rows that REST had rounded already."""

    def dust(self, *, gross: bool) -> Decimal:
        """What rounding each line to the cent leaves over: with fractional quantities Commerce
        keeps four decimals."""
        lines: list[HasAmount] = [*self.rows, *self.charges]
        exact = [line.amount(gross=gross) for line in lines]
        return total(amount - rounded(amount) for amount in exact) + self.unrounded


class OrderParts(Parts[MoneyRow]):
    """All of an order's money."""


def order_parts(order: Order, settings: Orders) -> OrderParts:
    """Split an order's grand total. Raises `Never` for rows that do not add up and for a segment
    without a home."""
    rows = money_rows(order)
    charges = [*_shipping(order, settings), *fixed_product_tax_charges(order, rows, settings)]
    carried = total(row.item.tax_amount for row in rows) + total(one.tax for one in charges)
    more, paid, extra_tax = segment_parts(order, order, settings, order.tax_amount - carried)
    charges += more
    return OrderParts(
        rows=tuple(rows),
        charges=tuple(charges),
        paid=tuple(paid),
        tax=order.tax_amount + _beside(order, rows, charges, paid, extra_tax),
        grand_total=order.grand_total,
        unrounded=unrounded(order, rows),
    )


def segment_parts(
    document: Order | MoneyDocument, order: Order, settings: Orders, untold: Decimal
) -> tuple[list[Charge], list[Paid], Decimal]:
    """(charges, ways to pay, tax of extensions' totals) of a document's further totals.

    `untold`: the header's tax that rows and shipping do not carry. What stands beside segments
    without a `tax_field` counts where it comes to exactly that.
    """
    segments = [*segments_of(document, settings)]
    charged = [segment for segment in segments if segment.home.payment is None]
    beside = total(segment.tax_beside for segment in charged)
    is_told = abs(untold - total(one.tax for one in charged) - beside) <= CENT
    extra_tax = total(one.tax for one in charged if one.home.tax_field)
    charges = []
    for one in charged:
        tax = one.tax + (one.tax_beside if is_told else ZERO)
        codes = _segment_tax_codes(order, one.amount, tax) if tax else ()
        charges.append(Charge(one.name, one.home.item or "", one.amount, tax, tax_codes=codes))
    payments = [(one, one.home.payment) for one in segments]
    paid = [Paid(one.name, home, abs(one.amount)) for one, home in payments if home is not None]
    return charges, paid, extra_tax


def _segment_tax_codes(order: Order, amount: Decimal, tax: Decimal) -> tuple[str, ...]:
    """The code whose rate makes this tax of the amount; else those that the order lists beside
    products, fixed product tax and shipping; else all of it."""
    extension = order.extension_attributes
    fitting = {
        applied.code
        for applied in extension.applied_taxes
        if applied.code and abs(amount * applied.percent / 100 - tax) <= CENT
    }
    others = {
        applied.code
        for entry in extension.item_applied_taxes
        for applied in entry.applied_taxes
        if applied.code and entry.type not in ("product", "weee", "shipping")
    }
    return tuple(fitting) if len(fitting) == 1 else tuple(sorted(others)) or order_tax_codes(order)


def _beside(
    order: Order, rows: list[MoneyRow], charges: list[Charge], paid: list[Paid], extra_tax: Decimal
) -> Decimal:
    """The tax of extensions' totals as far as `tax_amount` does not hold it already: the grand
    total tells."""
    parts = total(row.net for row in rows) + total(charge.net for charge in charges)
    rest = order.grand_total - (parts + order.tax_amount - total(one.amount for one in paid))
    return min(ZERO, extra_tax, key=lambda extra: abs(rest - extra))


def _shipping(order: Order, settings: Orders) -> Iterator[Charge]:
    discount = order.shipping_discount_amount - order.shipping_discount_tax_compensation_amount
    if order.shipping_amount or discount or order.shipping_tax_amount:
        net, tax = order.shipping_amount - discount, order.shipping_tax_amount
        yield Charge(
            "shipping", settings.freight_item, net, tax, discount, shipping_tax_codes(order)
        )


def fixed_product_tax_charges(
    order: Order, rows: Sequence[MoneyRow], settings: Orders
) -> Iterator[Charge]:
    """One line for all fixed product tax; one per set of tax codes where codes decide the line's
    tax group."""
    by_codes: dict[tuple[str, ...], list[MoneyRow]] = {}
    for row in rows:
        if row.item.weee_tax_applied_row_amount:
            codes = fixed_product_tax_codes(order, row.item.item_id) if settings.taxes else ()
            by_codes.setdefault(codes, []).append(row)
    for codes, taxed in by_codes.items():
        fixed = total(row.item.weee_tax_applied_row_amount for row in taxed)
        on_it = total(row.item.fixed_product_tax_tax for row in taxed)
        yield Charge("fixed-product-tax", settings.fpt_item, fixed, on_it, tax_codes=codes)


def shipping_tax_codes(order: Order) -> tuple[str, ...]:
    """Commerce's tax codes on shipping."""
    return _codes(order, "shipping", None)


def row_tax_codes(order: Order, row: MoneyRow) -> tuple[str, ...]:
    """Commerce's tax codes on a row: from the item, else from the order's list per item."""
    own = {tax.tax_code for tax in row.item.extension_attributes.itemized_taxes if tax.tax_code}
    return tuple(sorted(own)) or _codes(order, "product", row.item.item_id)


def fixed_product_tax_codes(order: Order, item_id: int | None) -> tuple[str, ...]:
    """Commerce's tax codes on an item's fixed product tax."""
    return _codes(order, "weee", item_id)


def _codes(order: Order, kind: str, item_id: int | None) -> tuple[str, ...]:
    """The codes on one item, on its fixed product tax, or (without an item) on shipping."""
    entries = [
        entry for entry in order.extension_attributes.item_applied_taxes if entry.type == kind
    ]
    if kind != "shipping":
        entries = [
            entry for entry in entries if item_id in (entry.item_id, entry.associated_item_id)
        ]
    return tuple(sorted({tax.code for entry in entries for tax in entry.applied_taxes if tax.code}))
