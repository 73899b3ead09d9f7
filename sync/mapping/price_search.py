"""The price that F&O's search finds among posted sales price agreements, by its standard rules.

Combinations are visited from the particular to the general: the customer group, then all customers;
within each, lines with more dimensions first. A line qualifies by currency, unit, quantity (from is
inclusive, to is exclusive, 0 is open), date and dimensions. A line without *Find next* stops the
search and is the price; otherwise the search goes on, and the lowest price wins. Source: Microsoft,
"Activate sales price/discount" and price-management.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sync.dynamics.documents.price_agreement import Agreement

Unclear = Literal["park", "lowest", "largest-quantity"]
"""What is taken where several lines of one combination qualify and one of them stops the search:
which one F&O visits first is established nowhere."""


class UnclearPrice(ValueError):
    """F&O's price depends on the order in which it visits these lines, which nobody knows."""


@dataclass(frozen=True)
class Wanted:
    """What a price is searched for. `unit` and `dimensions` without case. `day`: by the legal
    entity's clock."""

    currency: str
    unit: str
    day: date
    dimensions: frozenset[tuple[str, str]] = frozenset()


def found_price(
    agreements: Sequence[Agreement],
    wanted: Wanted,
    group: str,
    quantity: Decimal,
    unclear: Unclear = "park",
) -> Decimal | None:
    """The price of one unit for a price group (empty: of nobody in particular); None where no line
    qualifies. Raises `UnclearPrice`."""
    lowest: Decimal | None = None
    fitting = [one for one in agreements if _qualifies(one, wanted, quantity)]
    for lines in _combinations(fitting, group):
        stopping = [one for one in lines if not one.finds_next]
        price = _of(lines, stopping, unclear)
        lowest = price if lowest is None else min(lowest, price)
        if stopping:
            break
    return lowest


def _qualifies(one: Agreement, wanted: Wanted, quantity: Decimal) -> bool:
    is_of_quantity = one.from_quantity <= quantity and (
        not one.to_quantity or quantity < one.to_quantity
    )
    return (
        is_of_quantity
        and one.currency == wanted.currency
        and one.unit.casefold() == wanted.unit
        and (one.begins is None or one.begins <= wanted.day)
        and (one.ends is None or wanted.day <= one.ends)
        and wanted.dimensions.issuperset(one.dimensions)
    )


def _combinations(lines: Sequence[Agreement], group: str) -> Iterator[list[Agreement]]:
    """Lines that are visited together, the first ones first."""
    for name in dict.fromkeys((group.casefold(), "")):
        of_group = [one for one in lines if one.group.casefold() == name]
        for count in sorted({len(one.dimensions) for one in of_group}, reverse=True):
            yield [one for one in of_group if len(one.dimensions) == count]


def _of(lines: Sequence[Agreement], stopping: Sequence[Agreement], unclear: Unclear) -> Decimal:
    """The price of one combination. Without a line that stops, all are visited, in any order."""
    lowest = min(one.price for one in lines)
    if not stopping or max(one.price for one in stopping) == lowest:
        return lowest
    if unclear == "park":
        named = ", ".join(str(one.record) for one in lines)
        raise UnclearPrice(named)
    if unclear == "lowest":
        return lowest
    most = max(one.from_quantity for one in lines)
    return min(one.price for one in lines if one.from_quantity == most)
