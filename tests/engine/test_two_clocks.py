"""Worker and queue have clocks of their own: nothing is lost where they disagree."""

import asyncio
from datetime import timedelta

import pytest

from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

APART = (-2.0, -0.1, -0.005, 0.0, 0.1, 2.0)


@pytest.mark.parametrize("apart", APART)
@in_harness()
async def test_a_dead_workers_order_is_taken_up_whatever_the_next_ones_clock_says(
    harness: Harness, apart: float
) -> None:
    order = harness.place()
    await harness.hooks(order)
    await harness.one_of_many_dies(before="trail")
    harness.opens_one_of_many(apart=apart)
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1


@pytest.mark.parametrize("apart", APART)
@in_harness()
async def test_every_hook_is_followed_by_a_read_whatever_the_receivers_clock_says(
    harness: Harness, apart: float
) -> None:
    harness.opens_one_of_many(apart=apart)
    order = harness.place()
    await asyncio.sleep(-harness.services.edition_parts.clock.now().timestamp() % 1)
    await harness.hooks(order)
    working = asyncio.create_task(harness.works_until_idle())
    await asyncio.sleep(0.95)  # the same second, by the receiver's clock
    harness.commerce.cancel(order)
    await harness.hooks(order)
    await working
    await harness.works_until_idle()
    assert (await harness.claim(order)).state in {State.CANCELLED, State.SKIPPED}


@pytest.mark.parametrize("apart", APART)
@in_harness()
async def test_what_waits_for_a_pause_comes_again_when_it_is_over_by_the_workers_clock(
    harness: Harness, apart: float
) -> None:
    """Else it comes at once, again and again, until that clock has caught up."""
    harness.opens_one_of_many(apart=apart)
    await harness.hooks(harness.place())
    clock = harness.services.edition_parts.clock
    systems = await harness.services.systems_pool.open(CONNECTION)
    await asyncio.sleep(10)
    await harness.services.pauses.pause(systems.paces[0].system, timedelta(seconds=1))
    over = clock.now() + timedelta(seconds=1)
    await harness.works_off_what_is_due()
    due = harness._next_due()
    assert due is not None
    assert clock.now() + (due - harness.clock.now()) > over


@pytest.mark.parametrize("apart", APART)
@in_harness()
async def test_what_waits_until_a_write_has_settled_is_tried_again_by_any_workers_clock(
    harness: Harness, apart: float
) -> None:
    order = harness.place()
    harness.ledger_dials.next(
        Kind.LOST, where=lambda a: a.writes and b"CustomersOrderReference" in a.body
    )
    await harness.hooks(order)
    while "may still commit" not in (await harness.claim(order)).reason:
        await _until_something_is_due(harness)
    harness.opens_one_of_many(apart=apart)
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1


@pytest.mark.parametrize("back", [3.0, 5.0, 40.0, 3 * 3600.0])
@in_harness()
async def test_an_order_that_waits_is_tried_again_although_the_clock_is_set_back(
    harness: Harness, back: float
) -> None:
    """By that clock, the message that has just come for the next try is still to come."""
    clock, order = harness.opens_one_of_many(), harness.place()
    harness.shop_dials.next(Kind.ERROR_BEFORE, times=4)
    await harness.hooks(order)
    while (await harness.claim(order)).retry_at is None:
        await _until_something_is_due(harness)
    clock.is_set(-back)
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1


@in_harness()
async def test_an_order_that_was_read_by_a_clock_ahead_is_read_again_when_that_is_set_right(
    harness: Harness,
) -> None:
    clock, order = harness.opens_one_of_many(apart=40.0), harness.place()
    await harness.delivers(order)
    clock.is_set(0.0)
    await asyncio.sleep(10)
    harness.commerce.cancel(order)
    await harness.delivers(order)
    assert (await harness.claim(order)).state is State.CANCELLED


@pytest.mark.parametrize("at_first", [0.0, 600.0])
@in_harness()
async def test_a_lost_write_is_waited_for_although_the_clock_is_set_ahead(
    harness: Harness, at_first: float
) -> None:
    """Also where it was ahead when the process began, and was set right in between."""
    clock, order = harness.opens_one_of_many(apart=at_first), harness.place()
    await harness.delivers(harness.place())
    clock.is_set(0.0)
    harness.ledger_dials.next(Kind.DELAYED, where=_posts_an_order, seconds=170)
    await harness.hooks(order)
    while (await harness.claim(order)).intent is None:
        await _until_something_is_due(harness)
    clock.is_set(600.0)
    await harness.hooks(order)
    await harness.works_until_idle()
    await harness.ledger_dials.settle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1


@in_harness()
async def test_a_lost_write_is_waited_for_although_the_clock_was_set_back_when_it_was_given_up(
    harness: Harness,
) -> None:
    clock, order = harness.opens_one_of_many(), harness.place()

    def posts_an_order(arrival: Arrival) -> bool:
        if is_one := _posts_an_order(arrival):
            clock.is_set(-600.0)
        return is_one

    harness.ledger_dials.next(Kind.DELAYED, where=posts_an_order, seconds=170)
    await harness.hooks(order)
    while (await harness.claim(order)).intent is None:
        await _until_something_is_due(harness)
    clock.is_set(0.0)
    await harness.works_until_idle()
    await harness.ledger_dials.settle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert len(harness.headers(order)) == 1


def _posts_an_order(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomersOrderReference" in arrival.body


async def _until_something_is_due(harness: Harness) -> None:
    due = harness._next_due()
    assert due is not None
    await asyncio.sleep(max((due - harness.clock.now()).total_seconds(), 0))
    await harness.works_off_what_is_due()
