"""Orders, shipments, picks, receipts and publications in any order: the shop never offers more than
F&O can deliver, and in the end it shows exactly what F&O says."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_invoice
from sandbox.commerce.records import StoredOrder, amount
from sandbox.commerce.refunding import BARRED
from sandbox.commerce.shipping import can_ship
from sandbox.commerce.stock import reserved
from sandbox.dials import Kind
from sync.engine.drift import drift
from sync.engine.publication import EVERYTHING
from sync.flows.catalogue.stock import stock
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

SKUS = ("SIMPLE-001", "SIMPLE-002", "CABLE-M")
FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
SETTINGS: dict[str, Any] = {
    "flows": ("orders", "stock"), "stock": {"sources": {"13": "default"}, "decimals": 2},
}  # fmt: skip


class World:
    """What happens, by chance."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.harness, self.chance = harness, Random(seed)
        self.commerce, self.dynamics = harness.commerce, harness.dynamics
        self.orders: list[StoredOrder] = []
        self.commerce.stock.is_managed = True
        self.dynamics.settings.reserves_on_arrival = self.chance.random() < 0.5
        dials = self.harness.shop_dials
        dials.latency_low, dials.latency_high = 0.0, self.chance.choice((0.0, 0.5))
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.buys, self.buys, self.delivers, self.picks, self.ships, self.cancels,
            self.invoices, self.refunds, self.pays_back,
            self.receives, self.touches, self.publishes, self.publishes_while_much_happens,
        )  # fmt: skip

    def free(self, sku: str) -> Decimal:
        """What F&O can still deliver to a new order."""
        came_in = sum(
            quantity for (place, _), quantity in self.dynamics.received.items() if place[1] == sku
        )
        return came_in - sum((self.promised(order, sku) for order in self.orders), Decimal(0))

    def promised(self, order: StoredOrder, sku: str) -> Decimal:
        """What an order took, or will take, of what came in."""
        lines = [
            line
            for header in self.harness.headers(order)
            for line in self.dynamics.lines(COMPANY, header["SalesOrderNumber"])
            if line["ItemNumber"] == sku
        ]
        if lines:
            return sum((line["OrderedSalesQuantity"] for line in lines), Decimal(0))
        shipped = sum((amount(item, "qty_shipped") for item in order.items if item["sku"] == sku),
                      Decimal(0))  # fmt: skip
        return reserved(order).get(as_text(sku), Decimal(0)) + shipped

    async def happens(self) -> None:
        await self.chance.choice(self.events)()
        for sku in SKUS:
            assert self.commerce.salable(sku) <= self.free(sku), sku

    async def buys(self) -> None:
        skus = tuple(self.chance.sample(SKUS, self.chance.randint(1, 2)))
        if all(self.commerce.salable(sku) >= 10 for sku in skus):
            self.orders.append(self.harness.place(skus=skus))

    async def delivers(self) -> None:
        for order in self.some():
            await self.harness.hooks(order)
        await self.harness.works_until_idle()

    async def picks(self) -> None:
        for order in self.some():
            for header in self.harness.headers(order):
                self.dynamics.deliver(header["SalesOrderNumber"], COMPANY)

    async def ships(self) -> None:
        for order in self.some():
            if pieces := self.of_each(order, "qty_shipped"):
                try:
                    self.commerce.ship(order, pieces)
                except RestFault:
                    await self.publishes()
                    self.commerce.ship(order, self.of_each(order, "qty_shipped") or None)

    def of_each(self, order: StoredOrder, name: str) -> dict[int, Decimal]:
        """Some of what is left of each row, and not refunded or cancelled."""
        if not can_ship(order):
            return {}
        less = ("qty_canceled", "qty_refunded", name)
        left = {
            item["item_id"]: amount(item, "qty_ordered") - sum(amount(item, one) for one in less)
            for item in order.items
        }
        return {key: Decimal(self.chance.randint(1, int(pieces)))
                for key, pieces in left.items() if pieces >= 1}  # fmt: skip

    async def invoices(self) -> None:
        for order in self.some():
            if can_invoice(order):
                self.commerce.invoice(order, self.of_each(order, "qty_invoiced") or None)

    async def refunds(self) -> None:
        """Pieces that were invoiced, shipped or not; F&O follows."""
        for order in self.some():
            left = {
                item["item_id"]: amount(item, "qty_invoiced") - amount(item, "qty_refunded")
                for item in order.items
            }
            pieces = {key: Decimal(self.chance.randint(1, int(qty)))
                      for key, qty in left.items() if qty >= 1}  # fmt: skip
            if pieces and order.row["state"] not in BARRED:
                with suppress(RestFault):
                    self.commerce.refund(order, pieces, returns_to_stock=self.chance.random() < 0.5)
                await self.harness.delivers(order)
        await self.publishes()

    async def pays_back(self) -> None:
        """All the money and no piece: the order is closed, and what it reserved stays so."""
        for order in self.some()[:1]:
            paid = order.amount("base_total_paid") - order.amount("base_total_refunded")
            if paid and order.row["state"] not in BARRED and self.chance.random() < 0.3:
                nothing = {order.items[0]["item_id"]: Decimal(0)}
                with suppress(RestFault):
                    self.commerce.refund(order, nothing, shipping=Decimal(0), positive=paid)
                await self.harness.delivers(order)

    async def cancels(self) -> None:
        """One that has not left the warehouse; F&O follows."""
        for order in self.some():
            statuses = {header["SalesOrderStatus"] for header in self.harness.headers(order)}
            if can_ship(order) and statuses <= {"Backorder"}:
                self.commerce.cancel(order)
                await self.harness.delivers(order)

    async def receives(self) -> None:
        self.dynamics.receive(self.chance.choice(SKUS), self.chance.randint(1, 30))

    async def touches(self) -> None:
        await self.accept(self.chance.choice(SKUS), "touch")
        await self.harness.works_until_idle()

    async def publishes(self) -> None:
        if self.chance.random() < 0.3:
            fault, seconds = self.chance.choice(FAULTS), self.chance.randint(1, 90)
            self.harness.shop_dials.next(
                fault, where=lambda at: at.writes and "source-items" in at.path, seconds=seconds
            )
        await self.accept(EVERYTHING, "poll")
        await self.harness.works_until_idle()
        await self.harness.shop_dials.settle()

    async def publishes_while_much_happens(self) -> None:
        """Two runs and a notification at once, while shoppers buy and F&O picks."""
        for key in (EVERYTHING, SKUS[0]):
            await self.accept(key, self.chance.choice(("poll", "touch")))
        work = asyncio.create_task(self.harness.works_until_idle())
        for event in self.chance.choices((self.buys, self.picks, self.receives, self.ships), k=3):
            await event()
            await asyncio.sleep(self.chance.random())
        await work

    async def accept(self, key: str, origin: str) -> None:
        await self.harness.services.intake.accept("stock", "shop", [key], origin)

    def some(self) -> list[StoredOrder]:
        return self.chance.sample(self.orders, min(len(self.orders), self.chance.randint(1, 3)))


@pytest.mark.parametrize("seed", range(3))
@in_harness(**SETTINGS)
async def test_nothing_is_oversold_and_the_end_is_what_f_and_o_says(
    harness: Harness, seed: int
) -> None:
    world = World(harness, seed)
    for sku in SKUS:
        harness.dynamics.receive(sku, 60)
    await world.publishes()
    for _ in range(3):
        await world.buys()
    for _ in range(20):
        await world.happens()
    for order in world.orders:
        await harness.delivers(order)
    for _ in range(2):
        await world.publishes()
    for sku in SKUS:
        assert harness.commerce.salable(sku) == world.free(sku), "too little is offered"
    systems = await harness.services.systems_pool.open("shop")
    ledger = harness.services.ledger
    assert [one async for one in drift(stock, systems, ledger)] == []
    assert await harness.parked("stock") == []
