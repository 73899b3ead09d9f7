"""When customers will pay, and that a habit speaks only where it was worth more than due days."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

import pytest

from sync.core.errors import Never
from sync.reporting.duck import opened
from sync.reporting.forecast.cash import Expected, expected_cash
from sync.reporting.forecast.choosing import MARGIN
from sync.reporting.forecast.habits import FEWEST, Habit, Payment, Worth, backtest
from sync.reporting.forecast.intervals import CLAIM
from tests.reporting.test_forecast import star

TODAY: Final = date(2026, 5, 20)
Order = tuple[str, date, str, date | None]
"""Company, day, amount, and the day on which all of it was invoiced and paid."""
YEARS: Final = 2 * 365
TERM: Final = 30
Late = Callable[[Random, int], int]
"""Days after the due day, by how many days ago it was invoiced."""


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def late(rng: Random, _: int) -> int:
    return rng.randint(5, 40)


def prompt(rng: Random, _: int) -> int:
    return rng.randint(-3, 3)


def reformed(rng: Random, back: int) -> int:
    """Late until about a year ago."""
    return rng.randint(30, 40) if back > 400 else rng.randint(0, 2)


def invoiced(by: Late, every: int = 3) -> list[Payment]:
    """Two years of invoices; what would come later than today has not come."""
    rng, found = Random(7), list[Payment]()
    for back in range(YEARS, 0, -every):
        due = ago(back - TERM)
        came = due + timedelta(days=by(rng, back))
        amount = round(rng.uniform(10, 500), 2)
        found.append(Payment(ago(back), due, came if came <= TODAY else None, amount))
    return found


def worth_of(payments: Sequence[Payment], *, is_due: bool = True) -> Worth:
    return backtest({"USD": payments}, TODAY, is_due=is_due)["USD"]


def by_hand(payments: Sequence[Payment]) -> tuple[float, float, float]:
    """The same from the definitions alone: mean days off, those of the due day, what was held."""
    off, due_off, weights, held, told = 0.0, 0.0, 0.0, 0.0, 0.0
    for cut in range(8, 8 + 13 * 4, 4):
        at = ago(7 * cut)
        seen = [one for one in payments if one.came is not None and one.came <= at]
        took = [(one.came - one.since).days for one in seen if one.came is not None]
        for one in payments:
            if one.known > at or one in seen or len(took) < 10:
                continue
            alike = [days for days in took if one.since + timedelta(days=days) > at]
            days = {
                share: min(d for d in alike if sum(o <= d for o in alike) >= share * len(alike))
                for share in (0.1, 0.5, 0.9)
            } if alike else {}  # fmt: skip
            low, middle, high = (
                one.since + timedelta(days=days[share]) if days else at for share in (0.1, 0.5, 0.9)
            )
            if one.came is not None:
                weights += one.amount
                off += one.amount * abs((one.came - middle).days)
                due_off += one.amount * abs((one.came - max(one.since, at)).days)
            if one.came is not None or high < TODAY:
                told += one.amount
                held += one.amount * (one.came is not None and low <= one.came <= high)
    return off / weights, due_off / weights, held / told


@pytest.mark.parametrize("by", [late, prompt, reformed])
def test_the_backtest_is_what_its_definition_says(by: Late) -> None:
    payments = invoiced(by, every=5)
    payments.append(Payment(ago(300), ago(270), None, 1000.0))  # never paid
    worth = worth_of(payments)
    told = (worth.days_off, worth.baseline_days_off, worth.covered)
    assert told == pytest.approx(by_hand(payments))


def test_customers_who_pay_late_are_expected_late_and_the_interval_holds() -> None:
    worth = worth_of(invoiced(late, every=1))
    assert worth.is_better
    assert (worth.days_off or 0) < 0.6 * (worth.baseline_days_off or 0)
    assert abs((worth.covered or 0) - CLAIM) <= 0.05


@pytest.mark.parametrize("by", [prompt, reformed])
def test_a_habit_that_is_no_better_than_due_days_does_not_speak(by: Late) -> None:
    """Of those who pay when it is due, and of those who paid late until a year ago."""
    worth = worth_of(invoiced(by))
    assert not worth.is_better
    assert (worth.days_off or 0) > MARGIN * (worth.baseline_days_off or 0) > 0


def test_a_backtest_knows_nothing_of_what_came_later() -> None:
    payments, at = invoiced(late), ago(100)
    then = [replace(one, came=None if one.came and one.came > at else one.came) for one in payments]
    assert Habit.of(payments, at, is_due=True) == Habit.of(then, at, is_due=True)


def test_of_few_payments_and_of_none_nothing_is_known() -> None:
    few = invoiced(late)[: FEWEST - 1]
    for worth in (worth_of(few), worth_of([]), Worth()):
        assert (worth.days_off, worth.baseline_days_off, worth.covered) == (None, None, None)
        assert not worth.is_better


def test_who_has_waited_is_expected_as_those_who_waited_as_long() -> None:
    habit = Habit([*range(1, 11), 50, 60], is_due=True)
    assert habit.cases(ago(20), TODAY) == {
        "early": ago(-30),
        "expected": ago(-30),
        "late": ago(-40),
    }
    assert {*habit.cases(ago(60), TODAY).values()} == {TODAY}
    assert replace(habit, is_due=False).cases(ago(60), TODAY) == {}


def day_of(day: date | None) -> str:
    return f"DATE '{day}'" if day else "NULL::DATE"


def receivables(payments: Sequence[Payment], company: str = "usmf") -> str:
    """As rows of the star; what has not come is open, in cents."""
    cells = ", ".join(
        f"('{company}', 'USD', DATE '{one.known}', DATE '{one.since}',"
        f" {day_of(one.came)}, {one.amount}::DECIMAL(38,6),"
        f" {0 if one.came else one.amount}::DECIMAL(38,6))"
        for one in payments
    )
    return f"SELECT * FROM (VALUES {cells}) t(company, currency, day, due, closed, amount, open)"


def orders(rows: Sequence[Order]) -> dict[str, str]:
    """As rows of the star; what is not paid is not invoiced."""
    heads = ", ".join(
        f"('{company}', 'USD', DATE '{day}', {amount}::DECIMAL(38,6),"
        f" {amount if on else 0}::DECIMAL(38,6), {day_of(on)})"
        for company, day, amount, on in rows
    )
    return {
        "fact_orders": (
            "SELECT *, paid AS invoiced, paid_day AS invoiced_day, false AS is_void,"
            " amount - paid AS uninvoiced, paid = 0 AS is_uninvoiced FROM (VALUES"
            f" {heads}) t(company, currency, day, amount, paid, paid_day)"
        )
    }


def told(root: Path, inserts: dict[str, str]) -> list[Expected]:
    star(root, inserts)
    with opened(root / "spill") as duck:
        return [*expected_cash(duck, root, TODAY)]


def test_what_is_open_comes_by_habit_or_on_its_due_day_and_adds_up(tmp_path: Path) -> None:
    slow, quick = invoiced(late), invoiced(prompt)
    unknown = [Payment(ago(150), ago(140), None, 7.07)]
    found = told(tmp_path, {"fact_receivables": " UNION ALL ".join(
        [receivables(slow), receivables(quick, "demf"), receivables(unknown, "gbsi")]
    )})  # fmt: skip
    sums = {
        company: sum(Decimal(str(one.amount)) for one in payments if one.came is None)
        for company, payments in (("usmf", slow), ("demf", quick), ("gbsi", unknown))
    }
    for company, amount in sums.items():
        own = [one for one in found if one.company == company]
        assert sum(one.expected for one in own) == amount > 0
        if company == "usmf":
            assert {(one.method, one.habit) for one in own} == {
                ("habit", sum(one.came is not None for one in slow))
            }
            for case in ("early", "late"):
                assert sum(getattr(one, case) for one in own) == amount
        else:
            assert {(one.method, one.early, one.late) for one in own} == {("due day", None, None)}
    (gone,) = [one for one in found if one.company == "gbsi"]
    assert (gone.week, gone.days_off, gone.covered) == (date(2026, 5, 18), None, None)
    worth = worth_of(quick)
    (seen,) = {(one.days_off, one.baseline_days_off) for one in found if one.company == "demf"}
    assert seen == tuple(
        round(Decimal(days or 0), 1) for days in (worth.days_off, worth.baseline_days_off)
    )


def test_orders_that_are_not_invoiced_are_paid_as_long_after_as_orders_were(
    tmp_path: Path,
) -> None:
    """Ten of the last were quick by chance: that is the baseline."""
    rng = Random(3)
    paid = [
        ("usmf", ago(back), "10.00", ago(back - 20 - (rng.randint(0, 9) if n % 20 < 10 else 30)))
        for n, back in enumerate(range(YEARS, 60, -2))
    ]  # fmt: skip
    open_ = [
        ("usmf", ago(2), "100.00", None), ("usmf", ago(90), "7.00", None),
        ("demf", ago(2), "50.00", None),
    ]  # fmt: skip
    found = told(tmp_path, orders([*paid, *open_]))
    whole = Decimal("100.00")
    assert {(one.company, one.of, one.method) for one in found} == {("usmf", "orders", "habit")}
    assert sum(one.expected for one in found) == whole
    assert sum(one.late or 0 for one in found) == whole
    (at,) = [one.week for one in found if one.expected]
    took = sorted((on - day).days for _, day, _, on in paid if on is not None)
    middle = ago(2) + timedelta(days=took[(len(took) + 1) // 2 - 1])
    assert at == middle - timedelta(days=middle.weekday())


def test_before_the_first_build_there_is_no_cash_to_expect(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "spill") as duck,
        pytest.raises(Never, match="there are no receivables yet") as refused,
    ):
        next(expected_cash(duck, tmp_path, TODAY))
    assert refused.value.remedy == "Run: python -m sync report build"
