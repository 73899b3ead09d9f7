"""Which method may speak for a series, by what each would have said before: it must beat the same
week of last year, or that is what is shown.

A series is forecast from several weeks of its past, each time without what came after (rolling
origin). Errors are told in units of what guessing the week before errs (MASE), and make the
interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from statistics import fmean
from typing import Final

from sync.reporting.forecast.library import Library, nothing
from sync.reporting.forecast.methods import (
    YEAR,
    Method,
    Series,
    average,
    croston,
    intermittent,
    is_intermittent,
    seasonal,
    seasonal_naive,
    smoothed,
    trending,
)

SHORTEST: Final = 12
"""Weeks; of less only the last week and the average are told."""
ORIGINS: Final = 13
STRIDE: Final = 4
"""Weeks between origins, where a series is so long that they reach over a year."""
CLAIM: Final = 0.8
"""What an interval claims to hold."""
MARGIN: Final = 0.95
"""What of the baseline's error a method may have at most, so that chance does not choose."""
BASELINE: Final = "seasonal-naive"


@dataclass(frozen=True)
class Guess:
    """`expected`, `low` and `high` by week; `baseline` beside them. `mase` and `bias` are of the
    backtest, `bias` in pieces a week; None where a series is too short for one. `covered`: the
    share of weeks of the backtest within the interval that the other weeks make."""

    method: str
    expected: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]
    baseline: Sequence[float]
    mase: float | None = None
    baseline_mase: float | None = None
    bias: float | None = None
    covered: float | None = None


@dataclass(frozen=True)
class Tested:
    """A method's errors, by origin and week, and in units of the naive error."""

    errors: Sequence[Sequence[float]]
    scale: float

    @property
    def mase(self) -> float:
        """The mean."""
        return fmean(abs(one) for row in self.errors for one in row) / self.scale

    @property
    def bias(self) -> float:
        """What it guesses too much."""
        return fmean(one for row in self.errors for one in row)


def forecast(past: Series, weeks: int, library: Library = nothing) -> Guess:
    """The method that was best so far, or the baseline. `library`: further methods."""
    baseline = seasonal_naive(past, weeks)
    if len(past) < SHORTEST:
        return _short(past, weeks, baseline)
    methods = {**methods_for(past), **library(past)}
    tested = {name: backtest(one, past, weeks) for name, one in methods.items()}
    floor = tested[BASELINE].mase
    name = min(tested, key=lambda one: (tested[one].mase, one != BASELINE))
    if name != BASELINE and tested[name].mase > MARGIN * floor:
        name = BASELINE
    found = tested[name]
    expected = methods[name](past, weeks)
    reach = half_width([abs(one) for row in found.errors for one in row])
    return Guess(
        name, expected, [max(0.0, one - reach) for one in expected],
        [one + reach for one in expected], baseline, found.mase, floor, found.bias,
        covered(found.errors),
    )  # fmt: skip


def _short(past: Series, weeks: int, baseline: list[float]) -> Guess:
    unknown = [None] * weeks
    return Guess("average", average(past, weeks), unknown, unknown, baseline)


def methods_for(past: Series) -> Mapping[str, Method]:
    """What may be asked of a series like this."""
    found: dict[str, Method] = {BASELINE: seasonal_naive, "average": average}
    if is_intermittent(past):
        return {**found, "TSB": intermittent, "SBA": croston}
    found |= {"smoothed": smoothed, "trending": trending}
    is_long = len(past) >= 2 * YEAR + STRIDE * ORIGINS
    return {**found, "seasonal": seasonal} if is_long else found


def backtest(method: Method, past: Series, weeks: int) -> Tested:
    """What it would have said, from some weeks of the past."""
    longest = min(weeks, max(1, len(past) // 4))
    stride = STRIDE if len(past) >= 2 * YEAR else 1
    last = len(past) - longest
    first = max(last - stride * (ORIGINS - 1), SHORTEST - longest, 4)
    errors = [
        [guess - real for guess, real in zip(
            method(past[:origin], longest), past[origin : origin + longest], strict=True
        )]
        for origin in range(last, first - 1, -stride)
    ]  # fmt: skip
    steps = [abs(value - before) for before, value in pairwise(past)]
    return Tested(errors, fmean(steps) or 1.0)


def half_width(errors: Sequence[float]) -> float:
    """So much that the claimed share of errors is within."""
    ranked = sorted(errors)
    place = ceil(CLAIM * len(ranked))
    return ranked[place - 1]


def covered(errors: Sequence[Sequence[float]]) -> float:
    """How often a week lay within the interval that the other origins make."""
    if len(errors) < 2:
        return CLAIM
    inside = []
    for place, row in enumerate(errors):
        others = [abs(one) for at, other in enumerate(errors) if at != place for one in other]
        reach = half_width(others)
        inside += [abs(one) <= reach for one in row]
    return sum(inside) / len(inside)
