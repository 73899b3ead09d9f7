"""The mirror of a publication: what the target last confirmed of each row, as digests.

One row per key that the target shows; digests are keyed, as in claims. A row that is being sent is
announced first, so that one whose answer was lost, or whose sender died, counts as different until
the target confirms it again.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.ports import Delete, Operation, Row, Tables, Upsert
from sync.engine.digests import KeyedDigests

MIRROR: Final = "mirror"
NOTHING: Final = "nothing"
DOUBTED: Final = "doubted"
SIDE_BY_SIDE: Final = 16
"""Rows that are read by key at once."""
AT_ONCE: Final = 100
"""Rows in one transaction."""


@dataclass(frozen=True)
class Shown:
    """What the target is to show of one row. `content`: as JSON; None where it shows nothing (any
    more). `fault`: why it cannot be known, where it cannot; `content` then says of what.
    `moved`: differs when the target may have changed by itself since, so that the same content is
    sent again."""

    key: str
    content: Any
    fault: Never | None = None
    moved: str = ""

    @cached_property
    def digest(self) -> str:
        """Of the content, and of what moved; empty for nothing."""
        if self.content is None:
            return ""
        return digest([self.content, self.moved] if self.moved else self.content)

    @property
    def mark(self) -> str:
        """The digest, and never empty."""
        return self.digest or NOTHING


@dataclass(frozen=True)
class Mirrored:
    """What is known of one row of the target. `digest`: of what it confirmed last. `sent`: of what
    was announced since, and nobody knows the outcome of, or `doubted`. `refused`: of what it will
    not take. `version`: differs after every write."""

    digest: str = ""
    sent: str = ""
    refused: str = ""
    version: str = ""

    @property
    def cells(self) -> dict[str, str]:
        """As they are stored."""
        cells = {"digest": self.digest, "sent": self.sent, "refused": self.refused}
        return {name: value for name, value in cells.items() if value}

    @classmethod
    def of(cls, row: Row) -> Self:
        """From its row."""
        texts = {name: str(row.values.get(name) or "") for name in ("digest", "sent", "refused")}
        return cls(**texts, version=row.etag)


ABSENT: Final = Mirrored()

Mirrors = Mapping[str, Mirrored]


class Mirror:
    """The mirrors of all publications; `partition` is a connection and a flow, as for claims."""

    def __init__(self, tables: Tables, digests: KeyedDigests) -> None:
        self._tables, self._keyed = tables, digests

    def shows(self, was: Mirrored, row: Shown) -> bool:
        """Whether the target shows this very row."""
        return was.digest == self._keyed(row.digest) and not was.sent

    def refuses(self, was: Mirrored, row: Shown) -> bool:
        """Whether the target has refused this very row."""
        return was.refused == self._keyed(row.mark)

    async def whole(self, partition: str) -> dict[str, Mirrored]:
        """All rows of a publication."""
        return {row.key: Mirrored.of(row) async for row in self._tables.query(MIRROR, partition)}

    async def of(self, partition: str, keys: Iterable[str]) -> dict[str, Mirrored]:
        """The rows of these keys, as far as there are any."""
        wanted, found = list(keys), dict[str, Mirrored]()
        for start in range(0, len(wanted), SIDE_BY_SIDE):
            reads = [
                self._tables.get(MIRROR, partition, key)
                for key in wanted[start : start + SIDE_BY_SIDE]
            ]
            rows = await asyncio.gather(*reads)
            found |= {row.key: Mirrored.of(row) for row in rows if row is not None}
        return found

    async def announce(self, partition: str, rows: Iterable[Shown], known: Mirrors) -> None:
        """These rows are about to be sent. Safe to repeat."""
        await self._put(
            partition,
            {
                row.key: replace(known.get(row.key, ABSENT), sent=self._keyed(row.mark))
                for row in rows
            },
        )

    async def confirm(self, partition: str, rows: Iterable[Shown]) -> None:
        """The target shows these rows. Safe to repeat."""
        await self._put(partition, {row.key: Mirrored(self._keyed(row.digest)) for row in rows})

    async def put_back(self, partition: str, keys: Iterable[str], known: Mirrors) -> None:
        """The target refused what was announced of these keys, and shows what it did before."""
        await self._put(partition, {key: known.get(key, ABSENT) for key in keys})

    async def doubt(self, partition: str, known: Mirrors) -> None:
        """Nobody knows what the target shows of these rows: the next run sends them again."""
        await self._put(
            partition, {key: replace(was, sent=was.sent or DOUBTED) for key, was in known.items()}
        )

    async def refuse(self, partition: str, row: Shown, was: Mirrored) -> None:
        """The target takes no such row: no run sends it again until it differs."""
        await self._put(partition, {row.key: replace(was, refused=self._keyed(row.mark))})

    async def _put(self, partition: str, rows: Mapping[str, Mirrored]) -> None:
        """Rows of which nothing is known are removed."""
        operations = [_operation(Row(partition, key, one.cells)) for key, one in rows.items()]
        for start in range(0, len(operations), AT_ONCE):
            await self._tables.transact(MIRROR, operations[start : start + AT_ONCE])


def _operation(row: Row) -> Operation:
    return Upsert(row) if row.values else Delete(row)
