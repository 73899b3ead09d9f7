"""One SQLite file (or memory) under the embedded queue and tables: durable writes, many to a
commit.

Statements run synchronously on the loop: they take microseconds. What takes time is the commit,
which waits for the disk; so what concurrent tasks write during one turn of the loop goes into one
transaction, a savepoint each, and every writer hears of its own outcome only after the commit. With
`synchronous=FULL` that means: on the disk, safe against `kill -9` and against power loss. WAL lets
several processes (the host, the command line) work on one file.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from sync.core.errors import Later, Never

T = TypeVar("T")

Synchronous = Literal["FULL", "NORMAL"]
MEMORY = ":memory:"
BUSY = timedelta(seconds=5)
"""How long a statement waits for another process's transaction. Ours take milliseconds."""
NAP = 0.02
"""Seconds between looks at a new file that another process is opening."""
MOST_PER_COMMIT = 256
"""Writes in one transaction; more would keep the loop from its other work for too long."""


@dataclass
class _Write(Generic[T]):
    work: Callable[[sqlite3.Connection], T]
    done: "asyncio.Future[T]"
    error: Exception | None = None
    result: T | None = None

    def settle(self) -> None:
        """Tell who waits for it."""
        if self.error is None:
            self.done.set_result(cast("T", self.result))
        else:
            self.done.set_exception(self.error)


class SqliteStore:
    """A connection, and the transactions on it. Used by one loop at a time.

    `path`: a file, created readable by its owner alone, or `:memory:`. `synchronous`: FULL waits
    for the disk at every commit; NORMAL survives `kill -9` but may lose the last commits when the
    power fails. `busy`: patience with others.
    """

    def __init__(
        self,
        path: str | Path,
        schema: Sequence[str],
        *,
        synchronous: Synchronous = "FULL",
        busy: timedelta = BUSY,
    ) -> None:
        self.path = str(path)
        self._pending: list[_Write[Any]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        try:
            self._db = _opened(self.path, schema, synchronous, busy.total_seconds())
        except sqlite3.Error as error:
            raise self._fault(error) from None

    def read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What has been committed, now. Raises `Later` or `Never` as writes do."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._fault(error) from None

    def write(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Run `work` in the next transaction; the future holds its result once that is durable.

        An exception of `work` undoes what it wrote, nothing of what others wrote, and is the
        future's. `Later`: the file is busy or the disk is full. `Never`: the file is damaged. A
        future that is cancelled before its transaction begins is not run at all.
        """
        loop = asyncio.get_running_loop()
        if (
            self._loop is not loop
        ):  # an earlier loop may have ended with writes that nobody waits for any more
            self._loop, self._pending = loop, []
        if not self._pending:
            loop.call_soon(self.flush)
        write = _Write(work, loop.create_future())
        self._pending.append(write)
        return write.done

    def flush(self) -> None:
        """Commit what is pending now, instead of at the loop's next turn."""
        if not (batch := self._next_batch()):
            return
        if self._pending and self._loop:
            self._loop.call_soon(self.flush)
        try:
            self._commit(batch)
        except sqlite3.Error as error:
            for write in batch:
                write.error = self._fault(error)
        for write in batch:
            write.settle()

    def _next_batch(self) -> list[_Write[Any]]:
        """The next writes that somebody still waits for."""
        while self._pending:
            batch = [write for write in self._pending[:MOST_PER_COMMIT] if not write.done.done()]
            del self._pending[:MOST_PER_COMMIT]
            if batch:
                return batch
        return []

    def wipe(self) -> bool:
        """Put the log's pages into the file and empty the log: nothing that was deleted is left in
        it. A reader in another process puts that off to the next time; then False."""
        try:
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise self._fault(error) from None
        return not busy

    def compact(self) -> None:
        """Rewrite the file without anything that was ever deleted from it, and empty the log.

        What is deleted is overwritten at once, but not what earlier releases deleted, nor copies
        that SQLite left in a page when it moved a row. Takes as long as the file is large. Raises
        `Later` where another process keeps the log from being emptied.
        """
        try:
            self._db.execute("VACUUM")
        except sqlite3.Error as error:
            raise self._fault(error) from None
        if not self.wipe():
            raise Later(
                f"another process reads {self.path}, so its log still holds what was deleted: run"
                " the command again",
                after=timedelta(seconds=1),
                counts=False,
            )

    def close(self) -> None:
        """Commit what is pending, empty the log and close the file. Nothing is lost without it."""
        if self._loop and not self._loop.is_closed():
            while self._pending:
                self.flush()
        with contextlib.suppress(sqlite3.Error):  # a damaged file: the next open reports it
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def _commit(self, batch: Sequence[_Write[Any]]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for write in batch:
                self._attempt(write, is_alone=len(batch) == 1)
            if self._db.in_transaction:
                self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                with contextlib.suppress(sqlite3.Error):  # the first error is the one to tell
                    self._db.execute("ROLLBACK")

    def _attempt(self, write: _Write[Any], *, is_alone: bool) -> None:
        if not is_alone:  # else the transaction itself is undone
            self._db.execute("SAVEPOINT one")
        try:
            write.result = write.work(self._db)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                raise  # the disk, the file or the statement: nothing of this transaction is kept
            write.error = error
            self._db.execute("ROLLBACK" if is_alone else "ROLLBACK TO one")
        if not is_alone:
            self._db.execute("RELEASE one")

    def _fault(self, error: sqlite3.Error) -> Exception:
        """SQLite's error in terms of what to do next; its texts name files and columns, never
        contents."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_ERROR:
            return error  # a statement that is wrong, a connection that is closed: a bug
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            what = f"{self.path} is held by another process"
            return Later(what, after=timedelta(seconds=1), counts=False)
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            what = f"{self.path} is damaged or no database: {error}"
            return Never(what, remedy="Restore the file from its backup.")
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            remedy = "Give the program's user the right to write in that folder."
            return Never(f"{self.path}: {error}", remedy=remedy)
        return Later(f"{self.path}: {error}")


def _opened(
    path: str, schema: Sequence[str], synchronous: Synchronous, busy: float
) -> sqlite3.Connection:
    if path != MEMORY:
        with contextlib.suppress(OSError):  # what is wrong with the path, SQLite says next
            Path(path).touch(mode=0o600)
    db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
    try:
        _use_wal(db, busy)
        db.execute(f"PRAGMA synchronous={synchronous}")
        db.execute("PRAGMA fullfsync=ON")  # macOS: reach the platter; elsewhere without effect
        db.execute("PRAGMA journal_size_limit=67108864")
        db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros
        db.execute("BEGIN IMMEDIATE")
        for statement in schema:
            _make(db, statement)
        db.execute("COMMIT")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _make(db: sqlite3.Connection, statement: str) -> None:
    """One statement of a schema. A column that is there already is as good as one added now: SQLite
    knows no IF NOT EXISTS for columns."""
    try:
        db.execute(statement)
    except sqlite3.OperationalError as error:
        if "duplicate column name" not in str(error):
            raise


def _use_wal(db: sqlite3.Connection, busy: float) -> None:
    """SQLite does not wait by itself when another process is opening the same new file: look again
    until it has."""
    left = busy
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if left <= 0 or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        time.sleep(NAP)
        left -= NAP
