"""What `check` says of cases before there is one."""

from dataclasses import replace
from typing import Any

import pytest

from sync.checks.dataverse import (
    cases_can_be_written,
    cases_find_their_customers,
    cases_have_a_key,
    dataverse_answers,
)
from sync.checks.finding import Finding, findings_of
from tests.checks.conftest import Sandboxes, levels, only_fault
from tests.dataverse.environment import URL, Environment

KEY = ("new_shopkey",)
CHECKS = (dataverse_answers, cases_can_be_written, cases_find_their_customers)


async def found(sandboxes: Sandboxes, env: Environment, check: Any, **cases: Any) -> list[Finding]:
    settings = {"flows": ["orders", "cases"], "dataverse": {"url": URL}, "cases": cases}
    probe = replace(await sandboxes.probe(**settings), dataverse=env.client, clock=env.clock)
    return await findings_of(check, probe)


async def test_a_sound_environment_has_no_fault_and_nothing_is_written(
    sandboxes: Sandboxes,
) -> None:
    env = Environment()
    before = env.state.kept()
    for check in CHECKS:
        assert levels(await found(sandboxes, env, check, contacts="email")) == {"ok"}, check
    assert env.state.kept() == before


async def test_where_cases_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert await sandboxes.found(check) == []


async def test_a_column_that_is_not_there_is_named(sandboxes: Sandboxes) -> None:
    env = Environment()
    told = await found(sandboxes, env, dataverse_answers, account_column="new_ledger")
    assert "new_ledger" in only_fault(told).what


@pytest.mark.parametrize(
    "privilege",
    ["prvReadAccount", "prvWriteIncident", "prvCreateIncident", "prvCreateNote", "prvReadNote"],
)
async def test_a_privilege_that_is_missing_is_named(sandboxes: Sandboxes, privilege: str) -> None:
    env = Environment()
    env.state.denied = {privilege}
    assert privilege in only_fault(await found(sandboxes, env, cases_can_be_written)).cure


async def test_without_the_right_to_read_columns_they_are_not_looked_at(
    sandboxes: Sandboxes,
) -> None:
    env = Environment()
    env.state.denied = {"prvReadAttribute"}
    (told,) = await found(sandboxes, env, dataverse_answers)
    assert (told.level, "prvReadAttribute" in told.cure) == ("warn", True)
    assert not told.stops


@pytest.mark.parametrize(
    ("keys", "status", "level"),
    [((), "Active", "warn"), ((KEY,), "Pending", "warn"), ((KEY,), "Active", "ok")],
)
async def test_a_key_that_refuses_nothing_is_told(
    sandboxes: Sandboxes, keys: Any, status: str, level: str
) -> None:
    env = Environment()
    env.state.keys, env.state.key_status = {"incidents": keys}, status
    told = await found(sandboxes, env, cases_have_a_key, key_column=KEY[0])
    assert levels(told) == {level}


async def test_accounts_without_numbers_are_told(sandboxes: Sandboxes) -> None:
    env = Environment()
    env.state.tables["accounts"].clear()
    assert levels(await found(sandboxes, env, cases_find_their_customers)) == {"warn"}
