"""Weekly demand of each item, out of the star, and what the next weeks may bring.

Demand is what was ordered, less what was cancelled. In a week without anything to sell nobody could
order: the mean of its neighbours stands for such a week, where that is more. The week that has not
ended is left out. Each series is forecast by itself: the demand of a company is that of its items
together, its forecast need not be the sum of theirs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from sync.core.errors import Never
from sync.reporting.duck import quoted
from sync.reporting.forecast.choosing import SHORTEST, Guess, forecast
from sync.reporting.forecast.library import Library, nothing
from sync.reporting.lake import Lake
from sync.reporting.star import star_file, star_views

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

BY: Final[Mapping[str, str]] = {
    "company": "f.company", "item": "f.sku", "region": "f.region", "store": "f.store",
}  # fmt: skip
WEEK: Final = timedelta(days=7)
NEAR: Final = 4
FORECAST: Final = "forecast_demand"
COLUMNS: Final[Mapping[str, str]] = {
    "company": "VARCHAR", "item": "VARCHAR", "region": "VARCHAR", "store": "VARCHAR",
    "week": "DATE", "expected": "DECIMAL(38,2)", "low": "DECIMAL(38,2)", "high": "DECIMAL(38,2)",
    "baseline": "DECIMAL(38,2)", "method": "VARCHAR", "mase": "DECIMAL(38,3)",
    "baseline_mase": "DECIMAL(38,3)", "bias": "DECIMAL(38,2)", "covered": "DECIMAL(38,3)",
    "history": "INTEGER", "sold_out": "INTEGER", "promoted": "INTEGER",
}  # fmt: skip
"""`history`, `sold_out` and `promoted` count weeks."""
SQL: Final = """
WITH lines AS (
    SELECT {keys}, f.company AS owner, i.item AS stocked, date_trunc('week', f.day)::DATE AS week,
        f.quantity - f.cancelled AS pieces, f.discount > 0 AS is_promoted
    FROM fact_order_lines f LEFT JOIN dim_item i USING (sku)
    WHERE NOT f.is_void AND f.sku <> '' AND f.day < $until
), began AS (
    SELECT {by}, owner, stocked, min(week) AS week FROM lines GROUP BY ALL
), gone AS (
    SELECT company, item, date_trunc('week', day)::DATE AS week
    FROM fact_stock_days WHERE day < $until GROUP BY ALL HAVING max(available) <= 0
)
SELECT {by}, week, sum(pieces) AS pieces, bool_or(is_out), bool_or(is_promoted) FROM (
    SELECT {by}, week, pieces, false AS is_out, is_promoted FROM lines
    UNION ALL
    SELECT {began}, gone.week, 0, true, false FROM began JOIN gone
        ON gone.company = began.owner AND gone.item = began.stocked AND gone.week > began.week
    WHERE $is_of_items
) GROUP BY ALL ORDER BY {by}, week
"""


@dataclass(frozen=True)
class Demand:
    """A series. `pieces` by week from `first` on; `out` and `promoted` count its weeks."""

    key: Mapping[str, str]
    first: date
    pieces: Sequence[float]
    out: int
    promoted: int


def forecast_demand(
    duck: "Duck", root: Path, by: Sequence[str], today: date, weeks: int, *,
    library: Library = nothing,
) -> Mapping[str, int]:  # fmt: skip
    """Write the forecast into the star; how many series each method speaks for. Raises `Never`
    where nothing was built, or for what demand cannot be told by."""
    if strange := [one for one in by if one not in BY]:
        raise Never(
            f"demand cannot be forecast by {', '.join(strange)}",
            remedy=f"Name of these: {', '.join(BY)}.",
        )
    if not star_file(root, "fact_order_lines").exists():
        raise Never("there are no orders yet", remedy="Run: python -m sync report build")
    star_views(duck, root)
    monday = today - timedelta(days=today.weekday())
    counts: dict[str, int] = {}
    spool = root / "spill" / "forecast.json"
    spool.parent.mkdir(parents=True, exist_ok=True)
    with spool.open("w", encoding="ascii") as file:
        for series in _series(duck, by, monday):
            guess = forecast(series.pieces, weeks, library)
            method = told(guess, series)
            counts[method] = counts.get(method, 0) + 1
            for row in _rows(series, guess, monday):
                file.write(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n")
    kinds = ", ".join(f"{name}: {quoted(kind)}" for name, kind in COLUMNS.items())
    rows = f"read_json({quoted(spool)}, format = 'newline_delimited', columns = {{{kinds}}})"
    Lake(root, duck).write(f"SELECT * FROM {rows}", star_file(root, FORECAST))
    spool.unlink()
    return counts


def told(guess: Guess, series: Demand) -> str:
    """The method; that a series is too short for one."""
    return guess.method if len(series.pieces) >= SHORTEST else "too short"


def _series(duck: "Duck", by: Sequence[str], monday: date) -> Iterator[Demand]:
    keys = ", ".join(f"coalesce({BY[one]}, '') AS {one}" for one in by)
    began = ", ".join(f"began.{one}" for one in by)
    sql = SQL.format(keys=keys, by=", ".join(by), began=began)
    told = {"until": monday, "is_of_items": {"company", "item"} <= {*by}}
    rows = duck.execute(sql, told).fetchall()
    for key, found in groupby(rows, key=lambda row: row[: len(by)]):
        weeks = [row[len(by) :] for row in found]
        yield _filled(dict(zip(by, key, strict=True)), weeks, monday)


def _filled(key: Mapping[str, str], weeks: Sequence[Any], monday: date) -> Demand:
    """Without gaps, from its first week to the last whole one."""
    first = weeks[0][0]
    sold = {week: float(pieces) for week, pieces, _, _ in weeks}
    out = {week for week, _, is_out, _ in weeks if is_out}
    days = [first + WEEK * place for place in range((monday - first) // WEEK)]
    pieces = [max(sold.get(day, 0.0), 0.0) for day in days]
    wanted = [_wanted(pieces, place, day in out) for place, day in enumerate(days)]
    return Demand(key, first, wanted, len(out), sum(1 for week in weeks if week[3]))


def _wanted(pieces: Sequence[float], place: int, is_out: bool) -> float:
    if not is_out:
        return pieces[place]
    near = [*pieces[max(0, place - NEAR) : place], *pieces[place + 1 : place + 1 + NEAR]]
    return max(pieces[place], fmean(near)) if near else pieces[place]


def _rows(series: Demand, guess: Guess, monday: date) -> Iterable[list[Any]]:
    method = told(guess, series)
    fits = (guess.mase, guess.baseline_mase, guess.bias, guess.covered)
    tested = [None if one is None else round(one, 3) for one in fits]
    for place, expected in enumerate(guess.expected):
        amounts = (expected, guess.low[place], guess.high[place], guess.baseline[place])
        yield [
            *(series.key.get(name, "") for name in BY), (monday + WEEK * place).isoformat(),
            *(None if one is None else round(one, 2) for one in amounts), method, *tested,
            len(series.pieces), series.out, series.promoted,
        ]  # fmt: skip
