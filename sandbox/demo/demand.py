"""Demand in the demo: items with a past are forecast by the product's own build of reports, what is
better than its baseline is written into F&O, and both are compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sandbox.demo.environment import Environment, Pair
from sandbox.demo.playing import IS_REPORTED, OF_ONE
from sandbox.demo.processes import ran
from sandbox.demo.reconciliation import Finding
from sandbox.terms import SHELF, item_numbers
from sync.config.connections import NumberMode
from sync.flows.demand.demand import demand as flow
from sync.reporting.duck import opened
from sync.reporting.forecast.demand import FORECAST
from sync.reporting.forecast.writing import written

OF: Final = OF_ONE[flow.name]
MODEL, WEEKS, SET = "WEB", 4, "DemandForecastEntries"
SECTION: Final = f"""\
[connections.{{name}}.reporting]
months = 12
forecast_weeks = {WEEKS}
[connections.{{name}}.demand]
model = "{MODEL}"
site = "1"
warehouse = "13"
weeks = {WEEKS}

"""
UNEVEN, EVEN = SHELF[60].sku, SHELF[61].sku
PAST: Final = {UNEVEN: [4, 12, 7, 10, 5, 11, 9, 6] * 4, EVEN: [8] * 32}
"""Pieces of each week. Of the second nothing is better than the week before."""
Entries = Mapping[tuple[str, str], Decimal]
"""Item and week -> pieces."""


@dataclass(frozen=True)
class Planned:
    """`forecast`: rows that reports tell; `entries`: those that F&O plans with. `left_out`: why
    nothing is."""

    forecast: int = 0
    entries: int = 0
    left_out: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def text(self) -> str:
        """For people."""
        if self.left_out:
            return f"Demand was not forecast: {self.left_out}."
        return (
            f"Reports forecast {self.forecast} weeks of items, and F&O plans with {self.entries} of"
            f" them, those that beat their baseline; {len(self.findings)} differ."
        )

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "forecast": self.forecast, "entries": self.entries, "left_out": self.left_out,
            "differences": len(self.findings),
        }  # fmt: skip


def section_of(name: str, numbers: NumberMode) -> str:
    """What a connection's settings say of it."""
    return SECTION.format(name=name) if numbers is OF and IS_REPORTED else ""


async def plan_demand(environment: Environment, within: timedelta) -> Planned:
    """Build reports and write what they forecast. Raises `Stuck`."""
    if not IS_REPORTED:
        return Planned(left_out="DuckDB is not installed (requirements-reporting.txt)")
    pair = next(one for one in environment.pairs.values() if one.numbers is OF)
    await pair.shop.ask("POST", "/sandbox/buying/past", PAST)
    settings = await pair.ledger.ask("GET", "/sandbox/settings")
    manual = [*settings["manual"], "ForecastEntryNumber"]
    await pair.ledger.ask("PUT", "/sandbox/settings", {"manual": manual})
    status, told = await ran(["sync", "report", "build", "--json"], **environment.settings)
    if status:
        return Planned(findings=(Finding(pair.name, flow.name, f"no whole report: {told}"),))
    await environment.poll(flow.name, of=(pair.name,))
    await environment.until_idle(within=within)
    return await _compared(environment, pair)


async def _compared(environment: Environment, pair: Pair) -> Planned:
    """What the report tells against what F&O holds."""
    rows = _told(Path(environment.settings["SYNC_HOME"], "reports"))
    wanted, held, off = dict(better(rows)), await _held(pair), list[str]()
    off += [f"{claim.key}: {claim.reason}" async for claim in
            environment.engine.ledger.parked(pair.name, flow.name)]  # fmt: skip
    off += differing(wanted, held)
    numbers = item_numbers()
    if {item for item, _ in wanted} & {numbers[sku] for sku in PAST} != {numbers[UNEVEN]}:
        off.append(f"{UNEVEN} alone is to be better than its baseline")
    findings = tuple(Finding(pair.name, flow.name, what) for what in off)
    return Planned(len(rows), len(held), findings=findings)


def _told(reports: Path) -> list[dict[str, Any]]:
    """The forecast as everybody reads it who opens the report's files."""
    columns = ("item", "week", "expected", "mase", "baseline_mase")
    with opened(reports / "spill") as duck:
        return [*written(duck, reports, FORECAST, columns).as_dicts()]


def better(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], Decimal]]:
    """Rows of the report that beat their baseline, of SKUs that are items."""
    numbers = item_numbers()
    for row in rows:
        expected = Decimal(row["expected"] or 0)
        is_better = row["mase"] is not None and row["mase"] < row["baseline_mase"]
        if is_better and expected and row["item"] in numbers:
            yield (numbers[row["item"]], str(row["week"])), expected


def differing(wanted: Entries, held: Entries) -> Iterator[str]:
    """What F&O plans with otherwise than it is forecast."""
    for item, week in sorted({*wanted, *held}):
        ours, theirs = wanted.get((item, week)), held.get((item, week))
        if ours != theirs:
            yield f"{item} of {week}: F&O plans with {theirs}, forecast is {ours}"


async def _held(pair: Pair) -> Entries:
    fields = ("ForecastModelId", "ItemNumber", "ForecastStartDate", "ForecastedQuantity")
    rows = await pair.ledger.rows_of(SET, pair.token, *fields)
    return {
        (row["ItemNumber"], row["ForecastStartDate"][:10]): Decimal(row["ForecastedQuantity"])
        for row in rows if row["ForecastModelId"] == MODEL
    }  # fmt: skip
