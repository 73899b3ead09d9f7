"""A system that is away is no record's fault, and a record that makes it fail is not its outage."""

import asyncio
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.engine.claim import State
from sync.pacing.pauses import ASKED_AGAIN
from tests.harness import AT_ONCE, Harness, in_harness, key_of

CALM = {"latency_low": 0.0, "latency_high": 0.0}
HOUR, MINUTE = 3600.0, 60.0
LONG = pytest.param(HOUR, 6, marks=pytest.mark.long)
RECOVERS_WITHIN = 30.0
CAPACITY = 0.9


async def took(harness: Harness, orders: int) -> float:
    """Seconds until so many orders that come at once are delivered."""
    begun = harness.clock.now()
    placed = [harness.place() for _ in range(orders)]
    for order in placed:
        await harness.hooks(order)
    await harness.works_until_idle()
    assert {(await harness.claim(order)).state for order in placed} == {State.DELIVERED}
    last = max([(await harness.trail(order))[-1].at for order in placed])
    return (last - begun).total_seconds()


@pytest.mark.parametrize(("away", "orders"), [(HOUR / 3, 6), (MINUTE, 40), LONG])
@pytest.mark.parametrize("system", ["shop", "ledger"])
@in_harness()
async def test_after_a_time_without_an_answer_everything_drains_by_itself_and_nothing_is_parked(
    harness: Harness, system: str, away: float, orders: int
) -> None:
    for dials in (harness.shop_dials, harness.ledger_dials):
        dials.latency_low = dials.latency_high = 0.4
    dials = harness.shop_dials if system == "shop" else harness.ledger_dials
    usual = await took(harness, orders)
    dials.error_before_rate = 1.0
    back = asyncio.get_running_loop().call_later(away, setattr, dials, "error_before_rate", 0.0)
    in_all = await took(harness, orders)
    back.cancel()
    assert away <= in_all <= away + RECOVERS_WITHIN + usual / CAPACITY
    assert await harness.parked() == []
    one_at_a_time = away / ASKED_AGAIN.total_seconds()
    before_it_was_known = 2 * 3 * AT_ONCE
    assert dials.counts[Kind.ERROR_BEFORE] <= one_at_a_time + before_it_was_known


@in_harness()
async def test_a_brownout_uses_up_no_try_and_loses_nothing(harness: Harness) -> None:
    harness.ledger_dials.latency_low = harness.ledger_dials.latency_high = 50.0
    back = asyncio.get_running_loop().call_later(HOUR, harness.ledger_dials.turn, CALM)
    orders = [harness.place() for _ in range(40)]
    for order in orders:
        await harness.hooks(order)
    await harness.works_until_idle()
    back.cancel()
    assert await harness.parked() == []
    assert {(await harness.claim(order)).state for order in orders} == {State.DELIVERED}
    assert {entry.attempt for order in orders for entry in await harness.trail(order)} == {1}
    assert {len(harness.headers(order)) for order in orders} == {1}


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
