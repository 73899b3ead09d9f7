"""Queues in SQLite, for the embedded edition and for tests: peek-lock, scheduled, deduplicated,
with dead letters.

`ready_at` is when a message may be had: when it was sent, when it is scheduled for, or when its
lock runs out. So one index finds what is due, in order, and what is due next. A token is the
message's number and its delivery: who holds an older one has lost the lock. Limits are Service
Bus's (vendor reference, read 2026-11).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sync.adapters.queue_limits import check
from sync.adapters.sqlite.looking import bodies_due, depth_of, letters
from sync.adapters.sqlite.messages import (
    MICROSECOND,
    SCHEMA,
    Sent,
    forget_ids,
    give_back,
    held,
    micro,
    moment,
    must_be_locked,
    received_from,
    set_aside,
    store,
    take,
)
from sync.adapters.sqlite.places import Sharing
from sync.adapters.sqlite.store import SqliteStore, Synchronous
from sync.adapters.sqlite.waiting_receivers import WaitingReceivers
from sync.core.message_queue import DeadLetter, Depth, Outgoing, Received
from sync.core.ports import Clock

SHORTEST_NAP: Final = 0.001
"""Seconds; the loop's timers and the clock may disagree by microseconds, and waiting must not
spin."""
NO_PLACE: Final = 0.25
"""Seconds after which it is looked again where what is due may not be had for want of places."""
MAX_DELIVERIES: Final = "MaxDeliveryCountExceeded"

Settle = Callable[[sqlite3.Connection, int], None]


class SqliteQueue:
    """`Queue` in one file, or in memory (`:memory:`). Several processes may have the file open.

    `lock`: how long a received message is held. `most_deliveries`: after so many it becomes a dead
    letter. `duplicate_window`: how long an id is remembered. `poll`: how often a waiting receiver
    looks for what other processes have sent; None when nobody else sends. What this process sends
    wakes it at once. `systems`: what each of the connections calls that share the places of the
    process that receives.
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
        systems: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._store = SqliteStore(path, SCHEMA, synchronous=synchronous)
        self._clock = clock
        self._lock = lock
        self._most_deliveries = most_deliveries
        self._exhausted = f"delivered {most_deliveries} times without being completed"
        self._window = duplicate_window // MICROSECOND
        self._poll = poll.total_seconds() if poll else float("inf")
        self._sharing = Sharing(clock, systems)
        self._receivers = WaitingReceivers()

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
        sent = []
        for message in messages:
            check(message)
            due = micro(message.not_before) if message.not_before else 0
            sent.append(Sent(message, max(now, due)))

        def work(db: sqlite3.Connection) -> None:
            forget_ids(db, now, self._window, most=2 * len(sent) + 10)
            for each in sent:
                store(db, each, now, self._window)

        await self._store.write(work)
        for queue in dict.fromkeys(message.queue for message in messages):
            self._receivers.wake(queue)

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
                self._sharing.begin(taken)
                return taken
            if nap <= 0 and self._sharing.is_shared:
                nap = NO_PLACE
            left = until - loop.time()
            if left <= 0:
                return []
            await self._receivers.nap(queue, min(left, self._poll, max(nap, SHORTEST_NAP)))

    def next_due(self, queue: str) -> datetime | None:
        """When the next message can be had: past or now for one that is due, later for a schedule
        or a lock's end."""
        found = self._store.read("SELECT min(ready_at) FROM messages WHERE queue = ?", queue)[0][0]
        return None if found is None else moment(found)

    async def complete(self, message: Received) -> None:
        """Done: the message is gone. Raises `LockLost`."""
        self._sharing.end(message)
        sql = "DELETE FROM messages WHERE sequence = ?"
        await self._settle(message, lambda db, sequence: _execute(db, sql, sequence))

    async def abandon(self, message: Received) -> None:
        """Give it back at once; past the limit of deliveries it becomes a dead letter. Raises
        `LockLost`."""
        self._sharing.end(message)
        if message.deliveries >= self._most_deliveries:
            await self.dead_letter(message, reason=MAX_DELIVERIES, description=self._exhausted)
            return
        await self._settle(message, give_back)
        self._receivers.wake(message.queue)

    async def dead_letter(self, message: Received, *, reason: str, description: str = "") -> None:
        """Set it aside; texts are cut at 4,096 characters. Raises `LockLost`."""
        await self._settle(
            message, lambda db, sequence: set_aside(db, sequence, reason, description)
        )

    async def renew(self, message: Received) -> Received:
        """Hold the lock for another lock duration from now. Raises `LockLost`."""
        until = self._clock.now() + self._lock
        sql = "UPDATE messages SET ready_at = ? WHERE sequence = ?"
        await self._settle(message, lambda db, sequence: _execute(db, sql, micro(until), sequence))
        return replace(message, locked_until=until)

    async def dead_letters(self, queue: str) -> AsyncIterator[DeadLetter]:
        """What has been set aside, oldest first, without removing it."""
        async for letter in letters(self._store, queue):
            yield letter

    async def remove_dead_letter(self, letter: DeadLetter) -> None:
        """Forget one; nothing there is fine."""
        sql = "DELETE FROM dead_letters WHERE queue = ? AND sequence = ?"
        await self._store.write(lambda db: _execute(db, sql, letter.queue, letter.sequence))

    async def waiting(self, queue: str, *, most: int) -> list[bytes]:
        """Bodies of what is due and not locked, the longest due first."""
        return bodies_due(self._store, queue, self._now(), most)

    async def depth(self, queue: str) -> Depth:
        """How many messages wait. A message whose lock has run out is due again."""
        return depth_of(self._store, queue, self._now())

    async def _take(self, queue: str, most: int) -> list[Received]:
        """Lock what is due, or nothing where the call is cancelled."""
        writing = self._store.write(lambda db: self._lock_due(db, queue, most))
        try:
            return await writing
        except asyncio.CancelledError:
            if writing.done() and not writing.cancelled() and writing.exception() is None:
                self._return(queue, writing.result())
            raise

    def _lock_due(self, db: sqlite3.Connection, queue: str, most: int) -> list[Received]:
        """Lock what is due. What had all its deliveries and was not settled is set aside on the
        way."""
        now = self._clock.now()
        until = now + self._lock
        taken: list[Received] = []
        while len(taken) < most:
            left, room = most - len(taken), self._sharing.room(queue)
            found = take(db, queue, micro(now), micro(until), left, room=room)
            if not found:
                break
            received = [received_from(due, queue, until) for due in found]
            taken += [message for message in received if not self._is_exhausted(message)]
            for message in filter(self._is_exhausted, received):
                sequence, deliveries = held(message)
                set_aside(db, sequence, MAX_DELIVERIES, self._exhausted, deliveries=deliveries - 1)
        return taken

    def _is_exhausted(self, message: Received) -> bool:
        return message.deliveries > self._most_deliveries

    def _return(self, queue: str, taken: Sequence[Received]) -> None:
        """Undo a delivery that reached nobody."""

        def work(db: sqlite3.Connection) -> None:
            for message in taken:
                give_back(db, held(message)[0], deliveries=message.deliveries - 1)

        self._store.write(work)
        self._store.flush()
        self._receivers.wake(queue)

    async def _settle(self, message: Received, settle: Settle) -> None:
        def work(db: sqlite3.Connection) -> None:
            must_be_locked(db, message, self._now())
            settle(db, held(message)[0])

        await self._store.write(work)
        if self._sharing.is_shared:
            self._receivers.wake(message.queue)

    def _now(self) -> int:
        return micro(self._clock.now())


def _execute(db: sqlite3.Connection, sql: str, *values: Any) -> None:
    db.execute(sql, values)
