"""Very many short texts by key in little memory: bytes in buckets, instead of an object for each.

A hundred thousand entries of fifty characters take six megabytes; a dict of texts takes thirty.
"""

from collections.abc import Iterator
from typing import Final

BUCKETS: Final = 4096
NEW, MARKED = b"\t0", b"\t1"
NOTHING: Final = bytearray()
ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t"})


class Packed:
    """Texts by key, read in any order; a line break in a text becomes a space. `mark` tells which
    keys have been met."""

    def __init__(self) -> None:
        self._buckets: dict[int, bytearray] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: str, value: str) -> None:
        """Keep a text; one that is there already is replaced, and is not marked any more."""
        name, value = _name(key), value.replace("\n", " ")
        bucket = self._buckets.setdefault(hash(name) % BUCKETS, bytearray())
        start = bucket.find(b"\n" + name + b"\t")
        if start >= 0:
            del bucket[start : bucket.find(b"\n", start + 1)]
            self._count -= 1
        if not bucket:
            bucket += b"\n"
        bucket[-1:] = b"\n" + name + NEW + value.encode("utf-8", "surrogatepass") + b"\n"
        self._count += 1

    def get(self, key: str) -> str | None:
        """The text of a key."""
        name = _name(key)
        bucket = self._buckets.get(hash(name) % BUCKETS, NOTHING)
        start = bucket.find(b"\n" + name + b"\t")
        return _text(bucket, start + len(name) + 3) if start >= 0 else None

    def mark(self, key: str) -> tuple[str | None, bool]:
        """The text of a key, and whether the key was met before; it is now."""
        name = _name(key)
        bucket = self._buckets.get(hash(name) % BUCKETS, NOTHING)
        start = bucket.find(b"\n" + name + b"\t")
        if start < 0:
            return None, False
        at = start + len(name) + 2
        was, bucket[at] = bucket[at], MARKED[1]
        return _text(bucket, at + 1), was == MARKED[1]

    def keys(self, *, unmarked: bool = False) -> Iterator[str]:
        """All keys, or those that were not met."""
        for bucket in [*self._buckets.values()]:
            for line in bytes(bucket).split(b"\n"):
                name, tab, rest = line.partition(b"\t")
                if tab and not (unmarked and rest[:1] == MARKED[1:]):
                    yield _key(name)


def _text(bucket: bytearray, begin: int) -> str:
    return bucket[begin : bucket.find(b"\n", begin)].decode("utf-8", "surrogatepass")


def _name(key: str) -> bytes:
    if "\\" in key or "\n" in key or "\t" in key:
        key = key.translate(ESCAPED)
    return key.encode("utf-8", "surrogatepass")


def _key(name: bytes) -> str:
    key = name.decode("utf-8", "surrogatepass")
    if "\\" not in key:
        return key
    parts = key.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\t", "\t") for part in parts)
