"""What `check` says before demand is written into F&O."""

from typing import Any

from sandbox.dials import Kind
from sync.checks.demand import demand_can_be_written
from sync.checks.finding import Level
from tests.checks.conftest import Sandboxes

ON: dict[str, Any] = {"flows": ["orders", "demand"], "demand": {"model": "WEB"}}
SET = "DemandForecastEntries"


async def levels(sandboxes: Sandboxes) -> list[Level]:
    found = await sandboxes.found(demand_can_be_written, **ON)
    return [one.level for one in found]


async def test_entries_are_asked_to_change_and_none_is_changed(sandboxes: Sandboxes) -> None:
    assert await sandboxes.found(demand_can_be_written) == []
    assert await levels(sandboxes) == [Level.OK] * 3
    assert [*sandboxes.dynamics.store.table(SET).records] == []


async def test_a_sequence_that_takes_no_number_of_ours_is_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.settings.closed = frozenset({f"{SET}.ForecastEntryNumber"})
    assert await levels(sandboxes) == [Level.OK, Level.OK, Level.FAULT]


async def test_a_user_who_may_only_read_is_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.ledger_dials.next(Kind.ERROR_BEFORE, status=403, method="PATCH")
    assert await levels(sandboxes) == [Level.OK, Level.FAULT, Level.OK]
