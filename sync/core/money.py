"""Amounts: `Decimal` with its currency, rounded half up, once, at the edge.

Commerce stores four decimals and answers with float dust; both systems book two decimals in every
currency that the connection does not say otherwise for (measured: Commerce rounds to 2 also in JPY,
KWD and BHD).
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

ZERO = Decimal(0)
CENT = Decimal("0.01")
THOUSANDTHS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""Currencies with three decimals (ISO 4217): F&O books its own documents in all of them."""
STORED = Decimal("0.0001")
"""What Commerce can store: decimal(20,4). Anything finer in an answer is float dust."""


def rounded(value: Decimal, unit: Decimal = CENT) -> Decimal:
    """`value` to a multiple of `unit`, halves away from zero, as both systems do."""
    return (value / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit + ZERO  # never -0.00


def unit_of(currency: str) -> Decimal:
    """The smallest amount that a document of F&O's own may have in a currency: a cent, or less."""
    return CENT / 10 if currency in THOUSANDTHS else CENT


def stored(value: Decimal | int | str | None) -> Decimal:
    """An amount as Commerce stores it: four decimals, dust removed; absent is zero."""
    if value is None or (isinstance(value, str) and not value):
        return ZERO
    return Decimal(value).quantize(STORED, rounding=ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return sum(amounts, ZERO)
