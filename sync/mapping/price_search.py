"""The price that F&O's search finds among posted sales price agreements, by its standard rules.

Combinations are visited from the particular to the general: the customer, the customer's group,
then all customers; within each, lines with more dimensions first. A line qualifies by currency,
unit, quantity (from is inclusive, to is exclusive, 0 is open), date and dimensions. A line without
*Find next* stops the search and is the price; otherwise the search goes on, and the lowest price
wins. Source: Microsoft, "Activate sales price/discount" and price-management.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar

from sync.dynamics.documents.price_agreement import Agreement, TradeLine

Unclear = Literal["park", "lowest", "largest-quantity"]
"""What is taken where several lines of one combination qualify and one of them stops the search:
which one F&O visits first is established nowhere."""
L = TypeVar("L", bound=TradeLine)


class UnclearPrice(ValueError):
    """F&O's price depends on the order in which it visits these lines, or on how it puts their
    percentages together, which nobody knows."""


@dataclass(frozen=True)
class Audience:
    """For whom a price is searched: everybody, a price group, or a customer. `code`: the customer
    group of the shop that is shown it. `group` and `discount_group`: those that the customer is
    in."""

    code: str = ""
    group: str = ""
    customer: str = ""
    discount_group: str = ""

    def __str__(self) -> str:
        if self.customer:
            return f"customer {self.customer}"
        return f"price group {self.group}" if self.group else "all customers"


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
    audience: Audience,
    quantity: Decimal,
    unclear: Unclear = "park",
) -> Decimal | None:
    """The price of one unit for an audience; None where no line qualifies. Raises
    `UnclearPrice`."""
    lowest: Decimal | None = None
    fitting = [one for one in agreements if not unfit(one, wanted, quantity)]
    for _, lines in combinations(fitting, audience.customer, audience.group):
        price = min(one.price for one in visited(lines, unclear))
        lowest = price if lowest is None else min(lowest, price)
        if not all(one.finds_next for one in lines):
            break
    return lowest


def unfit(one: TradeLine, wanted: Wanted, quantity: Decimal) -> str:
    """Why a line does not qualify; empty where it does."""
    if one.currency != wanted.currency:
        return f"it is in {one.currency}, not in {wanted.currency}"
    if one.unit and one.unit.casefold() != wanted.unit:
        return f"it is of {one.unit}, not of {wanted.unit}"
    if one.from_quantity > quantity or (one.to_quantity and quantity >= one.to_quantity):
        end = f"to below {one.to_quantity:f}" if one.to_quantity else "on"
        return f"it is from {one.from_quantity:f} {end}"
    if (one.begins or wanted.day) > wanted.day or wanted.day > (one.ends or wanted.day):
        return f"it is from {one.begins or 'ever'} until {one.ends or 'ever'}"
    others = [f"{name} {value}" for name, value in one.dimensions
              if (name, value) not in wanted.dimensions]  # fmt: skip
    return f"it is only for {', '.join(others)}" if others else ""


def combinations(
    lines: Sequence[L], customer: str, group: str
) -> Iterator[tuple[tuple[str, int], list[L]]]:
    """Lines that are visited together, the first ones first, with whose they are and how many
    dimensions they have."""
    for whose in whose_lines(customer, group):
        theirs = [one for one in lines if whose_line(one) == whose]
        for count in sorted({len(one.dimensions) for one in theirs}, reverse=True):
            yield (whose, count), [one for one in theirs if len(one.dimensions) == count]


def whose_lines(customer: str, group: str) -> list[str]:
    """Whose lines are visited, in this order."""
    return [
        *([f"customer {customer.casefold()}"] if customer else []),
        *([f"group {group.casefold()}"] if group else []),
        "all",
    ]


def whose_line(one: TradeLine) -> str:
    """Whose a line is."""
    if one.customer:
        return f"customer {one.customer.casefold()}"
    return f"group {one.group.casefold()}" if one.group else "all"


def visited(lines: Sequence[L], unclear: Unclear) -> Sequence[L]:
    """The lines of one combination that count. Without one that stops the search, all are visited,
    in any order. Raises `UnclearPrice`."""
    stopping = [one for one in lines if not one.finds_next]
    if not stopping or _are_alike(lines, stopping) or unclear == "lowest":
        return lines
    if unclear == "park":
        raise UnclearPrice(", ".join(str(one.record) for one in lines))
    most = max(one.from_quantity for one in lines)
    return [one for one in lines if one.from_quantity == most]


def _are_alike(lines: Sequence[TradeLine], stopping: Sequence[TradeLine]) -> bool:
    """Whether it does not matter which line is visited first: for prices, where each that stops is
    the lowest; for discounts, where there is one."""
    prices = [one.price for one in lines if isinstance(one, Agreement)]
    stops = [one.price for one in stopping if isinstance(one, Agreement)]
    return max(stops) == min(prices) if prices else len(lines) == 1
