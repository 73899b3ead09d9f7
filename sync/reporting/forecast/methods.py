"""How the next weeks of a series are guessed from those before. Pure; pieces as floats, since a
guess has no cents. Each method takes the weeks so far and how many to guess.

Croston's method in Teunter, Syntetos and Babai's form (2011) and in Syntetos' (2001) is for demand
with many empty weeks; Holt's trend is damped (Gardner 1985).
"""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Final

Series = Sequence[float]
Method = Callable[[Series, int], list[float]]
Fit = tuple[float, float, float]
"""How much it erred so far, and the two numbers that it goes on with."""
YEAR: Final = 52
RECENT: Final = 12
STEPS: Final = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Weights of the newest week that are tried; the one that would have erred least so far counts."""
DAMPING: Final = 0.9
CROSTON: Final = 0.1


def seasonal_naive(past: Series, weeks: int, *, season: int = YEAR) -> list[float]:
    """The same week of last year; the last week where there is no year. `season`: how many a year
    has, as months are forecast as well."""
    if len(past) < season:
        return [past[-1]] * weeks
    return [past[len(past) - season + place % season] for place in range(weeks)]


def average(past: Series, weeks: int) -> list[float]:
    """That of the last weeks."""
    return [fmean(past[-RECENT:])] * weeks


def smoothed(past: Series, weeks: int) -> list[float]:
    """A level that follows."""
    _, level, _ = _best(past, _level)
    return [max(level, 0.0)] * weeks


def trending(past: Series, weeks: int) -> list[float]:
    """A level and a slope, which gets smaller with each week."""
    _, level, slope = _best(past, _trend)
    reach = [sum(DAMPING**step for step in range(1, place + 2)) for place in range(weeks)]
    return [max(level + slope * one, 0.0) for one in reach]


def seasonal(past: Series, weeks: int, *, season: int = YEAR) -> list[float]:
    """The level of now, times what each week of a year was over the mean of its year. Needs two
    years; where a backtest shows it less than one, the level alone."""
    indexes = _indexes(past, season)
    flat = [value / indexes[place % season] for place, value in enumerate(past)]
    _, level, _ = _best(flat, _level)
    return [max(level * indexes[(len(past) + place) % season], 0.0) for place in range(weeks)]


def intermittent(past: Series, weeks: int) -> list[float]:
    """How likely a week has demand, times how much: both follow, so what dies fades out (TSB)."""
    _, chance, size = _best(past, _tsb)
    return [max(chance * size, 0.0)] * weeks


def croston(past: Series, weeks: int) -> list[float]:
    """Size over interval, without Croston's bias in whatever share of weeks is empty (Syntetos
    2001): the correction of Syntetos and Boylan alone takes too much where few are, which shows in
    sums."""
    size, interval, gap = 0.0, 0.0, 0
    for value in past:
        gap += 1
        if value > 0:
            size += (CROSTON if interval else 1.0) * (value - size)
            interval += (CROSTON if interval else 1.0) * (gap - interval)
            gap = 0
    half = CROSTON / 2
    return [(1 - half) * size / (interval - half) if interval else 0.0] * weeks


def is_intermittent(past: Series) -> bool:
    """Many empty weeks, or sizes that differ widely (Syntetos, Boylan and Croston 2005)."""
    if is_sparse(past):
        return True
    sizes = [value for value in past if value > 0]
    mean = fmean(sizes)
    return fmean((value - mean) ** 2 for value in sizes) / mean**2 > 0.49


def is_sparse(past: Series) -> bool:
    """Many empty weeks. Sizes alone differ widely in what grows or fades as well."""
    return len(past) > 1.32 * sum(value > 0 for value in past)


def _best(past: Series, fit: Callable[[Series, float], Fit]) -> Fit:
    return min(fit(past, step) for step in STEPS)


def _level(past: Series, step: float) -> Fit:
    level, erred = past[0], 0.0
    for value in past[1:]:
        erred += abs(value - level)
        level += step * (value - level)
    return erred, level, 0.0


def _trend(past: Series, step: float) -> Fit:
    level, slope, erred = past[0], 0.0, 0.0
    for value in past[1:]:
        guess = level + DAMPING * slope
        erred += abs(value - guess)
        new = guess + step * (value - guess)
        slope = DAMPING * slope + step / 2 * (new - level - DAMPING * slope)
        level = new
    return erred, level, slope


def _tsb(past: Series, step: float) -> Fit:
    sizes = [value for value in past if value > 0]
    chance, size = len(sizes) / len(past), fmean(sizes) if sizes else 0.0
    erred = 0.0
    for value in past:
        erred += abs(value - chance * size)
        chance += step * ((value > 0) - chance)
        size += step * (value - size) if value > 0 else 0.0
    return erred, chance, size


def _indexes(past: Series, season: int) -> list[float]:
    """Of each week of a year, smoothed over its neighbours, as one year's weeks alone say
    little."""
    starts = range(0, len(past) - season + 1, season)
    years = [past[start : start + season] for start in starts] or [[1.0] * season]
    ratios = [[value / (fmean(year) or 1.0) for value in year] for year in years]
    raw = [fmean(week) for week in zip(*ratios, strict=True)]
    near = [fmean([raw[at - 1], raw[at], raw[(at + 1) % season]]) for at in range(season)]
    return [max(one, 0.05) for one in near]
