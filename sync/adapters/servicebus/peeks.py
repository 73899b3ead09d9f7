"""Looking at a queue without taking anything: pages of messages by sequence number, each asked for
once more after trouble."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from azure.servicebus import ServiceBusMessageState, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

from sync.adapters.servicebus.links import Line
from sync.adapters.servicebus.messages import body_of

PAGE: Final = 100
MOST_SEARCHED: Final = 1_000
ANSWER, OPERATION = 4.0, 8.0
"""Seconds for one page on an open link, and with opening it."""


async def peeked(
    line: Line[ServiceBusReceiver], *, first: int = 1, most: int | None = None
) -> AsyncGenerator[ServiceBusReceivedMessage]:
    """Messages from sequence number `first` on, in any state, in order. The broker gives pages as
    short as it likes."""
    shown = 0
    while most is None or shown < most:
        asked = PAGE if most is None else min(PAGE, most - shown)
        page = await _page(line, first, asked)
        if not page:
            return
        for message in page:
            yield message
        shown += len(page)
        first = (page[-1].sequence_number or first) + 1


@dataclass
class Due:
    """Messages that are due. `front`: before this sequence number none is."""

    front: int
    bodies: list[bytes]


async def due(
    line: Line[ServiceBusReceiver], *, first: int, most: int, searched: int = MOST_SEARCHED
) -> Due:
    """Up to `most` messages that are due, from sequence number `first` on; `searched` are looked at
    in all. A scheduled message gets a new number when it comes due, so it is passed over for
    good."""
    found = Due(first, [])
    async with aclosing(peeked(line, first=first, most=searched)) as messages:
        async for message in messages:
            if message.state is not ServiceBusMessageState.SCHEDULED:
                found.bodies.append(body_of(message))
            elif not found.bodies:
                found.front = (message.sequence_number or found.front) + 1
            if len(found.bodies) == most:
                break
    return found


async def _page(
    line: Line[ServiceBusReceiver], first: int, most: int
) -> list[ServiceBusReceivedMessage]:
    return await line.use(
        lambda receiver: receiver.peek_messages(most, sequence_number=first, timeout=ANSWER),
        answer=ANSWER,
        most=OPERATION,
    )
