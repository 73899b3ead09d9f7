"""Queues in SQLite, for the embedded edition and for tests: peek-lock, scheduled, deduplicated,
with dead letters.

`ready_at` is when a message may be had: when it was sent, when it is scheduled for, or when its
lock runs out. So one index finds what is due, in order, and what is due next. A token is the
message's number and its delivery: who holds an older one has lost the lock. Limits are Service
Bus's (vendor reference, read 2026-11).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sync.adapters.queue_limits import check
from sync.adapters.sqlite.messages import (
    MICROSECOND,
    SCHEMA,
    Sent,
    forget_ids,
    give_back,
    letter_from,
    micro,
    moment,
    set_aside,
    store,
    take,
)
from sync.adapters.sqlite.store import SqliteStore, Synchronous
from sync.core.ports import Clock, DeadLetter, Depth, LockLost, Outgoing, Received

PAGE: Final = 200
SHORTEST_NAP: Final = 0.001
"""Seconds; the loop's timers and the clock may disagree by microseconds, and waiting must not
spin."""
MAX_DELIVERIES: Final = "MaxDeliveryCountExceeded"

Delivery = Callable[[sqlite3.Connection], None]


class SqliteQueue:
    """`Queue` in one file, or in memory (`:memory:`). Several processes may have the file open.

    `lock`: how long a received message is held. `most_deliveries`: after so many it becomes a dead
    letter. `duplicate_window`: how long an id is remembered. `poll`: how often a waiting receiver
    looks for what other processes have sent; None when nobody else sends. What this process sends
    wakes it at once.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Clock,
        lock: timedelta,
        most_deliveries: int = 10,
        duplicate_window: timedelta = timedelta(minutes=10),
        *,
        poll: timedelta | None = None,
        synchronous: Synchronous = "FULL",
    ) -> None:
        self._store = SqliteStore(path, SCHEMA, synchronous=synchronous)
        self._clock = clock
        self._lock = lock
        self._most_deliveries = most_deliveries
        self._window = duplicate_window // MICROSECOND
        self._poll = poll.total_seconds() if poll else float("inf")
        self._waiting: dict[str, dict[asyncio.Future[None], None]] = {}

    def close(self) -> None:
        """Let go of the file. Messages under a lock come back when it runs out."""
        self._store.close()

    def compact(self) -> None:
        """Leave nothing of what was deleted in the file or its log. Raises `Later`."""
        self._store.compact()

    async def release_locks(self) -> None:
        """Give back everything under a lock. Only for a process that knows itself alone: who
        held it has died."""
        sql = "UPDATE messages SET locked = 0, ready_at = enqueued_at WHERE locked"
        await self._store.write(lambda db: _execute(db, sql))

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Store the messages, all or none; returns when they are durable. Raises `ValueError`
        beyond a limit.

        A message whose id its queue has seen within the duplicate window is accepted and dropped.
        """
        now = self._now()
        sent = [
            Sent(message, max(now, micro(message.not_before) if message.not_before else 0))
            for message in messages
        ]
        for message in messages:
            check(message)

        def work(db: sqlite3.Connection) -> None:
            for each in sent:
                store(db, each, now, self._window)
            forget_ids(db, now - self._window, most=2 * len(sent) + 10)

        await self._store.write(work)
        for queue in dict.fromkeys(message.queue for message in messages):
            self._wake(queue)

    async def receive(self, queue: str, *, most: int, wait: timedelta) -> list[Received]:
        """Lock and return up to `most` due messages, the longest due first; waits up to `wait` for
        the first.

        A cancelled call leaves nothing locked.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + wait.total_seconds()
        while True:
            due = self.next_due(queue)
            nap = (due - self._clock.now()).total_seconds() if due else float("inf")
            if nap <= 0 and (taken := await self._take(queue, most)):
                return taken
            left = until - loop.time()
            if left <= 0:
                return []
            await self._nap(queue, min(left, self._poll, max(nap, SHORTEST_NAP)))

    def next_due(self, queue: str) -> datetime | None:
        """When the next message can be had: past or now for one that is due, later for a schedule
        or a lock's end."""
        found = self._store.read("SELECT min(ready_at) FROM messages WHERE queue = ?", queue)[0][0]
        return None if found is None else moment(found)

    async def complete(self, message: Received) -> None:
        """Done: the message is gone. Raises `LockLost`."""
        sequence, _ = _held(message)
        await self._settle(
            message, lambda db: _execute(db, "DELETE FROM messages WHERE sequence = ?", sequence)
        )

    async def abandon(self, message: Received) -> None:
        """Give it back at once; past the limit of deliveries it becomes a dead letter. Raises
        `LockLost`."""
        sequence, _ = _held(message)
        if message.deliveries >= self._most_deliveries:
            await self.dead_letter(message, reason=MAX_DELIVERIES, description=self._exhausted())
            return
        await self._settle(message, lambda db: give_back(db, sequence))
        self._wake(message.queue)

    async def dead_letter(self, message: Received, *, reason: str, description: str = "") -> None:
        """Set it aside; texts are cut at 4,096 characters. Raises `LockLost`."""
        sequence, _ = _held(message)
        await self._settle(message, lambda db: set_aside(db, sequence, reason, description))

    async def renew(self, message: Received) -> Received:
        """Hold the lock for another lock duration from now. Raises `LockLost`."""
        sequence, _ = _held(message)
        until = self._clock.now() + self._lock
        sql = "UPDATE messages SET ready_at = ? WHERE sequence = ?"
        await self._settle(message, lambda db: _execute(db, sql, micro(until), sequence))
        return replace(message, locked_until=until)

    async def dead_letters(self, queue: str) -> AsyncIterator[DeadLetter]:
        """What has been set aside, oldest first, without removing it."""
        sql = (
            "SELECT sequence, queue, body, id, deliveries, reason, description, enqueued_at FROM"
            " dead_letters"
        )
        sql += " WHERE queue = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        last = 0
        while found := self._store.read(sql, queue, last, PAGE):
            for row in found:
                yield letter_from(row)
            last = found[-1][0]
            await asyncio.sleep(0)

    async def remove_dead_letter(self, letter: DeadLetter) -> None:
        """Forget one; nothing there is fine."""
        sql = "DELETE FROM dead_letters WHERE queue = ? AND sequence = ?"
        await self._store.write(lambda db: _execute(db, sql, letter.queue, letter.sequence))

    async def waiting(self, queue: str, *, most: int) -> list[bytes]:
        """Bodies of what is due and not locked, the longest due first."""
        sql = """SELECT body FROM messages WHERE queue = ? AND ready_at <= ? AND NOT locked
            ORDER BY ready_at, sequence LIMIT ?"""
        return [bytes(body) for (body,) in self._store.read(sql, queue, self._now(), most)]

    async def depth(self, queue: str) -> Depth:
        """How many messages wait. A message whose lock has run out is due again."""
        now = self._now()
        sql = """SELECT count(*) FILTER (WHERE ready_at <= ?1), count(*) FILTER (WHERE ready_at > ?1
            AND NOT locked),
            count(*) FILTER (WHERE ready_at > ?1 AND locked), min(enqueued_at) FILTER (WHERE
            ready_at <= ?1),
            min(ready_at) FILTER (WHERE ready_at > ?1 AND NOT locked) FROM messages WHERE queue =
            ?2"""
        due, scheduled, locked, *times = self._store.read(sql, now, queue)[0]
        dead = self._store.read("SELECT count(*) FROM dead_letters WHERE queue = ?", queue)[0][0]
        oldest, coming = (None if time is None else moment(time) for time in times)
        return Depth(due, scheduled, locked, dead, oldest, coming)

    async def _take(self, queue: str, most: int) -> list[Received]:
        """Lock what is due. What had all its deliveries and was not settled is set aside on the
        way."""

        def work(db: sqlite3.Connection) -> list[Received]:
            now = self._clock.now()
            until = now + self._lock
            taken: list[Received] = []
            while len(taken) < most and (
                found := take(db, queue, micro(now), micro(until), most - len(taken))
            ):
                for sequence, body, key, deliveries, enqueued_at in found:
                    if deliveries > self._most_deliveries:
                        set_aside(
                            db,
                            sequence,
                            MAX_DELIVERIES,
                            self._exhausted(),
                            deliveries=deliveries - 1,
                        )
                    else:
                        token = f"{sequence}/{deliveries}"
                        taken.append(
                            Received(
                                queue, body, key, token, deliveries, until, moment(enqueued_at)
                            )
                        )
            return taken

        writing = self._store.write(work)
        try:
            return await writing
        except asyncio.CancelledError:
            if writing.done() and not writing.cancelled() and writing.exception() is None:
                self._return(queue, writing.result())
            raise

    def _return(self, queue: str, taken: Sequence[Received]) -> None:
        """Undo a delivery that reached nobody."""

        def work(db: sqlite3.Connection) -> None:
            for message in taken:
                give_back(db, _held(message)[0], deliveries=message.deliveries - 1)

        self._store.write(work)
        self._store.flush()
        self._wake(queue)

    async def _settle(self, message: Received, settle: Delivery) -> None:
        sequence, deliveries = _held(message)
        sql = """SELECT 1 FROM messages
            WHERE sequence = ? AND queue = ? AND deliveries = ? AND locked AND ready_at > ?"""

        def work(db: sqlite3.Connection) -> None:
            if (
                db.execute(sql, (sequence, message.queue, deliveries, self._now())).fetchone()
                is None
            ):
                raise LockLost(
                    f"{message.queue} {message.id}, delivery {deliveries}: the lock ran out or was"
                    " settled"
                )
            settle(db)

        await self._store.write(work)

    def _exhausted(self) -> str:
        return f"delivered {self._most_deliveries} times without being completed"

    def _now(self) -> int:
        return micro(self._clock.now())

    async def _nap(self, queue: str, seconds: float) -> None:
        """Sleep until something was sent to the queue, at most so long."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting.setdefault(queue, {})
        waiting[woken] = None
        timer = loop.call_later(seconds, _finish, woken)
        try:
            await woken
        finally:
            timer.cancel()
            del waiting[woken]

    def _wake(self, queue: str) -> None:
        for woken in self._waiting.get(queue, ()):
            _finish(woken)


def _finish(woken: "asyncio.Future[None]") -> None:
    if not woken.done():
        woken.set_result(None)


def _held(message: Received) -> tuple[int, int]:
    sequence, _, deliveries = message.token.partition("/")
    if not (sequence.isdecimal() and deliveries.isdecimal()):
        raise LockLost(f"{message.queue} {message.id}: {message.token!r} is no token of this queue")
    return int(sequence), int(deliveries)


def _execute(db: sqlite3.Connection, sql: str, *values: Any) -> None:
    db.execute(sql, values)
