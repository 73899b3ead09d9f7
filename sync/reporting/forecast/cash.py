"""When money may come in: of open receivables by their due days and how late each company's
customers paid so far, of orders that are not invoiced yet by how long orders took until they were
paid. Amounts are exact; only their weeks are guessed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.core.errors import Never
from sync.reporting.star import star_file, star_views

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

FEWEST: Final = 10
"""Settled transactions, or paid orders, that make a habit."""
CASES: Final = {"early": 0.1, "expected": 0.5, "late": 0.9}
"""Which share of payments came sooner."""
RECEIVABLES, ORDERS = "receivables", "orders"
LATENESS: Final = """
SELECT company, closed - due AS days FROM fact_receivables
WHERE amount > 0 AND closed IS NOT NULL AND due IS NOT NULL ORDER BY company, days
"""
OPEN: Final = """
SELECT company, currency, coalesce(due, day) AS due, sum(open) AS amount FROM fact_receivables
WHERE open > 0 GROUP BY ALL ORDER BY ALL
"""
UNTIL_PAID: Final = """
SELECT company, paid_day - day AS days FROM fact_orders
WHERE NOT is_void AND invoiced > 0 AND paid >= invoiced AND paid_day IS NOT NULL
ORDER BY company, days
"""
NOT_INVOICED: Final = """
SELECT o.company, o.currency, o.day, sum(o.amount - o.invoiced - coalesce(
    round(o.amount * l.cancelled / nullif(l.net, 0), 2)::DECIMAL(38,6), 0)) AS amount
FROM fact_orders o LEFT JOIN (
    SELECT shop, order_key, sum(net) AS net,
        sum(net * cancelled / nullif(quantity, 0)) AS cancelled
    FROM fact_order_lines GROUP BY ALL
) l USING (shop, order_key)
WHERE NOT o.is_void AND o.amount > o.invoiced GROUP BY ALL HAVING amount > 0 ORDER BY ALL
"""


@dataclass(frozen=True)
class Expected:
    """What comes in within a week, in three cases; `week` is its Monday. `of`: open receivables, or
    orders that are not invoiced yet. `habit`: of how many payments."""

    company: str
    currency: str
    week: date
    of: str
    early: Decimal
    expected: Decimal
    late: Decimal
    habit: int


def expected_cash(duck: "Duck", root: Path, today: date) -> Iterator[Expected]:
    """By company, currency and week. What should have come already is expected now. Of receivables
    each case adds up to what is open; without a habit they come on their due days. Orders of a
    company without a habit are left out, and so is one that has waited longer than any that was
    paid. Raises `Never` where nothing was built."""
    if not star_file(root, "fact_receivables").exists():
        raise Never("there are no receivables yet", remedy="Run: python -m sync report build")
    star_views(duck, root)
    found: dict[tuple[str, str, date, str], dict[str, Decimal]] = {}
    habits = {RECEIVABLES: _habits(duck, LATENESS), ORDERS: _habits(duck, UNTIL_PAID)}
    for of, asked in {RECEIVABLES: OPEN, ORDERS: NOT_INVOICED}.items():
        for company, currency, day, amount in duck.execute(asked).fetchall():
            habit = _habit_for(of, (today - day).days, habits[of].get(company, []))
            for case, week in _weeks(day, habit, today):
                key = company, currency, week, of
                found.setdefault(key, dict.fromkeys(CASES, Decimal(0)))[case] += amount
    for (company, currency, week, of), cases in sorted(found.items()):
        known = len(habits[of].get(company, []))
        yield Expected(company, currency, week, of, **cases, habit=known)


def _habit_for(of: str, waited: int, habit: Sequence[int]) -> Sequence[int]:
    """The days by which something comes; none where it is left out."""
    if of == RECEIVABLES:
        return habit if len(habit) >= FEWEST else [0]
    return habit if len(habit) >= FEWEST and waited <= habit[-1] else []


def _weeks(day: date, habit: Sequence[int], today: date) -> Iterator[tuple[str, date]]:
    """The week of each case: so many days after a day as that share has paid."""
    for case, share in CASES.items() if habit else ():
        late = habit[max(0, ceil(share * len(habit)) - 1)]
        on = max(today, day + timedelta(days=late))
        yield case, on - timedelta(days=on.weekday())


def _habits(duck: "Duck", asked: str) -> Mapping[str, Sequence[int]]:
    """Days by company, the fewest first."""
    found: dict[str, list[int]] = {}
    for company, days in duck.execute(asked).fetchall():
        found.setdefault(company, []).append(days)
    return found
