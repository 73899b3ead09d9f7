"""What must hold for tasks of sellers in `connections.toml`."""

from typing import Any

import pytest

from sync.config.connections.tasks import Tasks
from sync.config.file.task_rules import task_breaches
from tests.systems import SETTINGS, merged

PATH = ("connections", "main")
INTEREST = {"origins": ["https://shop.example.com"], "key": "interest-key"}
SOUND: dict[str, Any] = {
    "flows": ["orders", "tasks"],
    "tasks": {"consent": "contract", "rules": {"cart": {}}, "owners": {"*": "Anna@Example.com"}},
}


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"tasks": {"consent": ""}}, ["consent"]),
        ({"tasks": {"owners": {}}}, ["owners"]),
        ({"tasks": {"owners": {}, "rules": {"cart": {"owner": "anna@example.com"}}}}, []),
        ({"tasks": {"rules": {"interest": {}}}}, ["interest"]),
        ({"tasks": {"rules": {"interest": {}}, "interest": INTEREST}}, []),
        ({"tasks": {"interest": {**INTEREST, "origins": []}}}, ["origins"]),
        ({"tasks": {"interest": {**INTEREST, "key": "a1" * 16}}}, ["key"]),
        ({"flows": ["orders"], "tasks": {"consent": "", "owners": {}}}, []),
    ],
)
def test_tasks_need_consent_rules_and_a_seller(changes: dict[str, Any], places: list[str]) -> None:
    settings = merged(SOUND, {})
    for name, value in changes.items():
        settings[name] = {**settings[name], **value} if name == "tasks" else value
    found = list(task_breaches(PATH, settings))
    assert all(one.what and one.remedy for one in found)
    assert [one.path[-1] for one in found] == places


def test_a_flow_without_its_section_asks_for_all_of_it() -> None:
    bare = {**SETTINGS, "flows": ["tasks"]}
    assert [one.path[-1] for one in task_breaches(PATH, bare)] == ["consent", "rules"]


def test_an_address_is_one_and_compared_in_small_letters() -> None:
    assert Tasks(owners={"*": "Anna@Example.com"}).owners == {"*": "anna@example.com"}
    with pytest.raises(ValueError, match="pattern"):
        Tasks(owners={"*": "anna"})
