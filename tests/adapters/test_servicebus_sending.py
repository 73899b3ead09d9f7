"""Sending to Service Bus when all is well, and when it is not."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from azure.servicebus.aio import ServiceBusSender

from sync.adapters.servicebus.links import Aside
from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.core.errors import Later
from tests.adapters.servicebus import Bus, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUARD = 600
"""Seconds after which a test is stuck."""
HALF_OPENED = "ignore:unclosed <StreamWriter:ResourceWarning"
"""The SDK forgets the socket of a handshake that is interrupted; Python closes it, and says so."""


async def test_fifty_senders_share_one_link_and_nothing_is_lost_or_doubled(bus: Bus) -> None:
    before = bus.service.connections_made
    names = [f"{number:02}" for number in range(50)]
    await asyncio.gather(*(bus.send(name) for name in names))
    assert sorted(bus.stored) == names
    assert bus.service.connections_made == before + 1


async def test_a_hundred_messages_go_in_one_transfer(bus: Bus) -> None:
    before = bus.service.sends_stored
    await bus.send(*(str(number) for number in range(100)))
    assert len(bus.stored) == 100
    assert bus.service.sends_stored == before + 1


async def test_what_is_too_much_for_one_batch_goes_in_several(bus: Bus) -> None:
    before = bus.service.sends_stored
    await bus.queue.send([bus.message(str(number), bytes(10_000)) for number in range(100)])
    assert len(bus.stored) == 100
    assert bus.service.sends_stored == before + 4


async def test_a_scheduled_message_goes_beside_one_that_is_due(bus: Bus) -> None:
    later = replace(bus.message("later"), not_before=bus.service.now() + timedelta(minutes=1))
    await bus.queue.send([bus.message("now"), later])
    depth = await bus.queue.depth(bus.name)
    assert (depth.due, depth.scheduled) == (1, 1)


async def test_while_the_broker_is_away_the_sender_hears_of_it_and_later_sends_arrive(
    bus: Bus,
) -> None:
    await bus.send("before", by=bus.hasty)
    await bus.service.kill()
    async with asyncio.timeout(GUARD):
        with pytest.raises(
            Later, match=f"queue {bus.name}: Service Bus cannot be reached"
        ) as received:
            await bus.send("meanwhile", by=bus.hasty)
    assert not received.value.counts
    await bus.service.start()
    await bus.send("after")
    assert bus.stored == ["before", "after"]


async def test_a_send_outlasts_a_broker_that_comes_back_in_time(bus: Bus) -> None:
    await bus.send("before")
    await bus.service.kill()
    sending = asyncio.create_task(bus.send("meanwhile"))
    for _ in range(20):
        await asyncio.sleep(0)
    await bus.service.start()
    await sending
    assert bus.stored == ["before", "meanwhile"]


async def test_fifty_senders_all_hear_that_the_broker_is_away(bus: Bus) -> None:
    await bus.send("before", by=bus.hasty)
    await bus.service.kill()
    async with asyncio.timeout(GUARD):
        sends = (bus.send(str(number), by=bus.hasty) for number in range(50))
        received = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(error) for error in received] == [Later] * 50
    await bus.service.start()
    await bus.send("after")
    assert bus.stored == ["before", "after"]


async def test_a_link_that_died_unnoticed_is_replaced_while_sending(bus: Bus) -> None:
    await bus.send("before")
    await bus.service.kill()
    await bus.service.start()
    await bus.send("after")
    assert bus.stored == ["before", "after"]


async def test_a_broker_that_dies_between_storing_and_answering_has_stored_it_once(
    bus: Bus,
) -> None:
    await bus.send("before")
    stored = bus.service.sends_stored
    bus.service.unanswered = 1
    await bus.send("unanswered")
    assert bus.stored == ["before", "unanswered"]
    assert bus.service.sends_stored == stored + 2  # it was sent again, and the broker knew its id


async def test_what_was_stored_without_an_answer_is_told_of_and_not_stored_again(bus: Bus) -> None:
    await bus.send("before", by=bus.hasty)
    bus.service.unanswered = 1_000
    async with asyncio.timeout(GUARD):
        with pytest.raises(Later):
            await bus.send("unanswered", by=bus.hasty)
    bus.service.unanswered = 0
    await bus.send("unanswered")
    assert bus.stored == ["before", "unanswered"]


async def test_a_cancelled_send_leaves_no_half_message_to_the_next(bus: Bus) -> None:
    await bus.send("before")
    large = asyncio.create_task(bus.queue.send([bus.message("large", bytes(150_000))]))
    for _ in range(5):
        await asyncio.sleep(0)
    large.cancel()
    await asyncio.wait([large])
    await bus.send("after")
    assert {"before", "after"} <= set(bus.stored) <= {"before", "large", "after"}


async def test_a_link_that_cannot_even_be_closed_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stuck:
        async def close(self) -> None:
            raise OSError("not even that")

    aside = Aside()
    with caplog.at_level(logging.INFO, logger="sync.adapters.servicebus.links"):
        aside.put(cast("ServiceBusSender", Stuck()))
        await aside.closed()
    assert "servicebus.not_closed error=OSError" in caplog.text


async def test_senders_can_be_opened_before_they_are_needed(bus: Bus, terminal: Terminal) -> None:
    other = terminal.bus()
    before = bus.service.connections_made
    await bus.queue.open([bus.name, other.name])
    await bus.send("1")
    await other.send("1")
    assert bus.service.connections_made == before + 2


async def test_opening_tells_what_is_wrong(bus: Bus) -> None:
    await bus.service.kill()
    with pytest.raises(Later, match=bus.name):
        await bus.hasty.open([bus.name])
    await bus.service.start()
    await bus.hasty.open([])


async def test_after_close_nothing_is_opened_any_more(bus: Bus) -> None:
    queue = ServiceBusQueue.from_connection_string(bus.service.connection_string)
    await bus.send("1", by=queue)
    await queue.close()
    await queue.close()
    with pytest.raises(Later, match="stopping"):
        await bus.send("2", by=queue)


@pytest.mark.filterwarnings(HALF_OPENED)
async def test_a_broker_that_says_nothing_is_given_up_in_time(bus: Bus) -> None:
    bus.service.deaf = True
    async with asyncio.timeout(GUARD):
        with pytest.raises(Later, match=f"queue {bus.name}: Service Bus did not answer in 1 s"):
            await bus.send("1", by=bus.hasty)
    bus.service.deaf = False
    await bus.send("1")
    assert bus.stored == ["1"]


@pytest.mark.filterwarnings(HALF_OPENED)
async def test_a_link_that_became_deaf_is_given_up_in_time_and_replaced(bus: Bus) -> None:
    await bus.send("before", by=bus.hasty)
    bus.service.deaf = True
    async with asyncio.timeout(GUARD):
        with pytest.raises(Later, match="TimeoutError"):
            await bus.send("meanwhile", by=bus.hasty)
    bus.service.deaf = False
    await bus.send("after")
    assert bus.stored == ["before", "after"]
