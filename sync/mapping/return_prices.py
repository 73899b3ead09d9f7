"""Quantities and prices of return lines. Pure.

Return lines know neither a price unit nor a discount, only a price of two decimals and a negative
quantity. An amount that no such price expresses is split: some pieces at a cent more than the
others, so the line amounts come out exactly.
"""

from decimal import ROUND_FLOOR, Decimal
from typing import Final

from sync.core.money import CENT, rounded

FINEST: Final = Decimal("0.000001")
"""F&O stores prices with six decimals; only quantities with a fraction need more than two."""


def split_by_price(quantity: Decimal, amount: Decimal) -> list[tuple[Decimal, Decimal]]:
    """(pieces, price of one) that sum to `quantity`, and whose line amounts sum to `amount`
    exactly.

    Prices have two decimals, but that of a quantity with a fraction, which may need six. Where six
    are not enough (ten thousand and a half), whole pieces and the fraction go apart.
    """
    price = (amount / quantity).quantize(CENT, rounding=ROUND_FLOOR)
    if price * quantity == amount:
        return [(quantity, price)]
    if quantity == quantity.to_integral_value():
        dearer = (amount - price * quantity) / CENT
        return [(quantity - dearer, price), (dearer, price + CENT)]
    finest = (amount / quantity).quantize(FINEST)
    if rounded(finest * quantity) == amount:
        return [(quantity, finest)]
    whole = quantity.to_integral_value(rounding=ROUND_FLOOR)
    fraction, rest = quantity - whole, amount - whole * price
    return [(whole, price), (fraction, (rest / fraction).quantize(FINEST))]
