"""Copies of the documents read, sent and answered: compressed, encrypted, beside the trail, never
in it.

They serve two readers: the operator who compares both documents, and the engine that tells an edit
from what was delivered. A table holds those of one month and goes as a whole when they are old
enough; those of one record can be erased at any time. The trail stays readable without them.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sync.core.encoding import from_json, to_json
from sync.core.errors import Never
from sync.core.ports import Clock, Row, Tables, Upsert

PREFIX = "documents"
"""A table's name is this and its month, as in documents202611."""
KEEP_MONTHS = 12
"""How many whole months copies are kept where nothing else is said."""
LONGEST_KEPT = 120
"""Months: the longest policy. Tables up to there are looked for, as the policy may have been
longer, or nobody at work."""
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


class DocumentCopies:
    """Encrypted copies by record, trail row and kind (`read`, `wanted`, `sent`, `answered`).

    `keep_months`: whole months for which they are kept at least. Trail rows' ids begin with their
    time.
    """

    def __init__(
        self, tables: Tables, sealer: Sealer, clock: Clock, *, keep_months: int = KEEP_MONTHS
    ) -> None:
        self._tables = tables
        self._sealer = sealer
        self._clock = clock
        self._keep_months = keep_months

    async def store(self, record: str, trail_id: str, copies: Mapping[str, Any]) -> None:
        """Keep the copies of one outcome, together where they fit. Safe to repeat: the same trail
        row overwrites itself."""
        rows = [
            row
            for kind, document in copies.items()
            for row in self._rows(record, trail_id, kind, document)
        ]
        for start in range(0, len(rows), ROWS):
            await self._tables.transact(
                table_of(trail_id), [Upsert(row) for row in rows[start : start + ROWS]]
            )

    def _rows(self, record: str, trail_id: str, kind: str, document: Any) -> Iterator[Row]:
        sealed = self._sealer.seal(to_json(document))
        chunks = [sealed[start : start + CHUNK] for start in range(0, len(sealed), CHUNK)]
        for part in range(0, len(chunks), CELLS):
            cells = {
                f"c{index:02d}": chunk for index, chunk in enumerate(chunks[part : part + CELLS])
            }
            yield Row(record, f"{kind}|{trail_id}|{part // CELLS:04d}", cells)

    async def load(self, record: str, trail_id: str, kind: str) -> Any | None:
        """One copy, or None when there is none (any more)."""
        start = f"{kind}|{trail_id}|"
        sealed = b""
        async for row in self._tables.query(
            table_of(trail_id), record, start=start, before=f"{kind}|{trail_id}|~"
        ):
            sealed += b"".join(
                value for _, value in sorted(row.values.items()) if isinstance(value, bytes)
            )
        return from_json(self._sealer.open(sealed)) if sealed else None

    async def last(self, record: str, kind: str) -> Any | None:
        """The newest copy of a kind, or None. An unreadable one (lost key) counts as none."""
        for table in self._kept():
            newest = ""
            async for row in self._tables.query(
                table, record, start=f"{kind}|", before=f"{kind}|~"
            ):
                newest = row.key.split("|")[1]
            if newest:
                try:
                    return await self.load(record, newest, kind)
                except Never:
                    return None
        return None

    async def months(self) -> list[str]:
        """The tables that hold copies, newest first, those of a longer policy among them."""
        all_months = [self._table(back) for back in range(LONGEST_KEPT + 1)]
        held = await asyncio.gather(*(self._holds(table) for table in all_months))
        return [table for table, holds in zip(all_months, held, strict=True) if holds]

    async def _holds(self, table: str) -> bool:
        async for _ in self._tables.partitions(table):
            return True
        return False

    async def erase(self, record: str, tables: Sequence[str]) -> int:
        """Forget every copy of one record (a person's right) in these tables, as `months` tells
        them; returns how many rows went. Safe to repeat."""
        count = 0
        for table in tables:
            for key in [row.key async for row in self._tables.query(table, record)]:
                await self._tables.delete(table, record, key)
                count += 1
        return count

    async def forget_old(self) -> None:
        """Drop the tables of months that are over for longer than copies are kept. Safe to
        repeat."""
        for back in range(self._keep_months + 1, LONGEST_KEPT + 2):
            await self._tables.drop(self._table(back))

    def _kept(self) -> list[str]:
        """Tables that may hold copies, newest first."""
        return [self._table(back) for back in range(self._keep_months + 1)]

    def _table(self, back: int) -> str:
        """The table of so many months ago."""
        now = self._clock.now()
        months = now.year * 12 + now.month - 1 - back
        return f"{PREFIX}{months // 12:04d}{months % 12 + 1:02d}"


def table_of(trail_id: str) -> str:
    """The table of a trail row's month."""
    return PREFIX + trail_id[:6]
