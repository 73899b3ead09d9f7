"""When money may come in: of open receivables by their due days and how late each company's
customers paid so far, of orders that are not invoiced yet by how long orders took until they were
paid. Amounts are exact; only their weeks are guessed, and a habit speaks only where a backtest
shows it better than its baseline."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.core.errors import Never
from sync.reporting.forecast.habits import CASES, Days, Habit, Payment, Worth, backtest
from sync.reporting.star import star_file, star_views

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

RECEIVABLES, ORDERS = "receivables", "orders"
HABIT: Final = "habit"
BASELINES: Final = {RECEIVABLES: "due day", ORDERS: "last ten orders"}
"""What is told where the habit is no better."""
INVOICES: Final = """
SELECT company, currency, day, due, closed, NULL, sum(amount), count(*)
FROM fact_receivables WHERE amount > 0 AND due IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
OPEN: Final = """
SELECT company, currency, coalesce(due, day) AS due, sum(open) AS amount FROM fact_receivables
WHERE open > 0 GROUP BY ALL ORDER BY ALL
"""
PLACED: Final = """
SELECT company, currency, day, day AS since,
    CASE WHEN invoiced > 0 AND paid >= invoiced THEN paid_day END AS came,
    CASE WHEN invoiced > 0 THEN invoiced_day END AS gone, sum(amount), count(*)
FROM fact_orders WHERE NOT is_void AND amount > 0 AND (invoiced > 0 OR is_uninvoiced)
GROUP BY ALL ORDER BY ALL
"""
NOT_INVOICED: Final = """
SELECT company, currency, day, sum(uninvoiced) AS amount FROM fact_orders
WHERE NOT is_void AND is_uninvoiced GROUP BY ALL ORDER BY ALL
"""
ASKED: Final = {RECEIVABLES: (INVOICES, OPEN), ORDERS: (PLACED, NOT_INVOICED)}
Payments = Mapping[str, Sequence[Payment]]
"""By currency."""


@dataclass(frozen=True)
class Expected:
    """What comes in within a week; `week` is its Monday. `of`: open receivables, or orders that are
    not invoiced yet. `early` and `late` are None where the baseline speaks. `days_off`,
    `baseline_days_off` and `covered` are of the backtest, None without one; `habit`: of how many
    payments."""

    company: str
    currency: str
    of: str
    week: date
    early: Decimal | None
    expected: Decimal
    late: Decimal | None
    method: str
    days_off: Decimal | None
    baseline_days_off: Decimal | None
    covered: Decimal | None
    habit: int


def expected_cash(duck: "Duck", root: Path, today: date) -> Iterator[Expected]:
    """By company, currency and week. What should have come already is expected now. Of receivables
    each case adds up to what is open. Of fewer than ten payments there is no habit: receivables
    come on their due days then, and of orders none is told, nor one that has waited longer than any
    that was paid. Raises `Never` where nothing was built."""
    if not star_file(root, "fact_receivables").exists():
        raise Never("there are no receivables yet", remedy="Run: python -m sync report build")
    star_views(duck, root)
    known = {of: _known(duck, asked) for of, (asked, _) in ASKED.items()}
    open_: dict[tuple[str, str], list[tuple[str, date, Decimal]]] = defaultdict(list)
    for of, (_, asked) in ASKED.items():
        for company, currency, day, amount in duck.execute(asked).fetchall():
            open_[company, of].append((currency, day, amount))
    found = [
        row for (company, of), amounts in open_.items()
        for row in _told(company, of, known[of].get(company, {}), amounts, today)
    ]  # fmt: skip
    yield from sorted(found, key=lambda row: (row.company, row.currency, row.week, row.of))


def _told(
    company: str, of: str, known: Payments, open_: Sequence[tuple[str, date, Decimal]], today: date
) -> Iterator[Expected]:
    """Of one company."""
    is_due, paid = of == RECEIVABLES, [one for own in known.values() for one in own]
    habit, worths = Habit.of(paid, today, is_due=is_due), backtest(known, today, is_due=is_due)
    weeks: dict[tuple[str, date], dict[str, Decimal]] = {}
    for currency, since, amount in open_:
        worth = worths.get(currency, Worth())
        for case, on in _days(habit, worth, since, today).items():
            week = on - timedelta(days=on.weekday())
            cases = weeks.setdefault((currency, week), dict.fromkeys(CASES, Decimal(0)))
            cases[case] += amount
    for (currency, week), cases in weeks.items():
        worth = worths.get(currency, Worth())
        early, late = (cases[case] if worth.is_better else None for case in ("early", "late"))
        yield Expected(
            company, currency, of, week, early, cases["expected"], late,
            HABIT if worth.is_better else BASELINES[of], _rounded(worth.days_off),
            _rounded(worth.baseline_days_off), _rounded(worth.covered, 3), len(habit.took),
        )  # fmt: skip


def _days(habit: Habit, worth: Worth, since: date, today: date) -> Days:
    """The day of each case; only that which is expected, where the baseline speaks; none where
    nothing can be told."""
    if worth.is_better:
        return habit.cases(since, today)
    baseline = habit.baseline(since, today)
    return {} if baseline is None else {"expected": baseline}


def _rounded(worth: float | None, digits: int = 1) -> Decimal | None:
    return None if worth is None else round(Decimal(worth), digits)


def _known(duck: "Duck", asked: str) -> Mapping[str, Payments]:
    """By company."""
    found: dict[str, dict[str, list[Payment]]] = defaultdict(lambda: defaultdict(list))
    for company, currency, day, since, came, gone, amount, count in duck.execute(asked).fetchall():
        payment = Payment(day, since, came, float(amount), count, gone)
        found[company][currency].append(payment)
    return found
