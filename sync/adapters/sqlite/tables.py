"""Tables in SQLite, for the embedded edition and for tests.

A cell that is None is not stored: rows come back without it. Every other value keeps its type.
Limits are Azure's (`cells`). An etag is the number of the write, unique within the file and never
used again.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sync.adapters.cells import check_key, check_transaction, from_text, table_named, tidy, to_text
from sync.adapters.sqlite.store import SqliteStore, Synchronous
from sync.core.ports import Conflict, Delete, Insert, Operation, Replace, Row

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS rows (
        etag INTEGER PRIMARY KEY AUTOINCREMENT, "table" TEXT NOT NULL, partition TEXT NOT NULL, key
        TEXT NOT NULL,
        cells TEXT NOT NULL, UNIQUE ("table", partition, key))""",
)
PAGE: Final = 500
"""Rows read at a time; no statement stays open between pages, so a slow reader holds nothing up."""

Job = Callable[[sqlite3.Connection], str]


class SqliteTables:
    """`Tables` in one file, or in memory (`:memory:`). Several processes may have the file open."""

    def __init__(self, path: str | Path, *, synchronous: Synchronous = "FULL") -> None:
        self._store = SqliteStore(path, SCHEMA, synchronous=synchronous)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def compact(self) -> None:
        """Leave nothing of what was deleted in the file or its log. Raises `Later`."""
        self._store.compact()

    async def insert(self, table: str, row: Row) -> Row:
        """Store a row that must not exist. Raises `Conflict` if it does, `ValueError` beyond a
        limit."""
        return await self._put(table, row, _insert)

    async def replace(self, table: str, row: Row) -> Row:
        """Store `row` over the stored one with its etag. Raises `Conflict` otherwise; an empty etag
        matches none."""
        return await self._put(table, row, _replace)

    async def upsert(self, table: str, row: Row) -> Row:
        """Store `row` whatever was there; cells of the stored row that `row` lacks are gone."""
        return await self._put(table, row, _upsert)

    async def delete(self, table: str, partition: str, key: str, etag: str = "") -> None:
        """Remove a row. Nothing there is fine without an etag; with one, `Conflict` unless it
        matches."""
        check_key(table, partition, key)
        await self._store.write(_delete(table_named(table), Row(partition, key, etag=etag)))

    async def drop(self, table: str) -> None:
        """Remove all rows of a table."""
        name = table_named(table)
        await self._store.write(
            lambda db: str(db.execute('DELETE FROM rows WHERE "table" = ?', (name,)).rowcount)
        )
        self._store.wipe()

    async def transact(self, table: str, operations: Sequence[Operation]) -> None:
        """All or nothing. Raises `Conflict`, storing nothing; `ValueError` beyond a limit."""
        check_transaction(table, operations)
        jobs = [_job(table, operation) for operation in operations]

        def work(db: sqlite3.Connection) -> None:
            for job in jobs:
                job(db)

        await self._store.write(work)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        sql = 'SELECT cells, etag FROM rows WHERE "table" = ? AND partition = ? AND key = ?'
        check_key(table, partition, key)
        for cells, etag in self._store.read(sql, table_named(table), partition, key):
            return Row(partition, key, from_text(cells), str(etag))
        return None

    async def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        before: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        """Rows with `start` <= key < `before` (empty = open), in code point order, as they are when
        their page is read.

        A row written behind the reader's place while it reads is not seen, one ahead of it is.
        """
        check_key(table, partition)
        # UTF-8 compares as code points do; keys are never empty, so '' is before them all
        sql = (
            'SELECT key, cells, etag FROM rows WHERE "table" = ? AND partition = ? AND key >= ? AND'
            " key > ?"
        )
        sql += (" AND key < ?" if before else "") + " ORDER BY key LIMIT ?"
        name, after, left = table_named(table), "", limit
        while left is None or left > 0:
            page = PAGE if left is None else min(PAGE, left)
            found = self._store.read(
                sql, name, partition, start, after, *([before] if before else []), page
            )
            for key, cells, etag in found:
                yield Row(partition, key, from_text(cells), str(etag))
            if len(found) < page:
                return
            after, left = found[-1][0], left and left - page
            await asyncio.sleep(0)

    async def partitions(self, table: str) -> AsyncIterator[str]:
        """The distinct partitions, in code point order."""
        sql, name, last = (
            'SELECT min(partition) FROM rows WHERE "table" = ? AND partition > ?',
            table_named(table),
            "",
        )
        while (last := self._store.read(sql, name, last)[0][0]) is not None:
            yield last
            await asyncio.sleep(0)

    async def _put(self, table: str, row: Row, job: Callable[[str, Row], Job]) -> Row:
        tidied = replace(row, values=tidy(table, row))
        return replace(tidied, etag=await self._store.write(job(table_named(table), tidied)))


def _job(table: str, operation: Operation) -> Job:
    name, row = table_named(table), operation.row
    if isinstance(operation, Delete):
        check_key(table, row.partition, row.key)
        return _delete(name, row)
    tidied = replace(row, values=tidy(table, row))
    if isinstance(operation, Insert):
        return _insert(name, tidied)
    return (_replace if isinstance(operation, Replace) else _upsert)(name, tidied)


def _insert(table: str, row: Row) -> Job:
    def work(db: sqlite3.Connection) -> str:
        sql = 'INSERT INTO rows ("table", partition, key, cells) VALUES (?, ?, ?, ?)'
        try:
            return str(db.execute(sql, (table, row.partition, row.key, cells)).lastrowid)
        except sqlite3.IntegrityError:
            raise Conflict(f"{table} {row.partition} {row.key} exists already") from None

    cells = to_text(row.values)
    return work


def _replace(table: str, row: Row) -> Job:
    insert, delete = _insert(table, row), _delete(table, row)

    def work(db: sqlite3.Connection) -> str:
        if not row.etag:
            raise Conflict(
                f"{table} {row.partition} {row.key}: replaced without the etag of a stored row"
            )
        delete(db)
        return insert(db)

    return work


def _upsert(table: str, row: Row) -> Job:
    insert, delete = _insert(table, row), _delete(table, replace(row, etag=""))

    def work(db: sqlite3.Connection) -> str:
        delete(db)
        return insert(db)

    return work


def _delete(table: str, row: Row) -> Job:
    def work(db: sqlite3.Connection) -> str:
        sql, values = (
            'DELETE FROM rows WHERE "table" = ? AND partition = ? AND key = ?',
            [table, row.partition, row.key],
        )
        if not row.etag:
            db.execute(sql, values)
        elif db.execute(f"{sql} AND CAST(etag AS TEXT) = ?", [*values, row.etag]).rowcount != 1:
            raise Conflict(
                f"{table} {row.partition} {row.key} has gone or changed since it was read"
            )
        return ""

    return work
