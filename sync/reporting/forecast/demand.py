"""Weekly demand out of the star, and what the next weeks may bring.

Demand is what was ordered, less what was cancelled. In a week without anything to sell nobody could
order: the mean of its neighbours stands for such a week, where that is more. The week that has not
ended is left out. What is forecast is an item of a brand, in a warehouse, for a region; all else is
the sum of these.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from sync.core.errors import Never
from sync.reporting.duck import fetched
from sync.reporting.forecast.choosing import SHORTEST, forecast
from sync.reporting.forecast.library import Library, nothing
from sync.reporting.forecast.totals import NO_BETTER, TOO_SHORT, Demand, Part, Total
from sync.reporting.forecast.writing import AMOUNTS, WORTH, Row, cents, worth_of, write
from sync.reporting.star import star_file, star_views

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

PART: Final = ("company", "item", "brand", "warehouse", "region")
"""What tells a series."""
WEEK: Final = timedelta(days=7)
NEAR: Final = 4
FORECAST: Final = "forecast_demand"
COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(PART, "VARCHAR"), "week": "DATE", **AMOUNTS, **WORTH,
    **dict.fromkeys(("parts", "short", "history", "sold_out", "promoted"), "INTEGER"),
}  # fmt: skip
"""`parts`: how many series it is the sum of, `short` of them have an average alone. `history`,
`sold_out` and `promoted` count weeks."""
SQL: Final = """
WITH lines AS (
    SELECT company, f.sku AS item, coalesce(brand, '') AS brand,
        coalesce(warehouse, '') AS warehouse, coalesce(region, '') AS region, i.item AS stocked,
        date_trunc('week', day)::DATE AS week,
        quantity - cancelled AS pieces, discount > 0 AS is_promoted
    FROM fact_order_lines f LEFT JOIN dim_item i USING (sku)
    WHERE NOT is_void AND f.sku <> '' AND day < $until
), began AS (
    SELECT {part}, stocked, min(week) AS week FROM lines GROUP BY ALL
), stock AS (
    SELECT company, item AS stocked, lower(warehouse) AS place,
        date_trunc('week', day)::DATE AS week, max(available) AS most
    FROM fact_stock_days WHERE day < $until GROUP BY ALL
), gone AS (
    SELECT company, stocked, place, week FROM stock WHERE most <= 0 AND place <> ''
    UNION ALL
    SELECT company, stocked, '', week FROM stock GROUP BY ALL HAVING max(most) <= 0
)
SELECT {part}, week, sum(pieces), bool_or(is_out), bool_or(is_promoted) FROM (
    SELECT {part}, week, pieces, false AS is_out, is_promoted FROM lines
    UNION ALL
    SELECT {began}, gone.week, 0, true, false FROM began JOIN gone
        ON gone.company = began.company AND gone.stocked = began.stocked
        AND gone.place = lower(began.warehouse) AND gone.week > began.week
) GROUP BY ALL ORDER BY {order}, week
"""


Way = tuple[str, ...]
"""By what it is told."""


def forecast_demand(
    duck: "Duck", root: Path, by: Sequence[str], today: date, weeks: int, *,
    library: Library = nothing, also: Sequence[Way] = (),
) -> Mapping[Way, Sequence[Row]]:  # fmt: skip
    """Write the forecast into the star, told `by` this; returns the rows of what is `also` asked
    for. Raises `Never` where nothing was built, or for what demand cannot be told by."""
    if strange := [one for one in by if one not in PART]:
        raise Never(
            f"demand cannot be forecast by {', '.join(strange)}",
            remedy=f"Name of these: {', '.join(PART)}.",
        )
    if not star_file(root, "fact_order_lines").exists():
        raise Never("there are no orders yet", remedy="Run: python -m sync report build")
    star_views(duck, root)
    monday = today - timedelta(days=today.weekday())
    totals: dict[Way, dict[Way, Total]] = {way: {} for way in also}
    parts = (
        Part(series, forecast(series.pieces, weeks, library), weeks)
        for series in _series(duck, by, monday)
    )
    found = groupby(_counted(parts, totals), key=lambda part: _key(by, part))
    sums = ((key, _sum(own, weeks)) for key, own in found)
    rows = (row for key, total in sums for row in _rows(by, key, total, monday))
    write(duck, root, FORECAST, COLUMNS, rows)
    return {
        way: [row for key in sorted(of) for row in _rows(way, key, of[key], monday)]
        for way, of in totals.items()
    }


def _counted(parts: Iterable[Part], totals: Mapping[Way, dict[Way, Total]]) -> Iterator[Part]:
    """Each part, added to its totals."""
    for part in parts:
        for way, found in totals.items():
            found.setdefault(_key(way, part), Total(part.weeks)).add(part)
        yield part


def _key(way: Sequence[str], part: Part) -> Way:
    return tuple(part.series.key[name] for name in way)


def _sum(parts: Iterable[Part], weeks: int) -> Total:
    total = Total(weeks)
    for part in parts:
        total.add(part)
    return total


def _series(duck: "Duck", by: Sequence[str], monday: date) -> Iterator[Demand]:
    sql = SQL.format(
        part=", ".join(PART), began=", ".join(f"began.{one}" for one in PART),
        order=", ".join((*by, *PART)),
    )  # fmt: skip
    rows = fetched(duck.execute(sql, {"until": monday}))
    for key, found in groupby(rows, key=lambda row: row[: len(PART)]):
        weeks = [row[len(PART) :] for row in found]
        yield _filled(dict(zip(PART, key, strict=True)), weeks, monday)


def _filled(key: Mapping[str, str], weeks: Sequence[Any], monday: date) -> Demand:
    """Without gaps, from its first week to the last whole one."""
    sold = {(monday - week) // WEEK: float(pieces) for week, pieces, _, _ in weeks}
    out = frozenset((monday - week) // WEEK for week, _, is_out, _ in weeks if is_out)
    promoted = frozenset((monday - week) // WEEK for week, _, _, told in weeks if told)
    backs = range((monday - weeks[0][0]) // WEEK, 0, -1)
    pieces = [max(sold.get(back, 0.0), 0.0) for back in backs]
    wanted = [_wanted(pieces, place, back in out) for place, back in enumerate(backs)]
    return Demand(key, wanted, out, promoted)


def _wanted(pieces: Sequence[float], place: int, is_out: bool) -> float:
    if not is_out:
        return pieces[place]
    near = [*pieces[max(0, place - NEAR) : place], *pieces[place + 1 : place + 1 + NEAR]]
    return max(pieces[place], fmean(near)) if near else pieces[place]


def _rows(way: Sequence[str], key: Way, total: Total, monday: date) -> Iterator[Row]:
    named, guess = dict(zip(way, key, strict=True)), total.guess()
    method = guess.method if len(total.pieces) >= SHORTEST else TOO_SHORT
    for place, expected in enumerate(total.expected):
        yield [
            *(named.get(name, "") for name in PART), monday + WEEK * place,
            None if method == NO_BETTER else expected, cents(guess.low[place]),
            cents(guess.high[place]), total.baseline[place], *worth_of(guess, method),
            total.parts, total.short, len(total.pieces), len(total.out), len(total.promoted),
        ]  # fmt: skip
