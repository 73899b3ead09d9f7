"""Copies of the documents read, sent and answered: compressed, encrypted, beside the trail, never in it.

They serve two readers: the operator who compares both documents, and the engine that tells an edit from what was
delivered. They age out by policy and can be erased for one record; the trail stays readable without them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from sync.encoding import from_json, to_json
from sync.errors import Never
from sync.ports import Row, Tables, Upsert

TABLE = "documents"
CHUNK = 60 * 1024
"""A cell holds 64 KiB; a row 1 MiB. Larger copies span cells, then rows."""
CELLS = 12
ROWS = 3
"""Rows in one transaction: of 4 MiB as it is sent, which is a third more than it holds."""


class Sealer(Protocol):
    """Compresses and encrypts; opening what another key sealed raises `Never`."""

    def seal(self, plain: bytes) -> bytes:
        """Compressed and encrypted."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes again."""
        ...


class Documents:
    """Encrypted copies by record, trail row and kind (`read`, `wanted`, `sent`, `answered`)."""

    def __init__(self, tables: Tables, sealer: Sealer) -> None:
        self._tables = tables
        self._sealer = sealer

    async def store(self, record: str, trail_id: str, copies: Mapping[str, Any]) -> None:
        """Keep the copies of one outcome, together where they fit. Safe to repeat: the same trail row overwrites itself."""
        rows = [row for kind, document in copies.items() for row in self._rows(record, trail_id, kind, document)]
        for start in range(0, len(rows), ROWS):
            await self._tables.transact(TABLE, [Upsert(row) for row in rows[start : start + ROWS]])

    def _rows(self, record: str, trail_id: str, kind: str, document: Any) -> Iterator[Row]:
        sealed = self._sealer.seal(to_json(document))
        chunks = [sealed[start : start + CHUNK] for start in range(0, len(sealed), CHUNK)]
        for part in range(0, len(chunks), CELLS):
            cells = {f"c{index:02d}": chunk for index, chunk in enumerate(chunks[part : part + CELLS])}
            yield Row(record, f"{kind}|{trail_id}|{part // CELLS:04d}", cells)

    async def load(self, record: str, trail_id: str, kind: str) -> Any | None:
        """One copy, or None when there is none (any more)."""
        start = f"{kind}|{trail_id}|"
        sealed = b""
        async for row in self._tables.query(TABLE, record, start=start, before=f"{kind}|{trail_id}|~"):
            sealed += b"".join(value for _, value in sorted(row.values.items()) if isinstance(value, bytes))
        return from_json(self._sealer.open(sealed)) if sealed else None

    async def last(self, record: str, kind: str) -> Any | None:
        """The newest copy of a kind, or None. An unreadable one (lost key) counts as none."""
        newest = ""
        async for row in self._tables.query(TABLE, record, start=f"{kind}|", before=f"{kind}|~"):
            newest = row.key.split("|")[1]
        if not newest:
            return None
        try:
            return await self.load(record, newest, kind)
        except Never:
            return None

    async def erase(self, record: str) -> int:
        """Forget every copy of one record (a person's right); returns how many rows went. Safe to repeat."""
        keys = [row.key async for row in self._tables.query(TABLE, record)]
        for key in keys:
            await self._tables.delete(TABLE, record, key)
        return len(keys)
