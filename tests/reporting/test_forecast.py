"""What is forecast is worth what it claims, on series of the kinds that shops have."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any, Final

import pytest

from sync.core.errors import Never
from sync.reporting.duck import opened
from sync.reporting.forecast.choosing import (
    BASELINE,
    MARGIN,
    Guess,
    forecast,
    methods_for,
    scale_of,
)
from sync.reporting.forecast.demand import COLUMNS, FORECAST, PART, forecast_demand
from sync.reporting.forecast.intervals import CLAIM
from sync.reporting.forecast.library import statsforecast
from sync.reporting.forecast.methods import (
    average,
    croston,
    intermittent,
    is_intermittent,
)
from sync.reporting.forecast.totals import NO_BETTER, SUM, TOO_SHORT, Demand, Part, Total
from sync.reporting.forecast.writing import written
from sync.reporting.lake import Lake
from sync.reporting.star import Terms, build_star, star_file

WEEKS: Final = 4
YEARS: Final = 156
SEEDS: Final = 60
"""Of each kind. Of many empty weeks chance says more than the methods: there it takes more."""
Draw = Callable[[Random, int], float]


def counted(rng: Random, mean: float) -> float:
    """Pieces that come by chance: where they are fewer they differ less."""
    return float(round(rng.gauss(mean, mean**0.5)))


KINDS: Final[dict[str, Draw]] = {
    "seasonal": lambda rng, t: 50 + 20 * math.sin(2 * math.pi * t / 52) + rng.gauss(0, 4),
    "trending": lambda rng, t: 20 + 0.4 * t + rng.gauss(0, 4),
    "intermittent": lambda rng, _: float(rng.randint(1, 6)) if rng.random() < 0.25 else 0.0,
    "new": lambda rng, _: 30 + rng.gauss(0, 5),
    "dying": lambda rng, t: 60 - 0.3 * t + rng.gauss(0, 3),
    "fading": lambda rng, t: counted(rng, 100 * math.exp(-t / 50)),
}


def series(kind: str, seed: int) -> list[float]:
    rng, long = Random(f"{kind} {seed}"), 24 if kind == "new" else YEARS
    return [max(0.0, KINDS[kind](rng, week)) for week in range(long)]


@dataclass(frozen=True)
class Tried:
    """A guess, its error and the baseline's on weeks that it has not seen, and whether each of them
    was in the interval."""

    guess: Guess
    own: float
    baseline: float
    held: list[bool]


def tried(kind: str, seed: int) -> Tried:
    past, real = series(kind, seed)[:-WEEKS], series(kind, seed)[-WEEKS:]
    guess, scale = forecast(past, WEEKS), scale_of(past)
    own, baseline = (
        fmean(abs(a - b) for a, b in zip(one, real, strict=True)) / scale
        for one in (guess.expected, guess.baseline)
    )
    return Tried(guess, own, baseline, held(guess, real))


def held(guess: Guess, real: Sequence[float]) -> list[bool]:
    """Nothing where no interval is told."""
    told = zip(guess.low, real, guess.high, strict=True)
    return [low <= one <= high for low, one, high in told if low is not None and high is not None]


def within(shares: Iterable[float | bool | None], above: float = 0.05) -> bool:
    """Whether intervals hold what they claim: five points less, or so many more."""
    return -0.05 <= fmean(one for one in shares if one is not None) - CLAIM <= above


def is_worth_what_it_claims(found: Sequence[Tried]) -> None:
    assert fmean(one.own for one in found) <= fmean(one.baseline for one in found)
    assert within(one.guess.covered for one in found)
    assert within(week for one in found for week in one.held)


@pytest.fixture(scope="module", name="trials")
def _trials() -> Mapping[str, list[Tried]]:
    counts = {kind: 250 if kind == "intermittent" else SEEDS for kind in KINDS}
    return {kind: [tried(kind, seed) for seed in range(count)] for kind, count in counts.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_beats_the_baseline_on_weeks_to_come_and_holds_its_interval(
    kind: str, trials: Mapping[str, list[Tried]]
) -> None:
    is_worth_what_it_claims(trials[kind])


def test_over_all_it_beats_the_baseline_and_holds_its_intervals(
    trials: Mapping[str, list[Tried]],
) -> None:
    is_worth_what_it_claims([one for found in trials.values() for one in found])


@pytest.mark.parametrize(
    ("kind", "methods"),
    [("seasonal", {"seasonal"}), ("trending", {"trending"}), ("intermittent", {"TSB", "Syntetos"}),
     ("new", {"average", "smoothed"}), ("dying", {"trending"}),
     ("fading", {"trending"})],
)  # fmt: skip
def test_methods_made_for_a_kind_speak_for_it(
    kind: str, methods: set[str], trials: Mapping[str, list[Tried]]
) -> None:
    names = [one.guess.method for one in trials[kind]]
    assert sum(name in methods for name in names) > 0.4 * len(names)


def test_of_less_than_two_years_nothing_is_said_of_the_season() -> None:
    past = series("seasonal", 1)
    assert "seasonal" not in methods_for(past[:103])
    assert "seasonal" in methods_for(past[:104])


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_beat_the_baseline_is_not_shown(
    kind: str, trials: Mapping[str, list[Tried]]
) -> None:
    for one in trials[kind]:
        guess = one.guess
        assert guess.mase is not None
        assert guess.baseline_mase is not None
        if guess.method == BASELINE:
            assert list(guess.expected) == list(guess.baseline)
        else:
            assert guess.mase <= MARGIN * guess.baseline_mase


@pytest.mark.parametrize("kind", KINDS)
def test_a_method_of_a_library_speaks_only_where_it_is_better(kind: str) -> None:
    past = series(kind, 1)

    def knows(seen: Sequence[float], weeks: int) -> list[float]:
        """What comes after the weeks that it is shown; after all, as the last ones."""
        return [*past[len(seen) :], *past[-weeks:]][:weeks]

    def errs(_: Sequence[float], weeks: int) -> list[float]:
        return [1000.0] * weeks

    own = forecast(past, WEEKS)
    assert forecast(past, WEEKS, lambda _: {"knows": knows}).method == "knows"
    assert forecast(past, WEEKS, lambda _: {"errs": errs}) == own


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_methods_of_statsforecast_are_held_to_the_same_rules(kind: str) -> None:
    pytest.importorskip("statsforecast", reason="requirements-forecast.txt is not installed")
    past = series(kind, 1)
    for seen in (past, [0.0] * 20, [5.0] * 20, past[:12]):
        guess = forecast(seen, WEEKS, statsforecast())
        assert all(one >= 0 for one in guess.expected)
        assert guess.method == BASELINE or (guess.mase or 0) < (guess.baseline_mase or 0)
    assert {*statsforecast()(past)} <= {"ADIDA", "IMAPA", "AutoETS", "AutoTheta", "MSTL"}


@pytest.mark.skipif(find_spec("statsforecast") is not None, reason="statsforecast is installed")
def test_where_statsforecast_is_not_installed_it_says_so() -> None:
    with pytest.raises(Never, match="statsforecast is not installed") as refused:
        statsforecast()
    assert "requirements-forecast.txt" in refused.value.remedy


def test_a_short_series_has_its_average_and_no_interval() -> None:
    guess = forecast([3.0, 5.0, 4.0], WEEKS)
    assert (guess.method, guess.expected) == ("average", [4.0] * WEEKS)
    assert (guess.low, guess.mase) == ([None] * WEEKS, None)


def test_demand_with_many_empty_weeks_has_methods_of_its_own() -> None:
    often, seldom = [5.0, 6.0, 5.0, 4.0] * 8, [0.0, 0.0, 8.0, 0.0] * 8
    assert (is_intermittent(often), is_intermittent(seldom), is_intermittent([0.0])) == (
        False, True, True
    )  # fmt: skip
    assert croston(seldom, 1)[0] == pytest.approx(2.0 * 0.95, rel=0.2)
    dead = [*seldom, *[0.0] * 40]
    assert intermittent(dead, 1)[0] < 0.3 < croston(dead, 1)[0]
    assert average(dead, 1) == [0.0]
    assert croston([0.0, 0.0], 1) == [0.0]


def star(root: Path, inserts: dict[str, str]) -> None:
    """An empty star with these rows, as SQL, in place of some of its files."""
    with opened(root / "spill") as duck:
        lake = Lake(root, duck)
        build_star(lake, Terms())
        for name, rows in inserts.items():
            lake.write(f"SELECT * FROM {name} UNION ALL BY NAME ({rows})", star_file(root, name))


MONDAY: Final = date(2026, 6, 1)
WAYS: Final = (("company",), ("company", "region"), ("brand",), ("company", "warehouse"),
               ("company", "item"), ("company", "item", "warehouse"), PART)  # fmt: skip


def ordered(rows: Iterable[tuple[int, str, str, str, str, float]]) -> str:
    """Order lines: weeks ago, item, brand, warehouse, region, pieces."""
    cells = ", ".join(
        f"('usmf', 'S-{item}', '{brand}', '{warehouse}', '{region}',"
        f" DATE '{MONDAY - timedelta(weeks=back)}', {round(pieces)})"
        for back, item, brand, warehouse, region, pieces in rows
    )
    names = "company, sku, brand, warehouse, region, day, quantity"
    return (
        f"SELECT *, false AS is_void, 0::DECIMAL(38,6) AS cancelled, 0::DECIMAL(38,6) AS discount"
        f" FROM (VALUES {cells}) AS told({names})"
    )


def demand(root: Path, by: Sequence[str], **more: Any) -> Any:
    """The rows of a forecast that is asked for on a Wednesday, and what it told besides."""
    with opened(root / "spill") as duck:
        told = forecast_demand(duck, root, by, MONDAY + timedelta(days=2), WEEKS, **more)
        return [*written(duck, root, FORECAST, COLUMNS).as_dicts()], told


def sums(rows: Iterable[Mapping[str, Any]], name: str) -> dict[date, Decimal]:
    found: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["week"]] += row[name]
    return found


@pytest.fixture(scope="module", name="shop")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three years of items of all kinds, of two brands in two warehouses, for two regions."""
    rng, root = Random(5), tmp_path_factory.mktemp("shop")
    rows = [
        (back, kind, brand, warehouse, region, share * pieces)
        for kind in KINDS
        for brand, warehouse in (("Acme", "13"), ("Bolt", "21"), ("Bolt", ""))
        for region in ("EU", "US")
        for share in [rng.choice((0.02, 0.2, 1))]
        for back, pieces in enumerate(reversed(series(kind, rng.randint(1, 99))), 1)
        if round(share * pieces)
    ]
    rows.append((2, "young", "Acme", "13", "EU", 4))
    star(root, {"fact_order_lines": ordered(rows)})
    return root


def test_every_total_is_the_sum_of_its_parts_as_they_are_shown(shop: Path) -> None:
    parts, told = demand(shop, PART, also=WAYS)
    assert {row["parts"] for row in parts} == {1}
    assert None not in {row["expected"] for row in parts}
    for way in WAYS:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in told[way]]
        assert sums(rows, "baseline") == sums(parts, "baseline")
        for row in rows:
            own = [one for one in parts if one["week"] == row["week"]
                   and all(one[name] == row[name] for name in way)]  # fmt: skip
            assert row["parts"] == len(own)
            assert row["baseline"] == sum(one["baseline"] for one in own)
            assert row["short"] == sum(one["method"] == TOO_SHORT for one in own)
            if row["method"] != NO_BETTER:
                assert row["expected"] == sum(one["expected"] for one in own)
    asked, _ = demand(shop, WAYS[1])
    assert [[*row.values()][:10] for row in asked] == [row[:10] for row in told[WAYS[1]]]


def summed(kinds: Sequence[str], seed: int, long: int = YEARS) -> tuple[Total, list[float]]:
    """Parts of these kinds together, and what they came to in the weeks after."""
    total, real = Total(WEEKS), [0.0] * WEEKS
    for place, kind in enumerate(kinds):
        whole = series(kind, 1000 * seed + place)[-long:]
        past = whole[:-WEEKS]
        total.add(Part(Demand({}, past), forecast(past, WEEKS), WEEKS))
        real = [one + more for one, more in zip(real, whole[-WEEKS:], strict=True)]
    return total, real


MIXED: Final = (tuple(KINDS), ("seasonal", "new", "new"), ("intermittent",) * 5, ("dying",) * 3)


def test_totals_beat_their_baselines_and_hold_their_intervals() -> None:
    for kinds in MIXED:
        totals = [summed(kinds, seed)[0] for seed in range(5)]
        guesses = [total.guess() for total in totals]
        assert within(one.covered for one in guesses)
        for total, guess in zip(totals, guesses, strict=True):
            assert total.parts == len(kinds)
            assert guess.method in {SUM, NO_BETTER}
            assert (guess.method == SUM) == ((guess.mase or 0) <= (guess.baseline_mase or 0))


@pytest.mark.long
@pytest.mark.parametrize("kinds", MIXED)
def test_intervals_of_totals_hold_in_weeks_to_come(kinds: Sequence[str]) -> None:
    """Those too in which most parts are new: their errors are not among older ones of the total.
    Of parts that are unlike each other they are a little too wide (docs/reporting.md)."""
    found = [summed(kinds, seed) for seed in range(200)]
    assert within((week for total, real in found for week in held(total.guess(), real)), 0.08)


def test_a_total_that_errs_more_than_its_baseline_is_not_shown() -> None:
    """What last year's week says is lost in the noise of each part, and plain in their sum."""
    rng, total = Random(1), Total(WEEKS)
    season = [rng.gauss(100, 10) for _ in range(52)]
    for _ in range(12):
        past = [season[week % 52] + rng.gauss(0, 20) for week in range(103)]
        total.add(Part(Demand({}, past), forecast(past, WEEKS), WEEKS))
    assert total.guess().method == NO_BETTER
    assert total.guess().expected == []
    assert {*total.guess().low} == {None}


def test_errors_of_many_parts_do_not_lie_all_on_one_side() -> None:
    """What each part leaves out for being careful would be missing in the total."""
    rng, total = Random(3), Total(WEEKS)
    for _ in range(150):
        past = [float(rng.randint(1, 7)) if rng.random() < 0.67 else 0.0 for _ in range(YEARS)]
        total.add(Part(Demand({}, past), forecast(past, WEEKS), WEEKS))
    guess = total.guess()
    assert guess.method == SUM
    assert abs(guess.bias or 0) < 0.01 * fmean(guess.expected)


def test_a_part_that_is_too_short_is_in_its_total_with_its_average() -> None:
    total, _ = summed(["trending", "dying"], 1)
    before = total.expected
    young = [3.0, 5.0, 4.0]
    total.add(Part(Demand({}, young), forecast(young, WEEKS), WEEKS))
    assert [*total.expected] == [one + 4 for one in before]
    assert (total.parts, total.short) == (3, 1)
    alone = Total(WEEKS)
    alone.add(Part(Demand({}, young), forecast(young, WEEKS), WEEKS))
    alone.add(Part(Demand({}, young), forecast(young, WEEKS), WEEKS))
    assert (alone.guess().low, alone.guess().mase) == ([None] * WEEKS, None)
    assert alone.guess().method == TOO_SHORT


def test_parts_of_a_single_week_are_told_together() -> None:
    total = Total(WEEKS)
    for pieces in (3.0, 5.0):
        total.add(Part(Demand({}, [pieces]), forecast([pieces], WEEKS), WEEKS))
    guess = total.guess()
    assert (guess.method, [*guess.expected]) == (TOO_SHORT, [8.0] * WEEKS)


def test_a_week_is_sold_out_where_a_warehouse_had_nothing_on_any_day(tmp_path: Path) -> None:
    """What another warehouse has does not help; where nobody names one, it does."""
    rows = [
        (back, "1", "", warehouse, "EU", 10)
        for back in range(1, 31) for warehouse in ("13", "21", "")
        if (warehouse, back) not in {("13", 3), ("13", 5)}
    ]  # fmt: skip
    stock = " UNION ALL ".join(
        f"SELECT 'usmf' AS company, 'I-1' AS item, '{warehouse}' AS warehouse,"
        f" DATE '{MONDAY - timedelta(days=days)}' AS day, {left}::DECIMAL(38,6) AS available"
        for warehouse, days, left in (
            ("13", 21, 0), ("13", 20, -1), ("21", 21, 0), ("21", 20, 8),
            ("13", 35, 0), ("13", 34, 2), ("21", 35, 5),
        )
    )  # fmt: skip
    items = "SELECT 'S-1' AS sku, 'I-1' AS item"
    star(tmp_path, {"fact_order_lines": ordered(rows), "fact_stock_days": stock, "dim_item": items})
    found, _ = demand(tmp_path, ["item", "warehouse"])
    assert {(row["warehouse"], row["sold_out"]) for row in found} == {
        ("13", 1), ("21", 0), ("", 0)
    }  # fmt: skip
    (whole,) = {row["sold_out"] for row in demand(tmp_path, ["company"])[0]}
    assert whole == 1
    assert {row["expected"] for row in found if row["warehouse"] == "21"} == {Decimal(10)}
    (short,) = {row["expected"] for row in found if row["warehouse"] == "13"}
    assert Decimal(9) < short < Decimal(10)
