"""Messages in the queues of versions before queues were by priority: moved, so that an upgrade
loses none.

A flow had a queue of its name then. The messages themselves have kept their form, so each is sent
again to the queue of its flow's priority, and its dead letters are parked. What is scheduled there
is moved when it comes due. Once the old queues have been empty for an hour, nobody looks any more,
and they may be deleted.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.core.errors import NoSuchQueue
from sync.core.message_queue import Queue, Received
from sync.core.ports import Clock
from sync.engine.dead_letters import DeadLetterParking
from sync.engine.intake import Intake

log = logging.getLogger("sync.engine.old_queues")

OLD_QUEUES: Final = (
    "orders", "customers", "companies", "invoices", "creditmemos", "postings", "receipts",
)  # fmt: skip
AT_ONCE: Final = 100
MOST: Final = 5_000
"""Messages of one queue that one look moves; the next look comes a minute later."""
WAIT: Final = timedelta(seconds=1)
SOON, LATER = timedelta(minutes=1), timedelta(hours=1)
"""When to look again: while something is there, and to be sure. A process of the version before may
still be at work, and send."""


@dataclass(frozen=True)
class OldQueues:
    """Moves what there is."""

    queue: Queue
    intake: Intake
    parking: DeadLetterParking
    clock: Clock

    async def move(self, last: datetime | None) -> timedelta | None:
        """Move what is due; returns when to look again, None when never. `last`: when somebody
        looked last. Safe to repeat."""
        found = [await self._moved(name) for name in OLD_QUEUES]
        if any(found):
            log.warning("old_queues.not_empty count=%d", sum(map(bool, found)))
            return SOON
        is_settled = last is not None and self.clock.now() - last >= LATER - SOON
        return None if is_settled or all(one is None for one in found) else LATER

    async def _moved(self, name: str) -> bool | None:
        """Whether anything was there; None where there is no such queue."""
        try:
            depth = await self.queue.depth(name)
            if depth.due:
                await self._move_due(name)
            async for letter in self.queue.dead_letters(name):
                await self.parking.park_dead_letter(
                    name, letter.body, letter.id, letter.reason, letter.description
                )
                await self.queue.remove_dead_letter(letter)
        except NoSuchQueue:
            return None
        return any((depth.due, depth.scheduled, depth.locked, depth.dead))

    async def _move_due(self, name: str) -> None:
        moved = 0
        while moved < MOST:
            messages = await self.queue.receive(name, most=AT_ONCE, wait=WAIT)
            if not messages:
                return
            for received in messages:
                await self._send(received)
            moved += len(messages)

    async def _send(self, received: Received) -> None:
        """Stored in the new queue first, then completed: a crash between repeats a notification."""
        message = await self.parking.usable(
            received.queue, received.body, received.id, "found in an old queue"
        )
        if message is not None:
            await self.intake.reschedule(message, self.clock.now())
        await self.queue.complete(received)
