"""Documents at rest: compressed, then encrypted and authenticated (Fernet: AES-128-CBC with
HMAC-SHA256)."""

import base64
import re
import zlib
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from sync.core.errors import Never

KEY: Final = re.compile("[A-Za-z0-9_-]{43}=")


class Cipher:
    """Seals and opens documents. The first key seals, all of them open.

    To rotate: put a new key first, `renew` what is stored or wait until it has aged out, then drop
    the old key. Raises `Never` on no key or a malformed one.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise Never(
                "no key to encrypt documents with",
                remedy="Make one with: python -m sync secrets new-key",
            )
        self._keys = MultiFernet([fernet(key) for key in keys])

    def __repr__(self) -> str:
        return "Cipher(...)"

    def seal(self, plain: bytes) -> bytes:
        """The document, compressed and encrypted: about a third of JSON's size, and another text
        every time."""
        return base64.urlsafe_b64decode(self._keys.encrypt(zlib.compress(plain)))

    def open(self, sealed: bytes) -> bytes:
        """The document. Raises `Never` when none of the keys sealed it, or it was changed since."""
        try:
            return zlib.decompress(self._keys.decrypt(base64.urlsafe_b64encode(sealed)))
        except InvalidToken:
            raise _locked() from None

    def renew(self, sealed: bytes) -> bytes:
        """The same document under the first key. Safe to repeat. Raises `Never` as `open` does."""
        try:
            return base64.urlsafe_b64decode(self._keys.rotate(base64.urlsafe_b64encode(sealed)))
        except InvalidToken:
            raise _locked() from None


def fernet(key: str) -> Fernet:
    """The cipher of one key. Raises `Never` unless it is 32 bytes in URL-safe base64; the text does
    not show it."""
    if not KEY.fullmatch(key.strip()):
        raise Never(
            "a key that is not 32 bytes in URL-safe base64 (44 characters)",
            remedy=(
                "Check that the key was copied whole, or make one with: python -m sync secrets"
                " new-key"
            ),
        )
    return Fernet(key.strip())


def _locked() -> Never:
    return Never(
        "a stored document opens with none of the keys, or was changed since it was stored",
        remedy="Add the key that was in use when it was stored behind the present one",
    )
