import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from sync.cli import init
from sync.cli.main import app
from sync.flows import FLOWS
from tests.cli.running import Line


def test_init_makes_a_vault_and_an_example_and_says_what_is_next(line: Line) -> None:
    ran = line("init")
    assert ran.status == 0
    assert "Next:" in ran.out
    assert (line.folder / ".sync" / "vault.key").stat().st_mode & 0o777 == 0o600
    assert (line.folder / "connections.toml").read_text() == init.example()


def test_init_overwrites_nothing(line: Line) -> None:
    (line.folder / "connections.toml").write_text("mine")
    line("init")
    key = (line.folder / ".sync" / "vault.key").read_text()
    (again,) = line("init", "--json").documents
    assert (again["vault_is_new"], again["config_is_new"]) == (False, False)
    assert (line.folder / "connections.toml").read_text() == "mine"
    assert (line.folder / ".sync" / "vault.key").read_text() == key


def test_options_may_stand_before_the_command_too(line: Line) -> None:
    assert line("--home", "here", "--config", "there.toml", "init").status == 0
    assert (line.folder / "here" / "vault.json").exists()
    assert (line.folder / "there.toml").exists()


def test_the_environment_names_home_and_configuration(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_HOME", "from-environment")
    monkeypatch.setenv("SYNC_CONNECTIONS", "from-environment.toml")
    line("init")
    assert (line.folder / "from-environment" / "vault.json").exists()
    assert (line.folder / "from-environment.toml").exists()


def test_a_wrong_setting_is_told_with_its_name(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_EDITION", "cloud")
    ran = line("init")
    assert ran.status == 2
    assert "SYNC_EDITION" in ran.err


def test_a_configuration_that_cannot_be_written_is_told_plainly(line: Line) -> None:
    (line.folder / "file").write_text("")
    ran = line("init", "--config", "file/connections.toml")
    assert ran.status == 2
    assert "cannot be written" in ran.err


@pytest.mark.parametrize("command", ["parked", "trail", "poll"])
def test_a_mistyped_home_is_not_made(line: Line, command: str) -> None:
    line("init")
    ran = line(command, *(["42"] if command == "trail" else []), "--home", "typo")
    assert ran.status == 2
    assert "is not a home directory" in ran.err
    assert not Path("typo").exists()


def test_errors_are_json_where_json_was_asked_for(line: Line) -> None:
    ran = line("parked", "--json")
    assert json.loads(ran.err).keys() == {"error", "remedy"}


def test_flows_are_listed(line: Line) -> None:
    ran = line("flows", "--json")
    assert [flow["name"] for flow in ran.documents] == [flow.name for flow in FLOWS]
    assert list(ran.documents[0]) == ["name", "title", "queue", "polls", "route", "events"]
    assert ran.documents[0]["route"] == "POST /api/webhooks/{connection}/orders"
    assert "Orders to sales orders" in line("flows").out


def commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command that there is, by its words; `command` may be a group."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path
    for name, one in (inner or {}).items():
        yield from commands(one, *path, name)


COMMANDS = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_and_takes_json(
    line: Line, command: tuple[str, ...]
) -> None:
    ran = line(*command, "--help")
    assert ran.status == 0
    assert "For example:" in ran.out
    assert "--json" in ran.out
    assert "--home" in ran.out


def test_no_command_is_left_out_of_the_help(line: Line) -> None:
    ran = line("--help")
    assert all(name in ran.out for name in {command[0] for command in COMMANDS})
