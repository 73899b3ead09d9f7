"""How much of a credit memo was taken off its sales order, so that F&O never invoices it and has
nothing to credit. Pure.

What is left of the memo is credited; the money of the whole memo is paid back all the same. A memo
takes off its pieces, and its shipping as measured before discount, whichever memo is told first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.totals import Totals
from sync.mapping.document_parts import DocumentParts, document_parts
from sync.mapping.order_left import FIXED_PRODUCT_TAX, SHIPPING
from sync.mapping.order_parts import order_parts
from sync.mapping.receivable_lines import Receivable, ReceivableLine
from sync.mapping.shares_off import NONE, Sale, shares_off

TAKEN_OFF: Final = "taken_off"
"""How a credit memo's number says that (part of) it was taken off the sales order that follows."""

CHARGES: Final = "charges credited"
"""The key of that number that lists the charges of the memo which its credit note holds."""

CUT: Final = "cancelled in F&O"
"""The key of that number with what F&O alone took off, of an order that is changed no more."""

CUT_CHARGES: Final = "charges cancelled in F&O"
"""The key with what of that an order keeps while it has pieces."""

CUT_FROM: Final = "cancelled in F&O of"
"""The key with what the order came to then, by its trail: once that says less, it is without the
pieces."""


def orders_are_invoiced(connection: Connection) -> bool:
    """Whether revenue comes from F&O's own invoices of our sales orders: then it is what they hold
    that is sold."""
    by_free_text = (
        "invoices" in connection.flows and connection.invoices.recipe != "payment-journal"
    )
    return "orders" in connection.flows and not by_free_text


def still_credited(
    receivable: Receivable, memo: CreditMemo, order: Order, sale: Sale, connection: Connection
) -> Receivable:
    """What is left of a memo's lines to be credited; the memo itself where nothing was taken
    off."""
    parts = document_parts(memo, order, connection.orders)
    shares = shares_off(memo, order, sale, connection)
    if not any(shares.values()):
        return receivable
    beside = {SHIPPING: _beside_shipping(memo, parts, order, connection, gross=receivable.is_gross)}
    kept = [
        _kept(line, shares.get(line.reference, NONE), beside.get(line.segment, ZERO))
        for line in receivable.lines
    ]
    goods = _charged(kept)
    if not any(line.amount for line in goods):
        return _with_lines(receivable, [], ZERO)
    taxes = [*(row.tax for row in parts.rows), *(charge.tax for charge in parts.charges)]
    gone = total(
        _times(tax, shares.get(line.reference, NONE))
        for line, tax in zip(receivable.lines, taxes, strict=False)
    )
    tax = rounded(receivable.tax - gone) if receivable.tax else ZERO
    off = _sum(_charged(receivable.lines)) - _sum(goods) + receivable.tax - tax
    return _with_lines(receivable, [*_with_payments(kept, off)], tax)


def taken_off_of_goods(receivable: Receivable, credited: Receivable) -> Decimal:
    """What was taken off of goods and charges, with their tax, whatever paid for them. `credited`:
    what is left, as `still_credited` says."""
    whole, left = (_sum(_charged(one.lines)) + one.tax for one in (receivable, credited))
    return rounded(whole - left)


def taken_off_of_charges(receivable: Receivable, credited: Receivable) -> Decimal:
    """The same of charges that an order keeps while it has pieces: not of shipping and fixed
    product tax, which it gives up as they are refunded."""

    def worth(one: Receivable) -> Decimal:
        kept = (
            line for line in _charged(one.lines)
            if not line.is_goods and line.segment not in (SHIPPING, FIXED_PRODUCT_TAX)
        )  # fmt: skip
        return total(line.amount + (ZERO if one.is_gross else line.tax) for line in kept)

    return rounded(worth(receivable) - worth(credited))


def _with_payments(lines: Iterable[ReceivableLine], off: Decimal) -> Iterator[ReceivableLine]:
    """What went back to cards and credit is first of the part that was taken off."""
    for line in lines:
        if not line.is_payment:
            if line.amount:
                yield line
            continue
        covered = min(-line.amount, max(off, ZERO))
        off -= covered
        if line.amount + covered:
            yield replace(line, amount=line.amount + covered)


def _with_lines(
    receivable: Receivable, lines: Sequence[ReceivableLine], tax: Decimal
) -> Receivable:
    totals = receivable.totals
    gone = _sum(receivable.lines) + receivable.tax - _sum(lines) - tax
    rounding = totals.rounding if lines else ZERO
    left = Totals(totals.commerce - gone, totals.dynamics - gone, totals.currency, rounding)
    return replace(receivable, lines=tuple(lines), tax=tax, totals=left)


def _charged(lines: Iterable[ReceivableLine]) -> list[ReceivableLine]:
    return [line for line in lines if not line.is_payment and line.segment != "rounding"]


def _sum(lines: Iterable[ReceivableLine]) -> Decimal:
    return total(line.amount for line in lines)


def _kept(line: ReceivableLine, share: Fraction, beside: Decimal) -> ReceivableLine:
    """`beside`: what of its amount was never on the sales order. A charge stays one piece."""
    if not share:
        return line
    return replace(
        line,
        quantity=_times(line.quantity, 1 - share) if line.is_goods else line.quantity,
        amount=rounded(line.amount - _times(line.amount - beside, share)),
        tax=_times(line.tax, 1 - share),
    )


def _beside_shipping(
    memo: CreditMemo, parts: DocumentParts, order: Order, connection: Connection, *, gross: bool
) -> Decimal:
    """What a memo gives back as shipping (below zero: withholds) beyond its part of what the order
    charged; what is withheld, only beyond a cent.

    Commerce discounts a memo's shipping by another share than the order's, and does so where it
    gives none back (measured): no sales order ever had that.
    """
    if not memo.shipping_amount or not order.shipping_amount:
        return ZERO
    placed = order_parts(order, connection.orders)
    given, charged = (
        total(one.amount(gross=gross) for one in charges if one.reference == SHIPPING)
        for charges in (parts.charges, placed.charges)
    )
    share = Fraction(memo.shipping_amount) / Fraction(order.shipping_amount)
    beside = given - _times(charged, share)
    return ZERO if -CENT <= beside < ZERO else beside


def _times(value: Decimal, share: Fraction) -> Decimal:
    product = Fraction(value) * share
    return Decimal(product.numerator) / Decimal(product.denominator)
