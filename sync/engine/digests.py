"""Digests as they are stored: keyed, so that nobody without the vault can test a guess by them.

A plain SHA-256 of a name and an e-mail address tells anybody who guesses both that they were here.
So every digest is stored as its HMAC. What earlier releases stored is plain; it still counts as the
same, and is keyed when its row is next written.
"""

import base64
import hashlib
import hmac
import re
from typing import Final

from sync.core.errors import Never

_PLAIN: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
SHORTEST_KEY: Final = 16
PREFIX: Final = "h."
"""How a keyed digest begins; the 43 characters after it are base64."""


class KeyedDigests:
    """Keys digests. `key`: from the vault; with another one, known documents count as changed.
    Raises `Never` for a key that can be guessed."""

    def __init__(self, key: bytes) -> None:
        if len(key.strip()) < SHORTEST_KEY:
            raise Never(
                f"the secret email-key has fewer than {SHORTEST_KEY} characters",
                remedy="Restore it in the vault; every installation makes its own once.",
            )
        self._key = key
        self._short_key = hashlib.sha256(b"short|" + key).digest()

    def __call__(self, text: str) -> str:
        """The text with each plain SHA-256 in it keyed. Safe to repeat: a keyed one stays."""
        return _PLAIN.sub(lambda found: self.of(found[0].encode()), text)

    def of(self, content: bytes) -> str:
        """The keyed digest of any bytes."""
        keyed = hmac.digest(self._key, hashlib.sha256(b"digest|" + content).digest(), "sha256")
        return PREFIX + base64.urlsafe_b64encode(keyed).decode().rstrip("=")

    def short(self, content: bytes) -> str:
        """A keyed digest of 24 characters, for what there is very much of."""
        return hashlib.blake2b(content, key=self._short_key, digest_size=12).hexdigest()

    def same(self, stored: str, digest: str) -> bool:
        """Whether a stored digest, keyed or not yet, is this one."""
        return self(stored) == self(digest)
