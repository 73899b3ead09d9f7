"""What must hold for Dataverse and cases in `connections.toml`."""

from typing import Any

import pytest

from sync.config.connections import Connection
from sync.config.file.case_rules import case_breaches
from tests.systems import SETTINGS, merged

PATH = ("connections", "main")
FLOWS = ["orders", "returns", "order_issues", "cases", "case_states"]
SOUND: dict[str, Any] = {
    "flows": FLOWS,
    "dynamics": {
        "url": "https://x.operations.dynamics.com", "company": "usmf", "auth": "secret",
        "tenant": "t", "client_id": "c", "client_secret": "s",
    },
    "dataverse": {"url": "https://org.crm4.dynamics.com"},
    "cases": {"steps": {"5": {"comment": "Case {case} is solved."}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, None),
        ({"dataverse": {"client_id": "own", "client_secret": "own-secret"}}, None),
        ({"dataverse": {"url": "http://org.crm4.dynamics.com"}}, "url"),
        ({"dataverse": {"url": "https://org.crm4.dynamics.com/api"}}, "url"),
        ({"dataverse": {"certificate": "pem"}}, "certificate"),
        ({"dataverse": {"client_secret": "a1" * 16}}, "client_secret"),
        ({"cases": {"steps": {"5": {"comment": "{nobody}"}}}}, "comment"),
        ({"cases": {"steps": {"5": {"comment": "{"}}}}, "comment"),
        ({"flows": ["cases"], "cases": {"returns": False}}, "returns"),
        ({"flows": ["case_states"]}, "cases"),
    ],
)
def test_cases_need_where_they_go_and_what_is_told(
    changes: dict[str, Any], place: str | None
) -> None:
    found = list(case_breaches(PATH, merged(SOUND, changes)))
    assert all(one.what and one.remedy for one in found)
    assert [one.path[-1] for one in found] == ([place] if place else [])


def test_an_environment_is_named_and_steps_as_well() -> None:
    bare = {name: value for name, value in SOUND.items() if name not in ("dataverse", "cases")}
    found = [one.path[-1] for one in case_breaches(PATH, bare)]
    assert found == ["dataverse", "steps"]
    assert list(case_breaches(PATH, {"flows": ["orders"]})) == []


def test_a_fixed_bearer_goes_to_this_machine_alone() -> None:
    dynamics = {"url": "http://localhost", "company": "usmf", "auth": "bearer", "bearer": "b"}
    found = list(case_breaches(PATH, {**SOUND, "dynamics": dynamics}))
    assert [one.path[-1] for one in found] == ["url"]


def test_secrets_of_its_own_are_counted_among_all() -> None:
    section = {"url": "https://org.crm4.dynamics.com", "client_secret": "own-secret"}
    connection = Connection.model_validate(merged(SETTINGS, {"dataverse": section}))
    assert "own-secret" in connection.secret_names
