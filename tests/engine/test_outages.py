"""A system that is away is no record's fault, and a record that makes it fail is not its outage."""

import asyncio
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.engine.claim import State
from tests.harness import Harness, in_harness, key_of

HOUR = 3600.0
ORDERS = 40


@pytest.mark.parametrize("system", ["shop", "ledger"])
@in_harness()
async def test_after_an_hour_without_an_answer_everything_drains_and_nothing_is_parked(
    harness: Harness, system: str
) -> None:
    dials = harness.shop_dials if system == "shop" else harness.ledger_dials
    begun = harness.clock.now()
    orders = [harness.place() for _ in range(ORDERS)]
    dials.error_before_rate = 1.0
    for order in orders:
        await harness.hooks(order)
    back = asyncio.get_running_loop().call_later(HOUR, setattr, dials, "error_before_rate", 0.0)
    await harness.works_until_idle()
    back.cancel()
    assert await harness.parked() == []
    assert {(await harness.claim(order)).state for order in orders} == {State.DELIVERED}
    took = [(await harness.trail(order))[-1].at - begun for order in orders]
    assert min(took).total_seconds() >= HOUR
    assert max(took).total_seconds() < HOUR + 60
    assert dials.counts[Kind.ERROR_BEFORE] < 2 * ORDERS * HOUR / 60


@in_harness()
async def test_a_record_that_makes_the_ledger_fail_while_it_serves_others_is_parked(
    harness: Harness,
) -> None:
    bad, good = harness.place(), harness.place()

    def is_bad(arrival: Any) -> bool:
        return bool(arrival.writes) and harness.order_reference(bad).encode() in arrival.body

    harness.ledger_dials.next(Kind.ERROR_BEFORE, times=1000, status=500, where=is_bad)
    await harness.hooks(bad)
    await harness.hooks(good)
    await harness.works_until_idle()
    assert await harness.parked() == [key_of(bad)]
    assert "500" in (await harness.claim(bad)).reason
    assert (await harness.claim(good)).state is State.DELIVERED
