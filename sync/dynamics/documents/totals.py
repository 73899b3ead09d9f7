"""The totals proof: what F&O will make of the lines we send, against what Commerce charged.

`dynamics` is F&O's own line arithmetic and rounding over the lines sent, plus the tax Commerce
charged (already inside the lines when prices include tax), minus what was paid by gift card and
credit. F&O recalculates tax from its groups, so tax is compared again when the posted invoice is
read back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sync.core.errors import Never
from sync.core.money import CENT, ZERO, rounded, total
from sync.dynamics.documents.line_amount import LinePrice


@dataclass(frozen=True)
class Totals:
    """Both sides of one document, to the cent, in `currency`. `rounding` is what the rounding line
    carries."""

    commerce: Decimal
    dynamics: Decimal
    currency: str
    rounding: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Commerce less Dynamics: zero, or the document is not posted."""
        return self.commerce - self.dynamics

    def as_json(self) -> dict[str, str]:
        """As `preview --json` prints it: amounts as text with two decimals."""
        return {
            "commerce": f"{self.commerce:.2f}",
            "dynamics": f"{self.dynamics:.2f}",
            "difference": f"{self.difference:.2f}",
            "currency": self.currency,
        }


def joined(one: Totals, other: Totals) -> Totals:
    """Both together."""
    return Totals(
        one.commerce + other.commerce,
        one.dynamics + other.dynamics,
        one.currency,
        one.rounding + other.rounding,
    )


class Unproved(Never):
    """The totals differ by more than rounding. `totals` has both sums."""

    def __init__(self, reason: str, *, remedy: str, totals: Totals) -> None:
        super().__init__(reason, remedy=remedy)
        self.totals = totals


def proof(
    prices: Sequence[LinePrice],
    *,
    tax_on_top: Decimal,
    paid: Decimal,
    grand_total: Decimal,
    currency: str,
    unit: Decimal = CENT,
) -> Totals:
    """Compare. `tax_on_top` is zero when prices include tax. `unit` is the currency's rounding unit
    in F&O.
    What was paid is rounded apart: half a cent of tax less a tender of all would be a cent."""
    lines = total(price.amount(unit) for price in prices)
    return Totals(rounded(grand_total), rounded(lines + tax_on_top) - rounded(paid), currency)
