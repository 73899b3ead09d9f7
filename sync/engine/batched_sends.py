"""Queue sends, joined: what deliveries and hooks send at once, or during a call, goes in one call
per queue.

A Service Bus sender may not be used concurrently: one flusher per queue owns it. Nothing waits to
be joined with what may come: a shopper may be waiting.
"""

from collections.abc import Sequence

from sync.core.message_queue import Outgoing, Queue
from sync.pacing.batcher import Batcher

MOST = 100


class JoinedSends:
    """The sending half of a queue. `send` returns when the messages are stored, as the port
    promises."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._flushers: dict[str, Batcher[Outgoing, None]] = {}

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Store the messages, those of one queue together, at most 100 a call. Raises what the
        queue raises."""
        for name in dict.fromkeys(message.queue for message in messages):
            if name not in self._flushers:
                self._flushers[name] = Batcher(self._queue.send, most=MOST)
            await self._flushers[name].send(
                *(message for message in messages if message.queue == name)
            )

    async def aclose(self) -> None:
        """Send what waits, then stop."""
        for flusher in self._flushers.values():
            await flusher.aclose()
