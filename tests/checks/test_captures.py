"""What `check` says of captures before anything is invoiced."""

from typing import Any

from sandbox.dials import Kind
from sync.checks.captures import captures_are_decided, invoiced_lines_can_be_read
from sync.checks.entities import fields_exist
from tests.checks.conftest import Sandboxes, levels, only_fault

CHECKS = (invoiced_lines_can_be_read, captures_are_decided, fields_exist)
FLOWS = ["orders", "captures"]


def with_captures(**methods: str) -> dict[str, Any]:
    return {"captures": {"methods": methods}, "flows": FLOWS}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert levels(await sandboxes.found(check, **with_captures())) == {"ok"}, check


async def test_where_captures_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS[:2]:
        assert await sandboxes.found(check) == []


async def test_lines_that_a_role_may_not_see_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda arrival: "CustInvoiceTrans" in arrival.path
    )
    finding = only_fault(await sandboxes.found(invoiced_lines_can_be_read, **with_captures()))
    assert "CustInvoiceTransBiEntities" in finding.what
    assert 'dynamics.invoiced = "lines"' in finding.cure
    printed = {"dynamics": {"invoiced": "lines"}}
    found = await sandboxes.found(invoiced_lines_can_be_read, **with_captures(), **printed)
    assert [one.what.split()[0] for one in found] == ["SalesInvoiceV2Lines", "SalesOrderLinesV3"]


async def test_a_method_that_nobody_names_is_worth_a_look(sandboxes: Sandboxes) -> None:
    paid = {"orders": {"payments": {"braintree": {"method": "CARD"}}}}
    (finding,) = await sandboxes.found(captures_are_decided, **with_captures(), **paid)
    assert "braintree" in finding.what
    named = with_captures(braintree="at_invoice")
    assert levels(await sandboxes.found(captures_are_decided, **named, **paid)) == {"ok"}
