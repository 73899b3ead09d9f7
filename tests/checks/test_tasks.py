"""What `check` says of tasks before there is one."""

from dataclasses import replace
from typing import Any

import pytest

from sync.checks.dataverse import cases_find_their_customers, dataverse_answers
from sync.checks.finding import Finding, findings_of
from sync.checks.tasks import sellers_are_users, tasks_can_be_written
from tests.checks.conftest import Sandboxes, levels, only_fault
from tests.dataverse.environment import URL, Environment

CHECKS = (dataverse_answers, cases_find_their_customers, tasks_can_be_written, sellers_are_users)
ANNA = "anna@example.com"


async def found(sandboxes: Sandboxes, env: Environment, check: Any) -> list[Finding]:
    rules = {"cart": {}, "overdue": {"owner": ANNA}, "refusal": {"case": True}}
    tasks = {
        "consent": "contract",
        "rules": rules,
        "owners": {"*": ANNA},
        "leads": True,
        "columns": {"score": "new_webscore"},
    }
    settings = {"flows": ["orders", "tasks"], "dataverse": {"url": URL}, "tasks": tasks}
    probe = replace(await sandboxes.probe(**settings), dataverse=env.client, clock=env.clock)
    return await findings_of(check, probe)


def environment(**seller: Any) -> Environment:
    env = Environment()
    env.state.create("systemusers", None, {"internalemailaddress": ANNA, **seller})
    return env


async def test_a_sound_environment_has_no_fault_and_nothing_is_written(
    sandboxes: Sandboxes,
) -> None:
    env = environment()
    before = env.state.kept()
    for check in CHECKS:
        assert levels(await found(sandboxes, env, check)) == {"ok"}, check
        assert await sandboxes.found(check) == []
    assert env.state.kept() == before


@pytest.mark.parametrize(
    "privilege",
    ["prvReadUser", "prvCreateActivity", "prvWriteActivity", "prvWriteLead", "prvCreateIncident"],
)
async def test_a_privilege_that_is_missing_is_named(sandboxes: Sandboxes, privilege: str) -> None:
    env = environment()
    env.state.denied = {privilege}
    assert privilege in only_fault(await found(sandboxes, env, tasks_can_be_written)).cure


async def test_a_seller_who_is_disabled_is_named_by_their_place(sandboxes: Sandboxes) -> None:
    told = await found(sandboxes, environment(isdisabled=True), sellers_are_users)
    assert {one.level for one in told} == {"fault"}
    assert [one.what.partition(" ")[0] for one in told] == [
        "tasks.owners.*", "tasks.rules.overdue.owner",
    ]  # fmt: skip
    assert all(ANNA not in one.what for one in told)
