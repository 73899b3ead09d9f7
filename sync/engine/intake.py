"""Notifications on their way into queues: stored before anybody is answered, joined within their
window, or rescheduled."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sync.core.groups import in_groups
from sync.core.ports import Clock
from sync.engine.batched_sends import JoinedSends
from sync.engine.message import (
    CLOCKS_APART,
    Message,
    after_trouble,
    notification,
    once,
    outliving,
    scheduled,
)
from sync.engine.queues import ASKED, DELIVERIES
from sync.engine.refused_keys import RefusedKeys, key_fault

BATCH = 100


class Intake:
    """The way into the queues, and the one place where keys from outside are checked. `queues`: by
    flow. `margin`: how far the queue's clock may be from ours."""

    def __init__(
        self,
        sends: JoinedSends,
        clock: Clock,
        refused: RefusedKeys,
        queues: Mapping[str, str],
        *,
        margin: timedelta = CLOCKS_APART,
    ) -> None:
        self._sends = sends
        self._clock = clock
        self._refused = refused
        self._queues = queues
        self._margin = margin

    async def accept(
        self, flow: str, connection: str, keys: Sequence[str], origin: str, *, hops: int = 0
    ) -> int:
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
                message = Message(flow, connection, key, origin, now, hops=hops)
                messages.append(notification(self._queue_of(message), message, self._margin))
        for some in in_groups(messages, BATCH):
            await self._sends.send(some)
        return len(messages)

    async def outlive(self, message: Message, owner: str, due: datetime) -> None:
        """The same notification when `owner` no longer holds the record, if nobody has sent one for
        that yet."""
        queue, unique = self._queue_of(message), self._clock.unique()
        await self._sends.send([outliving(queue, message, owner, due, unique)])

    async def after_trouble(self, message: Message, soonest: datetime) -> None:
        """The same notification once our own stores may be well again, if nobody has sent one for
        the record lately."""
        queue, now = self._queue_of(message), self._clock.now()
        await self._sends.send([after_trouble(queue, message, now, soonest, self._margin)])

    async def reschedule(self, message: Message, due: datetime) -> None:
        """The same notification at a later time, under an id that no queue has seen."""
        queue = self._queue_of(message)
        await self._sends.send([scheduled(queue, message, due=due, unique=self._clock.unique())])

    async def once_at(self, message: Message, due: datetime) -> None:
        """The same notification at a later time, if nobody has sent one of the record for then."""
        await self._sends.send([once(self._queue_of(message), message, due, self._margin)])

    def _queue_of(self, message: Message) -> str:
        """That of people, or of the flow's priority; the first one for a flow that this version
        does not have."""
        return ASKED if message.comes_first else self._queues.get(message.flow, DELIVERIES[0])
