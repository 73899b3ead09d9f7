"""Totals of forecasts, which are the sums of their parts to the hundredth of a piece.

Only parts are forecast; whatever is asked for is added up of them, so that all tables agree. What a
total is worth its own backtest tells: what its parts would have said together, and what came. That
new parts begin, of which nobody had said anything, is among its errors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import zip_longest
from typing import Final

from sync.reporting.forecast.choosing import (
    BASELINE,
    ORIGINS,
    SHORTEST,
    STRIDE,
    Guess,
    Tested,
    origins,
    scale_of,
)
from sync.reporting.forecast.intervals import interval
from sync.reporting.forecast.methods import YEAR, average, seasonal_naive

TOO_SHORT: Final = "too short"
SUM: Final = "sum"
NO_BETTER: Final = "baseline is better"
"""Of a total that errs more than its baseline: what its parts come to is not shown."""
HUNDREDTH: Final = Decimal("0.01")
LEAST: Final = 4
"""Weeks that a method needs."""
Errors = Sequence[float]
NONE: Final[Errors] = ()


@dataclass(frozen=True)
class Demand:
    """A series. `pieces` by week, up to the last whole one; `out` and `promoted`: which of them, as
    weeks before the end."""

    key: Mapping[str, str]
    pieces: Sequence[float]
    out: frozenset[int] = frozenset()
    promoted: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Part:
    """A series with its forecast of so many weeks."""

    series: Demand
    guess: Guess
    weeks: int

    @property
    def is_short(self) -> bool:
        """Whether it has an average alone."""
        return len(self.series.pieces) < SHORTEST

    @cached_property
    def errors(self) -> Mapping[int, tuple[Errors, Errors]]:
        """Weeks before the end -> how it and its baseline would have erred in the weeks from then
        on. Where it had not begun, as at another time: it is a part of the total now."""
        length = len(self.series.pieces)
        strides = (STRIDE,) if length >= 2 * YEAR else (1, STRIDE)
        backs = sorted({self.weeks + n * stride for stride in strides for n in range(ORIGINS)})
        found = {back: self._then(back) for back in backs if back - self.weeks < length}
        known = [one for back, one in found.items() if length - back >= LEAST]
        known = known or [([0.0] * self.weeks, [0.0] * self.weeks)]
        return {back: found.get(back) or known[n % len(known)] for n, back in enumerate(backs)}

    def _then(self, back: int) -> tuple[Errors, Errors]:
        past, unborn = self.series.pieces, max(0, back - len(self.series.pieces))
        seen, start = past[: len(past) - back + unborn], len(past) - back + unborn
        real = [0.0] * unborn + [*past[start : start + self.weeks - unborn]]
        own = self.guess.says if len(seen) >= LEAST else average
        said = [own(seen, self.weeks), seasonal_naive(seen, self.weeks)] if seen else [NONE, NONE]
        own_errors, naive = (_sums(one, [-week for week in real]) for one in said)
        return own_errors, naive


@dataclass
class Total:
    """Of parts that are added. `expected` and `baseline` by week; `short`: how many of the parts
    have an average alone; `out` and `promoted`: weeks in which one of them was."""

    weeks: int
    expected: Sequence[Decimal] = ()
    baseline: Sequence[Decimal] = ()
    out: frozenset[int] = frozenset()
    promoted: frozenset[int] = frozenset()
    parts: int = 0
    short: int = 0
    pieces: list[float] = field(default_factory=list)
    """By week, the last one first."""
    _only: Part | None = None
    _models: set[str] = field(default_factory=set)
    _errors: dict[int, tuple[Errors, Errors]] = field(default_factory=dict)

    def add(self, part: Part) -> None:
        """One more."""
        series, guess = part.series, part.guess
        self.expected = _amounts(self.expected, guess.expected)
        self.baseline = _amounts(self.baseline, guess.baseline)
        self.out, self.promoted = self.out | series.out, self.promoted | series.promoted
        self.parts, self.short = self.parts + 1, self.short + part.is_short
        self.pieces = _sums(self.pieces, series.pieces[::-1])
        self._models.add(guess.method)
        if self.parts == 1:
            self._only = part
            return
        if self._only is not None:
            self._test(self._only)
        self._only = None
        self._test(part)

    def _test(self, part: Part) -> None:
        for back, (own, naive) in part.errors.items():
            before = self._errors.get(back, (NONE, NONE))
            self._errors[back] = (_sums(before[0], own), _sums(before[1], naive))

    def guess(self) -> Guess:
        """What it is worth, with its interval. `expected` is empty where it errs more than the
        baseline."""
        if self._only is not None:
            return self._only.guess
        backs = origins(len(self.pieces), self.weeks)
        found = [self._errors[back] for back in backs]
        scale = scale_of(self.pieces)
        own, naive = (Tested([one[which] for one in found], scale) for which in (0, 1))
        expected, baseline = _floats(self.expected), _floats(self.baseline)
        unknown = [None] * self.weeks
        if not own.errors:
            return Guess(TOO_SHORT, expected, unknown, unknown, baseline)
        worth = (own.mase, naive.mase, own.bias)
        if own.mase > naive.mase:
            return Guess(NO_BETTER, [], unknown, unknown, baseline, *worth)
        name = BASELINE if self._models == {BASELINE} else SUM
        reach, inside = interval(own.errors, self.pieces[::-1], backs)
        low, high = [max(0.0, one - reach) for one in expected], [one + reach for one in expected]
        return Guess(name, expected, low, high, baseline, *worth, inside)


def _sums(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [one + other for one, other in zip_longest(ours, theirs, fillvalue=0.0)]


def _amounts(ours: Sequence[Decimal], theirs: Iterable[float]) -> list[Decimal]:
    rounded = (Decimal(one).quantize(HUNDREDTH) for one in theirs)
    return [one + other for one, other in zip_longest(ours, rounded, fillvalue=Decimal(0))]


def _floats(amounts: Sequence[Decimal]) -> list[float]:
    return [float(one) for one in amounts]
