"""What `check` says of the copy that tells how far orders have come."""

from typing import Any

import pytest

from sandbox.dials import Kind
from sync.checks.entities import fields_exist
from sync.checks.status import progress_can_be_read
from tests.checks.conftest import Sandboxes, levels

FLOWS = ["orders", "status"]


@pytest.mark.parametrize(
    ("reports", "is_refused", "level"),
    [(True, False, "ok"), (True, True, "fault"), (False, False, "warn"), (False, True, "ok")],
)
async def test_the_copy_is_read_where_it_may_be(
    sandboxes: Sandboxes, reports: bool, is_refused: bool, level: str
) -> None:
    settings: dict[str, Any] = {"flows": FLOWS, "status": {"reports": reports}}
    if is_refused:
        sandboxes.ledger_dials.next(
            Kind.ERROR_BEFORE, status=403, where=lambda arrival: "SalesTableBi" in arrival.path
        )
    found = await sandboxes.found(progress_can_be_read, **settings)
    assert levels(found) == {level}
    assert levels(await sandboxes.found(fields_exist, **settings)) == {"ok"}


async def test_where_status_does_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    assert await sandboxes.found(progress_can_be_read) == []


async def test_changes_are_looked_for_by_the_time_that_the_copy_tells(sandboxes: Sandboxes) -> None:
    client = (await sandboxes.probe()).dynamics
    order = {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001"}
    await client.create("SalesOrderHeadersV4", {**order, "CurrencyCode": "USD"})
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=400, where=lambda arrival: "SysModifiedDateTime" in arrival.query
    )
    (found,) = await sandboxes.found(progress_can_be_read, flows=FLOWS, status={"reports": True})
    assert found.level == "fault"
