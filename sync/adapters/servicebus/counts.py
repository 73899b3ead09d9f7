"""How much waits in a queue of Service Bus, and how long: found by looking: its counters are for
those who may manage it.

A queue shows its messages by sequence number. One that is scheduled keeps its number until it comes
due and gets a new one then, so any number of scheduled messages may stand before the oldest that is
due: counting ends, the search for that one goes on.
"""

from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from azure.servicebus import ServiceBusMessageState, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

from sync.adapters.servicebus.links import Line
from sync.adapters.servicebus.peeks import peeked

MOST_COUNTED: Final = 1_000
MOST_SEARCHED: Final = 20_000
"""Some seconds of looking, and more than polls and notifications of a day leave waiting."""


@dataclass
class Count:
    """What was looked at. `is_cut`: there was more."""

    seen: int = 0
    due: int = 0
    scheduled: int = 0
    oldest: datetime | None = None
    next: datetime | None = None
    is_cut: bool = False

    def add(self, message: ServiceBusReceivedMessage) -> None:
        """One more message. What somebody has locked is due, as the broker shows it."""
        self.seen += 1
        if message.state is ServiceBusMessageState.SCHEDULED:
            self.scheduled += 1
            self.next = _first(self.next, message.scheduled_enqueue_time_utc)
        else:  # nothing of ours is ever deferred
            self.due += 1
            self.oldest = _first(self.oldest, message.enqueued_time_utc)


async def counted(
    line: Line[ServiceBusReceiver], *, most: int = MOST_COUNTED, searched: int = MOST_SEARCHED
) -> Count:
    """Count `most` messages, and go on until one that is due is found or `searched` are seen."""
    count = Count()
    async with aclosing(peeked(line)) as messages:
        async for message in messages:
            if count.seen >= (most if count.due else searched):
                count.is_cut = True
                break
            count.add(message)
    return count


def _first(known: datetime | None, time: datetime | None) -> datetime | None:
    return min((one for one in (known, time) if one is not None), default=None)
