"""What bursts cost in requests: counted, never timed."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from sandbox.dials import Kind
from tests.harness import Harness, in_both_harnesses, in_harness
from tests.systems import CONNECTION

BURST = 64
BACKLOG = 160
SELDOM = {"poll_minutes": 60}
THROTTLED = 24


async def _burst(harness: Harness, *, throttled: int = 0, behind: int = 0) -> dict[str, int]:
    """Requests that so many orders cost which come at once, once everybody is known. `behind`:
    seconds that they have waited when somebody comes to deliver them."""
    await harness.delivers(harness.place())
    before = harness.services.systems_pool.counts()[CONNECTION]
    orders = [harness.place() for _ in range(BURST)]
    for order in orders:
        await harness.hooks(order)
    await asyncio.sleep(behind)
    if throttled:
        harness.ledger_dials.next(Kind.THROTTLE, times=throttled, writes=True, seconds=1)
    await harness.works_until_idle()
    assert [len(harness.headers(order)) for order in orders] == [1] * BURST
    after = harness.services.systems_pool.counts()[CONNECTION]
    return {name: after[name] - before.get(name, 0) for name in after}


async def _busy(harness: Harness, *, throttled: int = 0) -> dict[str, float]:
    """What each order of a backlog costs while the host's places are kept full."""
    await harness.delivers(harness.place())
    await harness.runs_host(timedelta(minutes=2))  # the first polls bring the shop's customers
    harness.ledger_dials.latency_low, harness.ledger_dials.latency_high = 0.3, 1.5
    before = harness.services.systems_pool.counts()[CONNECTION]
    orders = [harness.place() for _ in range(BACKLOG)]
    for order in orders:
        await harness.hooks(order)
    await asyncio.sleep(10)
    if throttled:
        harness.ledger_dials.next(Kind.THROTTLE, times=throttled, writes=True, seconds=1)
    await harness.runs_host(timedelta(minutes=4))
    assert [len(harness.headers(order)) for order in orders] == [1] * BACKLOG
    after = harness.services.systems_pool.counts()[CONNECTION]
    return {name: (after[name] - before.get(name, 0)) / BACKLOG for name in after}


@in_harness("theirs", orders=SELDOM, customers=SELDOM)
async def test_looks_before_orders_are_posted_go_together(harness: Harness) -> None:
    cost = await _busy(harness)
    assert cost["dynamics_writes"] == 2
    assert cost["dynamics_reads"] <= 0.1


@in_harness(orders=SELDOM, customers=SELDOM)
async def test_pauses_cost_few_reads_while_places_are_full(harness: Harness) -> None:
    """Without pauses it is 0.075 of F&O; a few more were on their way when a pause began."""
    cost = await _busy(harness, throttled=THROTTLED)
    assert cost["commerce_reads"] <= 0.1
    assert cost["dynamics_reads"] <= 0.15


@in_harness("ours")
async def test_a_write_that_was_throttled_is_repeated_without_a_look(harness: Harness) -> None:
    cost = await _burst(harness, throttled=THROTTLED)
    assert cost["dynamics_reads"] == 0
    assert cost["dynamics_writes"] <= BURST + 3 * THROTTLED


@in_both_harnesses()
async def test_a_pause_makes_nobody_read_again(harness: Harness) -> None:
    harness.ledger_dials.latency_low, harness.ledger_dials.latency_high = 0.3, 1.5
    cost = await _burst(harness, throttled=THROTTLED, behind=10)
    assert cost["commerce_reads"] <= BURST / 10


@in_both_harnesses()
async def test_orders_that_wait_are_read_together(harness: Harness) -> None:
    cost = await _burst(harness, behind=60)
    assert cost["commerce_reads"] <= BURST / 10


@in_both_harnesses()
async def test_an_order_that_a_hook_and_polls_tell_of_is_read_once(harness: Harness) -> None:
    await harness.delivers(harness.place())
    await asyncio.sleep(3600)
    await harness.polls()
    order = harness.place()
    before = harness.services.systems_pool.counts()[CONNECTION]["commerce_reads"]
    await harness.hooks(order)
    await asyncio.sleep(2)  # the stamp's second is over, also by what is known of the shop's clock
    await harness.works_until_idle()
    await asyncio.sleep(10)
    assert [await harness.polls() for _ in range(2)] == [0, 0]
    await harness.works_until_idle()
    after = harness.services.systems_pool.counts()[CONNECTION]["commerce_reads"]
    assert after - before == 1 + 2


@in_harness()
async def test_an_order_that_changed_since_it_was_read_ahead_ends_as_it_is_now(
    harness: Harness,
) -> None:
    first, second = harness.place(), harness.place()
    await harness.hooks(first)
    await harness.hooks(second)
    await asyncio.sleep(60)
    (message,) = await harness.systems.queue.receive("documents", most=1, wait=timedelta())
    await harness.services.take("documents", message.body, message.id, 1)
    await harness.systems.queue.complete(message)
    reads = harness.services.systems_pool.counts()[CONNECTION]["commerce_reads"]
    read_at = harness.clock.now()
    assert second.shipping is not None
    second.shipping["city"] = "Elsewhere"
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    assert harness.services.systems_pool.counts()[CONNECTION]["commerce_reads"] == reads
    claim = await harness.claim(second)
    assert claim.read_at is not None
    assert claim.read_at <= read_at
    await harness.hooks(second)
    await harness.works_until_idle()
    assert harness.header(second)["DeliveryAddressCity"] == "Elsewhere"


@in_harness(
    flows=("orders", "customers", "shipments"), stock={"sources": {"13": "default"}},
    shipments=SELDOM, orders=SELDOM, customers=SELDOM,
)  # fmt: skip
async def test_slips_cost_one_write_and_less_than_a_read_each(
    harness: Harness,
) -> None:
    harness.commerce.stock.is_managed = True
    for sku in ("SIMPLE-001", "SIMPLE-002"):
        harness.commerce.stock.put(sku, Decimal(5000))
    harness.shop_dials.latency_low = harness.shop_dials.latency_high = 0.15
    harness.ledger_dials.latency_low, harness.ledger_dials.latency_high = 0.3, 0.6
    orders = [harness.place() for _ in range(BACKLOG)]
    for order in orders:
        await harness.hooks(order)
    await harness.works_until_idle()
    await harness.runs_host(timedelta(minutes=2))  # the first polls bring what is there
    for order in orders:
        harness.dynamics.deliver(harness.header(order)["SalesOrderNumber"])
    before = harness.services.systems_pool.counts()[CONNECTION]
    await harness.polls("shipments")
    await asyncio.sleep(10)
    await harness.runs_host(timedelta(minutes=4))
    after = harness.services.systems_pool.counts()[CONNECTION]
    cost = {name: (after[name] - before.get(name, 0)) / BACKLOG for name in after}
    assert [len(order.shipments) for order in orders] == [1] * BACKLOG
    assert cost["commerce_writes"] == 1
    assert cost["commerce_reads"] <= 0.5
    assert cost["dynamics_reads"] <= 1
