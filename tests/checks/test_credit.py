"""What `check` says of credit before anything is published, and what stands in for what F&O
refuses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from sync.adapters.sqlite.queue import SqliteQueue
from sync.checks.credit import (
    INSTEAD,
    company_credits_are_there,
    credit_can_be_read,
    credit_fields,
    credit_is_checked_as_said,
)
from sync.checks.credit_gate import gate_tokens_can_be_verified, refusals_stop_orders
from sync.checks.entities import fields_exist
from sync.checks.finding import Finding, Own, findings_of
from sync.config.connections import Connections
from sync.credit.decisions import Decision, Decisions
from tests.checks.conftest import SETTINGS, Sandboxes, levels, only_fault
from tests.commerce.test_ims_bearer import ADOBE, jwk
from tests.doubles.memory_tables import MemoryTables

WAYS: list[dict[str, Any]] = [
    {},
    {"balances": "snapshot", "orders": "snapshot"},
    {"orders": "order-lines", "overdue": "block", "disputed": "excused", "check": "Balance"},
    {"left_out": ["temporary", "groups", "statuses", "holds"]},
    {"credit_management": False},
]


def with_credit(**credit: Any) -> dict[str, Any]:
    return {"credit": {"currency": "USD", **credit}, "flows": ["orders", "credit"]}


@pytest.mark.parametrize("way", WAYS)
async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes, way: dict[str, Any]) -> None:
    sandboxes.dynamics.take_aging_snapshot("usmf")
    for check in (credit_can_be_read, company_credits_are_there, fields_exist):
        assert levels(await sandboxes.found(check, **with_credit(**way))) == {"ok"}, check
    assert "fault" not in levels(
        await sandboxes.found(credit_is_checked_as_said, **with_credit(**way))
    )


async def test_where_credit_does_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in (credit_can_be_read, credit_is_checked_as_said, company_credits_are_there):
        assert await sandboxes.found(check) == []


async def test_an_old_snapshot_and_a_check_of_nothing_are_told(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.put("CustomerParameters", dataAreaId="usmf", CreditLimitCheckType="None")
    found = await sandboxes.found(credit_is_checked_as_said, **with_credit(orders="snapshot"))
    told = " ".join(one.what for one in found if one.level == "warn")
    assert "checks no credit limit" in told
    assert "aging snapshot is of no day" in told


@pytest.mark.parametrize(
    ("credit", "is_asked"),
    [({}, True), ({"order_tax_percent": "0"}, False), ({"orders": "snapshot"}, False),
     ({"check": "Balance"}, False)],
)  # fmt: skip
async def test_the_tax_of_open_orders_is_asked_for(
    sandboxes: Sandboxes, credit: dict[str, Any], *, is_asked: bool
) -> None:
    found = await sandboxes.found(
        credit_is_checked_as_said, **with_credit(**{"check": "BalanceAll", **credit})
    )
    assert any("order_tax_percent" in one.cure for one in found) is is_asked


@pytest.mark.parametrize(
    ("currency", "limit", "credit", "is_asked"),
    [("EUR", 500, {}, True), ("EUR", 500, {"limit_currency": "accounting"}, False),
     ("EUR", 0, {}, False), ("USD", 500, {}, False)],
)  # fmt: skip
async def test_the_currency_of_limits_is_asked_for_where_it_matters(
    sandboxes: Sandboxes, currency: str, limit: int, credit: dict[str, Any], *, is_asked: bool
) -> None:
    account = {"CustomerAccount": "US-009", "OrganizationName": "Litware"}
    sandboxes.dynamics.put(
        "CustomersV3", dataAreaId="usmf", SalesCurrencyCode=currency, CreditLimit=limit, **account
    )
    found = await sandboxes.found(credit_is_checked_as_said, **with_credit(**credit))
    assert any("limit_currency" in one.cure for one in found) is is_asked


async def told_of_refusals(
    sandboxes: Sandboxes, *decided: tuple[int, bool], customer: str = "", method: str = ""
) -> list[Finding]:
    """What is found where an order was decided so, (minutes ago, is allowed), and is there."""
    order = sandboxes.commerce.place_new(visible_in=timedelta(0))[0]
    order.payment["method"] = method or "companycredit"
    decisions, now = Decisions(tables := MemoryTables(), "shop"), sandboxes.clock.now()
    whose = customer or str(order.row.get("customer_id") or "")
    for minutes, is_allowed in decided:
        at = now - timedelta(minutes=minutes)
        one = Decision(at.isoformat(), "order", order.row["increment_id"], "US-001", "2", whose,
                       is_allowed, "exceeded")  # fmt: skip
        await decisions.keep(one, at)
    probe = await sandboxes.probe(**with_credit(gate={"enabled": True}))
    own = Own(SqliteQueue(":memory:", sandboxes.clock, timedelta(minutes=1)), tables)
    return await findings_of(refusals_stop_orders, replace(probe, own=own))


async def test_an_order_that_is_there_though_it_was_refused_is_a_fault(
    sandboxes: Sandboxes,
) -> None:
    found = only_fault(await told_of_refusals(sandboxes, (9, True), (3, False)))
    assert (found.level, found.count) == ("fault", 1)
    assert "required = true" in found.cure


@pytest.mark.parametrize(
    ("decided", "other", "said"),
    [
        (((3, False),), {"method": "checkmo"}, ["ok"]),  # the buyer chose another way to pay
        (((3, False),), {"customer": "77"}, ["ok"]),  # another store's order of this number
        (((9, False), (3, True)), {}, []),  # it was let through later
    ],
)
async def test_what_was_refused_and_is_in_order_is_none(
    sandboxes: Sandboxes,
    decided: tuple[tuple[int, bool], ...],
    other: dict[str, str],
    said: list[str],
) -> None:
    found = await told_of_refusals(sandboxes, *decided, **other)
    assert [str(one.level) for one in found] == said


async def test_a_credit_in_a_currency_without_rate_is_a_fault(sandboxes: Sandboxes) -> None:
    found = await sandboxes.found(company_credits_are_there, **with_credit(currency="EUR"))
    assert "credit.rates" in only_fault(found).cure


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (404, "fault")])
async def test_keys_for_the_gates_tokens_are_asked_for(
    sandboxes: Sandboxes, status: int, level: str
) -> None:
    told = with_credit(gate={"enabled": True, "bearer": "client"})
    told["commerce"] = {"ims_url": "https://ims.example.com", "ims_keys": "/oauth/keys"}
    answer = httpx.Response(status, json={"keys": [jwk(ADOBE)]})
    with respx.mock(assert_all_called=True, assert_all_mocked=True) as wire:
        wire.get("https://ims.example.com/oauth/keys").mock(return_value=answer)
        found = await sandboxes.found(gate_tokens_can_be_verified, **told)
    assert levels(found) == {level}
    assert await sandboxes.found(gate_tokens_can_be_verified, **with_credit()) == []


def test_each_set_that_may_be_refused_names_what_stands_in_for_it() -> None:
    def read(way: dict[str, Any]) -> set[str]:
        written = {"connections": {"shop": {**SETTINGS, **with_credit(**way)}}}
        return set(credit_fields(Connections.model_validate(written).connections["shop"]))

    every = set().union(*map(read, WAYS))
    own = {"CustomersV3", "SalesOrderHeadersV4", "SalesOrderLinesV3"}
    assert every == {*INSTEAD, *own}
