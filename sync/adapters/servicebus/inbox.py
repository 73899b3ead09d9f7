"""The receiving side of one queue: what is handed out under a lock, and how it is settled."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

from sync.adapters.servicebus.links import Line
from sync.adapters.servicebus.messages import received
from sync.core.errors import Later, Never
from sync.core.message_queue import LockLost, Received

ANSWER: Final = 2.0
"""Seconds to wait for an answer on an open link: a hundred times what it takes. Then the link
counts as dead."""
OPERATION: Final = 8.0
"""Seconds for everything, with opening the link."""
LOOK: Final = 0.25
"""Seconds that looking for a message takes at least."""
FORGET: Final = timedelta(minutes=10)
"""So long after its lock, no message under it can be settled: the longest lock is five minutes."""

Settle = Callable[[ServiceBusReceiver, ServiceBusReceivedMessage], Awaitable[None]]


class Inbox:
    """One queue's receiver, and what was handed out and not settled, by lock token.

    A message that was received on a link which broke meanwhile is settled on the next one, by its
    token.
    """

    def __init__(self, line: Line[ServiceBusReceiver]) -> None:
        self.line = line
        self._turn = asyncio.Lock()
        self._held: dict[str, ServiceBusReceivedMessage] = {}

    async def receive(self, most: int, wait: timedelta) -> list[Received]:
        """Up to `most` messages. Calls take turns: one that finds another waiting without result
        finds nothing either."""
        loop = asyncio.get_running_loop()
        until = loop.time() + max(wait.total_seconds(), LOOK)
        try:
            async with asyncio.timeout_at(until):
                await self._turn.acquire()
        except TimeoutError:
            return []
        try:
            left = max(until - loop.time(), LOOK)
            found = await self.line.use(
                lambda receiver: receiver.receive_messages(most, left),
                answer=left + ANSWER, most=left + OPERATION,
            )  # fmt: skip
        finally:
            self._turn.release()
        self._keep(found)
        return [received(self.line.queue, message) for message in found]

    def _keep(self, found: Iterable[ServiceBusReceivedMessage]) -> None:
        """Remember what can be settled, and forget, by the broker's time, what cannot any more."""
        self._held |= {str(message.lock_token): message for message in found}
        ends = {
            token: end
            for token, message in self._held.items()
            if (end := message.locked_until_utc) is not None
        }
        latest = max(ends.values(), default=None)
        for token, end in ends.items():
            if latest is not None and end < latest - FORGET:
                del self._held[token]

    async def settle(self, message: Received, how: Settle) -> None:
        """A message is settled once: the first attempt takes it, and gives it back only when the
        broker was not reached."""
        held = self._of(message)
        del self._held[message.token]
        try:
            await self.line.use(lambda receiver: how(receiver, held), answer=ANSWER, most=OPERATION)
        except (Later, Never, asyncio.CancelledError):
            self._held[message.token] = held
            raise

    async def renew(self, message: Received) -> Received:
        """Hold the lock for another lock duration."""
        held = self._of(message)
        until: datetime = await self.line.use(
            lambda receiver: receiver.renew_message_lock(held, timeout=ANSWER),
            answer=ANSWER,
            most=OPERATION,
        )
        return replace(message, locked_until=until)

    def _of(self, message: Received) -> ServiceBusReceivedMessage:
        held = self._held.get(message.token)
        if held is None:
            raise LockLost(
                f"queue {message.queue}: {message.id} is not held here: it was settled, or its lock"
                " ran out"
            )
        return held
