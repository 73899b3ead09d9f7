"""When open receivables may come in: their due days, and how late each company's customers paid so
far. Amounts are exact; only their weeks are guessed."""

from collections.abc import Iterator, Sequence
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
"""Settled transactions that make a habit; of fewer, what is open is expected on its due day."""
CASES: Final = {"early": 0.1, "expected": 0.5, "late": 0.9}
"""Which share of payments came sooner."""
HABITS: Final = """
SELECT company, closed - due AS days FROM fact_receivables
WHERE amount > 0 AND closed IS NOT NULL AND due IS NOT NULL ORDER BY company, days
"""
OPEN: Final = """
SELECT company, currency, coalesce(due, day) AS due, sum(open) AS amount FROM fact_receivables
WHERE open > 0 GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class Expected:
    """What comes in within a week, in three cases; `week` is its Monday. `habit`: of how many
    payments."""

    company: str
    currency: str
    week: date
    early: Decimal
    expected: Decimal
    late: Decimal
    habit: int


def expected_cash(duck: "Duck", root: Path, today: date) -> Iterator[Expected]:
    """By company, currency and week. What should have come already is expected now; each case adds
    up to what is open. Raises `Never` where nothing was built."""
    if not star_file(root, "fact_receivables").exists():
        raise Never("there are no receivables yet", remedy="Run: python -m sync report build")
    star_views(duck, root)
    habits: dict[str, list[int]] = {}
    for company, days in duck.execute(HABITS).fetchall():
        habits.setdefault(company, []).append(days)
    found: dict[tuple[str, str, date], dict[str, Decimal]] = {}
    for company, currency, due, amount in duck.execute(OPEN).fetchall():
        for case, share in CASES.items():
            on = max(today, due + timedelta(days=_late(habits.get(company, []), share)))
            week = on - timedelta(days=on.weekday())
            cases = found.setdefault((company, currency, week), dict.fromkeys(CASES, Decimal(0)))
            cases[case] += amount
    for (company, currency, week), cases in sorted(found.items()):
        yield Expected(company, currency, week, **cases, habit=len(habits.get(company, [])))


def _late(days: Sequence[int], share: float) -> int:
    """So many days after the due day this share has paid."""
    if len(days) < FEWEST:
        return 0
    return days[max(0, ceil(share * len(days)) - 1)]
