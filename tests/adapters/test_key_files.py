"""A key file, and the directory with the vault, are their owner's alone, or they are not used."""

import os
from pathlib import Path

import pytest

from sync.adapters.key_files import (
    create_key_file,
    is_foreign,
    new_key,
    read_key_file,
    replace_file,
)
from sync.adapters.vault import Vault
from sync.app.embedded import vault_of
from sync.app.settings import Settings
from sync.app.wiring import vault_key
from sync.core.errors import Never

MODES = [0o640, 0o604, 0o644, 0o660, 0o666, 0o620, 0o602]


@pytest.mark.parametrize("mode", MODES)
def test_a_key_file_of_the_environment_is_refused_like_the_directorys_own(
    tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "the.key"
    key = create_key_file(file)
    settings = Settings.from_environment({"SYNC_VAULT_KEY_FILE": str(file)})
    assert vault_key(settings) == key
    file.chmod(mode)
    with pytest.raises(Never, match=f"others may read the key file .*mode {mode:04o}") as caught:
        vault_key(settings)
    assert caught.value.remedy == f"Run: chmod 600 {file}"
    assert key not in f"{caught.value}{caught.value.remedy}"


def test_a_key_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    create_key_file(tmp_path / "real.key")
    link = tmp_path / "vault.key"
    link.symlink_to(tmp_path / "real.key")
    with pytest.raises(Never, match="is a symbolic link"):
        read_key_file(link)
    link.unlink()
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(Never, match="is a symbolic link"):
        read_key_file(link)


def test_what_is_no_file_holds_no_key_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    for name in ("pipe", "folder"):
        with pytest.raises(Never, match="no regular file"):
            read_key_file(tmp_path / name)


def test_a_file_that_may_not_be_read_needs_a_person(tmp_path: Path) -> None:
    with pytest.raises(Never, match="cannot be read"):
        read_key_file(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    ("owner", "user", "refused"),
    [(1000, 1000, False), (0, 1000, False), (1001, 1000, True), (1001, 0, False), (0, 0, False)],
)
def test_what_belongs_to_another_user_is_refused(owner: int, user: int, refused: bool) -> None:
    assert is_foreign(owner, user) is refused


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o705, 0o711, 0o777, 0o770])
def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path, mode: int) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)
    with pytest.raises(Never, match=f"others may enter the directory .*mode {mode:04o}") as caught:
        vault_of(home)
    assert caught.value.remedy == f"Run: chmod 700 {home}"
    assert list(home.iterdir()) == []
    home.chmod(0o700)
    vault_of(home)


def test_what_was_left_in_the_way_is_neither_followed_nor_kept_open_to_others(
    tmp_path: Path,
) -> None:
    key, path = new_key(), tmp_path / "vault.json"
    Vault(path, key).set("name", "value")
    target, fresh = tmp_path / "target", tmp_path / "vault.json.new"
    target.write_text("untouched")
    fresh.symlink_to(target)
    Vault(path, key).set("name", "second")
    assert target.read_text() == "untouched"
    assert not path.is_symlink()
    fresh.write_text("left by a crash")
    fresh.chmod(0o644)
    replace_file(path, b"content")
    assert path.stat().st_mode & 0o777 == 0o600
