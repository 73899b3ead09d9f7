"""Rows by table and key, indexes on demand, and transactions that can be taken back. In memory, one
loop, no awaits.

Rows are sparse: a property nobody wrote is missing and reads as its type's unset value. Records are
never changed in place, so what a reader holds stays as it was.
"""

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.dynamics.filters import Node
from sandbox.dynamics.schema import COMPANY, MAIN, NO_INSTANT, EntitySet
from sandbox.dynamics.values import folded

Key = tuple[Any, ...]
FIRST_RECORD = 5637144576


@dataclass(frozen=True)
class Record:
    """A stored row. `number` is its RecId, `version` grows with every change, `changed_at` is its
    time."""

    number: int
    version: int
    values: Mapping[str, Any]
    changed_at: datetime = NO_INSTANT

    @property
    def etag(self) -> str:
        """Opaque to clients: base64 of the pairs of version and RecId."""
        pairs = base64.b64encode(f"'{self.version},{self.number};0,0'".encode()).decode()
        return f'W/"{pairs}"'

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def key_of(entity: EntitySet, values: Mapping[str, Any]) -> Key:
    """The folded key of a row."""
    return tuple(folded(values.get(name, entity.properties[name].unset)) for name in entity.key)


@dataclass
class Table:
    """The rows of one table."""

    entity: EntitySet
    records: dict[Key, Record] = field(default_factory=dict)
    indexes: dict[str, dict[Any, dict[int, Key]]] = field(default_factory=dict)

    def put(self, key: Key, record: Record | None) -> Record | None:
        """Store a record under its key, or remove it (None); returns what was there. Indexes
        follow."""
        before = self.records.get(key)
        for name, index in self.indexes.items():
            if before is not None:
                index[self._value(before, name)].pop(before.number, None)
            if record is not None:
                index[self._value(record, name)][record.number] = key
        if record is None:
            self.records.pop(key, None)
        else:
            self.records[key] = record
        return before

    def having(self, name: str, values: Iterable[Any]) -> list[Record]:
        """The records whose property is one of these folded values, oldest first."""
        index = self.indexes.get(name)
        if index is None:
            index = self.indexes[name] = defaultdict(dict)
            for key, record in self.records.items():
                index[self._value(record, name)][record.number] = key
        found = {
            number: key
            for value in values
            if value in index
            for number, key in index[value].items()
        }
        return [self.records[found[number]] for number in sorted(found)]

    def matching(self, node: Node) -> Iterator[Record]:
        """The records a filter asks for, oldest first, through an index where the filter names an
        exact text."""
        needles = node.needles()
        pool = (
            self.oldest_first()
            if needles is None or needles[0] == COMPANY
            else self.having(*needles)
        )
        return (record for record in pool if node.fits(record.values))

    def oldest_first(self) -> list[Record]:
        """All records, in the order in which they came into being."""
        return sorted(self.records.values(), key=lambda record: record.number)

    def _value(self, record: Record, name: str) -> Any:
        known = self.entity.properties.get(name)
        return folded(record.values.get(name, known.unset if known else ""))


@dataclass
class Store:
    """All tables. Everything written inside `transaction()` is taken back when the block raises."""

    tables: dict[str, Table] = field(default_factory=dict)
    last: int = FIRST_RECORD
    now: Callable[[], datetime] = lambda: NO_INSTANT
    _undo: list[tuple[Table, Key, Record | None]] | None = None

    def table(self, name: str) -> Table:
        """A table by name; it comes into being when it is first asked for."""
        if name not in self.tables:
            self.tables[name] = Table(MAIN[name])
        return self.tables[name]

    def find(self, table: str, *key: Any) -> Record | None:
        """The record with this key, or None. Case does not matter."""
        return self.table(table).records.get(tuple(folded(part) for part in key))

    def number(self) -> int:
        """The next RecId."""
        self.last += 1
        return self.last

    @property
    def upcoming(self) -> int:
        """The RecId that the next row will have."""
        return self.last + 1

    def insert(self, table: str, values: Mapping[str, Any]) -> Record:
        """Store a new row; the caller has made sure that its key is free."""
        home = self.table(table)
        record = Record(self.number(), 1, dict(values), self.now())
        self._put(home, key_of(home.entity, values), record)
        return record

    def update(self, table: str, record: Record, changes: Mapping[str, Any]) -> Record:
        """Store a row's changes as its next version. Keys do not change."""
        home = self.table(table)
        values = {**record.values, **changes}
        after = Record(record.number, record.version + 1, values, self.now())
        self._put(home, key_of(home.entity, record.values), after)
        return after

    def delete(self, table: str, record: Record) -> None:
        """Remove a row."""
        home = self.table(table)
        self._put(home, key_of(home.entity, record.values), None)

    def _put(self, home: Table, key: Key, record: Record | None) -> None:
        before = home.put(key, record)
        if self._undo is not None:
            self._undo.append((home, key, before))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Numbers that were drawn stay drawn, as in a number sequence that is not
        continuous."""
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            for home, key, before in reversed(self._undo):
                home.put(key, before)
            raise
        finally:
            self._undo = None
