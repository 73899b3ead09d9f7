"""Notifications on their way into queues: stored before anybody is answered, joined within their
window, or rescheduled."""

from collections.abc import Sequence
from datetime import datetime

from sync.core.ports import Clock
from sync.engine.batched_sends import JoinedSends
from sync.engine.message import Message, notification, scheduled
from sync.engine.refused_keys import RefusedKeys, key_fault

BATCH = 100


class Intake:
    """The way into the queues, and the one place where keys from outside are checked."""

    def __init__(self, sends: JoinedSends, clock: Clock, refused: RefusedKeys) -> None:
        self._sends = sends
        self._clock = clock
        self._refused = refused

    async def accept(self, flow: str, connection: str, keys: Sequence[str], origin: str) -> int:
        """Store a notification per key; returns how many, when they are stored. Repeats within a
        second become one message.

        A key that no table can hold is kept aside and listed, and stops none of the others.
        """
        now = self._clock.now()
        messages = []
        for key in dict.fromkeys(keys):
            if key_fault(key):
                await self._refused.keep(connection, flow, key, origin)
            else:
                messages.append(notification(Message(flow, connection, key, origin, now)))
        for start in range(0, len(messages), BATCH):
            await self._sends.send(messages[start : start + BATCH])
        return len(messages)

    async def reschedule(self, message: Message, due: datetime) -> None:
        """The same notification at a later time."""
        await self._sends.send([scheduled(message, due=due, unique=self._clock.unique())])

    async def reschedule_once(self, message: Message, due: datetime, name: str) -> None:
        """The same, but of all that are rescheduled under one name only the first is kept."""
        await self._sends.send([scheduled(message, due=due, unique=name)])
