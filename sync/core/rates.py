"""Amounts of one currency in another, by the rates that a connection names."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext

from sync.core.errors import Never
from sync.core.money import CENT

DIGITS = 60
"""Of an exact quotient: far below the cent."""


@dataclass(frozen=True)
class Rates:
    """`books`: the accounting currency. `per_unit`: what one unit of it is in another currency."""

    books: str
    per_unit: Mapping[str, Decimal]

    def in_books(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the accounting currency, not rounded. Raises `Never` without a rate."""
        with localcontext(prec=DIGITS):
            return amount if currency == self.books else amount / self._rate(currency)

    def out_of_books(self, amount: Decimal, currency: str) -> Decimal:
        """The other way, not rounded. Raises `Never` without a rate."""
        with localcontext(prec=DIGITS):
            return amount if currency == self.books else amount * self._rate(currency)

    def _rate(self, currency: str) -> Decimal:
        rate = self.per_unit.get(currency)
        if rate is None:
            raise Never(
                f"credit is kept in {self.books}, and an amount in {currency or 'no currency'} has"
                " no rate",
                remedy=(
                    f'Write {currency or "its code"} = "…" into'
                    " [connections.<name>.credit.rates]: what one unit of"
                    f" {self.books} is in it. Then replay."
                ),
            )
        return rate


def floored(amount: Decimal) -> Decimal:
    """An amount rounded down to the cent: never more credit than there is."""
    with localcontext(prec=DIGITS):
        return amount.quantize(CENT, rounding=ROUND_FLOOR)
