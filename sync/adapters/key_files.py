"""Files that hold keys, and the directory they lie in: their owner's alone, or not used at all."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

from sync.core.errors import Never

POSIX: Final = os.name == "posix"
LONGEST: Final = 1000
"""Bytes of a key file that are read; a key has 44."""
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode()


def create_key_file(path: Path) -> str:
    """Write a fresh key to a file that only its owner can read, and return it. Raises
    `FileExistsError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = new_key()
    _write_new(path, f"{key}\n".encode())
    return key


def _unopened(path: Path, error: OSError) -> Never:
    if error.errno == errno.ENOENT:
        return Never(f"no key file {path}", remedy="Restore it, or run: python -m sync init")
    if error.errno == errno.ELOOP:
        remedy = "Name the file itself: who may change the link chooses the key."
        return Never(f"the key file {path} is a symbolic link", remedy=remedy)
    remedy = "Give the program's user, and nobody else, the right to read it."
    return Never(f"the key file {path} cannot be read: {error.strerror}", remedy=remedy)


def read_key_file(path: Path) -> str:
    """The key in a file. Raises `Never` when there is none, when it is a link or no file, when it
    belongs to somebody else, or when others than its owner may read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | _NO_LINK | os.O_NONBLOCK)
    except OSError as error:
        raise _unopened(path, error) from None
    try:
        _check_key_file(path, os.fstat(descriptor))
        return os.read(descriptor, LONGEST).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)


def _check_key_file(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Never(f"the key file {path} is no regular file", remedy="Name a file with the key.")
    if POSIX and found.st_mode & OTHERS:
        raise Never(
            f"others may read the key file {path} (mode {stat.S_IMODE(found.st_mode):04o})",
            remedy=f"Run: chmod 600 {path}",
        )
    _check_owner(f"the key file {path}", found)


def check_home(home: Path) -> None:
    """Raise `Never` unless a directory is its owner's alone: who may enter it can read its state,
    and who may write there can put another key or vault in place."""
    found = home.stat()
    if POSIX and found.st_mode & OTHERS:
        raise Never(
            f"others may enter the directory {home} (mode {stat.S_IMODE(found.st_mode):04o})",
            remedy=f"Run: chmod 700 {home}",
        )
    _check_owner(f"the directory {home}", found)


def is_foreign(owner: int, user: int) -> bool:
    """Whether a user may not rely on what belongs to this owner. Root's things are everybody's to
    use, and root may use everybody's."""
    return user != 0 and owner not in (0, user)


def _check_owner(what: str, found: os.stat_result) -> None:
    if POSIX and is_foreign(found.st_uid, os.geteuid()):
        raise Never(
            f"{what} belongs to another user (uid {found.st_uid})",
            remedy="Run the program as its owner, or make it this user's with chown.",
        )


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another, in one step and durably; readable by its owner alone,
    whatever was left there before."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write_new(fresh, content)
    fresh.replace(path)
    if POSIX:  # pragma: no branch - Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write_new(path: Path, content: bytes) -> None:
    """A file that was not there, and that follows no link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
