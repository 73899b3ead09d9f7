"""Orders, slips, tracking, holds, corrections, lost answers and deaths in any order: in the end
each slip is one shipment, and both sides count the same pieces, or a person is told."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_hold, can_invoice, can_unhold
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

SKUS = ("SIMPLE-001", "SIMPLE-002", "CABLE-M", "TEE", "KIT-DYN", "SUPPORT-1Y")
DAY = 86_400.0
FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
SETTINGS: dict[str, Any] = {
    "flows": ("orders", "customers", "shipments", "stock"),
    "stock": {"sources": {"13": "default"}},
}
SLIPS, LINES = "CustPackingSlipJourBiEntities", "CustPackingSlipTransBiEntities"


class World:
    """What happens, by chance."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.harness, self.chance = harness, Random(seed)
        self.commerce, self.dynamics = harness.commerce, harness.dynamics
        self.orders: list[StoredOrder] = []
        self.corrected: set[str] = set()
        self.by_hand: set[int] = set()
        self.commerce.stock.is_managed = True
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.buys, self.packs, self.packs, self.packs, self.tracks, self.holds, self.releases,
            self.corrects, self.ships_by_hand, self.cancels, self.polls, self.polls,
            self.polls_badly, self.polls_badly, self.dies, self.publishes, self.invoices,
            self.refunds,
        )  # fmt: skip

    async def happens(self) -> None:
        await self.chance.choice(self.events)()

    async def buys(self) -> None:
        skus = self.chance.sample(SKUS, self.chance.randint(1, 3))
        wants = tuple(
            Want(self.commerce.catalogue.product(sku), Decimal(self.chance.randint(1, 4)))
            for sku in skus
        )
        order = self.place(wants=wants)
        await self.tells(order)
        self.orders.append(order)

    def place(self, **wishes: Any) -> StoredOrder:
        return self.harness.place(**wishes)

    async def packs(self) -> None:
        """A part of an order, or all that remains of it; seldom more."""
        for order in self.some():
            for header in self.harness.headers(order):
                self._pack(header["SalesOrderNumber"])

    def _pack(self, number: str) -> None:
        lines = self.dynamics.lines(COMPANY, number)
        over = Decimal(1) if self.chance.random() < 0.1 else Decimal(0)
        wanted = {
            line["InventoryLotId"]: Decimal(self.chance.randint(1, 3))
            for line in lines if self.chance.random() < 0.6
        }  # fmt: skip
        whole = None if self.chance.random() < 0.3 or not wanted else wanted
        tracking = {f"T{self.chance.randint(1, 999)}": ""} if self.chance.random() < 0.5 else {}
        try:
            self.dynamics.deliver(number, quantities=whole, tracking=tracking, over=over)
        except ValueError:
            return

    async def tracks(self) -> None:
        for slip in self.slips():
            numbers = {f"T{self.chance.randint(1, 999)}" for _ in range(self.chance.randint(0, 2))}
            self.dynamics.track_slip(slip, *sorted(numbers))

    async def corrects(self) -> None:
        for slip in self.slips()[:1]:
            self.corrected.add(slip)
            self.dynamics.correct_slip(slip)

    async def holds(self) -> None:
        for order in self.some():
            if can_hold(order):
                self.commerce.hold(order)

    async def releases(self) -> None:
        for order in self.orders:
            if can_unhold(order):
                self.commerce.unhold(order)

    async def cancels(self) -> None:
        for order in self.some():
            statuses = {header["SalesOrderStatus"] for header in self.harness.headers(order)}
            if statuses == {"Backorder"} and not order.shipments and self.commerce.cancel(order):
                await self.tells(order)

    async def invoices(self) -> None:
        for order in self.some():
            if can_invoice(order):
                self.commerce.invoice(order)

    async def refunds(self) -> None:
        """All of an order that nobody has begun to ship; F&O follows."""
        for order in self.some()[:1]:
            statuses = {header["SalesOrderStatus"] for header in self.harness.headers(order)}
            if order.invoices and statuses == {"Backorder"} and not order.shipments:
                with suppress(RestFault):
                    self.commerce.refund(order)
                await self.tells(order)

    async def ships_by_hand(self) -> None:
        if self.chance.random() < 0.3:
            for order in self.some()[:1]:
                try:
                    self.commerce.ship(order)
                except RestFault:
                    continue
                self.by_hand.add(order.entity_id)

    async def tells(self, order: StoredOrder) -> None:
        await self.harness.hooks(order)
        await self.works()

    async def works(self) -> None:
        """For a while: what waits for an order on hold goes on waiting."""
        await self.harness.works_for(600)

    async def polls(self) -> None:
        await self.harness.polls("shipments")
        await self.works()

    async def polls_badly(self) -> None:
        where = self.chance.choice(("/ship", "shipment/track", "source-items", "shipments"))
        self.harness.shop_dials.next(
            self.chance.choice(FAULTS), where=lambda arrival: arrival.path.endswith(where),
            seconds=self.chance.randint(1, 50),
        )  # fmt: skip
        await self.polls()
        await self.harness.shop_dials.settle()

    async def dies(self) -> None:
        if not self.keys():
            return
        await self.harness.polls("shipments")
        await self.harness.services.intake.accept("shipments", "shop", self.keys()[:2], "replay")
        await self.harness.works_until_it_dies(
            before=self.chance.choice(("claims", "trail")), within=DAY
        )

    def receives(self) -> None:
        for sku in ("SIMPLE-001", "SIMPLE-002", "SIMPLE-003", "CABLE-M", "BOOK-7", "TEE-BLACK-S",
                    "TEE-WHITE-M"):  # fmt: skip
            self.dynamics.receive(sku, 500)

    async def publishes(self) -> None:
        await self.harness.services.intake.accept("stock", "shop", ["*"], "poll")
        await self.works()

    def some(self) -> list[StoredOrder]:
        return self.chance.sample(self.orders, min(len(self.orders), self.chance.randint(1, 3)))

    def slips(self) -> list[str]:
        found = [row["PackingSlipId"] for row in self.rows(SLIPS)]
        return self.chance.sample(found, min(len(found), 2))

    def rows(self, table: str) -> list[Any]:
        return self.dynamics.store.table(table).oldest_first()

    def keys(self) -> list[str]:
        return [f"{COMPANY}|{row['SalesId']}|{row['PackingSlipId']}" for row in self.rows(SLIPS)]

    async def ends(self) -> None:
        """Everything is released, looked at, and asked for once more."""
        await self.releases()
        await self.polls()
        await self.harness.services.intake.accept("shipments", "shop", self.keys(), "replay")
        await self.harness.works_until_idle()

    async def compared(self) -> None:
        """Each slip once, and the same pieces on both sides, unless a person is told."""
        told = set(await self.harness.parked("shipments"))
        for order in self.orders:
            marks = Counter(one["comments"][0]["comment"] for one in order.shipments
                            if one["comments"])  # fmt: skip
            assert set(marks.values()) <= {1}, marks
            for header in self.harness.headers(order):
                number = header["SalesOrderNumber"]
                is_told = any(key.split("|")[1] == number for key in told)
                if not is_told and order.entity_id not in self.by_hand:
                    assert self.sent(order) == self.shipped(number, order), number
                    assert not (self.corrected & self.slips_of(number) & {m[3:] for m in marks})
        for key in told:
            claim = await self.harness.claim(key, "shipments")
            assert key.split("|")[1] in self.may_differ(), (claim.reason, claim.remedy)

    def sent(self, order: StoredOrder) -> dict[int, Decimal]:
        """Pieces that Commerce has shipped, by the rows that F&O has lines of; of bundles sent
        together whole sets."""
        return {
            item["item_id"]: item["qty_shipped"] for item in order.items
            if item["product_type"] == "simple" and item["qty_shipped"]
            and not self._above(order, item, "configurable")
        }  # fmt: skip

    def shipped(self, number: str, order: StoredOrder) -> dict[int, Decimal]:
        """Pieces that F&O has sent, of bundles as far as they make whole sets."""
        lines: Counter[int] = Counter()
        for row in self.rows(LINES):
            if row["SalesId"] == number and row["ExternalItemId"].isdecimal():
                lines[int(row["ExternalItemId"])] += row["Qty"]
        found: dict[int, Decimal] = {}
        for item in order.items:
            parts = [one for one in order.items if one.get("parent_item_id") == item["item_id"]]
            if item["product_type"] == "bundle":
                per = {p["item_id"]: p["qty_ordered"] / item["qty_ordered"] for p in parts}
                sets = min(lines[one] // each for one, each in per.items())
                found |= {one: sets * each for one, each in per.items()}
            elif item["product_type"] == "simple" and item.get("parent_item_id") is None:
                found[item["item_id"]] = Decimal(lines[item["item_id"]])
        return {one: qty for one, qty in found.items() if qty}

    def _above(self, order: StoredOrder, item: Any, kind: str) -> bool:
        parents = {one["item_id"]: one["product_type"] for one in order.items}
        return parents.get(item.get("parent_item_id")) == kind

    def slips_of(self, number: str) -> set[str]:
        return {row["PackingSlipId"] for row in self.rows(SLIPS) if row["SalesId"] == number}

    def may_differ(self) -> set[str]:
        """Sales orders of which a person may be told: corrected, delivered over what was ordered,
        cancelled or refunded meanwhile, or shipped by hand."""
        found = {
            row["SalesId"] for row in self.rows(SLIPS) if row["PackingSlipId"] in self.corrected
        }
        for order in self.orders:
            for header in self.harness.headers(order):
                number = header["SalesOrderNumber"]
                lines = self.dynamics.lines(COMPANY, number)
                sent: Counter[str] = Counter()
                for row in self.rows(LINES):
                    sent[row["InventTransId"]] += row["Qty"]
                is_over = any(
                    sent[line["InventoryLotId"]] > line["OrderedSalesQuantity"] for line in lines
                )
                is_less = any(i["qty_canceled"] or i["qty_refunded"] for i in order.items)
                if is_over or is_less or order.entity_id in self.by_hand:
                    found.add(number)
        return found


@pytest.mark.parametrize("seed", range(3))
@in_harness(**SETTINGS)
async def test_each_slip_is_shipped_once_and_both_sides_agree(harness: Harness, seed: int) -> None:
    world = World(harness, seed)
    world.receives()
    await world.publishes()
    for _ in range(4):
        await world.buys()
    for _ in range(40):
        await world.happens()
    await world.packs()
    await world.ends()
    await world.compared()
