"""Receiving from Service Bus, settling, and dead letters, when links break and others are at work
too."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from sync.adapters.servicebus.counts import MOST_COUNTED
from sync.adapters.servicebus.inbox import FORGET
from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.core.errors import Later
from sync.core.message_queue import LockLost
from tests.adapters.servicebus import RULES, Bus
from tests.doubles.amqp.codec import Described, Int, encode
from tests.doubles.amqp.messages import sections_from

PATIENT = timedelta(seconds=20)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_message_that_was_taken_before_the_broker_restarted_can_still_be_settled(
    bus: Bus,
) -> None:
    await bus.send("1", "2", "3", "4")
    first, second, third, fourth = await bus.take(4)
    await bus.service.kill()
    await bus.service.start()
    await bus.queue.complete(first)
    await bus.queue.abandon(second)
    await bus.queue.dead_letter(third, reason="Test", description="why")
    assert (await bus.queue.renew(fourth)).locked_until > fourth.locked_until
    (again,) = await bus.take(1)
    assert (again.id, again.deliveries) == ("2", 2)
    assert [(letter.id, letter.reason, letter.description) for letter in await bus.dead()] == [
        ("3", "Test", "why")
    ]


async def test_a_receiver_that_waits_through_a_restart_gets_what_is_sent_after_it(bus: Bus) -> None:
    await bus.look()
    waiting = asyncio.create_task(bus.queue.receive(bus.name, most=1, wait=PATIENT))
    await asyncio.sleep(0)
    await bus.service.kill()
    await bus.service.start()
    await bus.send("1")
    assert [received.id for received in await waiting] == ["1"]


async def test_while_the_broker_is_away_receiving_says_so_and_the_message_can_be_settled_after(
    bus: Bus,
) -> None:
    await bus.send("1")
    (taken,) = await bus.hasty.receive(bus.name, most=1, wait=PATIENT)
    await bus.service.kill()
    async with asyncio.timeout(600):
        with pytest.raises(Later, match=bus.name):
            await bus.hasty.receive(bus.name, most=1, wait=timedelta())
        with pytest.raises(Later, match=bus.name):
            await bus.hasty.complete(taken)
    await bus.service.start()
    await bus.hasty.complete(taken)
    assert bus.stored == []


async def test_messages_settle_while_a_receiver_waits_on_the_same_link(bus: Bus) -> None:
    await bus.send(*(str(number) for number in range(16)))
    taken = await bus.take(16)
    waiting = asyncio.create_task(bus.queue.receive(bus.name, most=1, wait=PATIENT))
    await asyncio.gather(*(bus.queue.complete(each) for each in taken))
    assert bus.stored == []
    await bus.send("last")
    assert [received.id for received in await waiting] == ["last"]


async def test_a_cancelled_receiver_loses_nothing(bus: Bus) -> None:
    await bus.look()
    waiting = asyncio.create_task(bus.queue.receive(bus.name, most=5, wait=PATIENT))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await bus.send("1")
    (taken,) = await bus.take(1)
    assert (taken.id, taken.deliveries) == ("1", 1)


async def test_a_second_receiver_of_a_queue_does_not_wait_longer_than_it_was_told(bus: Bus) -> None:
    await bus.look()
    waiting = asyncio.create_task(bus.queue.receive(bus.name, most=1, wait=PATIENT))
    await asyncio.sleep(0)
    assert await bus.queue.receive(bus.name, most=1, wait=timedelta()) == []
    assert not waiting.done()
    await bus.send("1")
    assert [received.id for received in await waiting] == ["1"]


async def test_closing_gives_back_what_nobody_took_and_the_delivery_does_not_count(
    bus: Bus,
) -> None:
    other = ServiceBusQueue.from_connection_string(bus.service.connection_string)
    assert await other.receive(bus.name, most=5, wait=timedelta()) == []
    await bus.send("1", "2")
    await other.close()
    assert [(taken.id, taken.deliveries) for taken in await bus.take(2)] == [("1", 1), ("2", 1)]


async def test_a_token_of_another_process_settles_nothing(bus: Bus) -> None:
    await bus.send("1")
    (taken,) = await bus.take(1)
    other = ServiceBusQueue.from_connection_string(bus.service.connection_string)
    with pytest.raises(LockLost):
        await other.complete(taken)
    await other.close()
    await bus.queue.complete(taken)


async def test_what_was_never_settled_is_forgotten_when_it_cannot_be_any_more(bus: Bus) -> None:
    await bus.send("1", "2")
    first, _ = await bus.take(2)
    await bus.service.pass_time(FORGET + RULES.lock)
    await bus.take(2)
    with pytest.raises(LockLost, match="not held here"):
        await bus.queue.complete(first)


async def test_a_dead_letter_between_others_is_removed_and_they_stay(bus: Bus) -> None:
    await bus.send(*"abcde")
    for taken in await bus.take(5):
        await bus.queue.dead_letter(taken, reason="Test", description=f"was {taken.id}")
    letters = await bus.dead()
    assert [(letter.id, letter.description, letter.deliveries) for letter in letters][:2] == [
        ("a", "was a", 1),
        ("b", "was b", 1),
    ]
    await bus.queue.remove_dead_letter(letters[2])
    await bus.queue.remove_dead_letter(letters[4])
    await bus.queue.remove_dead_letter(letters[4])
    assert [letter.id for letter in await bus.dead()] == ["a", "b", "d"]


async def test_a_dead_letter_behind_many_others_is_removed(bus: Bus) -> None:
    await bus.set_aside(130)
    letters = await bus.dead()
    await bus.queue.remove_dead_letter(letters[120])
    assert await bus.dead() == [
        replace(letter, deliveries=letter.deliveries + 1) for letter in letters[:120]
    ] + letters[121:]  # fmt: skip


async def test_a_dead_letter_that_somebody_else_holds_is_not_said_to_be_removed(bus: Bus) -> None:
    await bus.set_aside(2)
    letter, other = await bus.dead()
    held = bus.entity.dead.take()
    assert held is not None
    with pytest.raises(Later, match="held by somebody else"):
        await bus.queue.remove_dead_letter(letter)
    await bus.queue.remove_dead_letter(other)
    with pytest.raises(Later, match="held by somebody else"):
        await bus.queue.remove_dead_letter(letter)
    bus.entity.dead.release(held[0])
    await bus.queue.remove_dead_letter(letter)
    assert await bus.dead() == []


async def test_what_somebody_else_sent_in_another_form_is_shown_as_text(bus: Bus) -> None:
    for value in ("a text of somebody else", Int(42)):
        bus.entity.store(
            sections_from(encode(Described(0x73, [])) + encode(Described(0x77, value)))
        )
    taken = await bus.take(2)
    assert [(each.id, each.body) for each in taken] == [
        ("", b"a text of somebody else"),
        ("", b"42"),
    ]


async def test_letters_are_listed_across_pages_and_a_reader_may_stop(bus: Bus) -> None:
    await bus.set_aside(250)
    assert [letter.id for letter in await bus.dead()] == [f"{number:03}" for number in range(250)]
    async with aclosing(bus.queue.dead_letters(bus.name)) as letters:  # type: ignore[type-var]
        assert (await anext(letters)).id == "000"


async def test_counting_ends_where_it_would_cost_too_much(bus: Bus) -> None:
    for start in range(0, 1_100, 100):
        await bus.send(*(str(number) for number in range(start, start + 100)))
    assert (await bus.queue.depth(bus.name)).due == MOST_COUNTED


async def test_counting_and_listing_survive_a_restart_of_the_broker(bus: Bus) -> None:
    await bus.send("1")
    assert (await bus.queue.depth(bus.name)).due == 1
    await bus.service.kill()
    await bus.service.start()
    assert (await bus.queue.depth(bus.name)).due == 1
    assert await bus.dead() == []
