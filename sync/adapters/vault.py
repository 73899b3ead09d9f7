"""Secrets in an encrypted file, for where there is no Key Vault. The key lives outside the file.

The file is JSON: names in the clear, every value a Fernet token that is bound to its name, and a
proof: a token that names all the others and how often the file was written. It is replaced whole,
so that a crash leaves the old one or the new one; other processes see the new one at their next
question. A mark beside it, or on another disk, holds the highest number of writes that was seen: an
older file in its place is refused, as secrets that were withdrawn would be in use again.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken

from sync.adapters.cipher import fernet
from sync.adapters.file_lock import exclusive
from sync.adapters.key_files import replace_file
from sync.core.errors import Never
from sync.core.ports import SecretDates

NAME: Final = re.compile(r"[A-Za-z0-9-]{1,127}")
MOST_BYTES: Final = 25 * 1024
"""Of one secret, as in Key Vault."""
PROOF: Final = ""
"""The name of the entry that tells a wrong key from a changed file; no secret can have it."""
_WRITES: Final = re.compile(r"writes ([0-9]{1,15}) of ([0-9a-f]{64})")
_KEY_ALONE: Final = f"{PROOF}:this key"
MARK: Final = "vault.mark"

Tokens = Mapping[str, str]


class Vault:
    """`Secrets` in the file at `path`, under `key`. The file comes into being with the first
    secret. `mark`: the file that remembers how often it was written; beside it where none is named.

    Names are compared without case, as in Key Vault. Nothing here shows a value: not the repr, not
    an error.
    """

    def __init__(self, path: Path, key: str, mark: Path | None = None) -> None:
        self._path = path
        self._mark = mark or path.with_name(MARK)
        self._fernet = fernet(key)
        self._writes = 0
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

    async def dates(self, name: str) -> SecretDates:
        """When the secret was stored: a token holds it. Raises as `get` does."""
        await self.get(name)
        seconds = self._fernet.extract_timestamp(self._tokens()[name.lower()].encode())
        return SecretDates(stored_at=datetime.fromtimestamp(seconds, UTC))

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
        old, new = self._fernet, fernet(new_key)
        try:
            with self._changing() as tokens:
                for name, token in list(tokens.items()):
                    at = old.extract_timestamp(token.encode())
                    tokens[name] = _sealed(new, name, self._opened(name, token), at)
                self._fernet = new
        except BaseException:
            self._fernet = old
            raise
        self._read = ((), {})

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """The tokens, to be changed while no other process changes them; written when the block
        ends well."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(self._path.with_name(self._path.name + ".lock")):
            tokens = {name: one for name, one in self._tokens().items() if name != PROOF}
            yield tokens
            writes = max(self._writes, self._marked()) + 1
            proof = _sealed(self._fernet, PROOF, f"writes {writes} of {_all(tokens)}")
            replace_file(
                self._path,
                json.dumps({"proof": proof, "secrets": tokens}, indent=1, sort_keys=True).encode(),
            )
            self._mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self._mark, f"{writes}\n".encode())

    def _proof_of(self, tokens: Tokens) -> str:
        try:
            return self._fernet.decrypt(tokens[PROOF].encode()).decode()
        except InvalidToken:
            what = f"{self._path} was written under another key, or changed since"
            remedy = "Set SYNC_VAULT_KEY, or the key file, to the key it was last written with"
            raise Never(what, remedy=remedy) from None

    def _tokens(self) -> Tokens:
        """What the file holds; read again when it was replaced or changed since. Proves the key.

        The mark is read before the file, as it is written after it: who changes the file meanwhile
        makes it newer than the mark, never older.
        """
        stamp = self._stamp()
        if stamp is not None and stamp == self._read[0]:
            return self._read[1]
        marked = self._marked()
        if stamp is None and not self._path.exists():
            self._check_age(0, marked, "is missing")
            return {}
        tokens = _parsed(self._path)
        self._writes = self._proven(self._proof_of(tokens), tokens)
        self._check_age(self._writes, marked, "is older than the one that was last used here")
        self._read = (stamp or (), tokens)
        return tokens

    def _stamp(self) -> tuple[int, ...] | None:
        """What tells this file from the one that replaces it; None where there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _proven(self, proof: str, tokens: Tokens) -> int:
        """How often the file was written, once its entries are those of the last time. Earlier
        releases did not count, and proved no more than the key."""
        if proof == _KEY_ALONE:
            return 0
        found = _WRITES.fullmatch(proof.removeprefix(f"{PROOF}:"))
        if found is None:
            raise _damaged(self._path, "its proof is none")
        if found[2] != _all({name: one for name, one in tokens.items() if name != PROOF}):
            raise _damaged(self._path, "its entries were changed")
        return int(found[1])

    def _marked(self) -> int:
        """How often the file was written, as the mark has it; 0 without one."""
        try:
            text = self._mark.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return 0
        if not (text.isdecimal() and len(text) <= 15):
            raise Never(
                f"{self._mark} is damaged: it holds no count",
                remedy=f"Delete it if {self._path} is the newest there is.",
            )
        return int(text)

    def _check_age(self, writes: int, marked: int, what: str) -> None:
        if writes < marked:
            raise Never(
                f"{self._path} {what}: it was written {marked} times, and this is number {writes}",
                remedy=(
                    "Restore the newest vault.json: an older one brings back secrets that were"
                    f" replaced or removed. If it is meant to be used, delete {self._mark}, and"
                    " store again what was changed since."
                ),
            )

    def _opened(self, name: str, token: str) -> str:
        try:
            bound, _, value = self._fernet.decrypt(token.encode()).decode().partition(":")
        except InvalidToken:
            bound = None
        if bound != name:
            raise _damaged(self._path, f"the entry of {name!r} was changed")
        return value


def _sealed(key: Fernet, name: str, value: str, at: int | None = None) -> str:
    """`at`: when it was stored first, where that is not now."""
    plain = f"{name}:{value}".encode()
    token = key.encrypt(plain) if at is None else key.encrypt_at_time(plain, at)
    return token.decode()


def _all(tokens: Tokens) -> str:
    """A digest of all entries."""
    return hashlib.sha256(json.dumps(dict(tokens), sort_keys=True).encode()).hexdigest()


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
