"""What bursts cost in requests: counted, never timed."""

from sandbox.dials import Kind
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

BURST = 64
THROTTLED = 24


async def _burst(harness: Harness, *, throttled: int = 0) -> dict[str, int]:
    """Requests that so many orders cost which come at once, once everybody is known."""
    await harness.delivers(harness.place())
    before = harness.services.systems_pool.counts()[CONNECTION]
    orders = [harness.place() for _ in range(BURST)]
    for order in orders:
        await harness.hooks(order)
    if throttled:
        harness.ledger_dials.next(Kind.THROTTLE, times=throttled, writes=True, seconds=1)
    await harness.works_until_idle()
    assert [len(harness.headers(order)) for order in orders] == [1] * BURST
    after = harness.services.systems_pool.counts()[CONNECTION]
    return {name: after[name] - before.get(name, 0) for name in after}


@in_harness("ours")
async def test_a_write_that_was_throttled_is_repeated_without_a_look(harness: Harness) -> None:
    cost = await _burst(harness, throttled=THROTTLED)
    assert cost["dynamics_reads"] == 0
    assert cost["dynamics_writes"] <= BURST + 2 * THROTTLED
