"""Looking at a queue without taking anything: pages of messages by sequence number, each asked for
once more after trouble."""

from collections.abc import AsyncGenerator
from typing import Final

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver

from sync.adapters.servicebus.links import Line

PAGE: Final = 100
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


async def _page(
    line: Line[ServiceBusReceiver], first: int, most: int
) -> list[ServiceBusReceivedMessage]:
    return await line.use(
        lambda receiver: receiver.peek_messages(most, sequence_number=first, timeout=ANSWER),
        answer=ANSWER,
        most=OPERATION,
    )
