"""Orders on the road as it is in Azure: the stories of the flows' tests, told over AMQP and Table Storage."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest

from sync.commerce.hooks import TIMEOUT
from sync.mapping_tables.records import ItemMapping
from sync.ports import Outgoing
from sync.road.burial import DEAD_LETTERS
from sync.road.ledger import State
from sync.sandbox.commerce.records import StoredOrder
from sync.sandbox.dials import Kind
from tests.azure_path.house import RULES, CloudHouse, a_cloud_house
from tests.house import key_of

AWAY: Final = timedelta(seconds=30)


@pytest.fixture
async def house(account: str) -> AsyncIterator[CloudHouse]:
    async with a_cloud_house(account) as house:
        yield house


async def test_an_order_becomes_one_sales_order_that_comes_to_its_total(house: CloudHouse) -> None:
    order = house.place()
    await house.delivers(order)
    assert house.total(order) + order.amount("tax_amount") == order.amount("grand_total")
    assert await house.events(order) == ["created"]
    claim = await house.claim(order)
    assert (claim.state, claim.number) == (State.DELIVERED, house.header(order)["SalesOrderNumber"])


async def test_an_order_seen_twice_is_posted_once(house: CloudHouse) -> None:
    order = house.place()
    await house.delivers(order)
    await house.delivers(order)
    assert len(house.headers(order)) == 1
    assert await house.events(order) == ["created", "unchanged"]


async def test_ten_hints_at_once_from_hook_and_poll_make_one_sales_order(house: CloudHouse) -> None:
    order = house.place()
    await house.time_passes(timedelta(seconds=10))
    await asyncio.gather(*(house.hooks(order) for _ in range(5)), *(house.polls() for _ in range(5)))
    await house.works_until_idle()
    assert len(house.headers(order)) == 1
    assert (await house.events(order))[0] == "created"


async def test_an_order_whose_answer_was_lost_is_found_and_taken_over(house: CloudHouse) -> None:
    order = house.place()
    house.ledger_dials.next(Kind.LOST, where=lambda a: a.writes and b"CustomersOrderReference" in a.body)
    await house.delivers(order)
    assert len(house.headers(order)) == 1
    assert (await house.events(order))[-1] in {"adopted", "created"}
    assert house.lines(order).keys() >= {"SIMPLE-001", "SIMPLE-002"}


async def test_a_parked_order_is_posted_when_it_is_replayed_after_the_remedy(account: str) -> None:
    async with a_cloud_house(account, items={"rule": "none"}) as house:
        order = house.place(skus=("SIMPLE-001",))
        await house.delivers(order)
        assert await house.parked() == [key_of(order)]
        assert "map items set" in (await house.claim(order)).remedy
        desk = await house.services.desks.open("shop")
        await desk.items.put(ItemMapping("SIMPLE-001", "SIMPLE-001", unit="ea"))
        await house.replays(key_of(order))
        assert await house.events(order) == ["parked", "created"]
        assert await house.parked() == []


async def test_while_the_broker_is_away_hooks_hear_so_in_time_and_the_poll_brings_everything_in(
    house: CloudHouse,
) -> None:
    before = house.place()
    await house.delivers(before)
    await house.bus.kill()
    missed = [house.place() for _ in range(3)]
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        await asyncio.gather(*(_hears_that_nothing_is_stored(house, order) for order in missed))
    assert await house.polls() == 0
    await house.time_passes(AWAY)
    await house.bus.start()
    assert await house.polls() >= len(missed)
    await house.works_until_idle()
    assert len(house.headers(before)) == 1
    for order in missed:
        assert len(house.headers(order)) == 1
        assert (await house.events(order))[0] == "created"


async def _hears_that_nothing_is_stored(house: CloudHouse, order: StoredOrder) -> None:
    with pytest.raises(AssertionError, match="could not be stored"):
        await house.hooks(order)


async def test_a_message_that_is_given_back_too_often_has_its_order_parked(house: CloudHouse) -> None:
    order = house.place()
    await house.hooks(order)
    await house.time_passes(timedelta(seconds=2))
    for _ in range(RULES.most_deliveries):
        (message,) = await house.queue.receive("orders", most=1, wait=timedelta(seconds=5))
        await house.queue.abandon(message)
    (letter,) = [letter async for letter in house.queue.dead_letters("orders")]
    await house.services.bury("orders", letter.body, letter.id, letter.reason, letter.description)
    await house.queue.remove_dead_letter(letter)
    assert [entry.event for entry in await house.trail(order)] == ["dead-lettered"]
    assert await house.parked() == [key_of(order)]
    await house.replays(key_of(order))
    assert await house.events(order) == ["dead-lettered", "created"]


async def test_what_is_no_message_of_ours_leaves_facts(house: CloudHouse) -> None:
    await house.queue.send([Outgoing("orders", b"{}", "junk")])
    (message,) = await house.queue.receive("orders", most=1, wait=timedelta(seconds=5))
    await house.queue.dead_letter(message, reason="Unreadable")
    (letter,) = [letter async for letter in house.queue.dead_letters("orders")]
    await house.services.bury("orders", letter.body, letter.id, letter.reason, letter.description)
    (row,) = [row async for row in house.tables.query(DEAD_LETTERS, "orders")]
    assert (row.values["message_id"], row.values["bytes"]) == ("junk", 2)
