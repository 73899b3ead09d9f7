"""What slips cost in requests, and how soon a slip is a shipment: counted in virtual time."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from tests.flows.test_shipments import SHIPPED, SKU, ordered, packed
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

BACKLOG = 96


async def backlog(harness: Harness) -> list[StoredOrder]:
    """Orders that F&O has, in a shop that manages its stock."""
    harness.commerce.stock.is_managed = True
    harness.commerce.stock.put(SKU, Decimal(1000))
    want = (Want(harness.commerce.catalogue.product(SKU), Decimal(4)),)
    orders = [harness.place(wants=want) for _ in range(BACKLOG)]
    for order in orders:
        await harness.hooks(order)
    await harness.works_until_idle()
    return orders


async def cost(harness: Harness, orders: list[StoredOrder]) -> dict[str, float]:
    """Requests of each slip of a backlog of slips, the first or a later one of its order."""
    for order in orders:
        packed(harness, order, f"T{order.entity_id}", SIMPLE_001=2)
    counts: Any = harness.services.systems_pool.counts
    before = dict(counts()[CONNECTION])
    await harness.polls("shipments")
    await asyncio.sleep(10)
    await harness.works_until_idle()
    return {name: (n - before.get(name, 0)) / BACKLOG for name, n in counts()[CONNECTION].items()}


@pytest.mark.long
@in_harness(**SHIPPED)
async def test_a_slip_costs_one_write_and_few_reads_under_load(harness: Harness) -> None:
    orders = await backlog(harness)
    for place, reads in ((1, 0.2), (2, 0.3)):  # a later slip looks at the shipments before it
        each = await cost(harness, orders)
        assert {len(order.shipments) for order in orders} == {place}
        assert each["commerce_writes"] == 1
        assert each["commerce_reads"] <= reads


@in_harness(**SHIPPED)
async def test_a_slip_is_a_shipment_within_seconds_of_its_notification(harness: Harness) -> None:
    order = await ordered(harness)
    packed(harness, order, "JD01")
    await asyncio.sleep(60)
    await harness.polls("shipments")
    await harness.works_for(5)
    assert len(order.shipments) == 1
