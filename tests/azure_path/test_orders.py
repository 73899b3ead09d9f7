"""Orders through the engine as it is in Azure: the stories of the flows' tests, told over AMQP and
Table Storage."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from sync.core.message_queue import Outgoing
from sync.engine.claim import State
from sync.engine.dead_letters import DEAD_LETTERS
from sync.engine.old_queues import LATER, SOON
from sync.mapping_tables.records import ItemMapping
from tests.azure_path.harness import RULES, CloudHarness, a_cloud_harness
from tests.engine.test_old_queues import as_before, old_queues
from tests.engine.test_repair import (
    disagreements_are_mended,
    records_without_a_message_are_delivered,
)
from tests.harness import key_of

AWAY: Final = timedelta(seconds=30)


@pytest.fixture
async def harness(account: str) -> AsyncIterator[CloudHarness]:
    async with a_cloud_harness(account) as harness:
        yield harness


async def test_an_order_becomes_one_sales_order_that_comes_to_its_total(
    harness: CloudHarness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    assert harness.total(order) + order.amount("tax_amount") == order.amount("grand_total")
    assert await harness.events(order) == ["created"]
    claim = await harness.claim(order)
    assert (claim.state, claim.number) == (
        State.DELIVERED,
        harness.header(order)["SalesOrderNumber"],
    )


async def test_an_order_seen_twice_is_posted_once(harness: CloudHarness) -> None:
    order = harness.place()
    await harness.delivers(order)
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1
    assert await harness.events(order) == ["created", "unchanged"]


async def test_ten_notifications_at_once_from_hook_and_poll_make_one_sales_order(
    harness: CloudHarness,
) -> None:
    order = harness.place()
    await harness.time_passes(timedelta(seconds=10))
    await asyncio.gather(
        *(harness.hooks(order) for _ in range(5)), *(harness.polls() for _ in range(5))
    )
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
    assert (await harness.events(order))[0] == "created"


async def test_an_order_whose_answer_was_lost_is_found_and_taken_over(
    harness: CloudHarness,
) -> None:
    order = harness.place()
    harness.ledger_dials.next(
        Kind.LOST, where=lambda a: a.writes and b"CustomersOrderReference" in a.body
    )
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1
    assert (await harness.events(order))[-1] in {"adopted", "created"}
    assert harness.lines(order).keys() >= {"SIMPLE-001", "SIMPLE-002"}


async def test_a_parked_order_is_posted_when_it_is_replayed_after_the_remedy(account: str) -> None:
    async with a_cloud_harness(account, items={"rule": "none"}) as harness:
        order = harness.place(skus=("SIMPLE-001",))
        await harness.delivers(order)
        assert await harness.parked() == [key_of(order)]
        assert "map items set" in (await harness.claim(order)).remedy
        systems = await harness.services.systems_pool.open("shop")
        await systems.items.put(ItemMapping("SIMPLE-001", "SIMPLE-001", unit="ea"))
        await harness.replays(key_of(order))
        assert await harness.events(order) == ["parked", "created"]
        assert await harness.parked() == []


async def test_while_the_broker_is_away_hooks_hear_so_and_the_poll_brings_everything_in(
    harness: CloudHarness,
) -> None:
    before = harness.place()
    await harness.delivers(before)
    await harness.bus.kill()
    missed = [harness.place() for _ in range(3)]
    await asyncio.gather(*(_is_answered_that_nothing_is_stored(harness, order) for order in missed))
    assert await harness.polls() == 0
    await harness.time_passes(AWAY)
    await harness.bus.start()
    found = await harness.polls()  # it hears how late it is in the shop, and the next one uses that
    assert found + await harness.polls() >= len(missed)
    await harness.works_until_idle()
    assert len(harness.headers(before)) == 1
    for order in missed:
        assert len(harness.headers(order)) == 1
        assert (await harness.events(order))[0] == "created"


async def _is_answered_that_nothing_is_stored(harness: CloudHarness, order: StoredOrder) -> None:
    with pytest.raises(AssertionError, match="could not be stored"):
        await harness.hooks(order)


async def test_a_message_that_is_given_back_too_often_has_its_order_parked(
    harness: CloudHarness,
) -> None:
    order = harness.place()
    await harness.hooks(order)
    await harness.time_passes(timedelta(seconds=2))
    for _ in range(RULES.most_deliveries):
        (message,) = await harness.queue.receive("documents", most=1, wait=timedelta(seconds=5))
        await harness.queue.abandon(message)
    (letter,) = [letter async for letter in harness.queue.dead_letters("documents")]
    await harness.services.park_dead_letter(
        "documents", letter.body, letter.id, letter.reason, letter.description
    )
    await harness.queue.remove_dead_letter(letter)
    assert [entry.event for entry in await harness.trail(order)] == ["dead-lettered"]
    assert await harness.parked() == [key_of(order)]
    await harness.replays(key_of(order))
    assert await harness.events(order) == ["dead-lettered", "created"]


async def test_messages_of_the_queues_of_before_are_moved_and_missing_queues_are_none(
    harness: CloudHarness,
) -> None:
    old, order = old_queues(harness), harness.place()
    assert await old.move(None) is None
    harness.bus.create_queue("orders")
    await harness.queue.send([as_before(harness, key_of(order), "orders")])
    assert await old.move(None) == SOON
    assert await old.move(None) == LATER
    await harness.works_until_idle()
    assert await harness.events(order) == ["created"]


async def test_what_is_no_message_of_ours_leaves_facts(harness: CloudHarness) -> None:
    await harness.queue.send([Outgoing("documents", b"{}", "junk")])
    (message,) = await harness.queue.receive("documents", most=1, wait=timedelta(seconds=5))
    await harness.queue.dead_letter(message, reason="Unreadable")
    (letter,) = [letter async for letter in harness.queue.dead_letters("documents")]
    await harness.services.park_dead_letter(
        "documents", letter.body, letter.id, letter.reason, letter.description
    )
    (row,) = [row async for row in harness.tables.query(DEAD_LETTERS, "documents")]
    assert (row.values["message_id"], row.values["bytes"]) == ("junk", 2)


async def test_the_list_of_the_parked_says_what_the_claims_say(harness: CloudHarness) -> None:
    await disagreements_are_mended(harness)


async def test_a_record_that_nobody_works_on_and_no_message_waits_for_is_delivered(
    harness: CloudHarness,
) -> None:
    await records_without_a_message_are_delivered(harness)
