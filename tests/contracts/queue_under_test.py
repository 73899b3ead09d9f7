"""The queue that a contract is run on: on a hand-moved clock, or a real broker whose time passes by
itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.core.message_queue import DeadLetter, Outgoing, Queue, Received

MARGIN = timedelta(seconds=1)
"""By how much a wait outlasts what it waits for."""


@dataclass
class QueueUnderTest:
    """An adapter, two empty queues of it, and how it was set up.

    `make_time_pass`: the queue's time goes on by at least so much. `now`: its time. `patience`: how
    long to wait for a message that must come; `quiet`: after how long without one it is believed
    that none comes. `delay`: a schedule's distance that is longer than a few calls take.
    `duplicate_window` is longer than that as well.
    """

    queue: Queue
    name: str
    other: str
    lock: timedelta
    most_deliveries: int
    duplicate_window: timedelta
    make_time_pass: Callable[[timedelta], Awaitable[None]]
    now: Callable[[], datetime]
    patience: timedelta = timedelta(seconds=10)
    quiet: timedelta = timedelta(0)
    delay: timedelta = timedelta(seconds=30)

    async def send(self, *ids: str, not_before: datetime | None = None) -> None:
        await self.queue.send(
            [Outgoing(self.name, f"body of {key}".encode(), key, not_before) for key in ids]
        )

    async def take(self, count: int, name: str = "") -> list[Received]:
        """Exactly `count` messages, however many calls it takes; fewer when no more come."""
        taken: list[Received] = []
        while len(taken) < count:
            got = await self.queue.receive(
                name or self.name, most=count - len(taken), wait=self.patience
            )
            if not got:
                break
            taken += got
        return taken

    async def take_one(self) -> Received:
        (message,) = await self.take(1)
        return message

    async def nothing_comes(self, name: str = "") -> bool:
        return not await self.queue.receive(name or self.name, most=10, wait=self.quiet)

    async def dead(self) -> list[DeadLetter]:
        return [letter async for letter in self.queue.dead_letters(self.name)]


def ids(messages: Sequence[Received | DeadLetter]) -> list[str]:
    """Sorted: queues promise no order."""
    return sorted(message.id for message in messages)
