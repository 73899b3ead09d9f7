"""Figures of an account on a day: plain arithmetic over its orders. Pure.

Days are those of the legal entity. Amounts are per currency and never converted; trend and decline
are told in the currency that most was bought in.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from sync.buying.signals import Bought, Signals
from sync.core.money import ZERO, rounded

LEAST_GAPS: Final = 3
"""Orders on so many days more than one tell a rhythm."""
TREND_DAYS: Final = 90
YEAR: Final = 365
MOST_SHOWN: Final = 5


@dataclass(frozen=True)
class Expected:
    """When the next order is expected: the median of the gaps after the last one, and between the
    lower and the upper quartile of them."""

    first: date
    day: date
    last: date


@dataclass(frozen=True)
class Pattern:
    """The figures. `recency`: days since the last order; `frequency`: orders of a year;
    `monetary`: amount of a year. `trend`: per cent by which the last 90 days differ from those
    before; None where there were none. `fall`: per cent by which the last whole month is below the
    three before it. `month_to_date`: whether this month has made up for that already."""

    day: date
    orders: int
    amounts: Mapping[str, Decimal]
    basket: Mapping[str, Decimal]
    last: Bought | None
    recency: int | None
    frequency: int
    monetary: Mapping[str, Decimal]
    trend: int | None
    fall: int
    expected: Expected | None
    carts: int
    bought_most: tuple[tuple[str, str], ...]
    looked_at: tuple[tuple[str, int], ...]
    categories: tuple[tuple[str, str], ...]
    months: tuple[tuple[str, Decimal], ...]

    @property
    def currency(self) -> str:
        """The one that most was bought in."""
        return max(self.amounts, key=lambda one: (self.amounts[one], one), default="")

    def cells(self) -> dict[str, Any]:
        """As they are kept and shown: JSON."""
        expected = self.expected
        dates = [expected.first, expected.day, expected.last] if expected else []
        return {
            "day": self.day.isoformat(), "orders": self.orders, "amounts": dict(self.amounts),
            "basket": dict(self.basket), "last_order": self.last.number if self.last else "",
            "recency": self.recency, "frequency": self.frequency, "monetary": dict(self.monetary),
            "trend": self.trend, "expected": [one.isoformat() for one in dates],
            "carts": self.carts, "bought_most": [list(one) for one in self.bought_most],
            "looked_at": [list(one) for one in self.looked_at],
            "categories": [list(one) for one in self.categories],
            "months": [list(one) for one in self.months],
        }  # fmt: skip


def pattern_of(signals: Signals, day: date, zone: tzinfo) -> Pattern:
    """The figures of an account on a day, of the orders that are known."""
    orders = sorted(signals.orders, key=lambda one: (one.at, one.number))
    days = [one.at.astimezone(zone).date() for one in orders]
    dated = list(zip(days, orders, strict=True))
    amounts = _sums(orders)
    main = max(amounts, key=lambda one: (amounts[one], one), default="")
    year = [one for at, one in dated if (day - at).days < YEAR]
    months = _months(dated, main, day)
    return Pattern(
        day, len(orders), amounts, _baskets(orders, amounts), orders[-1] if orders else None,
        (day - days[-1]).days if days else None, len(year), _sums(year), _trend(dated, main, day),
        _fall(months, dated), _expected(sorted(set(days))), len(signals.carts),
        _most(_pieces(orders)), _looks(signals.looks), _most(_by_category(signals)), months,
    )  # fmt: skip


def _sums(orders: Iterable[Bought]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in orders:
        found[one.currency] += one.amount
    return dict(sorted(found.items()))


def _baskets(orders: Sequence[Bought], amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    counts = {name: sum(one.currency == name for one in orders) for name in amounts}
    return {name: rounded(amount / counts[name]) for name, amount in amounts.items()}


def _trend(dated: Sequence[tuple[date, Bought]], main: str, day: date) -> int | None:
    now, before = ZERO, ZERO
    for at, one in dated:
        age = (day - at).days
        now += one.amount if one.currency == main and age < TREND_DAYS else ZERO
        is_before = TREND_DAYS <= age < 2 * TREND_DAYS
        before += one.amount if one.currency == main and is_before else ZERO
    return _per_cent(now - before, before) if before > 0 else None


def _months(
    dated: Sequence[tuple[date, Bought]], main: str, day: date
) -> tuple[tuple[str, Decimal], ...]:
    """(month, amount) of the thirteen months to this one, the oldest first."""
    names = [month_of(day, -back) for back in range(12, -1, -1)]
    sums = dict.fromkeys(names, ZERO)
    for at, one in dated:
        name = month_of(at)
        if name in sums and one.currency == main:
            sums[name] += one.amount
    return tuple(sums.items())


def month_of(day: date, shift: int = 0) -> str:
    """The month of a day, or one so many months later."""
    number = day.year * 12 + day.month - 1 + shift
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _fall(months: Sequence[tuple[str, Decimal]], dated: Sequence[tuple[date, Bought]]) -> int:
    """0 where the account is younger than the four months that are compared, or this month makes
    up for the last one."""
    if not dated or month_of(dated[0][0]) > months[-5][0]:
        return 0
    usual = sum((amount for _, amount in months[-5:-2]), ZERO) / 3
    best = max(months[-2][1], months[-1][1])
    return max(0, _per_cent(usual - best, usual)) if usual > 0 else 0


def _per_cent(part: Decimal, whole: Decimal) -> int:
    return int(rounded(part * 100 / whole, Decimal(1)))


def _expected(days: Sequence[date]) -> Expected | None:
    gaps = sorted((later - day).days for day, later in pairwise(days))
    if len(gaps) < LEAST_GAPS:
        return None
    count = len(gaps) - 1
    first, middle, last = (gaps[round(count * quarter / 4)] for quarter in (1, 2, 3))
    return Expected(*(days[-1] + timedelta(days=gap) for gap in (first, middle, last)))


def _pieces(orders: Iterable[Bought]) -> dict[str, Decimal]:
    """By SKU."""
    pieces: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for order in orders:
        for sku, count in order.lines.items():
            pieces[sku] += count
    return pieces


def _by_category(signals: Signals) -> dict[str, Decimal]:
    """Pieces by category; what is in two counts in both."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for sku, count in _pieces(signals.orders).items():
        for category in signals.categories.get(sku, ()):
            found[category] += count
    return found


def _most(pieces: Mapping[str, Decimal]) -> tuple[tuple[str, str], ...]:
    """(name, pieces) of what was bought most."""
    ranked = sorted(pieces.items(), key=lambda one: (-one[1], one[0]))
    return tuple((name, f"{count.normalize():f}") for name, count in ranked[:MOST_SHOWN])


def _looks(looks: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    ranked = sorted(looks.items(), key=lambda one: (-one[1], one[0]))
    return tuple(ranked[:MOST_SHOWN])
