"""How long customers take to pay, and what saying so was worth: from past days, each with what was
known then, against what came. Pure; days alone, as amounts are exact.

Beside it stands what needs no habit: of an invoice its due day, of an order the mean of the last
ten that were paid. Payments weigh by their amounts; one in parts comes with its last part.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from math import ceil
from statistics import fmean
from typing import Final

from sync.reporting.forecast.choosing import MARGIN

FEWEST: Final = 10
"""Payments that make a habit, and that a backtest needs."""
CASES: Final = {"early": 0.1, "expected": 0.5, "late": 0.9}
"""Which share of payments came sooner; between the first and the last are `CLAIM` of them."""
CUTS: Final = 13
APART: Final = timedelta(weeks=4)
LAST: Final = timedelta(weeks=8)
"""How many past days a backtest begins from, how far apart, and how long ago the last one is, so
that most of what was open then has come."""
Days = Mapping[str, date]


@dataclass(frozen=True)
class Payment:
    """Payments of one kind, `amount` together. `known`: the day on which they began to be expected;
    `since`: from which days are counted; `came`: when all of it had come; `gone`: from when on they
    are expected as something else, as an order that is invoiced."""

    known: date
    since: date
    came: date | None
    amount: float = 1.0
    count: int = 1
    gone: date | None = None

    def is_open(self, at: date) -> bool:
        """Whether it is expected at the end of a day."""
        over = min((day for day in (self.came, self.gone) if day is not None), default=None)
        return self.known <= at and (over is None or over > at)


@dataclass(frozen=True)
class Habit:
    """What was paid so far: how many days it took, in the order in which it came. `is_due`: whether
    days are counted from a due day."""

    took: Sequence[int]
    is_due: bool

    @classmethod
    def of(cls, payments: Iterable[Payment], at: date, *, is_due: bool) -> "Habit":
        """As it was known at the end of a day."""
        paid = sorted(
            (one.came, (one.came - one.since).days, one.count)
            for one in payments if one.came is not None and one.came <= at
        )  # fmt: skip
        return cls([days for _, days, count in paid for _ in range(count)], is_due)

    @property
    def is_known(self) -> bool:
        """Whether there are enough of them."""
        return len(self.took) >= FEWEST

    @cached_property
    def _ranked(self) -> Sequence[int]:
        return sorted(self.took)

    def cases(self, since: date, at: date) -> Days:
        """The day of each case, as those came that had waited as long; now, where none had. Empty
        for an order that has waited longer than any that was paid, or where too few were."""
        waited = (at - since).days
        left = self._ranked[bisect_right(self._ranked, waited) :] if self.is_known else []
        if not left:
            return dict.fromkeys(CASES, at) if self.is_due and self.is_known else {}
        return {
            case: since + timedelta(days=left[max(0, ceil(share * len(left)) - 1)])
            for case, share in CASES.items()
        }

    def baseline(self, since: date, at: date) -> date | None:
        """The day without a habit; None for an order of which none can be told."""
        if self.is_due:
            return max(since, at)
        if not self.is_known or (at - since).days > self._ranked[-1]:
            return None
        return max(since + timedelta(days=round(fmean(self.took[-FEWEST:]))), at)


@dataclass
class Worth:
    """What a habit was worth. `days_off`, `baseline_days_off`: by how many days an amount came at
    another time than expected, on the mean. `covered`: the share of it that came between early and
    late, where the claim is `CLAIM`; what has not come until after late is not. `count`: payments
    that came."""

    count: int = 0
    _weight: float = 0.0
    _off: float = 0.0
    _baseline_off: float = 0.0
    _held: list[float] = field(default_factory=lambda: [0.0, 0.0])

    @property
    def days_off(self) -> float | None:
        """None without a backtest."""
        return self._off / self._weight if self._is_tested else None

    @property
    def baseline_days_off(self) -> float | None:
        """None without a backtest."""
        return self._baseline_off / self._weight if self._is_tested else None

    @property
    def covered(self) -> float | None:
        """None without a backtest."""
        inside, told = self._held
        return inside / told if self._is_tested and told else None

    @property
    def is_better(self) -> bool:
        """Whether the habit may speak: by as much as a method of demand must."""
        return self._is_tested and self._off <= MARGIN * self._baseline_off

    @property
    def _is_tested(self) -> bool:
        return self.count >= FEWEST and self._weight > 0

    def add(self, payment: Payment, cases: Days, baseline: date, today: date) -> None:
        """One that was expected. Until today it came, or did not: then it is not known how late."""
        came, weight = payment.came, payment.amount
        if came is not None:
            self.count, self._weight = self.count + payment.count, self._weight + weight
            self._off += weight * abs((came - cases["expected"]).days)
            self._baseline_off += weight * abs((came - baseline).days)
        if came is not None or cases["late"] < today:
            self._held[0] += weight * (came is not None and _is_between(cases, came))
            self._held[1] += weight


def _is_between(cases: Days, came: date) -> bool:
    return cases["early"] <= came <= cases["late"]


def backtest(
    payments: Mapping[str, Sequence[Payment]], today: date, *, is_due: bool
) -> Mapping[str, Worth]:
    """Currency -> what the habit of all of them was worth for its payments. What came later than
    today is not known yet."""
    found = {currency: Worth() for currency in payments}
    whole = [one for own in payments.values() for one in own]
    for at in cuts(today):
        habit = Habit.of(whole, at, is_due=is_due)
        for currency, own in payments.items():
            for one in (payment for payment in own if payment.is_open(at)):
                cases, baseline = habit.cases(one.since, at), habit.baseline(one.since, at)
                if cases and baseline is not None:
                    found[currency].add(one, cases, baseline, today)
    return found


def cuts(today: date) -> Iterator[date]:
    """The past days, the latest first."""
    return (today - LAST - APART * place for place in range(CUTS))
