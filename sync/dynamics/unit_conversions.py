"""Unit conversions of F&O: general ones, and those of single products, which go first."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sync.dynamics.reader import ODataReader

GENERAL: Final = "UnitOfMeasureConversions"
OF_PRODUCTS: Final = "ProductSpecificUnitOfMeasureConversions"
PAIR: Final = ("FromUnitSymbol", "ToUnitSymbol")
WHOLE: Final = Fraction(1)
FACTORS: Final = ("Factor", "Numerator", "Denominator", "InnerOffset", "OuterOffset")


class Conversions:
    """How many of one unit another one is, exactly. Conversions with offsets, as of temperatures,
    are left out: nothing is sold by them."""

    def __init__(self, factors: Mapping[tuple[str, str, str], Fraction]) -> None:
        self._factors = factors

    def factor(self, product: str, start: str, end: str) -> Fraction | None:
        """How many `end` one `start` of a product is; None where F&O has no conversion, in either
        direction."""
        first, last = start.casefold(), end.casefold()
        if first == last:
            return WHOLE
        for item in (product.casefold(), ""):
            if found := self._factors.get((item, first, last)):
                return found
            if back := self._factors.get((item, last, first)):
                return 1 / back
        return None


class UnitConversions:
    """The conversions of one environment."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def all(self) -> Conversions:
        """All there are. Raises as the client does."""
        found = await asyncio.gather(
            self._factors(GENERAL, PAIR), self._factors(OF_PRODUCTS, ("ProductNumber", *PAIR))
        )
        return Conversions({**found[0], **found[1]})

    async def _factors(
        self, entity_set: str, key: Sequence[str]
    ) -> dict[tuple[str, str, str], Fraction]:
        factors: dict[tuple[str, str, str], Fraction] = {}
        async for row in self._client.query(entity_set, select=(*key, *FACTORS), order_by=key):
            factor = _factor(row)
            if factor is not None:
                names = [str(row.get(name) or "") for name in ("ProductNumber", *PAIR)]
                item, start, end = (name.casefold() for name in names)
                factors[item, start, end] = factor
        return factors


def _factor(row: Mapping[str, Any]) -> Fraction | None:
    """value(to) = (value(from) + inner) x factor x numerator / denominator + outer."""
    factor, numerator, denominator, *offsets = (Decimal(row.get(name) or 0) for name in FACTORS)
    if any(offsets) or not (factor and numerator and denominator):
        return None
    return Fraction(factor) * Fraction(numerator) / Fraction(denominator)
