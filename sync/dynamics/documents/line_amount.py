"""How F&O prices a sales line, and how an amount is written so that F&O arrives at exactly that
amount.

F&O: LineAmount = quantity x (SalesPrice - LineDiscountAmount - MultilineDiscountAmount) /
SalesPriceQuantity x (1 - LineDiscountPercentage / 100), rounded to the currency's rounding unit
(reference, sales order lines). Prices and discounts carry two decimals. A row that no two-decimal
unit price can express is priced per `SalesPriceQuantity` = the line's quantity: price and discount
are then those of the whole row, exactly.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sync.core.money import CENT, ZERO, rounded

ONE = Decimal(1)
FINEST_QUANTITY: Final = Decimal("0.000001")
"""Quantities carry six decimals at most: finer than any unit of measure is kept, coarse enough for
F&O's 16 digits."""

_WRITTEN: Final = Decimal("0.00000001")
"""A factor with a ninth decimal was cut off there."""


@dataclass(frozen=True)
class LinePrice:
    """`price` and `discount` are per `price_quantity` units; `discount` is taken off the price."""

    quantity: Decimal
    price: Decimal
    discount: Decimal = ZERO
    price_quantity: Decimal = ONE

    def amount(self, unit: Decimal = CENT) -> Decimal:
        """What F&O makes of it."""
        return rounded(self.quantity * (self.price - self.discount) / self.price_quantity, unit)

    def fields(self) -> dict[str, Decimal]:
        """As SalesOrderLines spells it. All of them are sent: what is left out, F&O fills from
        trade agreements."""
        return {
            "OrderedSalesQuantity": shortest(self.quantity),
            "SalesPrice": shortest(self.price),
            "SalesPriceQuantity": shortest(self.price_quantity),
            "LineDiscountAmount": shortest(self.discount),
            "LineDiscountPercentage": ZERO,
            "MultilineDiscountAmount": ZERO,
            "MultilineDiscountPercentage": ZERO,
        }


def priced(quantity: Decimal, amount: Decimal, discount: Decimal = ZERO) -> LinePrice:
    """A price for `quantity` units that comes to exactly `amount` (two decimals) after a discount
    of `discount`. One below zero, as extensions charge more by, is part of the price.

    Per unit when both the price and the discount of one unit have two decimals, else per `quantity`
    units. Raises ValueError for a quantity that is not positive: such a row is no sales line.
    """
    if quantity <= ZERO:
        raise ValueError(f"a sales line needs a quantity above zero, not {quantity}")
    discount = max(discount, ZERO)
    price, reduction = (amount + discount) / quantity, discount / quantity
    if rounded(price) == price and rounded(reduction) == reduction:
        return LinePrice(quantity, rounded(price), rounded(reduction))
    return LinePrice(quantity, amount + discount, discount, quantity)


def sales_units(pieces: Decimal, factor: Decimal) -> Decimal:
    """`pieces` of Commerce in F&O's sales unit, of which `factor` make a piece; zero when it is
    less than the finest.

    A factor can be written with nine decimals only; one that uses them all stands for the simple
    fraction that it was cut off from: twelve pieces at 0.083333333 are one dozen, not 0.999999996.
    """
    exact = Fraction(pieces) * _fraction(factor)
    return shortest(rounded(Decimal(exact.numerator) / Decimal(exact.denominator), FINEST_QUANTITY))


def _fraction(factor: Decimal) -> Fraction:
    written = Fraction(factor)
    if factor == factor.quantize(_WRITTEN):
        return written
    simple = written.limit_denominator(1000)
    return simple if abs(simple - written) < Fraction(1, 10**9) else written


def pieces_of(quantity: Decimal, factor: Fraction) -> Fraction:
    """A quantity in F&O's sales unit in pieces: whole ones, where these are as many to its finest.
    Five pieces of a dozen of twelve are 0.416667 there."""
    pieces = Fraction(quantity) / factor
    is_whole = abs(round(pieces) - pieces) * factor < Fraction(FINEST_QUANTITY)
    return Fraction(round(pieces)) if is_whole else pieces


def shortest(value: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent: 2.0000 is 2, 100 stays 100."""
    whole = value.to_integral_value()
    return whole.quantize(ONE) if value == whole else value.normalize()
