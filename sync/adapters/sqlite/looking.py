"""What the SQLite queue holds, without receiving anything."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from sync.adapters.sqlite.messages import letter_from, moment
from sync.adapters.sqlite.store import SqliteStore
from sync.core.message_queue import DeadLetter, Depth

PAGE: Final = 200


async def letters(store: SqliteStore, queue: str) -> AsyncIterator[DeadLetter]:
    """What has been set aside, oldest first, page by page."""
    sql = """SELECT sequence, queue, body, id, deliveries, reason, description, enqueued_at
        FROM dead_letters WHERE queue = ? AND sequence > ? ORDER BY sequence LIMIT ?"""
    last = 0
    while found := store.read(sql, queue, last, PAGE):
        for row in found:
            yield letter_from(row)
        last = found[-1][0]
        await asyncio.sleep(0)


def bodies_due(store: SqliteStore, queue: str, now: int, most: int) -> list[bytes]:
    """Bodies of what is due and not locked, the longest due first."""
    sql = """SELECT body FROM messages WHERE queue = ? AND ready_at <= ? AND NOT locked
        ORDER BY ready_at, sequence LIMIT ?"""
    return [bytes(body) for (body,) in store.read(sql, queue, now, most)]


def depth_of(store: SqliteStore, queue: str, now: int) -> Depth:
    """How many messages wait. A message whose lock has run out is due again."""
    sql = """SELECT count(*) FILTER (WHERE ready_at <= ?1),
        count(*) FILTER (WHERE ready_at > ?1 AND NOT locked),
        count(*) FILTER (WHERE ready_at > ?1 AND locked),
        min(enqueued_at) FILTER (WHERE ready_at <= ?1),
        min(ready_at) FILTER (WHERE ready_at > ?1 AND NOT locked)
        FROM messages WHERE queue = ?2"""
    due, scheduled, locked, *times = store.read(sql, now, queue)[0]
    dead = store.read("SELECT count(*) FROM dead_letters WHERE queue = ?", queue)[0][0]
    oldest, coming = (None if time is None else moment(time) for time in times)
    return Depth(due, scheduled, locked, dead, oldest, coming)
