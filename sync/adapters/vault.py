"""Secrets in an encrypted file, for where there is no Key Vault. The key lives outside the file.

The file is JSON: names in the clear, every value a Fernet token that is bound to its name. It is
replaced whole, so that a crash leaves the old one or the new one; other processes see the new one
at their next question.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken

from sync.adapters.cipher import fernet
from sync.adapters.file_lock import exclusive
from sync.core.errors import Never

NAME: Final = re.compile(r"[A-Za-z0-9-]{1,127}")
MOST_BYTES: Final = 25 * 1024
"""Of one secret, as in Key Vault."""
PROOF: Final = ""
"""The name of the entry that tells a wrong key from a changed file; no secret can have it."""

Tokens = Mapping[str, str]


class Vault:
    """`Secrets` in the file at `path`, under `key`. The file comes into being with the first
    secret.

    Names are compared without case, as in Key Vault. Nothing here shows a value: not the repr, not
    an error.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._fernet = fernet(key)
        self._read: tuple[tuple[int, ...], Tokens] = ((), {})

    def __repr__(self) -> str:
        return f"Vault({str(self._path)!r})"

    async def get(self, name: str) -> str:
        """The secret. Raises `Never` when there is none of that name, the key is wrong or the file
        damaged."""
        token = self._tokens().get(name.lower())
        if token is None or not NAME.fullmatch(name):
            raise Never(
                f"no secret {name!r} in {self._path}",
                remedy=f"Store it with: python -m sync secrets set {name}",
            )
        return self._opened(name.lower(), token)

    def set(self, name: str, value: str) -> None:
        """Store a secret, over an older one of that name. Raises `ValueError` for a name or value
        Key Vault refuses."""
        if not NAME.fullmatch(name):
            raise ValueError(f"secret {name!r}: expected 1 to 127 letters, digits and hyphens")
        if not 0 < len(value.encode()) <= MOST_BYTES:
            raise ValueError(f"secret {name!r}: expected a value of 1 to {MOST_BYTES} bytes")
        with self._changing() as tokens:
            tokens[name.lower()] = _sealed(self._fernet, name.lower(), value)

    def delete(self, name: str) -> bool:
        """Forget a secret; False when there was none."""
        with self._changing() as tokens:
            return tokens.pop(name.lower(), None) is not None

    def names(self) -> list[str]:
        """The names, in lower case, sorted."""
        return sorted(name for name in self._tokens() if name != PROOF)

    def rotate_key(self, new_key: str) -> None:
        """Put every secret under `new_key`, which this vault uses from now on; others need it at
        their next start."""
        new = fernet(new_key)
        with self._changing() as tokens:
            for name, token in list(tokens.items()):
                tokens[name] = _sealed(new, name, self._opened(name, token))
        self._fernet = new
        self._read = ((), {})

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """The tokens, to be changed while no other process changes them; written when the block
        ends well."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(self._path.with_name(self._path.name + ".lock")):
            tokens = dict(self._tokens())
            tokens.setdefault(PROOF, _sealed(self._fernet, PROOF, "this key"))
            yield tokens
            proof = tokens.pop(PROOF)
            replace_file(
                self._path,
                json.dumps({"proof": proof, "secrets": tokens}, indent=1, sort_keys=True).encode(),
            )

    def _tokens(self) -> Tokens:
        """What the file holds; read again when it was replaced or changed since. Proves the key."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        mark = (found.st_ino, found.st_mtime_ns, found.st_size)
        if mark != self._read[0]:
            tokens = _parsed(self._path)
            try:
                self._fernet.decrypt(tokens[PROOF].encode())
            except InvalidToken:
                raise Never(
                    f"{self._path} was written under another key, or changed since",
                    remedy=(
                        "Set SYNC_VAULT_KEY, or the key file, to the key the vault was last written"
                        " with"
                    ),
                ) from None
            self._read = (mark, tokens)
        return self._read[1]

    def _opened(self, name: str, token: str) -> str:
        try:
            bound, _, value = self._fernet.decrypt(token.encode()).decode().partition(":")
        except InvalidToken:
            bound = None
        if bound != name:
            raise _damaged(self._path, f"the entry of {name!r} was changed")
        return value


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode()


def create_key_file(path: Path) -> str:
    """Write a fresh key to a file that only its owner can read, and return it. Raises
    `FileExistsError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = new_key()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def read_key_file(path: Path) -> str:
    """The key in a file. Raises `Never` when there is none, or others than its owner may read
    it."""
    try:
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Never(f"others may read the key file {path}", remedy=f"Run: chmod 600 {path}")
        return path.read_text().strip()
    except FileNotFoundError:
        raise Never(
            f"no key file {path}", remedy="Restore it, or run: python -m sync init"
        ) from None


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another, in one step and durably; readable by its owner alone."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if os.name == "posix":  # pragma: no branch - Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sealed(key: Fernet, name: str, value: str) -> str:
    return key.encrypt(f"{name}:{value}".encode()).decode()


def _parsed(path: Path) -> Tokens:
    try:
        found: Any = json.loads(path.read_bytes())
        tokens = {**found["secrets"], PROOF: found["proof"]}
    except (ValueError, KeyError, TypeError):
        raise _damaged(path, "not a vault") from None
    if not all(isinstance(token, str) and token.isascii() for token in tokens.values()):
        raise _damaged(path, "an entry that is no token")
    return tokens


def _damaged(path: Path, what: str) -> Never:
    return Never(
        f"{path} is damaged: {what}",
        remedy="Restore the file from its backup, or store its secrets again",
    )
