"""Demand that builds of reports forecast anew while it is written into F&O, people there who enter
forecasts of their own, and what the forecast model must hold in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from sync.engine.demand_told import DemandTold, Told
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, SystemsUnderTest

DEMAND: Final = "demand"
MODEL, PEOPLES, SET = "WEB", "PLANNERS", "DemandForecastEntries"
FORECAST: Final[dict[str, Any]] = {
    DEMAND: {"model": MODEL, "site": "1", "warehouse": "13", "poll_minutes": 10},
}  # fmt: skip
WEEKS: Final = 3


@dataclass
class Forecasting:
    """`told`: pieces of each week that were forecast last, by SKU. `skus` are items of F&O."""

    systems: SystemsUnderTest
    skus: list[str]
    random: Random
    event_log: EventLog
    told: dict[str, list[Decimal]] = field(default_factory=dict)
    entered: int = 0

    async def change(self) -> None:
        """A build forecasts anew: quantities change, and of some nothing is told any more. Or a
        planner enters demand in another model."""
        if self.told and self.random.random() < 0.2:
            self._enter()
            return
        self.systems.dynamics.settings.manual.add("ForecastEntryNumber")
        some = self.random.sample(self.skus, k=self.random.randint(1, 4))
        self.told = {
            sku: [Decimal(self.random.choice((0, 2, 5, 40))) for _ in range(WEEKS)] for sku in some
        }
        now = self.systems.clock.now()
        await DemandTold(self.systems.tables).store(COMPANY, Told(now, _monday(now), self.told))
        self.event_log.note(f"reports: demand of {sorted(self.told)} is forecast")

    def wrong(self) -> Iterator[str]:
        """What the model lacks, has twice, or has of what is forecast no more."""
        first = _monday(self.systems.clock.now())
        wanted = sorted(
            (sku, first + timedelta(weeks=place), pieces)
            for sku, weeks in self.told.items() for place, pieces in enumerate(weeks) if pieces
        )  # fmt: skip
        rows = [row.values for row in self.systems.dynamics.store.table(SET).records.values()]
        held = sorted(
            (str(row["ItemNumber"]), _day(row), Decimal(row["ForecastedQuantity"]))
            for row in rows if row["ForecastModelId"] == MODEL and _day(row) >= first
        )  # fmt: skip
        if held != wanted:
            yield f"the forecast model holds {held}, and is to hold {wanted}"
        if (others := sum(row["ForecastModelId"] == PEOPLES for row in rows)) != self.entered:
            yield f"{others} entries of planners are left of {self.entered}"

    def _enter(self) -> None:
        self.entered += 1
        self.systems.dynamics.put(
            SET, dataAreaId=COMPANY, ForecastEntryNumber=f"P-{self.entered}",
            ForecastModelId=PEOPLES, ItemNumber=self.random.choice(self.skus),
            ForecastStartDate=_monday(self.systems.clock.now()), ForecastedQuantity=Decimal(9),
        )  # fmt: skip
        self.event_log.note("F&O: a planner enters demand")


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


def _day(row: Any) -> date:
    return date.fromisoformat(str(row["ForecastStartDate"])[:10])
