"""The statements of the SQLite queue: what a message is on disk, and what each step does to it.

Times are microseconds since 1970. Each function runs inside a transaction of `sqlite_store`.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sync.adapters.queue_limits import MOST_WHY
from sync.adapters.sqlite.places import Due, Room, next_due
from sync.core.message_queue import DeadLetter, LockLost, Outgoing, Received

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
SENT_TOGETHER: Final = timedelta(seconds=2) // MICROSECOND
"""Within this, sends may be stored in another order than they were begun in."""

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS messages (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL, ready_at
        INTEGER NOT NULL,
        locked INTEGER NOT NULL DEFAULT 0, deliveries INTEGER NOT NULL DEFAULT 0, enqueued_at
        INTEGER NOT NULL,
        body BLOB NOT NULL)""",
    "ALTER TABLE messages ADD COLUMN share TEXT NOT NULL DEFAULT ''",
    ("CREATE INDEX IF NOT EXISTS messages_share ON messages (queue, share, ready_at, sequence)"),
    (
        "CREATE INDEX IF NOT EXISTS messages_locked ON messages (queue, ready_at, share) WHERE"
        " locked"
    ),
    (
        "CREATE INDEX IF NOT EXISTS messages_ready ON messages (queue, ready_at, sequence, locked,"
        " enqueued_at)"
    ),
    """CREATE TABLE IF NOT EXISTS dead_letters (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
        deliveries INTEGER NOT NULL,
        reason TEXT NOT NULL, description TEXT NOT NULL, enqueued_at INTEGER NOT NULL, body BLOB NOT
        NULL)""",
    "CREATE INDEX IF NOT EXISTS dead_letters_queue ON dead_letters (queue, sequence)",
    """CREATE TABLE IF NOT EXISTS seen_ids (
        queue TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (queue, id))""",
    "CREATE INDEX IF NOT EXISTS seen_ids_at ON seen_ids (at)",
)


HELD = (
    "SELECT share, count(*) FROM messages WHERE queue = ? AND locked AND ready_at > ?"
    " GROUP BY share"
)
LOCK = (
    "UPDATE messages SET locked = 1, deliveries = deliveries + 1, ready_at = ? WHERE sequence = ?"
)


@dataclass(frozen=True)
class Sent:
    """A message and when it may first be had."""

    message: Outgoing
    ready_at: int


def store(db: sqlite3.Connection, sent: Sent, now: int, window: int) -> None:
    """Add the message, unless its id was seen less than `window` ago: that changes nothing."""
    message = sent.message
    sql = """INSERT INTO seen_ids (queue, id, at) VALUES (?, ?, ?)
        ON CONFLICT (queue, id) DO UPDATE SET at = excluded.at WHERE at <= excluded.at - ?"""
    if db.execute(sql, (message.queue, message.id, now, window)).rowcount == 0:
        return
    sql = """INSERT INTO messages (queue, id, ready_at, enqueued_at, body, share)
        VALUES (?, ?, ?, ?, ?, ?)"""
    at = sent.ready_at
    db.execute(sql, (message.queue, message.id, at, at, message.body, message.share))


def forget_ids(db: sqlite3.Connection, now: int, window: int, most: int) -> None:
    """Drop ids that no longer count, a few at a time: more than are sent, so that they do not pile
    up. And all that were seen later than now: the clock was set back, what they stood for may have
    been taken, and the same ids are made again when their time comes again."""
    sql = (
        "DELETE FROM seen_ids WHERE rowid IN (SELECT rowid FROM seen_ids WHERE at <= ? ORDER BY at"
        " LIMIT ?)"
    )
    db.execute(sql, (now - window, most))
    db.execute("DELETE FROM seen_ids WHERE at > ?", (now + SENT_TOGETHER,))


def take(
    db: sqlite3.Connection, queue: str, now: int, until: int, most: int, *, room: Room | None
) -> list[Due]:
    """Lock what has been due longest, by turns (`places`)."""
    shares = _shares(db, queue)
    lines = {share: _due(db, queue, share, now, most) for share in shares}
    is_shared = len(shares) > 1 or room is not None
    held = dict(db.execute(HELD, (queue, now)).fetchall()) if is_shared else {}
    found = next_due(lines, held, most, room)
    db.executemany(LOCK, [(until, row[0]) for row in found])
    return found


def _shares(db: sqlite3.Connection, queue: str) -> list[str]:
    """Whose messages there are, one step of the index each."""
    found: list[str] = []
    sql, values = "SELECT min(share) FROM messages WHERE queue = ?", (queue,)
    while (share := db.execute(sql, (*values, *found[-1:])).fetchone()[0]) is not None:
        found.append(share)
        sql = "SELECT min(share) FROM messages WHERE queue = ? AND share > ?"
    return found


def _due(
    db: sqlite3.Connection, queue: str, share: str, now: int, most: int
) -> list[tuple[int, Due]]:
    sql = """SELECT ready_at, sequence, body, id, deliveries + 1, enqueued_at FROM messages
        WHERE queue = ? AND share = ? AND ready_at <= ? ORDER BY ready_at, sequence LIMIT ?"""
    rows = db.execute(sql, (queue, share, now, most)).fetchall()
    return [(row[0], (row[1], row[2], row[3], row[4], row[5], share)) for row in rows]


def give_back(db: sqlite3.Connection, sequence: int, deliveries: int | None = None) -> None:
    """Unlock a message: it takes its old place again. `deliveries`: how many to remember; None
    leaves them."""
    sql = """UPDATE messages SET locked = 0, ready_at = enqueued_at, deliveries = coalesce(?,
        deliveries)
        WHERE sequence = ?"""
    db.execute(sql, (deliveries, sequence))


def set_aside(
    db: sqlite3.Connection,
    sequence: int,
    reason: str,
    description: str,
    deliveries: int | None = None,
) -> None:
    """Make a dead letter of a message. `deliveries`: how many to tell; None tells those it had."""
    sql = """INSERT INTO dead_letters (queue, id, deliveries, reason, description, enqueued_at,
        body)
        SELECT queue, id, coalesce(?, deliveries), ?, ?, enqueued_at, body FROM messages WHERE
        sequence = ?"""
    db.execute(sql, (deliveries, reason[:MOST_WHY], description[:MOST_WHY], sequence))
    db.execute("DELETE FROM messages WHERE sequence = ?", (sequence,))


def micro(at: datetime) -> int:
    """Microseconds since 1970, exactly. Raises `ValueError` on a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("expected an aware datetime")
    return (at - EPOCH) // MICROSECOND


def moment(since_1970: int) -> datetime:
    """The inverse of `micro`, aware UTC."""
    return EPOCH + since_1970 * MICROSECOND


def received_from(due: Due, queue: str, until: datetime) -> Received:
    """A message under a lock until then. Its token is its number and its delivery."""
    sequence, body, key, deliveries, enqueued_at, share = due
    token = f"{sequence}/{deliveries}"
    return Received(queue, body, key, token, deliveries, until, moment(enqueued_at), share)


def held(message: Received) -> tuple[int, int]:
    """(sequence, deliveries) of its token. Raises `LockLost` for what is none."""
    sequence, _, deliveries = message.token.partition("/")
    if not (sequence.isdecimal() and deliveries.isdecimal()):
        raise LockLost(f"{message.queue} {message.id}: {message.token!r} is no token of this queue")
    return int(sequence), int(deliveries)


def must_be_locked(db: sqlite3.Connection, message: Received, now: int) -> None:
    """Raise `LockLost` where the lock ran out, or somebody settled the message."""
    sequence, deliveries = held(message)
    sql = """SELECT 1 FROM messages
        WHERE sequence = ? AND queue = ? AND deliveries = ? AND locked AND ready_at > ?"""
    if db.execute(sql, (sequence, message.queue, deliveries, now)).fetchone() is None:
        raise LockLost(
            f"{message.queue} {message.id}, delivery {deliveries}: the lock ran out or was settled"
        )


def letter_from(row: tuple[Any, ...]) -> DeadLetter:
    """A dead letter of its columns: sequence, queue, body, id, deliveries, reason, description,
    enqueued_at."""
    sequence, queue, body, key, deliveries, reason, description, enqueued_at = row
    return DeadLetter(
        queue, body, key, sequence, deliveries, reason, description, moment(enqueued_at)
    )
