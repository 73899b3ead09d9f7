"""`Tables` in this process's memory alone, for worlds: most of what they do is to read and write
rows, and a database would take longer over that than all else. The contract suite holds it to what
the adapters do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Final, TypeVar

from sync.adapters.cells import check_key, check_transaction, table_named, tidy
from sync.core.ports import Conflict, Delete, Insert, Operation, Replace, Row, Upsert

T = TypeVar("T")
PAGE: Final = 500
Partition = dict[str, Row]


class MemoryTables:
    """Rows by table, partition and key. A write takes a turn of the loop, as that of the embedded
    edition does: who is cancelled before has written nothing, and who dies meanwhile does not see
    the answer."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Partition]] = {}
        self._etags = count(1)

    def close(self) -> None:
        """Nothing is held."""

    async def insert(self, table: str, row: Row) -> Row:
        """Raises `Conflict` if it exists."""
        return await self._one(table, Insert(row))

    async def replace(self, table: str, row: Row) -> Row:
        """Raises `Conflict` unless the stored row has its etag."""
        return await self._one(table, Replace(row))

    async def upsert(self, table: str, row: Row) -> Row:
        """Whatever was there."""
        return await self._one(table, Upsert(row))

    async def delete(self, table: str, partition: str, key: str, etag: str = "") -> None:
        """Nothing there is fine without an etag; with one, `Conflict` unless it matches."""
        check_key(table, partition, key)
        await self._one(table, Delete(Row(partition, key, etag=etag)))

    async def transact(self, table: str, operations: Sequence[Operation]) -> None:
        """All or nothing."""
        check_transaction(table, operations)
        tidied = [_tidied(table, operation) for operation in operations]
        await _next_turn(lambda: self._apply(table_named(table), tidied))

    async def drop(self, table: str) -> None:
        """All rows of a table."""
        name = table_named(table)
        await _next_turn(lambda: self._tables.pop(name, None))

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        check_key(table, partition, key)
        return self._partition(table_named(table), partition).get(key)

    async def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        before: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        """Rows in order of their keys, as they are when their page is read."""
        check_key(table, partition)
        name, after, left = table_named(table), "", limit
        while left is None or left > 0:
            rows = self._partition(name, partition)
            keys = sorted(key for key in rows if key >= start and key > after)
            found = [rows[key] for key in keys if not before or key < before]
            page = found[: PAGE if left is None else min(PAGE, left)]
            for row in page:
                yield row
            if len(page) == len(found):
                return
            after, left = page[-1].key, left and left - len(page)
            await asyncio.sleep(0)

    async def partitions(self, table: str) -> AsyncIterator[str]:
        """Those that have rows, in order."""
        rows = self._tables.get(table_named(table), {})
        for partition in sorted(name for name in rows if rows[name]):
            yield partition

    def _partition(self, name: str, partition: str) -> Partition:
        return self._tables.get(name, {}).get(partition, {})

    async def _one(self, table: str, operation: Operation) -> Row:
        name, tidied = table_named(table), _tidied(table, operation)
        return (await _next_turn(lambda: self._apply(name, [tidied])))[0]

    def _apply(self, name: str, operations: Sequence[Operation]) -> list[Row]:
        if not operations:
            return []
        partitions, key = self._tables.setdefault(name, {}), operations[0].row.partition
        rows = partitions.setdefault(key, {})
        if len(operations) > 1:  # of which a later one may be refused
            rows = dict(rows)
        stored = [self._applied(name, rows, one) for one in operations]
        partitions[key] = rows
        return stored

    def _applied(self, name: str, rows: Partition, operation: Operation) -> Row:
        row, there = operation.row, rows.get(operation.row.key)
        is_checked = isinstance(operation, Replace) or (
            isinstance(operation, Delete) and bool(row.etag)
        )
        if isinstance(operation, Insert) and there is not None:
            raise Conflict(f"{name} {row.partition} {row.key} exists already")
        if is_checked and (there is None or there.etag != row.etag):
            raise Conflict(f"{name} {row.partition} {row.key} has gone or changed")
        if isinstance(operation, Delete):
            rows.pop(row.key, None)
            return row
        rows[row.key] = replace(row, etag=str(next(self._etags)))
        return rows[row.key]


def _tidied(table: str, operation: Operation) -> Operation:
    if isinstance(operation, Delete):
        check_key(table, operation.row.partition, operation.row.key)
        return operation
    row = replace(operation.row, values=tidy(table, operation.row))
    return replace(operation, row=row)


async def _next_turn(work: Callable[[], T]) -> T:
    """Do it between this turn of the loop and the next one."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def commit() -> None:
        if done.done():
            return
        try:
            done.set_result(work())
        except Conflict as conflict:
            done.set_exception(conflict)

    loop.call_soon(commit)
    return await done
