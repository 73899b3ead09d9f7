"""What `check` says of cancellations before anything is cancelled."""

from typing import Any, Final

from sandbox.dials import Kind
from sync.checks.cancellations import refunds_are_decided, remainders_can_be_read
from sync.checks.entities import fields_exist
from tests.checks.conftest import Sandboxes, levels, only_fault

ON: Final[dict[str, Any]] = {
    "shipments": {"sources": {"13": "default"}},
    "flows": ["orders", "shipments", "cancellations"],
}
CHECKS = (remainders_can_be_read, refunds_are_decided)


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    for check in (*CHECKS, fields_exist):
        assert levels(await sandboxes.found(check, **ON)) == {"ok"}, check
        assert check is fields_exist or await sandboxes.found(check) == []


async def test_copies_that_a_role_may_not_see_are_a_fault_until_they_are_not_read(
    sandboxes: Sandboxes,
) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda arrival: "SalesLineBi" in arrival.path
    )
    finding = only_fault(await sandboxes.found(remainders_can_be_read, **ON))
    assert "copies = false" in finding.cure
    without = {**ON, "dynamics": {"copies": False}}
    assert levels(await sandboxes.found(remainders_can_be_read, **without)) == {"warn"}
    assert levels(await sandboxes.found(fields_exist, **without)) == {"ok"}


async def test_refunds_that_nobody_tells_f_and_o_of_are_worth_a_look(sandboxes: Sandboxes) -> None:
    settings = {**ON, "cancellations": {"refunds": {"checkmo": "record"}}}
    assert levels(await sandboxes.found(refunds_are_decided, **settings)) == {"warn"}


async def test_changed_lines_are_looked_for_by_the_time_that_the_copy_tells(
    sandboxes: Sandboxes,
) -> None:
    """One that F&O does not keep would find nothing that was cancelled, and say nothing."""
    client = (await sandboxes.probe()).dynamics
    order = {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001", "CurrencyCode": "USD"}
    made = await client.create("SalesOrderHeadersV4", order)
    line = {"dataAreaId": "usmf", "SalesOrderNumber": made["SalesOrderNumber"]}
    await client.create("SalesOrderLinesV3", {**line, "ItemNumber": "FREIGHT"})
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=400, where=lambda arrival: "SysModifiedDateTime" in arrival.query
    )
    assert "SalesLineBi" in only_fault(await sandboxes.found(remainders_can_be_read, **ON)).what
