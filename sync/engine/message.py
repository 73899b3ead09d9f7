"""The message in the queue: a key and where it came from, never a document.

So a forged or stale notification cannot post anything, personal data does not lie in queues, and
nothing is too big for one.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from sync.core.encoding import NotJson, from_json, to_json
from sync.core.message_queue import Outgoing

WINDOW = timedelta(seconds=1)
"""Notifications for one key within this window become one message, which is due when the window
has closed. So what duplicate detection drops was always notified before the record is read."""
CLOCKS_APART = timedelta(seconds=2.5)
"""How far the broker's clock may be from ours. What is due by both clocks is due this much later,
where the broker has a clock of its own."""


@dataclass(frozen=True)
class Message:
    """`notified_at`: when we heard of it (our clock); a record read well after that is newer than
    the notification. `looks`: how often we have looked for a record that was not there, this time
    included."""

    flow: str
    connection: str
    key: str
    origin: str
    notified_at: datetime
    attempt: int = 1
    looks: int = 1

    @property
    def is_asked(self) -> bool:
        """Whether a person asks for the record, and not a system or the clock."""
        return self.origin in ("replay", "backfill")

    def again(self, *, attempt: int) -> Self:
        """The same notification, tried again."""
        return replace(self, attempt=attempt)

    def look_again(self) -> Self:
        """The same notification, when the record was not there."""
        return replace(self, looks=self.looks + 1)

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
            message = cls(flow, connection, key, origin, at, attempt, int(fields.get("looks", 1)))
        except (KeyError, TypeError, ValueError) as error:
            raise NotJson(f"not a message of this product: {type(error).__name__}") from None
        if at.tzinfo is None or attempt < 1:
            fault = "a time without zone, or a try before the first"
            raise NotJson(f"not a message of this product: {fault}")
        return message


def notification(queue: str, message: Message, margin: timedelta = CLOCKS_APART) -> Outgoing:
    """A first notification: one per key and window, due `margin` after the window's end, so that
    no notification of the window comes when its id has been consumed.

    What a person asks for has an identity of its own: a webhook or poll of the same second must not
    stand in for it, since a record that was read since then is not read again for a notification.
    """
    seconds = int(message.notified_at.timestamp() // WINDOW.total_seconds()) + 1
    due = datetime.fromtimestamp(seconds * WINDOW.total_seconds(), UTC) + margin
    asked = "|asked" if message.is_asked else ""
    name = f"{message.connection}|{message.flow}|{message.key}|{seconds}{asked}"
    return _outgoing(queue, message, name, due)


def scheduled(queue: str, message: Message, *, due: datetime, unique: str) -> Outgoing:
    """A try at a later time. `unique` makes the id new: a broker silently drops an id that it has
    seen."""
    name = f"{message.connection}|{message.flow}|{message.key}|{message.attempt}|{unique}"
    return _outgoing(queue, message, name, due)


def _outgoing(queue: str, message: Message, name: str, due: datetime) -> Outgoing:
    """What a flow of a connection sends is its share of the queue: shares take turns."""
    id_ = hashlib.sha256(name.encode()).hexdigest()
    share = f"{message.connection}|{message.flow}"
    return Outgoing(queue, message.encode(), id_, due, share)


def message_in(body: bytes) -> Message | None:
    """The message in a body; None for what is none of ours."""
    try:
        return Message.decode(body)
    except NotJson:
        return None
