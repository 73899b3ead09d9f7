"""Which method may speak for a series, by what each would have said before: it must beat the same
week of last year, or that is what is shown.

A series is forecast from several weeks of its past, each time without what came after (rolling
origin). Errors are told in units of what guessing the week before errs (MASE), and make the
interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from statistics import fmean
from typing import Final

from sync.reporting.forecast.intervals import interval
from sync.reporting.forecast.library import Library, nothing
from sync.reporting.forecast.methods import (
    YEAR,
    Method,
    Series,
    average,
    croston,
    intermittent,
    is_intermittent,
    is_sparse,
    seasonal,
    seasonal_naive,
    smoothed,
    trending,
)

SHORTEST: Final = 12
"""Weeks; of less only the last week and the average are told."""
ORIGINS: Final = 26
STRIDE: Final = 4
"""Weeks between origins of a series of two years or more: so they reach over two."""
MARGIN: Final = 0.95
"""What of the baseline's error a method may have at most, so that chance does not choose."""
BASELINE: Final = "seasonal-naive"


@dataclass(frozen=True)
class Guess:
    """`expected`, `low` and `high` by week; `baseline` beside them. `mase` and `bias` are of the
    backtest, `bias` in pieces a week; None where a series is too short for one. `covered`: the
    share of weeks of the backtest within the interval that the other weeks make. `says`: the method
    itself."""

    method: str
    expected: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]
    baseline: Sequence[float]
    mase: float | None = None
    baseline_mase: float | None = None
    bias: float | None = None
    covered: float | None = None
    says: Method = field(default=average, compare=False)


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


def forecast(
    past: Series, weeks: int, library: Library = nothing, *, season: int = YEAR, least: float = 0.0
) -> Guess:
    """The method that was best so far, or the baseline. `library`: further methods. `season`: how
    many weeks a year has; 12 where they are months. `least`: what nothing can be below."""
    baseline = seasonal_naive(past, weeks, season=season)
    if len(past) < SHORTEST:
        return _short(past, weeks, baseline)
    methods = {**methods_for(past, season), **library(past)}
    tested = {name: backtest(one, past, weeks, season) for name, one in methods.items()}
    floor = tested[BASELINE].mase
    name = min(tested, key=lambda one: (tested[one].mase, one != BASELINE))
    if name != BASELINE and tested[name].mase > MARGIN * floor:
        name = BASELINE
    found = tested[name]
    expected = methods[name](past, weeks)
    backs = origins(len(past), reach_of(past, weeks), season)
    reach, inside = interval(found.errors, past, backs)
    return Guess(
        name, expected, [max(least, one - reach) for one in expected],
        [one + reach for one in expected], baseline, found.mase, floor, found.bias,
        inside, methods[name],
    )  # fmt: skip


def _short(past: Series, weeks: int, baseline: list[float]) -> Guess:
    unknown = [None] * weeks
    return Guess("average", average(past, weeks), unknown, unknown, baseline)


def methods_for(past: Series, season: int = YEAR) -> Mapping[str, Method]:
    """What may be asked of a series like this."""
    naive = partial(seasonal_naive, season=season)
    found: dict[str, Method] = {BASELINE: naive, "average": average}
    if is_intermittent(past):
        found |= {"TSB": intermittent, "Syntetos": croston}
    if is_sparse(past):
        return found
    found |= {"smoothed": smoothed, "trending": trending}
    is_long = len(past) >= 2 * season
    return {**found, "seasonal": partial(seasonal, season=season)} if is_long else found


def origins(length: int, reach: int, season: int = YEAR) -> range:
    """How many weeks before the end of a series of such a length a backtest begins, the latest
    first; each forecasts `reach` weeks. Empty where too little would be before them: of two years
    or more one, so that there is a last year."""
    is_long = length >= 2 * season
    stride = STRIDE if is_long and season == YEAR else 1
    earliest = length - (season if is_long else max(SHORTEST - reach, 4))
    return range(reach, min(reach + stride * (ORIGINS - 1), earliest) + 1, stride)


def backtest(method: Method, past: Series, weeks: int, season: int = YEAR) -> Tested:
    """What it would have said, from some weeks of the past."""
    reach, errors = reach_of(past, weeks), []
    for back in origins(len(past), reach, season):
        origin = len(past) - back
        real = past[origin : origin + reach]
        guesses = method(past[:origin], reach)
        errors.append([guess - one for guess, one in zip(guesses, real, strict=True)])
    return Tested(errors, scale_of(past))


def reach_of(past: Series, weeks: int) -> int:
    """How many weeks each origin of a backtest forecasts."""
    return min(weeks, max(1, len(past) // 4))


def scale_of(past: Series) -> float:
    """What guessing the week before errs; of a single week nobody knows."""
    return fmean([abs(value - before) for before, value in pairwise(past)] or [1.0]) or 1.0
