"""What packing slips cost in requests, and how soon one is a shipment: counted in virtual time."""

import asyncio
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from tests.harness import Harness
from tests.systems import COMPANY, CONNECTION
from tests.virtual_time import virtually

BACKLOG: Final = 96
SKU: Final = "SIMPLE-001"
SETTINGS: Final[dict[str, Any]] = {
    "flows": ("orders", "customers", "stock", "shipments"),
    "shipments": {"sources": {"13": "default"}},
}  # fmt: skip
FIRST, LATER = "packing slip, of a backlog", "a later slip of the same order, of a backlog"
Costs = dict[str, dict[str, float]]
"""Requests of each slip, by its kind."""


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
    """Requests of each slip of a backlog of slips, one of each order; `seconds` from the last
    notification until all are shipments."""
    for order in orders:
        number = harness.header(order)["SalesOrderNumber"]
        (line,) = (
            one for one in harness.dynamics.lines(COMPANY, number) if one["ItemNumber"] == SKU
        )
        part, tracks = {line["InventoryLotId"]: Decimal(2)}, {f"T{order.entity_id}": ""}
        harness.dynamics.deliver(number, COMPANY, quantities=part, tracking=tracks)
    counts: Any = harness.services.systems_pool.counts
    before, there = dict(counts()[CONNECTION]), _shown(orders)
    await harness.polls("shipments")
    began = harness.clock.now()
    while _shown(orders) < there + len(orders):
        await harness.works_off_what_is_due()
        await asyncio.sleep(0.05)
    ended = harness.clock.now()
    await harness.works_until_idle()
    each = {name: (n - before.get(name, 0)) / BACKLOG for name, n in counts()[CONNECTION].items()}
    return {**each, "seconds": (ended - began).total_seconds()}


def _shown(orders: list[StoredOrder]) -> int:
    return sum(len(order.shipments) for order in orders)


def slip_costs() -> Costs:
    """Of the first slips of orders, and of later ones."""
    return virtually(_costs())


async def _costs() -> Costs:
    harness = Harness(SETTINGS)
    try:
        orders = await backlog(harness)
        return {title: await cost(harness, orders) for title in (FIRST, LATER)}
    finally:
        await harness.close()
