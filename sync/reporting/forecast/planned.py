"""The forecast of each build: for the star and the console, and what of it beats its baseline, by
item and week, stored where the flow `demand` reads it to write it into F&O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.core.ports import Tables
from sync.engine.demand_told import DemandTold, Told
from sync.operating.reports import FORECASTS, store
from sync.reporting.duck import quoted
from sync.reporting.forecast.demand import FORECAST, WEEK, forecast_demand
from sync.reporting.from_systems import Reported
from sync.reporting.published import WAYS_SHOWN, demand_to_show
from sync.reporting.star import star_file

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

FLOW: Final = "demand"
BY: Final = ("company", "item")
BEST: Final = (
    "SELECT item, week, expected FROM read_parquet({file}) WHERE company = ?"
    " AND expected IS NOT NULL AND mase < baseline_mase ORDER BY item, week"
)


def companies_of(reported: Sequence[Reported]) -> dict[str, int]:
    """The legal entities whose demand is written, with how many weeks."""
    return {
        company: one.settings.demand.weeks
        for one in reported
        if FLOW in one.settings.flows
        for company in one.settings.legal_entities
    }


async def forecast_demand_of(
    duck: "Duck", root: Path, reported: Sequence[Reported], tables: Tables, now: datetime
) -> None:
    """Forecast, where somebody wants it; store what is shown and what is to be written. Safe to
    repeat."""
    companies = companies_of(reported)
    weeks_wanted = [*companies.values(), *(one.reporting.forecast_weeks for one in reported)]
    if not any(weeks_wanted):
        return
    totals = forecast_demand(duck, root, BY, now.date(), max(weeks_wanted), also=WAYS_SHOWN)
    await store(tables, [*demand_to_show(totals, now)], FORECASTS)
    for company, weeks in companies.items():
        await DemandTold(tables).store(company, _best(duck, root, company, weeks, now))


def _best(duck: "Duck", root: Path, company: str, weeks: int, now: datetime) -> Told:
    sql = BEST.format(file=quoted(star_file(root, FORECAST)))
    monday = now.date() - timedelta(days=now.date().weekday())
    found: dict[str, list[Decimal]] = {}
    for sku, week, expected in duck.execute(sql, [company.casefold()]).fetchall():
        place = (week - monday) // WEEK
        if 0 <= place < weeks:
            found.setdefault(sku, [Decimal(0)] * weeks)[place] = expected
    return Told(now, monday, found)
