"""A record that is changed back and forth is left to a person before it goes on all night."""

import asyncio
from typing import Any

from sync.engine.claim import State
from sync.engine.loops import MOST
from tests.harness import Harness, in_harness

STOPS: dict[str, Any] = {"orders": {"stop_processing": True}}


@in_harness(**STOPS)
async def test_a_record_that_goes_back_and_forth_is_parked_until_a_person_asks(
    harness: Harness,
) -> None:
    """Something in the shop holds and releases an order, again and again."""
    order = harness.place()
    await harness.delivers(order)

    async def turns() -> None:
        is_held = order.row["state"] == "holded"
        (harness.commerce.unhold if is_held else harness.commerce.hold)(order)
        await harness.delivers(order)
        await asyncio.sleep(600)

    for _ in range(MOST):
        await turns()
    assert await harness.parked("orders") == []
    stopped = harness.header(order)["IsSalesProcessingStopped"]
    await turns()
    claim = await harness.claim(f"{order.row['increment_id']}@{order.row['store_id']}", "orders")
    assert claim.state is State.PARKED
    assert f"{MOST} times within a day" in claim.reason
    await turns()
    await turns()
    assert harness.header(order)["IsSalesProcessingStopped"] == stopped
    await harness.replays(claim.key)
    assert await harness.parked("orders") == []
    await turns()
    assert await harness.parked("orders") == []


@in_harness(**STOPS)
async def test_the_same_over_many_days_is_no_loop(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    for turn in range(MOST + 2):
        (harness.commerce.unhold if turn % 2 else harness.commerce.hold)(order)
        await harness.delivers(order)
        await asyncio.sleep(3 * 3600)
    assert await harness.parked("orders") == []
