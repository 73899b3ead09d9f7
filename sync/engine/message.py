"""The message in the queue: a key and where it came from, never a document.

So a forged or stale notification cannot post anything, personal data does not lie in queues, and
nothing is too big for one.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from sync.config.old_names import present_name
from sync.core.encoding import NotJson, from_json, to_json
from sync.core.message_queue import Outgoing

WINDOW = timedelta(seconds=1)
"""Notifications for one key within this window become one message, which is due when the window
has closed. So what duplicate detection drops was always notified before the record is read."""
AGAIN_WINDOW = timedelta(seconds=30)
"""The same for messages that trouble of our own stores sends again: however many there are of a
record, one of them comes each half minute."""
CLOCKS_APART = timedelta(seconds=2.5)
"""How far the broker's clock may be from ours. What is due by both clocks is due this much later,
where the broker has a clock of its own."""


@dataclass(frozen=True)
class Message:
    """`notified_at`: when we heard of it (our clock); a record read well after that is newer than
    the notification. `looks`: how often we have looked for a record that was not there, this time
    included. `awaits`: whose hold on the record it outlives, where it comes for that. `hops`: how
    many flows in a row have handed it on and changed nothing. `due`: when it comes, or an earlier
    sending of it came. `asked_with`: when a person asked for the record that requires this one; not
    sent."""

    flow: str
    connection: str
    key: str
    origin: str
    notified_at: datetime
    attempt: int = 1
    looks: int = 1
    awaits: str = ""
    hops: int = 0
    due: datetime | None = None
    asked_with: datetime | None = None

    @property
    def asked_at(self) -> datetime | None:
        """When a person asked for this very record, or for one that requires it, in a replay."""
        return self.notified_at if self.origin == "replay" else self.asked_with

    @property
    def is_asked(self) -> bool:
        """Whether a person asks for the record, and not a system or the clock."""
        return self.origin in ("replay", "backfill")

    @property
    def comes_first(self) -> bool:
        """Whether a person waits for this record, and not for thousands."""
        return self.origin in ("replay", "touch")

    @property
    def asked(self) -> str:
        """What distinguishes a person's message from others in an id."""
        return "|asked" if self.is_asked else ""

    @property
    def share(self) -> str:
        """Whose share of a queue it is: shares take turns. A backfill has one of its own."""
        return f"{self.connection}|{self.flow}{self.asked}"

    @property
    def record(self) -> str:
        """The record's name in an id."""
        return f"{self.connection}|{self.flow}|{self.key}"

    def again(self, *, attempt: int) -> Self:
        """The same notification, tried again."""
        return replace(self, attempt=attempt)

    def requires(self, flow: str, key: str, now: datetime) -> Self:
        """For another record, without which this one cannot be delivered."""
        return type(self)(flow, self.connection, key, "required", now, asked_with=self.asked_at)

    def look_again(self) -> Self:
        """The same notification, when the record was not there."""
        return replace(self, looks=self.looks + 1)

    def latest(self, now: datetime) -> datetime:
        """Now, or when the message was due, if that is later. It has come: a clock that says that
        it is still to come was set back, and what was to come until then came as well."""
        return max(now, self.due or now)

    def encode(self) -> bytes:
        """As it lies in the queue."""
        return to_json(
            {
                "flow": self.flow,
                "connection": self.connection,
                "key": self.key,
                "origin": self.origin,
                "hinted_at": self.notified_at,
                "attempt": self.attempt,
                "looks": self.looks,
                "awaits": self.awaits,
                "hops": self.hops,
                "due": self.due,
            }
        )

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """From the queue. Raises `NotJson` for what is no message of ours."""
        try:
            fields: dict[str, Any] = from_json(body)
            texts = (str(fields[name]) for name in ("flow", "connection", "key", "origin"))
            flow, connection, key, origin = texts
            at, attempt = datetime.fromisoformat(str(fields["hinted_at"])), int(fields["attempt"])
            looks, awaits = int(fields.get("looks", 1)), str(fields.get("awaits", ""))
            due = datetime.fromisoformat(fields["due"]) if fields.get("due") else None
            message = cls(
                present_name(flow), connection, key, origin, at, attempt, looks, awaits,
                int(fields.get("hops", 0)), due,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise NotJson(f"not a message of this product: {type(error).__name__}") from None
        if at.tzinfo is None or attempt < 1 or (due is not None and due.tzinfo is None):
            fault = "a time without zone, or a try before the first"
            raise NotJson(f"not a message of this product: {fault}")
        return message


def notification(queue: str, message: Message, margin: timedelta = CLOCKS_APART) -> Outgoing:
    """A first notification: one per key and window, due `margin` after the window's end, so that
    no notification of the window comes when its id has been consumed.

    What a person asks for has an identity of its own: a webhook or poll of the same second must not
    stand in for it, since a record that was read since then is not read again for a notification.
    """
    number, end = _window(message.notified_at, WINDOW)
    return _outgoing(queue, message, f"{message.record}|{number}{message.asked}", end + margin)


def after_trouble(
    queue: str, message: Message, now: datetime, soonest: datetime, margin: timedelta = CLOCKS_APART
) -> Outgoing:
    """A message that trouble of our own stores has stopped, sent again: one per key and window, due
    `margin` after the next window's end at the soonest.

    It stands for every other one of its window, so it is as new as the newest of them can be. What
    a person asks for is read whenever it comes, and says when that was.
    """
    number, end = _window(message.latest(now), AGAIN_WINDOW)
    at = message.notified_at if message.is_asked else end
    due = max(end + AGAIN_WINDOW, soonest) + margin
    name = f"{message.record}|trouble|{number}{message.asked}"
    return _outgoing(queue, replace(message, notified_at=at), name, due)


def outliving(queue: str, message: Message, owner: str, due: datetime, unique: str) -> Outgoing:
    """A message that takes the record up should `owner` die. One is enough: others have told the
    holder to look again. That one itself, should it come too early by somebody's clock, is sent
    under an id that no queue has seen, as are those of people."""
    is_another = bool(owner) and message.awaits != owner and not message.is_asked
    name = f"{message.record}|{message.attempt}|{owner if is_another else unique}"
    return _outgoing(queue, replace(message, awaits=owner), name, due)


def scheduled(queue: str, message: Message, *, due: datetime, unique: str) -> Outgoing:
    """A try at a later time. `unique` makes the id new: a broker silently drops an id that it has
    seen."""
    return _outgoing(queue, message, f"{message.record}|{message.attempt}|{unique}", due)


def once(queue: str, message: Message, due: datetime, margin: timedelta = CLOCKS_APART) -> Outgoing:
    """A try at a time that is the same for all messages of a record: one of them is enough. It
    comes `margin` later, so that no clock says that it is early, and it is not sent again."""
    name = f"{message.record}|{message.attempt}|at {due.isoformat()}{message.asked}"
    return _outgoing(queue, message, name, due + margin)


def _window(at: datetime, length: timedelta) -> tuple[int, datetime]:
    """The number of the window's end, and its end."""
    number = int(at.timestamp() // length.total_seconds()) + 1
    return number, datetime.fromtimestamp(number * length.total_seconds(), UTC)


def _outgoing(queue: str, message: Message, name: str, due: datetime) -> Outgoing:
    id_ = hashlib.sha256(name.encode()).hexdigest()
    body = replace(message, due=message.latest(due)).encode()
    return Outgoing(queue, body, id_, due, message.share)
