"""A record that is changed back and forth is left to a person before it goes on all night."""

import asyncio
from typing import Any

from sync.app.services import Services
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Source
from sync.engine.loops import MOST, MOST_HOPS
from sync.engine.plan import Notification, PassedOn
from sync.engine.systems import Systems
from sync.pacing.priority import Priority
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


async def read(key: str, _: Systems) -> str:
    return key


def handing_on(name: str, other: str, heard: list[str]) -> DocumentFlow[str]:
    """A flow that has nothing to do, and calls another one."""

    async def plan(key: str, _: Delivery) -> PassedOn:
        heard.append(name)
        return PassedOn("nothing to do", follow_ups=(Notification(other, key),))

    return DocumentFlow(
        name=name, title=name, source=Source(read), plan=plan, triggers=(),
        priority=Priority.MASTER_DATA,
    )  # fmt: skip


@in_harness(flows=("ping", "pong"))
async def test_two_flows_that_call_each_other_come_to_an_end(harness: Harness) -> None:
    heard: list[str] = []
    flows = (handing_on("ping", "pong", heard), handing_on("pong", "ping", heard))
    parts = harness.systems.edition_parts()
    harness.services = Services(harness.systems.connections, flows, parts)
    await harness.services.intake.accept("ping", "shop", ["1"], "webhook")
    await harness.works_until_idle()
    assert heard == ["ping", "pong"] * (MOST_HOPS // 2) + ["ping"]
