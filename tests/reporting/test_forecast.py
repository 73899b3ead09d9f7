"""What is forecast is worth what it claims, on series of the kinds that shops have."""

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final

import pytest

from sync.core.errors import Never
from sync.reporting.duck import opened
from sync.reporting.forecast.cash import FEWEST, expected_cash
from sync.reporting.forecast.choosing import BASELINE, CLAIM, Guess, backtest, forecast
from sync.reporting.forecast.demand import FORECAST, forecast_demand
from sync.reporting.forecast.library import statsforecast
from sync.reporting.forecast.methods import (
    average,
    croston,
    intermittent,
    is_intermittent,
    seasonal_naive,
)
from sync.reporting.lake import Lake
from sync.reporting.star import Terms, build_star, star_file

WEEKS: Final = 4
YEARS: Final = 156
Draw = Callable[[Random, int], float]
KINDS: Final[dict[str, Draw]] = {
    "seasonal": lambda rng, t: 50 + 20 * math.sin(2 * math.pi * t / 52) + rng.gauss(0, 4),
    "trending": lambda rng, t: 20 + 0.4 * t + rng.gauss(0, 4),
    "intermittent": lambda rng, _: float(rng.randint(1, 6)) if rng.random() < 0.25 else 0.0,
    "new": lambda rng, _: 30 + rng.gauss(0, 5),
    "dying": lambda rng, t: 60 - 0.45 * t + rng.gauss(0, 3),
}


def series(kind: str, seed: int) -> list[float]:
    rng, long = Random(f"{kind} {seed}"), 24 if kind == "new" else YEARS
    return [max(0.0, KINDS[kind](rng, week)) for week in range(long)]


def tried(kind: str, seed: int) -> tuple[Guess, float, float]:
    """The guess, its error and the baseline's, on weeks that it has not seen."""
    past, real = series(kind, seed)[:-WEEKS], series(kind, seed)[-WEEKS:]
    guess, scale = forecast(past, WEEKS), backtest(seasonal_naive, past, WEEKS).scale
    errors = [
        fmean(abs(a - b) for a, b in zip(one, real, strict=True)) / scale
        for one in (guess.expected, guess.baseline)
    ]
    return guess, errors[0], errors[1]


def test_it_beats_the_same_week_of_last_year_over_all() -> None:
    found = [tried(kind, seed) for kind in KINDS for seed in range(6)]
    assert fmean(own for _, own, _ in found) < fmean(base for _, _, base in found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_beat_the_baseline_is_not_shown(kind: str) -> None:
    for seed in range(4):
        guess, _, _ = tried(kind, seed)
        assert guess.mase is not None
        assert guess.baseline_mase is not None
        if guess.method == BASELINE:
            assert list(guess.expected) == list(guess.baseline)
        else:
            assert guess.mase < guess.baseline_mase


def test_intervals_hold_what_they_claim() -> None:
    shares = [tried(kind, seed)[0].covered for kind in KINDS for seed in range(6)]
    assert abs(fmean(one for one in shares if one is not None) - CLAIM) <= 0.05


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


def test_parts_add_up_and_weeks_without_stock_are_not_taken_for_demand(tmp_path: Path) -> None:
    monday = date(2026, 6, 1)
    sold = " UNION ALL ".join(
        f"SELECT 'usmf' AS company, 'S-{item}' AS sku, DATE '{monday - timedelta(weeks=week)}'"
        f" AS day, false AS is_void, '{region}' AS region,"
        f" 10::DECIMAL(38,6) AS quantity, 0::DECIMAL(38,6) AS cancelled,"
        f" 0::DECIMAL(38,6) AS discount"
        for item in (1, 2) for week in range(1, 31) for region in ("EU", "US")
        if (item, week) != (1, 3)
    )  # fmt: skip
    empty = (
        f"SELECT 'usmf' AS company, 'I-1' AS item, DATE '{monday - timedelta(weeks=3)}' AS day,"
        " 0::DECIMAL(38,6) AS available"
    )
    items = "SELECT 'S-1' AS sku, 'I-1' AS item"
    star(tmp_path, {"fact_order_lines": sold, "fact_stock_days": empty, "dim_item": items})
    totals = {}
    for by in (["company", "item", "region"], ["company", "item"]):
        with opened(tmp_path / "spill") as duck:
            counts = forecast_demand(duck, tmp_path, by, monday + timedelta(days=2), WEEKS)
            assert sum(counts.values()) == 2 ** (len(by) - 1)
            rows = duck.execute(
                "SELECT item, week, sum(expected), max(sold_out) FROM"
                f" '{star_file(tmp_path, FORECAST)}' GROUP BY ALL ORDER BY ALL"
            ).fetchall()
        totals[len(by)] = {(item, week): pieces for item, week, pieces, _ in rows}
        assert {(item, out) for item, _, _, out in rows} == {("S-1", 1), ("S-2", 0)}
    assert {week for _, week in totals[2]} == {
        monday + timedelta(weeks=one) for one in range(WEEKS)
    }
    assert {pieces for (item, _), pieces in totals[3].items() if item == "S-1"} == {Decimal(20)}


def test_what_is_open_comes_in_as_late_as_customers_paid_so_far(tmp_path: Path) -> None:
    due, today = date(2026, 5, 4), date(2026, 5, 20)
    paid = " UNION ALL ".join(
        f"SELECT 'usmf' AS company, 'USD' AS currency, DATE '{due}' AS day, DATE '{due}' AS due,"
        f" DATE '{due + timedelta(days=days)}' AS closed, 5::DECIMAL(38,6) AS amount,"
        " 0::DECIMAL(38,6) AS open"
        for days in range(FEWEST)
    )
    owed = " UNION ALL ".join(
        f"SELECT '{company}' AS company, 'USD' AS currency, DATE '2026-06-01' AS day,"
        f" DATE '{on}' AS due, NULL::DATE AS closed, {amount}::DECIMAL(38,6) AS amount,"
        f" {amount}::DECIMAL(38,6) AS open"
        for company, on, amount in (
            ("usmf", "2026-06-01", "100.10"),
            ("demf", "2026-01-01", "7.07"),
        )
    )  # fmt: skip
    star(tmp_path, {"fact_receivables": f"{paid} UNION ALL {owed}"})
    with opened(tmp_path / "spill") as duck:
        found = [*expected_cash(duck, tmp_path, today)]
    late, *usmf = found
    assert (late.company, late.week, late.expected) == ("demf", date(2026, 5, 18), Decimal("7.07"))
    assert [(one.week, one.early, one.late) for one in usmf] == [
        (date(2026, 6, 1), Decimal("100.10"), Decimal(0)),
        (date(2026, 6, 8), Decimal(0), Decimal("100.10")),
    ]
    assert sum(one.expected for one in usmf) == Decimal("100.10")


def test_before_the_first_build_there_is_no_cash_to_expect(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "spill") as duck,
        pytest.raises(Never, match="there are no receivables yet") as refused,
    ):
        next(expected_cash(duck, tmp_path, date(2026, 5, 20)))
    assert refused.value.remedy == "Run: python -m sync report build"
