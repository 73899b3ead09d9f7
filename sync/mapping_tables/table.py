"""Rows of one kind of mapping over the `Tables` port, and what was lately read of them."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar

from sync.core.groups import write_rows
from sync.core.ports import Clock, Conflict, Delete, Operation, Row, Tables, Upsert, Value

TABLE: Final = "mappings"
REMEMBERED: Final = 20_000


class Stored(Protocol):
    """A mapping that can be laid into cells."""

    @property
    def key(self) -> str:
        """What the table knows it by."""
        ...

    def cells(self) -> dict[str, str]:
        """The mapping as it is stored."""
        ...


M = TypeVar("M", bound=Stored)
V = TypeVar("V")


@dataclass(frozen=True)
class Comparison(Generic[V]):
    """What an import would do: rows that are new, rows that would change, rows that are there as
    wanted."""

    new: tuple[V, ...]
    changed: tuple[V, ...]
    same: tuple[V, ...]

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {"new": len(self.new), "changed": len(self.changed), "same": len(self.same)}


class Remembered(Generic[V]):
    """What was read in the last `fresh_for`, at most 20,000 of them."""

    def __init__(self, clock: Clock, fresh_for: timedelta) -> None:
        self._clock = clock
        self._fresh_for = fresh_for
        self._kept: dict[str, tuple[datetime, V]] = {}

    def get(self, key: str) -> V | None:
        """What was kept, while it is fresh."""
        until, value = self._kept.get(key, (None, None))
        return value if until is not None and self._clock.now() < until else None

    def keep(self, key: str, value: V) -> None:
        """Keep it from now; when there is no room, everything else goes."""
        if len(self._kept) >= REMEMBERED:
            self._kept.clear()
        self._kept[key] = (self._clock.now() + self._fresh_for, value)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


class MappingTable(Generic[M]):
    """One partition of the mapping table. `read` turns cells into a mapping."""

    def __init__(
        self, tables: Tables, partition: str, read: Callable[[Mapping[str, Value]], M]
    ) -> None:
        self._tables = tables
        self._partition = partition
        self._read = read

    async def get(self, key: str) -> M | None:
        """The mapping of a key, or None."""
        row = await self._tables.get(TABLE, self._partition, key)
        return self._read(row.values) if row else None

    async def learn(self, key: str, mapping: M) -> M:
        """Store a mapping unless the key has one; returns the one that holds."""
        try:
            await self._tables.insert(TABLE, Row(self._partition, key, mapping.cells()))
        except Conflict:
            return await self.get(key) or await self.learn(key, mapping)
        return mapping

    async def put(self, rows: Mapping[str, Mapping[str, str]], *, gone: Iterable[str] = ()) -> None:
        """Store cells by key over whatever was there, then forget the keys that are `gone`; in
        whole hundreds: an interrupted call is repeated."""
        operations: list[Operation] = [
            Upsert(Row(self._partition, key, cells)) for key, cells in rows.items()
        ]
        operations += [Delete(Row(self._partition, key)) for key in gone]
        await write_rows(self._tables, TABLE, operations)

    async def remove(self, key: str) -> None:
        """Forget a key; nothing there is fine."""
        await self._tables.delete(TABLE, self._partition, key)

    async def all(self) -> AsyncIterator[M]:
        """Every mapping, in the order of the keys."""
        async for row in self._tables.query(TABLE, self._partition):
            yield self._read(row.values)

    async def some(self, start: str, most: int) -> list[M]:
        """So many mappings, from a key on."""
        rows = self._tables.query(TABLE, self._partition, start=start, limit=most)
        return [self._read(row.values) async for row in rows]

    async def compare(self, wanted: Mapping[str, M]) -> Comparison[M]:
        """What storing `wanted` would change; rows that it does not name stay as they are."""
        stored = {mapping.key: mapping async for mapping in self.all()}
        return Comparison(
            new=tuple(mapping for key, mapping in wanted.items() if key not in stored),
            changed=tuple(
                mapping
                for key, mapping in wanted.items()
                if key in stored and stored[key] != mapping
            ),
            same=tuple(mapping for key, mapping in wanted.items() if stored.get(key) == mapping),
        )
