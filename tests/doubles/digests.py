"""The key of digests where a test's engine has no vault."""

from typing import Final

from sync.engine.digests import KeyedDigests

DIGESTS: Final = KeyedDigests(b"k" * 32)
