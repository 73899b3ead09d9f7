"""How wide an interval is: as what would have been erred before, with how much there was then.

Demand that fades or grows errs as its size: less, or more, than it did two years ago. So errors of
another time are brought to the size of now before they are compared, where that makes them more
alike than they are as they stand (a normalised conformal interval, Papadopoulos 2011).
"""

from collections.abc import Iterable, Sequence
from math import ceil, log
from statistics import fmean
from typing import Final

from sync.reporting.forecast.methods import RECENT, Series

CLAIM: Final = 0.8
"""What an interval claims to hold."""
POWERS: Final = (0.0, 0.5, 1.0)
"""How errors may go with size: not at all, as those of counts, or in proportion."""
GAIN: Final = 0.02
"""What a power must gain in mean log likelihood, so that chance does not choose."""
LEAST: Final = 0.1
"""Of the mean of all weeks: what is next to nothing has a size of its own."""
Errors = Sequence[Sequence[float]]
"""By origin and week."""


def interval(errors: Errors, past: Series, backs: Iterable[int]) -> tuple[float, float]:
    """Half its width, and the share of weeks of the backtest within: each in that which the other
    origins make. `backs`: how many weeks before the end each origin is."""
    sizes = [size(past[: len(past) - back]) for back in backs]
    now, floor = size(past), LEAST * (fmean(map(abs, past)) or 1.0)
    ratios = [(one + floor) / (now + floor) for one in sizes]
    power = min(POWERS, key=lambda one: _unlikely(errors, ratios, one) + (GAIN if one else 0.0))
    alike = [
        [error / ratio**power for error in row] for row, ratio in zip(errors, ratios, strict=True)
    ]
    return half_width(alike), covered(alike)


def size(past: Series) -> float:
    """Of the last weeks."""
    return fmean(map(abs, past[-RECENT:]))


def _unlikely(errors: Errors, ratios: Sequence[float], power: float) -> float:
    """The mean negative log likelihood of errors that go with this power of size, all but a
    constant; double exponential, as the mean absolute error is what counts elsewhere."""
    found = fmean(
        abs(error) / ratio**power
        for row, ratio in zip(errors, ratios, strict=True) for error in row
    )  # fmt: skip
    return power * fmean(map(log, ratios)) + log(found) if found else 0.0


def half_width(errors: Iterable[Sequence[float]]) -> float:
    """So much that the claimed share of errors is within, and of the next one as well: hence one
    more than there are (conformal prediction)."""
    ranked = sorted(abs(one) for row in errors for one in row)
    place = min(ceil(CLAIM * (len(ranked) + 1)), len(ranked))
    return ranked[place - 1]


def covered(errors: Errors) -> float:
    """How often a week lay within the interval that the other origins make."""
    if len(errors) < 2:
        return CLAIM
    inside = []
    for place, row in enumerate(errors):
        reach = half_width(other for at, other in enumerate(errors) if at != place)
        inside += [abs(one) <= reach for one in row]
    return sum(inside) / len(inside)
