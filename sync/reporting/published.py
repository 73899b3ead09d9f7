"""The figures and forecasts that pages show, out of the star."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sync.operating.reports import MOST_ROWS, Told
from sync.reporting.exporting import plain
from sync.reporting.figures import DOCUMENT, Asked, answered, first_day
from sync.reporting.forecast import revenue
from sync.reporting.forecast.cash import Expected
from sync.reporting.forecast.demand import COLUMNS, Way
from sync.reporting.forecast.revenue import Period
from sync.reporting.forecast.writing import AMOUNTS, Row

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

SHOWN: Final = (
    ("intake", "month"), ("shipped", "month"), ("net", "month"), ("returned", "month"),
    ("net", "region"), ("net", "brand"), ("net", "channel"), ("promotions", "campaign"),
    ("funnel", "month"), ("open", "age"),
)  # fmt: skip
"""Nothing of cost: who looks at pages may see all of it."""
WAYS_SHOWN: Final[tuple[Way, ...]] = (
    ("company",), ("company", "region"), ("company", "brand"), ("company", "warehouse"),
)  # fmt: skip
"""Items are too many for a page."""
SAID: Final = ("method", "mase", "baseline_mase", "covered", "parts", "short")
BACK: Final = timedelta(days=396)


def figures_to_show(duck: "Duck", root: Path, now: datetime, missing: int) -> Iterator[Told]:
    """Each of the last thirteen months; what is open, of all time."""
    today = now.date()
    first = (today - BACK).replace(day=1)
    for figure, by in SHOWN:
        days = (first_day(figure, first), today)
        answer = answered(duck, root, Asked(figure, (by,), DOCUMENT, days, today))
        rows = [[_text(cell) for cell in row] for row in answer.rows]
        yield Told(
            figure, by, answer.columns, rows[:MOST_ROWS], now, missing, len(rows) > MOST_ROWS
        )


def demand_to_show(totals: Mapping[Way, Sequence[Row]], now: datetime) -> Iterator[Told]:
    """What `forecast_demand` tells of `WAYS_SHOWN`."""
    for way, found in totals.items():
        columns = (*way, "week", *(name for name in COLUMNS if name in (*AMOUNTS, *SAID)))
        places = [[*COLUMNS].index(name) for name in columns]
        rows = [[_text(row[place]) for place in places] for row in found]
        yield Told("demand", way[-1], columns, rows[:MOST_ROWS], now, is_cut=len(rows) > MOST_ROWS)


def revenue_to_show(rows: Sequence[Row], period: Period, now: datetime) -> Told:
    """What `forecast_revenue` tells. Its column of days has the name of the period."""
    columns = [period.name if name == "begins" else name for name in revenue.COLUMNS]
    texts = [[_text(cell) for cell in row] for row in rows]
    is_cut = len(texts) > MOST_ROWS
    return Told("net", period.name, columns, texts[:MOST_ROWS], now, is_cut=is_cut)


def cash_to_show(found: Sequence[Expected], now: datetime) -> Told:
    """What `expected_cash` tells."""
    columns = [field.name for field in fields(Expected)]
    rows = [[_text(cell) for cell in astuple(one)] for one in found]
    return Told("cash", "week", columns, rows[:MOST_ROWS], now, is_cut=len(rows) > MOST_ROWS)


def _text(cell: Any) -> str:
    if isinstance(cell, Decimal):
        return plain(cell)
    return "" if cell is None else str(cell)
