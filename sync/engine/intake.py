"""Notifications on their way into queues: stored before anybody is answered, joined within their
window, or rescheduled."""

from collections.abc import Sequence
from datetime import datetime

from sync.core.ports import Clock
from sync.engine.batched_sends import JoinedSends
from sync.engine.message import Message, notification, scheduled

BATCH = 100


class Intake:
    """The way into the queues."""

    def __init__(self, sends: JoinedSends, clock: Clock) -> None:
        self._sends = sends
        self._clock = clock

    async def accept(self, flow: str, connection: str, keys: Sequence[str], origin: str) -> int:
        """Store a notification per key; returns when they are stored. Repeats within a second
        become one message."""
        now = self._clock.now()
        messages = [
            notification(Message(flow, connection, key, origin, now)) for key in dict.fromkeys(keys)
        ]
        for start in range(0, len(messages), BATCH):
            await self._sends.send(messages[start : start + BATCH])
        return len(messages)

    async def reschedule(self, message: Message, due: datetime) -> None:
        """The same notification at a later time."""
        await self._sends.send([scheduled(message, due=due, unique=self._clock.unique())])

    async def reschedule_once(self, message: Message, due: datetime, name: str) -> None:
        """The same, but of all that are rescheduled under one name only the first is kept."""
        await self._sends.send([scheduled(message, due=due, unique=name)])
