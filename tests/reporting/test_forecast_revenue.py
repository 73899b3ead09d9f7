"""Net revenue to come: from the books, and from orders that are still to be invoiced."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any, Final

import pytest

from sync.core.errors import Never
from sync.reporting.duck import opened
from sync.reporting.forecast import demand
from sync.reporting.forecast.choosing import BASELINE, Guess, forecast
from sync.reporting.forecast.revenue import (
    COLUMNS,
    INTAKE,
    INVOICED,
    MONTH,
    ORDERS,
    REVENUE,
    WEEK,
    Book,
    books_of,
    forecast_revenue,
)
from sync.reporting.forecast.totals import TOO_SHORT
from sync.reporting.forecast.writing import written
from sync.reporting.star import star_file, star_views
from tests.reporting.test_forecast import held, star, within

AHEAD: Final = 4
LONG: Final = 150
SHARES: Final = (0.1, 0.5, 0.2, 0.1)
"""Of an order, invoiced so many weeks after it."""
KINDS: Final = ("lumpy", "seasonal", "growing")


def intake(kind: str, rng: Random, week: int) -> float:
    if kind == "lumpy":
        return rng.expovariate(1 / 1000)
    if kind == "seasonal":
        return 1000 + 500 * math.sin(2 * math.pi * week / 52) + rng.gauss(0, 150)
    return 500 + 8 * week + rng.gauss(0, 100)


def drawn(kind: str, seed: int) -> Book:
    """Orders of a kind, invoiced bit by bit, some credited after five weeks; and other sales."""
    rng, book = Random(f"{kind} {seed}"), Book([0.0] * LONG)
    for week in range(-6, LONG):
        book.intake[week] = net = intake(kind, rng, week)
        parts = [(lag, share * rng.gauss(1, 0.05)) for lag, share in enumerate(SHARES)]
        parts += [(5, -0.1)] if rng.random() < 0.3 else []
        for lag, share in parts:
            if 0 <= week + lag < LONG:
                book.add(week + lag, lag, Decimal(share * net))
        if week >= 0:
            book.add(week, None, Decimal(rng.gauss(200, 30)))
    return book


def until(book: Book, weeks: int) -> Book:
    """As it was known then."""
    cut = Book(book.revenue[:weeks])
    cut.intake.update({week: net for week, net in book.intake.items() if week < weeks})
    later = {at: net for at, net in book.invoiced_later.items() if at[0] < weeks}
    cut.invoiced_later.update(later)
    return cut


def guessed(book: Book) -> Guess:
    return forecast(
        book.revenue, AHEAD, lambda _: {ORDERS: book.from_orders(WEEK)}, least=-math.inf
    )


def tried(seeds: range) -> Iterable[tuple[Guess, list[float]]]:
    """Guesses, and what came."""
    for kind in KINDS:
        for seed in seeds:
            book = drawn(kind, seed)
            yield guessed(until(book, LONG - AHEAD)), book.revenue[-AHEAD:]


def erred(weeks: Sequence[float], real: Sequence[float]) -> float:
    return fmean(abs(one - other) for one, other in zip(weeks, real, strict=True))


def test_revenue_beats_the_same_week_of_last_year_and_holds_its_interval() -> None:
    found = [*tried(range(4))]
    for guess, _ in found:
        assert guess.method == BASELINE or (guess.mase or 0) < (guess.baseline_mase or 0)
    own, baseline = (
        fmean(erred(weeks, real) for weeks, (_, real) in zip(told, found, strict=True))
        for told in ([one.expected for one, _ in found], [one.baseline for one, _ in found])
    )
    assert own <= baseline
    assert within(guess.covered for guess, _ in found)


@pytest.mark.long
def test_intervals_of_revenue_hold_in_weeks_to_come() -> None:
    assert within(week for guess, real in tried(range(40)) for week in held(guess, real))


def test_what_was_ordered_and_is_not_invoiced_yet_is_expected() -> None:
    """All is invoiced two weeks after it was ordered, and no two weeks are alike."""
    rng, book = Random(1), Book([0.0] * 60)
    for week in range(60):
        book.intake[week] = net = rng.expovariate(1 / 1000)
        if week + 2 < 60:
            book.add(week + 2, 2, Decimal(net))
    guess = guessed(book)
    assert guess.method == ORDERS
    assert guess.expected[:2] == pytest.approx([book.intake[58], book.intake[59]])


def test_of_orders_that_nobody_invoices_nothing_is_expected() -> None:
    book = Book([100.0] * 30)
    for week in range(30):
        book.intake[week] = 5000.0
    assert guessed(book).expected == [100.0] * AHEAD


MONDAY: Final = date(2026, 6, 1)


def lines(rows: Iterable[tuple[int, str, str, str]], **more: str) -> str:
    """Days before that Monday, currency, order, net."""
    cells = ", ".join(
        f"('usmf', 'shop', DATE '{MONDAY - timedelta(days=days)}', '{currency}', '{order}',"
        f" {net}::DECIMAL(38,6))"
        for days, currency, order, net in rows
    )
    also = "".join(f", {value} AS {name}" for name, value in more.items())
    return (
        f"SELECT *{also} FROM (VALUES {cells}) AS t(company, shop, day, currency, order_key, net)"
    )


@pytest.fixture(scope="module", name="books")
def _books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("books")
    kept = lines(
        [(20, "USD", "", "-2.50"), (14, "USD", "1", "10.01"), (7, "USD", "1", "10.02"),
         (5, "USD", "void", "1.00"), (13, "EUR", "2", "0.98"), (-1, "USD", "", "70000")],
        is_intercompany="false",
    )  # fmt: skip
    group = lines([(14, "USD", "", "90000")], is_intercompany="true")
    ordered = lines([(21, "USD", "1", "40"), (13, "EUR", "2", "0.98")], is_void="false")
    orders = f"{ordered} UNION ALL {lines([(21, 'USD', 'void', '800')], is_void='true')}"
    star(root, {
        "fact_invoice_lines": f"{kept} UNION ALL {group}", "fact_order_lines": orders,
        "fact_orders": f"SELECT * EXCLUDE (net) FROM ({orders})",
    })  # fmt: skip
    return root


def told(root: Path, **asked: Any) -> list[tuple[Any, ...]]:
    with opened(root / "spill") as duck:
        forecast_revenue(duck, root, MONDAY + timedelta(days=2), 2, **asked)
        rows = [*written(duck, root, REVENUE, COLUMNS).as_dicts()]
    assert {(row["method"], row["low"], row["mase"]) for row in rows} == {(TOO_SHORT, None, None)}
    return [(row["currency"], row["begins"], row["expected"], row["history"]) for row in rows]


def test_a_book_is_net_of_credit_notes_and_of_nothing_within_the_group(books: Path) -> None:
    """The week that has not ended is in none, and an order that is void is nobody's."""
    with opened(books / "spill") as duck:
        star_views(duck, books)
        found = books_of(duck, MONDAY, WEEK)
    dollars, euros = found["usmf", "USD"], found["usmf", "EUR"]
    assert (dollars.revenue, dollars.intake) == ([-2.5, 10.01, 11.02], {0: 40})
    assert dollars.invoiced_later == {(1, 1): 10.01, (2, 2): 10.02}
    assert (euros.revenue, euros.invoiced_later) == ([0.98, 0], {(0, 0): 0.98})
    second = MONDAY + timedelta(weeks=1)
    assert told(books) == [
        ("EUR", MONDAY, Decimal("0.49"), 2), ("EUR", second, Decimal("0.49"), 2),
        ("USD", MONDAY, Decimal("6.18"), 3), ("USD", second, Decimal("6.18"), 3),
    ]  # fmt: skip


def test_months_are_those_of_the_calendar(books: Path) -> None:
    assert told(books, period=MONTH)[2:] == [
        ("USD", date(2026, 6, 1), Decimal("18.53"), 1),
        ("USD", date(2026, 7, 1), Decimal("18.53"), 1),
    ]
    assert MONTH.between(date(2025, 11, 1), date(2026, 2, 1)) == 3
    assert MONTH.after(date(2025, 11, 1), 3) == date(2026, 2, 1)


def test_before_the_first_build_there_is_no_revenue_to_expect(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "spill") as duck,
        pytest.raises(Never, match="there are no invoices yet") as refused,
    ):
        forecast_revenue(duck, tmp_path, MONDAY, 2)
    assert refused.value.remedy == "Run: python -m sync report build"


def test_nothing_is_forecast_of_cost() -> None:
    for sql in (INVOICED, INTAKE, demand.SQL):
        assert "margin" not in sql
        assert "cost" not in sql
    assert "confidential" not in star_file(Path(), REVENUE).parts
