"""Forecast demand on its way into F&O: each item and week once, in its own unit; what others
entered stays as it is, and weeks that are over do too."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dials import Arrival, Kind
from sandbox.dynamics import registry
from sandbox.dynamics.demand_forecasts import RULES
from sandbox.dynamics.ruling import Draft
from sync.engine.demand_told import DEMAND, DemandTold, Told
from sync.engine.drift import drift
from sync.engine.publication import EVERYTHING
from sync.flows.demand.demand import demand
from sync.mapping_tables.records import ItemMapping
from sync.reconcile.difference import Cause
from tests.flows.test_products import maps
from tests.harness import Harness, in_harness
from tests.reconcile.test_goods import found_by
from tests.systems import COMPANY, CONNECTION

FLOW, SKU, OTHER, MODEL = "demand", "SIMPLE-001", "SIMPLE-002", "WEB"
SET, NOON = "DemandForecastEntries", time(12)
WRITING: dict[str, Any] = {
    "flows": ("orders", FLOW), "demand": {"model": MODEL, "site": "1", "warehouse": "13"},
}  # fmt: skip


def monday(harness: Harness, weeks: int = 0) -> date:
    today = harness.clock.now().date()
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


async def forecasts(harness: Harness, weeks_ago: int = 0, **pieces: list[str]) -> None:
    """A build has forecast so many pieces a week of each SKU."""
    harness.dynamics.settings.manual.add("ForecastEntryNumber")
    told = {sku.replace("_", "-"): [*map(Decimal, some)] for sku, some in pieces.items()}
    at = harness.clock.now() - timedelta(weeks=weeks_ago)
    first = monday(harness) - timedelta(weeks=weeks_ago)
    await DemandTold(harness.systems.tables).store(COMPANY, Told(at, first, told))


async def publishes(harness: Harness, key: str = EVERYTHING, origin: str = "poll") -> None:
    await harness.services.intake.accept(FLOW, CONNECTION, [key], origin)
    await harness.works_until_idle()


def entries(harness: Harness, **only: Any) -> list[dict[str, Any]]:
    found: list[Any] = [row.values for row in harness.dynamics.store.table(SET).records.values()]
    return [row for row in found if all(row.get(name) == value for name, value in only.items())]


def there(harness: Harness) -> list[tuple[str, int, Decimal]]:
    """Item, week from now, and quantity of each entry."""
    found = []
    for row in entries(harness):
        week = date.fromisoformat(str(row["ForecastStartDate"])[:10])
        weeks = (week - monday(harness)).days // 7
        found.append((row["ItemNumber"], weeks, Decimal(row["ForecastedQuantity"])))
    return sorted(found)


async def drifts(harness: Harness) -> list[tuple[Any, Any]]:
    systems = await harness.services.systems_pool.open(CONNECTION)
    rows = drift(demand, systems, harness.services.ledger)
    return [(one.shown, one.wanted) async for one in rows]


def writes(harness: Harness) -> int:
    return sum(count for name, count in harness.dynamics.requests.items() if "batch" in name)


@in_harness(**WRITING)
async def test_a_forecast_is_there_once_and_only_what_differs_is_sent(harness: Harness) -> None:
    await forecasts(harness, SIMPLE_001=["12.50", "0", "3"], SIMPLE_002=["7"])
    await publishes(harness)
    wanted = [(SKU, 0, Decimal("12.5")), (SKU, 2, Decimal(3)), (OTHER, 0, Decimal(7))]
    assert there(harness) == wanted
    (row,) = entries(harness, ItemNumber=OTHER)
    assert (row["ForecastModelId"], row["DeliveringSiteId"], row["QuantityUnitSymbol"]) == (
        MODEL, "1", "ea",
    )  # fmt: skip
    assert row["ForecastEntryNumber"].startswith("CW-")
    assert (await harness.parked(FLOW), await drifts(harness)) == ([], [])
    before = writes(harness)
    await publishes(harness)
    assert writes(harness) == before
    await forecasts(harness, SIMPLE_001=["12.50", "2", "4"], SIMPLE_002=["7"])
    await publishes(harness)
    assert there(harness) == [
        (SKU, 0, Decimal("12.5")), (SKU, 1, Decimal(2)), (SKU, 2, Decimal(4)),
        (OTHER, 0, Decimal(7)),
    ]  # fmt: skip


@in_harness(**WRITING)
async def test_what_is_forecast_no_more_goes_and_weeks_that_are_over_stay(harness: Harness) -> None:
    await forecasts(harness, SIMPLE_001=["5", "6"], SIMPLE_002=["1", "1"])
    await publishes(harness)
    await harness.works_for(7 * 24 * 3600)
    await forecasts(harness, SIMPLE_001=["8", "9"])
    await publishes(harness)
    assert there(harness) == [
        (SKU, -1, Decimal(5)), (SKU, 0, Decimal(8)), (SKU, 1, Decimal(9)),
        (OTHER, -1, Decimal(1)),
    ]  # fmt: skip
    assert await harness.parked(FLOW) == []


@in_harness(**WRITING)
async def test_two_skus_of_one_item_are_one_entry_in_its_inventory_unit(harness: Harness) -> None:
    await maps(harness, ItemMapping("BOX", SKU, factor=Decimal(6)), ItemMapping("ONE", SKU))
    await forecasts(harness, BOX=["2"], ONE=["3"], NOBODY_S=["9"])
    await publishes(harness)
    assert there(harness) == [(SKU, 0, Decimal(15))]


@in_harness(**WRITING)
async def test_variants_are_entries_of_their_own(harness: Harness) -> None:
    """Also where a colour has the name of a size."""
    await maps(harness, ItemMapping("A", SKU, color="S"), ItemMapping("B", SKU, size="S"))
    await forecasts(harness, A=["2"], B=["3"])
    await publishes(harness)
    names = ("ProductColorId", "ProductSizeId", "ForecastedQuantity")
    found = {tuple(row.get(name) or "" for name in names) for row in entries(harness)}
    assert found == {("S", "", 2), ("", "S", 3)}
    assert (await harness.parked(FLOW), await drifts(harness)) == ([], [])


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.DROPPED, Kind.ERROR_AFTER, Kind.DELAYED])
@in_harness(**WRITING)
async def test_nothing_is_there_twice_whatever_became_of_an_answer(
    harness: Harness, kind: Kind
) -> None:
    await forecasts(harness, SIMPLE_001=["5", "6"], SIMPLE_002=["7"])

    def posts(arrival: Arrival) -> bool:
        return arrival.writes

    harness.ledger_dials.next(kind, where=posts, seconds=40)
    await publishes(harness)
    await harness.works_for(3600)
    await publishes(harness)
    await harness.works_for(3600)
    assert there(harness) == [(SKU, 0, Decimal(5)), (SKU, 1, Decimal(6)), (OTHER, 0, Decimal(7))]
    assert (await harness.parked(FLOW), await drifts(harness)) == ([], [])


@in_harness(**WRITING)
async def test_what_others_entered_is_never_touched_and_not_counted_twice(harness: Harness) -> None:
    common = {
        "dataAreaId": COMPANY, "ForecastStartDate": datetime.combine(monday(harness), NOON, UTC),
        "DeliveringSiteId": "1", "DeliveringWarehouseId": "13", "QuantityUnitSymbol": "ea",
        "ForecastedQuantity": Decimal(40),
    }  # fmt: skip
    planners = {"ForecastEntryNumber": "P-1", "ForecastModelId": MODEL, "ItemNumber": SKU}
    elsewhere = {"ForecastEntryNumber": "P-2", "ForecastModelId": "PLAN", "ItemNumber": OTHER}
    for own in (planners, elsewhere):
        harness.dynamics.put(SET, **common, **own)
    before = [dict(row) for row in entries(harness)]
    await forecasts(harness, SIMPLE_001=["5", "6"], SIMPLE_002=["7"])
    await publishes(harness)
    assert [row for row in entries(harness) if row["ForecastEntryNumber"][:2] == "P-"] == before
    ours = [row for row in entries(harness) if row not in before]
    assert sorted((row["ItemNumber"], row["ForecastedQuantity"]) for row in ours) == [
        (SKU, 6), (OTHER, 7),
    ]  # fmt: skip
    assert await harness.parked(FLOW) == [f"{COMPANY}|{SKU}||{monday(harness)}"]
    await forecasts(harness)
    await publishes(harness)
    assert [dict(row) for row in entries(harness)] == before


def numbers_itself(draft: Draft) -> None:
    """As an environment does whose extension draws a number whatever was sent."""
    if draft.before is None:
        number = draft.state.next_number("Demand forecast entry", "F-{number:06d}", "")
        draft.values["ForecastEntryNumber"] = number


@pytest.mark.parametrize("is_refused", [True, False])
@in_harness(**WRITING)
async def test_where_f_and_o_numbers_entries_itself_none_stays(
    harness: Harness, is_refused: bool
) -> None:
    """It refuses a number of ours; or it gives its own, and what has that goes again."""
    await forecasts(harness, SIMPLE_001=["5"])
    harness.dynamics.settings.manual.clear()
    rules = RULES if is_refused else replace(RULES, numbers=(), defaults=numbers_itself)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry._RULES, SET, rules)
        await publishes(harness)
    assert (entries(harness), len(await harness.parked(FLOW))) == ([], 1)


@in_harness(**WRITING)
async def test_without_a_fresh_forecast_nothing_is_written_or_deleted(harness: Harness) -> None:
    await publishes(harness)
    assert await harness.parked(FLOW) == [EVERYTHING]
    await forecasts(harness, SIMPLE_001=["5"])
    await publishes(harness)
    assert (len(entries(harness)), await harness.parked(FLOW)) == (1, [])
    await forecasts(harness, weeks_ago=3)
    await publishes(harness)
    assert (len(entries(harness)), await harness.parked(FLOW)) == (1, [EVERYTHING])


@in_harness(**WRITING)
async def test_what_a_planner_changed_of_ours_is_told(harness: Harness) -> None:
    await forecasts(harness, SIMPLE_001=["5"], SIMPLE_002=["7"])
    await publishes(harness)
    assert (await found_by(harness, FLOW))[0] == []
    (row,) = entries(harness, ItemNumber=SKU)
    row["ForecastedQuantity"] = Decimal(50)
    (one,) = (await found_by(harness, FLOW))[0]
    assert (one.commerce, one.dynamics) == (Decimal(5), Decimal(50))
    assert one.cause is Cause.EDITED_HERE
    assert "drift demand" in one.command


@in_harness(**WRITING)
async def test_a_forecast_is_read_whole_or_the_one_before(harness: Harness) -> None:
    tables, told = harness.systems.tables, DemandTold(harness.systems.tables)
    many = {f"S-{number}": [Decimal(number)] for number in range(200)}
    first = Told(harness.clock.now(), monday(harness), many)
    await told.store(COMPANY, first)
    assert await told.of(COMPANY) == first
    second = Told(harness.clock.now() + timedelta(days=1), monday(harness), {"S-1": [Decimal(2)]})
    await told.store(COMPANY, second)
    assert await told.of(COMPANY) == second
    assert len([row async for row in tables.query(DEMAND, COMPANY)]) == 2
