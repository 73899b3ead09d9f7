"""Messages that a queue has given up: what they stand for waits for a person, and is not lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from sync.encoding import NotJson
from sync.flows import FLOWS
from sync.ports import DeadLetter, Row
from sync.road.burial import DEAD_LETTERS
from sync.road.ledger import LEASE, PARKED, State
from sync.road.message import Message
from sync.services import Services
from tests.house import House, in_both_houses, in_house, key_of
from tests.site import CONNECTION

GIVEN_UP, EXPIRED = "MaxDeliveryCountExceeded", "TTLExpiredException"


class Meanwhile:
    """Tables; while a record is put on the list of the parked, something else happens first."""

    def __init__(self, inner: Any, happens: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._happens = inner, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def upsert(self, table: str, row: Row) -> Row:
        if table == PARKED:
            await self._happens()
        stored: Row = await self._inner.upsert(table, row)
        return stored


def one_of_many(house: House, tables: Any = None) -> Services:
    """A process that others work beside."""
    return Services(house.site.connections, FLOWS, house.site.outside(is_alone=False, tables=tables))


async def set_aside(house: House, reason: str = GIVEN_UP) -> None:
    """The queue gives up all that is due."""
    await asyncio.sleep(2)
    for taken in await house.site.queue.receive("orders", most=10, wait=timedelta()):
        await house.site.queue.dead_letter(taken, reason=reason, description="delivered too often")


async def buries(house: House) -> list[DeadLetter]:
    """The host hands over what the queue has given up, and forgets it."""
    letters = [letter async for letter in house.site.queue.dead_letters("orders")]
    for letter in letters:
        await house.services.bury("orders", letter.body, letter.id, letter.reason, letter.description)
        await house.site.queue.remove_dead_letter(letter)
    return letters


@in_both_houses()
async def test_a_dead_letters_order_is_parked_with_why_and_posted_when_it_is_replayed(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await set_aside(house)
    assert len(await buries(house)) == 1
    (entry,) = await house.trail(order)
    assert (entry.event, entry.details["dead_letter_reason"]) == ("dead-lettered", GIVEN_UP)
    assert "replay" in entry.remedy
    claim = await house.claim(order)
    assert (claim.state, claim.reason) == (State.PARKED, entry.reason)
    assert await house.parked() == [key_of(order)]
    await house.replays(key_of(order))
    assert await house.events(order) == ["dead-lettered", "created"]
    assert await house.parked() == []


@in_house()
async def test_a_message_that_expired_says_so(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await set_aside(house, EXPIRED)
    await buries(house)
    assert "expired" in (await house.claim(order)).reason


@in_house()
async def test_a_reason_of_the_brokers_own_is_told_as_it_is(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await set_aside(house, "HeaderSizeExceeded")
    await buries(house)
    assert "HeaderSizeExceeded" in (await house.claim(order)).reason


@in_house()
async def test_an_order_that_was_delivered_since_is_left_alone(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await set_aside(house)
    await asyncio.sleep(30)
    await house.delivers(order)
    await buries(house)
    assert await house.events(order) == ["created"]
    assert (await house.claim(order)).state is State.DELIVERED


@in_house()
async def test_an_order_that_somebody_is_at_work_on_is_looked_at_when_their_lease_ends(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await set_aside(house)
    house.services = one_of_many(house)
    await house.services.ledger.take(CONNECTION, "orders", key_of(order), "a worker that dies")
    await buries(house)
    assert await house.events(order) == []
    await asyncio.sleep(LEASE.total_seconds())
    await house.works_until_idle()
    assert await house.events(order) == ["created"]


@in_house()
async def test_a_hint_that_comes_while_the_letter_is_buried_is_not_lost(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await set_aside(house)
    another = one_of_many(house)

    async def takes() -> None:
        await another.ledger.take(CONNECTION, "orders", key_of(order), "another")

    house.services = one_of_many(house, Meanwhile(house.site.tables, takes))
    await buries(house)
    await house.works_until_idle()
    assert await house.events(order) == ["dead-lettered", "created"]


@in_house()
async def test_what_is_no_message_of_ours_leaves_facts_and_no_content(house: House) -> None:
    body = b'{"street": "Unter den Linden"}'
    await house.services.bury("orders", body, "m-1", GIVEN_UP, "delivered too often")
    await house.services.bury("orders", body, "m-1", GIVEN_UP, "")
    (row,) = [row async for row in house.site.tables.query(DEAD_LETTERS, "orders")]
    assert (row.values["bytes"], row.values["message_id"], row.values["reason"]) == (len(body), "m-1", GIVEN_UP)
    assert "Linden" not in str(row.values)


@in_house()
async def test_a_message_for_a_flow_that_is_no_more_leaves_facts(house: House) -> None:
    body = Message("wishes", CONNECTION, "1", "webhook", house.clock.now()).encode()
    await house.services.bury("orders", body, "m-1", "", "")
    (row,) = [row async for row in house.site.tables.query(DEAD_LETTERS, "orders")]
    assert row.values["fault"] == "KeyError"


@in_house()
async def test_what_is_no_message_of_ours_is_given_back_until_the_queue_gives_it_up(house: House) -> None:
    with pytest.raises(NotJson):
        await house.services.deliver("orders", b"junk", "m-1", 1)
