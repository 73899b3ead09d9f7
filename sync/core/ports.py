"""What the engine needs from outside: tables, secrets, a clock. Adapters implement them;
the queue is in `sync/core/message_queue.py`.

One contract suite per port (`tests/contracts/`) is run on every adapter; what it asserts is the
meaning of the words here. Nothing in the engine reads the time, draws a random number or touches a
disk or a socket except through these.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

Value = str | int | bool | bytes | datetime | None
"""What a table cell can hold. Integers to 64 bits; datetimes are UTC; text and bytes to 64 KiB."""


@dataclass(frozen=True)
class Row:
    """One table row. `etag` is empty until the row has been stored; every write gives a new one."""

    partition: str
    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    etag: str = ""

    def having(self, **values: Value) -> "Row":
        """The same row with some cells changed."""
        return replace(self, values={**self.values, **values})


class Conflict(Exception):
    """Somebody else was first: the row exists already, has gone, or has changed since it was
    read."""


@dataclass(frozen=True)
class Insert:
    """Store a row that must not exist."""

    row: Row


@dataclass(frozen=True)
class Replace:
    """Store a row over the one with the same etag."""

    row: Row


@dataclass(frozen=True)
class Upsert:
    """Store a row, whatever was there."""

    row: Row


@dataclass(frozen=True)
class Delete:
    """Remove a row; nothing there is fine unless an etag is given."""

    row: Row


Operation = Insert | Replace | Upsert | Delete


class Tables(Protocol):
    """Rows by (table, partition, key). A table comes into being when it is first written to;
    reading an unknown one finds nothing. Partition and key: 1 to 512 characters, any Unicode but
    control characters (adapters encode); one that would be longer than 512 as Azure stores it is a
    `ValueError` everywhere (`adapters/table_storage/keys.py`)."""

    async def insert(self, table: str, row: Row) -> Row:
        """Store a row that must not exist; returns it with its etag. Raises `Conflict` if it
        exists."""
        ...

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        ...

    async def replace(self, table: str, row: Row) -> Row:
        """Store `row` over the stored one, only if that has `row.etag`. Raises `Conflict`
        otherwise."""
        ...

    async def upsert(self, table: str, row: Row) -> Row:
        """Store `row` whatever was there."""
        ...

    async def delete(self, table: str, partition: str, key: str, etag: str = "") -> None:
        """Remove a row. Nothing there is fine without an etag; with one, `Conflict` unless it
        matches."""
        ...

    def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        before: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        """Rows of one partition with `start` <= key < `before` (empty = open), in code point order
        of the key."""
        ...

    def partitions(self, table: str) -> AsyncIterator[str]:
        """The distinct partitions of a table, in code point order. For operators' lists, not for
        the engine."""
        ...

    async def drop(self, table: str) -> None:
        """Remove a table with all its rows; nothing there is fine. The name is not written to again
        for a while."""
        ...

    async def transact(self, table: str, operations: Sequence[Operation]) -> None:
        """All or nothing, at most 100 operations on distinct rows of one partition. Raises
        `Conflict`, storing nothing."""
        ...


class Secrets(Protocol):
    """Secrets by name. Rotation is picked up without a restart: callers ask each time, adapters
    cache for minutes."""

    async def get(self, name: str) -> str:
        """The secret. Raises `Never` with a remedy when there is none of that name; the value is in
        no error text."""
        ...


@dataclass(frozen=True)
class SecretDates:
    """When a secret was stored, and when it ends, as far as its store tells."""

    stored_at: datetime | None = None
    ends_at: datetime | None = None


UNDATED: Final = SecretDates()


@runtime_checkable
class Dated(Protocol):
    """A store of secrets that tells their dates."""

    async def dates(self, name: str) -> SecretDates:
        """Those of a secret. Raises as `Secrets.get` does."""
        ...


class Clock(Protocol):
    """Time and chance, from outside."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds since some moment of this process, whatever the clock is set to."""
        ...

    def unique(self) -> str:
        """32 hexadecimal characters that nobody else draws."""
        ...

    def between(self, low: float, high: float) -> float:
        """A number drawn evenly; used to spread waits."""
        ...


@dataclass(frozen=True)
class Mail:
    """A mail to one person. `name` is the same whenever it is sent, and no other mail's: letters,
    digits and dashes."""

    name: str
    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Takes mails to people. A mail server tells nobody later whether it has taken one."""

    async def send(self, mail: Mail, *, not_after: datetime) -> None:
        """Hand it over, at the latest at `not_after`. Raises `Later` where it was not taken,
        `Never` where it is refused, and `Unknown` where the server did not say."""
        ...
