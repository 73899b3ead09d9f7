"""Counting what waits in a queue of Service Bus, when it is more than anybody counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from sync.adapters.servicebus.counts import MOST_COUNTED, Count, counted
from sync.adapters.servicebus.links import Aside, Line
from sync.core.message_queue import Outgoing
from tests.adapters.servicebus import LONG, Bus

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 500


async def schedule(bus: Bus, count: int) -> None:
    """So many messages for in an hour."""
    later = bus.service.now() + timedelta(hours=1)
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        await bus.queue.send(
            [Outgoing(bus.name, b"{}", f"later-{number}", later) for number in numbers]
        )


@asynccontextmanager
async def line(bus: Bus) -> AsyncIterator[Line[ServiceBusReceiver]]:
    """A way of its own to look into the queue."""
    aside = Aside()
    async with ServiceBusClient.from_connection_string(
        bus.service.connection_string, retry_total=0
    ) as client:
        line: Line[ServiceBusReceiver] = Line(
            bus.name, lambda: client.get_queue_receiver(bus.name), aside, patience=LONG
        )
        yield line
        await line.close()
        await aside.closed()


async def look(bus: Bus, *, most: int, searched: int) -> Count:
    async with line(bus) as found:
        return await counted(found, most=most, searched=searched)


async def test_the_oldest_that_is_due_is_found_behind_any_number_of_scheduled_messages(
    bus: Bus,
) -> None:
    await schedule(bus, MOST_COUNTED * 3 // 2)
    await bus.send("1", "2", "3", "4", "5")
    (first,) = [stored for stored in bus.entity.messages.values() if stored.message.id == "1"]
    depth = await bus.queue.depth(bus.name)
    assert depth.oldest is not None
    assert abs(depth.oldest - first.enqueued_at) < timedelta(milliseconds=1)
    assert (depth.due, depth.scheduled, depth.is_cut) == (1, MOST_COUNTED * 3 // 2, True)


async def test_what_is_counted_whole_says_so(bus: Bus) -> None:
    await schedule(bus, 3)
    await bus.send("1", "2")
    count = await look(bus, most=5, searched=5)
    assert (count.due, count.scheduled, count.is_cut) == (2, 3, False)
    assert count.next == (await bus.queue.depth(bus.name)).next


async def test_counting_ends_where_it_should_once_the_oldest_is_known(bus: Bus) -> None:
    await bus.send("1", "2", "3")
    count = await look(bus, most=2, searched=100)
    assert (count.due, count.is_cut) == (2, True)


async def test_the_search_ends_too_and_says_that_there_is_more(bus: Bus) -> None:
    await schedule(bus, 12)
    await bus.send("1")
    count = await look(bus, most=5, searched=10)
    assert (count.due, count.scheduled, count.oldest, count.is_cut) == (0, 10, None, True)


async def test_dead_letters_are_counted_as_far_as_it_is_cheap(bus: Bus) -> None:
    await bus.set_aside(MOST_COUNTED + 1)
    depth = await bus.queue.depth(bus.name)
    assert (depth.due, depth.dead, depth.oldest, depth.is_cut) == (0, MOST_COUNTED, None, False)
