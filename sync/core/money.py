"""Amounts: `Decimal` with its currency, rounded half up, once, at the edge.

Commerce stores four decimals and answers with float dust; both systems book two decimals in every
currency that the connection does not say otherwise for (measured: Commerce rounds to 2 also in JPY,
KWD and BHD).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
CENT = Decimal("0.01")
STORED = Decimal("0.0001")
"""What Commerce can store: decimal(20,4). Anything finer in an answer is float dust."""


def rounded(value: Decimal, unit: Decimal = CENT) -> Decimal:
    """`value` to a multiple of `unit`, halves away from zero, as both systems do."""
    return (value / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit + ZERO  # never -0.00


def stored(value: Decimal | int | str | None) -> Decimal:
    """An amount as Commerce stores it: four decimals, dust removed; absent is zero."""
    if value is None or value == "":
        return ZERO
    return Decimal(value).quantize(STORED, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Money:
    """An amount of a currency. Adding different currencies is an error, never a conversion."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, of a currency."""
        return cls(ZERO, currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return other.amount


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return sum(amounts, ZERO)
