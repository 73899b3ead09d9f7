import asyncio
from pathlib import Path

import pytest

from sync.adapters.key_files import new_key, read_key_file
from sync.adapters.vault import Vault
from tests.cli.running import Line


@pytest.fixture
def home(line: Line) -> Path:
    assert line("init").status == 0
    return line.folder / ".sync"


def stored(home: Path, name: str, key: str = "") -> str:
    return asyncio.run(
        Vault(home / "vault.json", key or read_key_file(home / "vault.key")).get(name)
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [("hush", "hush"), ("hush\n", "hush"), ("hush\r\n", "hush"), ("a\nb\n\n", "a\nb\n")],
)
def test_a_value_is_read_from_standard_input_less_one_line_end(
    line: Line, home: Path, given: str, kept: str
) -> None:
    ran = line("secrets", "set", "bikes-token", stdin=given)
    assert ran.status == 0
    assert stored(home, "bikes-token") == kept
    assert "hush" not in ran.out + ran.err


def test_a_secret_that_a_running_serve_does_not_read_again_says_so(line: Line, home: Path) -> None:
    assert "started again" in line("secrets", "set", "function-key", stdin="open sesame").out
    assert "started again" not in line("secrets", "set", "bikes-token", stdin="hush").out


def test_a_value_is_never_taken_from_the_command_line(line: Line, home: Path) -> None:
    assert line("secrets", "set", "bikes-token", "hush").status == 2


@pytest.mark.parametrize(
    ("name", "value"), [("with space", "x"), ("fine", ""), ("document-key", "x")]
)
def test_names_and_values_that_no_vault_takes_are_refused(
    line: Line, home: Path, name: str, value: str
) -> None:
    ran = line("secrets", "set", name, stdin=value)
    assert ran.status == 2
    assert "Error:" in ran.err


def test_the_list_shows_what_is_stored_and_what_is_missing(line: Line, home: Path) -> None:
    line("secrets", "set", "Bikes-Token", stdin="hush")
    rows = {row["name"]: row for row in line("secrets", "list", "--json").documents}
    assert (rows["bikes-token"]["stored"], rows["bikes-token"]["needed_by"]) == (True, ["bikes-de"])
    assert (rows["d365-client-secret"]["stored"], rows["d365-client-secret"]["needed_by"]) == (
        False,
        ["bikes-de"],
    )
    assert rows["document-key"]["own"]
    table = line("secrets", "list").out
    assert "MISSING" in table
    assert "hush" not in table


def test_the_list_needs_no_sound_configuration(line: Line, home: Path) -> None:
    (line.folder / "connections.toml").write_text("broken")
    ran = line("secrets", "list", "--json")
    assert ran.status == 0
    assert "cannot be used" in ran.err


def test_a_secret_is_removed_when_that_is_meant(line: Line, home: Path) -> None:
    line("secrets", "set", "old", stdin="x")
    assert line("secrets", "remove", "old").status == 2
    assert line("secrets", "remove", "old", "--yes").out == "old is removed.\n"
    assert line("secrets", "remove", "old", "--yes", "--json").documents == [
        {"name": "old", "removed": False}
    ]


def test_the_products_own_secrets_stay(line: Line, home: Path) -> None:
    ran = line("secrets", "remove", "email-key", "--yes")
    assert ran.status == 2
    assert stored(home, "email-key")


def test_a_new_key_opens_a_vault(line: Line) -> None:
    key = line("secrets", "new-key").out.strip()
    Vault(line.folder / "vault.json", key).set("name", "value")
    assert line("secrets", "new-key", "--json").documents[0]["key"] != key


def test_rotation_keeps_every_secret_under_another_key(line: Line, home: Path) -> None:
    line("secrets", "set", "bikes-token", stdin="hush")
    old = read_key_file(home / "vault.key")
    assert line("secrets", "rotate-key").status == 0
    assert read_key_file(home / "vault.key") != old
    assert stored(home, "bikes-token") == "hush"
    assert (home / "vault.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("reached", ["the new key was written", "the vault was put under it"])
def test_a_rotation_that_was_interrupted_is_run_again(line: Line, home: Path, reached: str) -> None:
    line("secrets", "set", "bikes-token", stdin="hush")
    key = new_key()
    (home / "vault.key.next").write_text(key)
    (home / "vault.key.next").chmod(0o600)
    if reached == "the vault was put under it":
        Vault(home / "vault.json", read_key_file(home / "vault.key")).rotate_key(key)
    assert line("secrets", "rotate-key").status == 0
    assert stored(home, "bikes-token") == "hush"
    assert not (home / "vault.key.next").exists()


def test_with_a_key_in_the_environment_the_new_one_comes_from_standard_input(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = new_key(), new_key()
    monkeypatch.setenv("SYNC_VAULT_KEY", old)
    line("init")
    line("secrets", "set", "bikes-token", stdin="hush")
    assert line("secrets", "rotate-key", stdin="too short").status == 2
    assert line("secrets", "rotate-key", stdin=new).status == 0
    assert stored(line.folder / ".sync", "bikes-token", new) == "hush"


def test_in_azure_the_secrets_lie_elsewhere(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line("init")
    azure = {
        "SYNC_EDITION": "azure", "SERVICE_BUS__fullyQualifiedNamespace": "n.servicebus.windows.net",
        "TABLES_ENDPOINT": "https://t.table.core.windows.net",
        "KEY_VAULT_URL": "https://v.vault.azure.net",
        "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip
    for name, value in azure.items():
        monkeypatch.setenv(name, value)
    ran = line("secrets", "list")
    assert ran.status == 2
    assert "Key Vault" in ran.err


def test_a_command_says_plainly_that_others_can_enter(line: Line) -> None:
    assert line("init").status == 0
    (line.folder / ".sync").chmod(0o755)
    ran = line("secrets", "list")
    assert ran.status == 2
    assert "others may enter the directory" in ran.err
    assert "chmod 700" in ran.err
