"""What the engine needs of a queue; adapters implement it.

One contract suite (`tests/contracts/`) is run on every adapter; what it asserts is the meaning of
the words here.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True)
class Outgoing:
    """A message to send. `id` is what duplicate detection compares, `not_before` schedules it,
    `share` is whose it is: a queue that can lets shares take turns."""

    queue: str
    body: bytes
    id: str
    not_before: datetime | None = None
    share: str = ""


@dataclass(frozen=True)
class Received:
    """A message under a lock. `deliveries` counts from 1. `token` is what settles it, for as long
    as the lock lasts. `share`: whose it is, where the queue lets shares take turns."""

    queue: str
    body: bytes
    id: str
    token: str
    deliveries: int
    locked_until: datetime
    enqueued_at: datetime
    share: str = ""


@dataclass(frozen=True)
class DeadLetter:
    """A message that nobody will deliver any more, with why. `sequence` addresses it."""

    queue: str
    body: bytes
    id: str
    sequence: int
    deliveries: int
    reason: str
    description: str
    enqueued_at: datetime


@dataclass(frozen=True)
class Depth:
    """Counts of one queue. `oldest` is when the oldest due message was enqueued, `next` when the
    first scheduled one comes.

    `is_cut`: more messages wait than were counted; without `oldest`, none of a great many was due.
    Dead letters are counted as far as the adapter likes.
    """

    due: int
    scheduled: int
    locked: int
    dead: int
    oldest: datetime | None
    next: datetime | None = None
    is_cut: bool = False


class LockLost(Exception):
    """The lock of a received message ran out, or it was settled already: it is or was somebody
    else's."""


class Queue(Protocol):
    """Peek-lock queues with scheduled messages, duplicate detection and dead letters, at least
    once, unordered.

    Sending is what the engine does; receiving belongs to hosts. A queue comes into being when it is
    first named.
    """

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Store the messages durably; returns when they are. A message whose id the queue has seen
        within the duplicate window is accepted and dropped. All or nothing per call for up to 100
        messages of one queue."""
        ...

    async def receive(self, queue: str, *, most: int, wait: timedelta) -> list[Received]:
        """Lock and return up to `most` due messages; waits up to `wait` for the first, then returns
        []."""
        ...

    async def complete(self, message: Received) -> None:
        """Done: the message is gone. Raises `LockLost`."""
        ...

    async def abandon(self, message: Received) -> None:
        """Give it back at once, one delivery more; past the limit it becomes a dead letter. Raises
        `LockLost`."""
        ...

    async def dead_letter(self, message: Received, *, reason: str, description: str = "") -> None:
        """Set it aside. Raises `LockLost`."""
        ...

    async def renew(self, message: Received) -> Received:
        """Hold the lock for another lock duration. Raises `LockLost`."""
        ...

    def dead_letters(self, queue: str) -> AsyncIterator[DeadLetter]:
        """What has been set aside, oldest first, without removing it."""
        ...

    async def remove_dead_letter(self, letter: DeadLetter) -> None:
        """Forget one; nothing there is fine."""
        ...

    async def waiting(self, queue: str, *, most: int) -> list[bytes]:
        """Bodies of up to `most` messages that are due, without taking them: those that come next,
        as far as the adapter sees. Some may be under somebody's lock; where a great many are
        scheduled, some may be missing."""
        ...

    async def depth(self, queue: str) -> Depth:
        """How many messages wait, and since when the oldest does."""
        ...
