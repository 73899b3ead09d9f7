"""Hints on their way into queues: stored before anybody is answered, joined within their window, or put off."""

from collections.abc import Sequence
from datetime import datetime

from sync.ports import Clock
from sync.road.message import Message, hint, scheduled
from sync.road.sending import JoinedSends

BATCH = 100


class Hints:
    """The way into the queues."""

    def __init__(self, sends: JoinedSends, clock: Clock) -> None:
        self._sends = sends
        self._clock = clock

    async def accept(self, flow: str, connection: str, keys: Sequence[str], origin: str) -> int:
        """Store a hint per key; returns when they are stored. Repeats within a second become one message."""
        now = self._clock.now()
        hints = [hint(Message(flow, connection, key, origin, now)) for key in dict.fromkeys(keys)]
        for start in range(0, len(hints), BATCH):
            await self._sends.send(hints[start : start + BATCH])
        return len(hints)

    async def put_off(self, message: Message, due: datetime) -> None:
        """The same hint at a later time."""
        await self._sends.send([scheduled(message, due=due, unique=self._clock.unique())])

    async def put_off_once(self, message: Message, due: datetime, name: str) -> None:
        """The same, but of all that are put off under one name only the first is kept."""
        await self._sends.send([scheduled(message, due=due, unique=name)])
