"""Why a price is what it is: each candidate of F&O's search, and why it counts or does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from sync.dynamics.documents.price_agreement import Discount, TradeLine
from sync.mapping.line_discounts import counted_discounts
from sync.mapping.price_search import (
    Audience,
    UnclearPrice,
    combinations,
    found_price,
    unfit,
    whose_line,
    whose_lines,
)
from sync.mapping.priced import Priced, PriceRules

L = TypeVar("L", bound=TradeLine)
UNCLEAR = "it depends on the order in which F&O visits the lines (prices.unclear)"
STOPPED = "the search stops before it, at record {record}, which has no Find next"


@dataclass(frozen=True)
class Candidate:
    """A price of one sales unit, or a line discount, that might count. `record`: of F&O, None for
    the item's own price. `why`: it does or does not."""

    kind: str
    record: int | None
    whose: str
    value: str
    counts: bool
    why: str


def candidates(
    priced: Priced, rules: PriceRules, audience: Audience, pieces: Decimal
) -> list[Candidate]:
    """Agreements, the item's own price, and line discounts, in this order."""
    quantity = pieces * priced.units
    found: list[Candidate] = []
    reasons = _reasons(priced.agreements, priced, audience, audience.group, quantity)
    lowest = _lowest(priced, rules, audience, quantity)
    for line, why in reasons:
        counts = not why and line.price == lowest
        said = why or ("the lowest that is found" if counts else _loses(lowest))
        found.append(_candidate(line, f"{line.price:f}", counts=counts, why=said))
    if priced.base is not None:
        why = "an agreement is found" if lowest is not None else "no agreement is found"
        found.append(Candidate("item price", None, "all", f"{priced.base:f}", lowest is None, why))
    return [*found, *_discounts(priced, rules, audience, quantity)]


def _discounts(
    priced: Priced, rules: PriceRules, audience: Audience, quantity: Decimal
) -> Iterator[Candidate]:
    search = (priced.wanted, audience, quantity, rules.unclear)
    otherwise = "the search stops before it"
    try:
        counted = counted_discounts(priced.discounts, *search)
    except UnclearPrice:
        counted, otherwise = [], UNCLEAR
    group = audience.discount_group
    for line, why in _reasons(priced.discounts, priced, audience, group, quantity):
        counts = line in counted
        said = "it is taken off" if counts else why or otherwise
        off = [f"{line.percent:f} %"] * bool(line.percent) + [f"{line.amount:f}"] * bool(
            line.amount
        )
        yield _candidate(line, " and ".join(off) or "0", counts=counts, why=said)


def _lowest(
    priced: Priced, rules: PriceRules, audience: Audience, quantity: Decimal
) -> Decimal | None:
    try:
        return found_price(priced.agreements, priced.wanted, audience, quantity, rules.unclear)
    except UnclearPrice:
        return None


def _loses(lowest: Decimal | None) -> str:
    if lowest is None:
        return UNCLEAR
    return f"{lowest:f} counts"


def _reasons(
    lines: Sequence[L], priced: Priced, audience: Audience, group: str, quantity: Decimal
) -> Iterator[tuple[L, str]]:
    """Each line with why the search does not come to it; empty where it does."""
    whose = whose_lines(audience.customer, group)
    fitting = [one for one in lines if not unfit(one, priced.wanted, quantity)]
    stopped, behind = 0, dict[int, int]()
    for _, together in combinations(fitting, audience.customer, group):
        behind |= {one.record: stopped for one in together if stopped}
        stops = [one.record for one in together if not one.finds_next]
        stopped = stopped or next(iter(stops), 0)
    for one in lines:
        if whose_line(one) not in whose:
            yield one, f"it is of {whose_line(one)}"
        elif one.record in behind:
            yield one, STOPPED.format(record=behind[one.record])
        else:
            yield one, unfit(one, priced.wanted, quantity)


def _candidate(line: TradeLine, value: str, *, counts: bool, why: str) -> Candidate:
    kind = "line discount" if isinstance(line, Discount) else "agreement"
    return Candidate(kind, line.record, whose_line(line), value, counts, why)
