"""A Service Bus queue as rules, without a wire: peek-lock, schedules, duplicate detection, dead
letters.

Nothing here waits or reads a clock by itself: `pass_time` brings everything up to date,
`next_event` says when it must be called again. Source: Microsoft,
message-transfers-locks-settlement, duplicate-detection, message-sequencing.
"""

import bisect
import heapq
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from tests.doubles.amqp.messages import Delivery, Sections

MAX_DELIVERIES: Final = "MaxDeliveryCountExceeded"


@dataclass(frozen=True)
class Rules:
    """How the namespace's queues were set up. `largest`: bytes of one message, or of one batch,
    with everything."""

    lock: timedelta = timedelta(minutes=1)
    most_deliveries: int = 10
    duplicate_window: timedelta = timedelta(minutes=10)
    largest: int = 256 * 1024
    longest_id: int = 128


class LockGone(Exception):
    """The lock has run out, was settled, or never was."""


@dataclass
class Stored:
    """A message in a queue. `scheduled_for` is None once it may be had."""

    sequence: int
    message: Sections
    enqueued_at: datetime
    failed: int = 0
    scheduled_for: datetime | None = None
    locked_until: datetime | None = None

    def delivery(self) -> Delivery:
        is_scheduled = self.scheduled_for is not None
        return Delivery(
            self.sequence, self.enqueued_at, self.failed, self.locked_until, scheduled=is_scheduled
        )


class Receiver(Protocol):
    """Who waits for messages of a queue."""

    def pump(self) -> None:
        """Take what there is credit for."""
        ...


@dataclass
class Entity:
    """One queue, or (`is_dead`) the dead-letter queue of one, whose messages nothing sets aside a
    second time."""

    name: str
    rules: Rules
    now: Callable[[], datetime]
    is_dead: bool = False
    messages: dict[int, Stored] = field(default_factory=dict)
    receivers: "list[Receiver]" = field(default_factory=list)
    _order: list[int] = field(default_factory=list)
    _ready: list[int] = field(default_factory=list)
    _locks: dict[uuid.UUID, int] = field(default_factory=dict)
    _expiries: list[tuple[datetime, uuid.UUID]] = field(default_factory=list)
    _schedule: list[tuple[datetime, int]] = field(default_factory=list)
    _seen: dict[str, datetime] = field(default_factory=dict)
    _last: int = 0
    _locked: int = 0

    def __post_init__(self) -> None:
        name, rules, now = f"{self.name}/$deadletterqueue", self.rules, self.now
        self.dead: Entity = self if self.is_dead else Entity(name, rules, now, is_dead=True)

    def store(self, message: Sections) -> int | None:
        """Keep a message; its sequence number, None for one whose id was seen within the window."""
        now = self.now()
        key = str(message.id) if message.id is not None else ""
        if key:
            seen = self._seen.get(key)
            if seen is not None and now - seen < self.rules.duplicate_window:
                return None
            self._seen[key] = now
        due = message.scheduled_for
        is_later = due is not None and due > now
        self._last += 1
        self._keep(Stored(self._last, message, now, scheduled_for=due if is_later else None))
        return self._last

    def _keep(self, stored: Stored) -> None:
        self.messages[stored.sequence] = stored
        bisect.insort(self._order, stored.sequence)
        if stored.scheduled_for is not None:
            heapq.heappush(self._schedule, (stored.scheduled_for, stored.sequence))
        else:
            heapq.heappush(self._ready, stored.sequence)

    def _drop(self, sequence: int) -> Stored:
        self._order.pop(bisect.bisect_left(self._order, sequence))
        return self.messages.pop(sequence)

    def take(self) -> tuple[uuid.UUID, Stored] | None:
        """Lock the message with the lowest sequence number; the token of the lock and the
        message."""
        if not self._ready:
            return None
        stored = self.messages[heapq.heappop(self._ready)]
        self._locked += 1
        token = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}#{stored.sequence}#{self._locked}")
        self._locks[token] = stored.sequence
        self._hold(token, stored)
        return token, stored

    def _hold(self, token: uuid.UUID, stored: Stored) -> None:
        stored.locked_until = self.now() + self.rules.lock
        heapq.heappush(self._expiries, (stored.locked_until, token))

    def renew(self, token: uuid.UUID) -> datetime:
        """Hold the lock for another lock duration; until when. Raises `LockGone`."""
        if token not in self._locks:
            raise LockGone(self.name)
        stored = self.messages[self._locks[token]]
        self._hold(token, stored)
        assert stored.locked_until is not None
        return stored.locked_until

    def _unlock(self, token: uuid.UUID) -> Stored:
        sequence = self._locks.pop(token, None)
        if sequence is None:
            raise LockGone(self.name)
        stored = self.messages[sequence]
        stored.locked_until = None
        return stored

    def complete(self, token: uuid.UUID) -> None:
        """The message is gone. Raises `LockGone`."""
        self._drop(self._unlock(token).sequence)

    def release(self, token: uuid.UUID) -> None:
        """Back to its place; this delivery did not count. Raises `LockGone`."""
        heapq.heappush(self._ready, self._unlock(token).sequence)

    def abandon(self, token: uuid.UUID) -> None:
        """Back to its place, one failed delivery more; after the last it is set aside. Raises
        `LockGone`."""
        stored = self._unlock(token)
        stored.failed += 1
        if stored.failed >= self.rules.most_deliveries and not self.is_dead:
            self._set_aside(
                stored, MAX_DELIVERIES, f"delivered {stored.failed} times without being completed"
            )
        else:
            heapq.heappush(self._ready, stored.sequence)

    def dead_letter(self, token: uuid.UUID, reason: str, description: str) -> None:
        """Into the dead-letter queue, with why. Raises `LockGone`."""
        self._set_aside(self._unlock(token), reason, description)

    def _set_aside(self, stored: Stored, reason: str, description: str) -> None:
        self._drop(stored.sequence)
        stored.message = stored.message.having(
            DeadLetterReason=reason, DeadLetterErrorDescription=description
        )
        self.dead._keep(stored)

    def cancel(self, sequence: int) -> bool:
        """Take back a scheduled message; False where there is none."""
        stored = self.messages.get(sequence)
        if stored is None or stored.scheduled_for is None:
            return False
        self._drop(sequence)
        return True

    def peek(self, first: int, most: int) -> Sequence[Stored]:
        """Messages from a sequence number on, in any state, in order; changes nothing."""
        start = bisect.bisect_left(self._order, first)
        return [self.messages[sequence] for sequence in self._order[start : start + most]]

    def pass_time(self) -> None:
        """Let locks run out and schedules come due. A scheduled message gets a new sequence number
        then."""
        if not self._expiries and not self._schedule:
            return
        now = self.now()
        while self._expiries and self._expiries[0][0] <= now:
            until, token = heapq.heappop(self._expiries)
            if token in self._locks and self.messages[self._locks[token]].locked_until == until:
                self.abandon(token)
        while self._schedule and self._schedule[0][0] <= now:
            due, sequence = heapq.heappop(self._schedule)
            if (stored := self.messages.get(sequence)) is not None and stored.scheduled_for == due:
                self._drop(sequence)
                self._last += 1
                self._keep(Stored(self._last, stored.message, due))

    def give(self) -> None:
        """Let receivers take what may be had, in the order in which they came."""
        for receiver in self.receivers if self._ready else ():
            receiver.pump()

    def next_event(self) -> datetime | None:
        """When `pass_time` will next have something to do, at the earliest."""
        coming = [heap[0][0] for heap in (self._expiries, self._schedule) if heap]
        return min(coming, default=None)
