"""What the vault does beyond the contract: its file, its key, its silence."""

import asyncio
import json
import os
import traceback
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from sync.adapters.cipher import fernet
from sync.adapters.key_files import create_key_file, new_key, read_key_file
from sync.adapters.vault import MARK, Vault
from sync.core.errors import Never

KEY = new_key()
VALUE = "0b5e-not-to-be-seen"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conf" / "vault.json"


@pytest.fixture
def vault(path: Path) -> Vault:
    vault = Vault(path, KEY)
    vault.set("shop-token", VALUE)
    return vault


def exists(path: Path) -> bool:
    return path.exists()


def content_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def put_content(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content))


async def test_an_empty_vault_needs_no_file(path: Path) -> None:
    vault = Vault(path, KEY)
    assert vault.names() == []
    with pytest.raises(Never, match="no secret 'token'") as caught:
        await vault.get("token")
    assert "secrets set token" in caught.value.remedy
    assert not exists(path)


async def test_a_secret_is_as_old_under_a_new_key_as_before(path: Path) -> None:
    vault, long_ago = Vault(path, KEY), 1_700_000_000
    with vault._changing() as tokens:
        plain = f"shop-token:{VALUE}".encode()
        tokens["shop-token"] = fernet(KEY).encrypt_at_time(plain, long_ago).decode()
    vault.rotate_key(new_key())
    stored_at = (await vault.dates("shop-token")).stored_at
    assert stored_at is not None
    assert stored_at.timestamp() == long_ago


def test_the_file_is_its_owners_alone_and_shows_no_value(vault: Vault, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert VALUE not in path.read_text()
    assert KEY not in path.read_text()
    assert content_of(path)["secrets"].keys() == {"shop-token"}


def test_names_are_listed(vault: Vault) -> None:
    vault.set("Erp-Secret", "x")
    assert vault.names() == ["erp-secret", "shop-token"]


def test_deleting_tells_whether_there_was_one(vault: Vault) -> None:
    assert vault.delete("Shop-Token")
    assert not vault.delete("shop-token")
    assert vault.names() == []


@pytest.mark.parametrize("name", ["", "under_score", "a b", "x" * 128, "ä"])
def test_a_name_that_key_vault_refuses_is_refused(vault: Vault, name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        vault.set(name, "x")


@pytest.mark.parametrize("value", ["", VALUE * 2000])
def test_a_value_that_key_vault_refuses_is_refused_unseen(vault: Vault, value: str) -> None:
    with pytest.raises(ValueError, match="25600 bytes") as caught:
        vault.set("name", value)
    assert VALUE not in str(caught.value)


async def test_another_process_sees_changes_at_once(vault: Vault, path: Path) -> None:
    other = Vault(path, KEY)
    assert await other.get("shop-token") == VALUE
    for value in ("second", "third!"):  # of one length, within one tick of the clock
        vault.set("shop-token", value)
        assert await other.get("shop-token") == value
    other.set("mine", "x")
    assert vault.names() == ["mine", "shop-token"]


async def test_a_wrong_key_needs_a_person(vault: Vault, path: Path) -> None:
    for ask in (Vault(path, new_key()).names, lambda: Vault(path, new_key()).set("other", "x")):
        with pytest.raises(Never, match="another key") as caught:
            ask()
        assert "SYNC_VAULT_KEY" in caught.value.remedy
    assert await vault.get("shop-token") == VALUE


@pytest.mark.parametrize(
    "key", ["", "short", KEY + "x", "ä" * 44], ids=["empty", "short", "long", "odd"]
)
def test_a_key_that_is_none_needs_a_person_and_is_not_shown(path: Path, key: str) -> None:
    with pytest.raises(Never, match="32 bytes") as caught:
        Vault(path, key)
    assert not key or key not in "".join(traceback.format_exception(caught.value))


async def test_a_rotated_key_opens_everything_and_the_old_one_nothing(
    vault: Vault, path: Path
) -> None:
    vault.set("other", "x")
    fresh = new_key()
    vault.rotate_key(fresh)
    assert await vault.get("shop-token") == VALUE
    assert await Vault(path, fresh).get("other") == "x"
    with pytest.raises(Never, match="another key"):
        Vault(path, KEY).names()
    vault.set("third", "y")
    assert Vault(path, fresh).names() == ["other", "shop-token", "third"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"proof": 1}',
        '{"proof": "x", "secrets": 1}',
        '{"proof": "x", "secrets": {"a": 1}}',
        "\xff",
    ],
)
def test_a_file_that_is_no_vault_needs_a_person(vault: Vault, path: Path, content: str) -> None:
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(Never, match="is damaged") as caught:
        vault.names()
    assert "backup" in caught.value.remedy


async def test_an_entry_that_was_changed_or_exchanged_is_not_given(
    vault: Vault, path: Path
) -> None:
    vault.set("other", "x")
    whole = content_of(path)
    token = whole["secrets"]["other"]
    for forged in (token[:-6] + "AAAA==", whole["proof"], "", "ü", token):
        put_content(path, {**whole, "secrets": {**whole["secrets"], "shop-token": forged}})
        with pytest.raises(Never, match="damaged") as caught:
            await vault.get("shop-token")
        assert VALUE not in str(caught.value)


async def test_nothing_shows_a_value(vault: Vault) -> None:
    await vault.get("shop-token")
    assert VALUE not in f"{vault!r} {vars(vault)}"
    assert KEY not in f"{vault!r} {vars(vault)}"


def _store(path: Path, key: str, who: int) -> None:
    for number in range(5):
        Vault(path, key).set(f"secret-{who}-{number}", "x")


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    processes = [
        get_context("spawn").Process(target=_store, args=(path, KEY, who)) for who in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(Vault(path, KEY).names()) == 15


def test_a_write_that_fails_leaves_the_file_as_it_was(vault: Vault, path: Path) -> None:
    before = path.read_bytes()
    path.with_name("vault.json.new").mkdir()
    with pytest.raises(IsADirectoryError):
        vault.set("other", "x")
    assert path.read_bytes() == before
    assert vault.names() == ["shop-token"]


def test_a_key_file_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "vault.key"
    key = create_key_file(file)
    assert read_key_file(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    with pytest.raises(FileExistsError):
        create_key_file(file)
    assert read_key_file(file) == key


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vault.key"
    key = create_key_file(file)
    file.chmod(0o640)
    with pytest.raises(Never, match="others may read") as caught:
        read_key_file(file)
    assert "chmod 600" in caught.value.remedy
    assert key not in f"{caught.value}{caught.value.remedy}"


def test_a_missing_key_file_needs_a_person(tmp_path: Path) -> None:
    with pytest.raises(Never, match="no key file"):
        read_key_file(tmp_path / "vault.key")


def secret(path: Path) -> str:
    """As a process that has just been started reads it."""
    return asyncio.run(Vault(path, KEY).get("shop-token"))


def test_an_older_file_in_the_vaults_place_is_refused(vault: Vault, path: Path) -> None:
    older = path.read_bytes()
    vault.set("shop-token", "renewed")
    newest = path.read_bytes()
    path.write_bytes(older)
    for ask in (Vault(path, KEY).names, lambda: Vault(path, KEY).set("other", "x")):
        with pytest.raises(Never, match="older than the one that was last used here") as caught:
            ask()
        assert "vault.mark" in caught.value.remedy
    path.write_bytes(newest)
    assert secret(path) == "renewed"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes hold a reader up")
@pytest.mark.parametrize("is_first", [False, True])
async def test_who_reads_while_another_process_writes_sees_no_older_file(
    tmp_path: Path, *, is_first: bool
) -> None:
    path, held_up = tmp_path / "vault.json", tmp_path / "pipe"
    writer = Vault(path, KEY, tmp_path / MARK)
    if not is_first:
        writer.set("token", "old")
    os.mkfifo(held_up)
    reading = asyncio.create_task(asyncio.to_thread(Vault(path, KEY, held_up).names))
    with await asyncio.to_thread(held_up.open, "w") as mark:  # the reader has come to the mark
        writer.set("token", "new")
        mark.write((tmp_path / MARK).read_text())
    assert await reading == ["token"]


def test_an_older_entry_in_a_newer_file_is_refused(vault: Vault, path: Path) -> None:
    older = content_of(path)["secrets"]
    vault.set("shop-token", "renewed")
    put_content(path, {**content_of(path), "secrets": older})
    with pytest.raises(Never, match="its entries were changed"):
        secret(path)


def test_a_vault_that_is_gone_is_not_made_again(vault: Vault, path: Path) -> None:
    path.unlink()
    with pytest.raises(Never, match="is missing"):
        Vault(path, KEY).set("other", "x")
    assert not exists(path)


@pytest.mark.parametrize("is_marked", [True, False])
def test_an_entry_in_the_proofs_place_proves_nothing(
    vault: Vault, path: Path, is_marked: bool
) -> None:
    """Or who may write the file could bring back one secret that was replaced."""
    older = content_of(path)["secrets"]
    vault.set("shop-token", "another")
    if not is_marked:
        path.with_name(MARK).unlink()
    for proof in content_of(path)["secrets"].values():
        put_content(path, {"secrets": older, "proof": proof})
        with pytest.raises(Never, match="its proof is none"):
            secret(path)


def test_an_older_file_that_is_meant_is_taken_once_the_mark_is_deleted(
    vault: Vault, path: Path
) -> None:
    older = path.read_bytes()
    vault.set("shop-token", "renewed")
    path.write_bytes(older)
    path.with_name("vault.mark").unlink()
    assert secret(path) == VALUE


def test_a_mark_elsewhere_knows_a_whole_directory_that_was_set_back(tmp_path: Path) -> None:
    path, mark = tmp_path / "home" / "vault.json", tmp_path / "elsewhere" / "mark"
    vault = Vault(path, KEY, mark)
    vault.set("shop-token", VALUE)
    older = path.read_bytes()
    vault.set("shop-token", "renewed")
    assert [one.name for one in path.parent.iterdir() if one.name.endswith("mark")] == []
    path.write_bytes(older)
    with pytest.raises(Never, match="older"):
        Vault(path, KEY, mark).names()


def test_a_vault_of_an_earlier_release_counts_from_its_next_change(path: Path) -> None:
    key = fernet(KEY)
    token = key.encrypt(f"shop-token:{VALUE}".encode()).decode()
    old = {"proof": key.encrypt(b":this key").decode(), "secrets": {"shop-token": token}}
    path.parent.mkdir()
    put_content(path, old)
    assert secret(path) == VALUE
    Vault(path, KEY).set("other", "x")
    assert secret(path) == VALUE
    put_content(path, old)
    with pytest.raises(Never, match="older"):
        Vault(path, KEY).names()


@pytest.mark.parametrize("content", ["", "x", "-1", "9" * 16, "١"])
def test_a_mark_without_a_count_needs_a_person(vault: Vault, path: Path, content: str) -> None:
    path.with_name("vault.mark").write_text(content)
    with pytest.raises(Never, match="holds no count"):
        vault.names()


def test_a_rotation_that_fails_leaves_the_old_key_in_use(vault: Vault, path: Path) -> None:
    path.with_name("vault.json.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        vault.rotate_key(new_key())
    path.with_name("vault.json.new").rmdir()
    vault.set("other", "x")
    assert secret(path) == VALUE
