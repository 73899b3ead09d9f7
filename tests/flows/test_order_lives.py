"""Lives of orders on both sides, in any order that either system allows: shipped, invoiced,
captured, cancelled, refunded, held and edited, with lost answers and deaths. In the end both sides
count the same pieces, or a person is told."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.catalogue import SHOPPERS
from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.remainders import invoiced, remaining, shipped
from tests.flows.test_shipment_worlds import FAULTS, World
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

FLOWS = ("shipments", "captures", "cancellations", "orders")
SETTINGS: dict[str, Any] = {
    "flows": ("orders", "customers", "stock", *FLOWS[:3]),
    "stock": {"sources": {"13": "default"}},
    "captures": {
        "methods": {"*": "at_invoice"},
        "credits": {"*": "record"},
        "credit_most": 1000,
    },
    "cancellations": {"refunds": {"checkmo": "record"}},
}
PRINTED: dict[str, Any] = {**SETTINGS, "dynamics": {"invoiced": "lines"}}
"""Where `CustInvoiceTransBiEntities` may not be read."""
UNTAXED = next(one for one in SHOPPERS if one.place == "or")
WRITES = ("/ship", "/cancel", "/refund", "/invoice", "/comments", "shipment/track")


class Lives(World):
    """Both sides act; `told`: orders that people decide about."""

    def __init__(self, harness: Harness, seed: int) -> None:
        super().__init__(harness, seed)
        self.lowered: set[str] = set()
        self.events = (
            self.buys, self.packs, self.packs, self.posts, self.posts, self.cuts, self.cuts,
            self.lowers, self.cancels_there, self.tracks, self.holds, self.releases, self.cancels,
            self.invoices, self.polls, self.polls, self.polls_badly, self.polls_badly, self.dies,
        )  # fmt: skip

    def place(self, **wishes: Any) -> StoredOrder:
        """Nobody pays tax here: F&O would compute it otherwise than the shop."""
        return self.harness.place(shopper=UNTAXED, **wishes)

    async def posts(self) -> None:
        """F&O invoices what it has sent, with the shop's tax, or all that is left."""
        for _, number in self.sales_orders():
            quantities = {
                line["InventoryLotId"]: rest
                for line in self.dynamics.lines(COMPANY, number)
                if (rest := shipped(self.dynamics, line) - invoiced(self.dynamics, line)) > 0
            }
            if quantities and self.chance.random() < 0.7:
                self.dynamics.invoice(number, COMPANY, quantities=quantities)

    async def lowers(self) -> None:
        """F&O's people lower a price of an order of which nothing is invoiced yet."""
        for _, number in self.sales_orders()[:1]:
            lines = self.dynamics.lines(COMPANY, number)
            if not any(invoiced(self.dynamics, line) for line in lines):
                line = self.chance.choice(lines)
                less = min(Decimal(self.chance.randint(1, 300)) / 100, line["LineAmount"])
                changes = {"LineAmount": line["LineAmount"] - less}
                self.dynamics.store.update("SalesLine", line, changes)
                self.lowered.add(number)

    async def cuts(self) -> None:
        """F&O cancels what remains of some lines, or a part of it."""
        for _, number in self.sales_orders()[:2]:
            lines = [line for line in self.dynamics.lines(COMPANY, number)
                     if line.values.get("ExternalItemNumber", "").isdecimal()]  # fmt: skip
            rests = {line["InventoryLotId"]: remaining(self.dynamics, line) for line in lines}
            wanted = {
                lot: min(rest, Decimal(self.chance.randint(1, 4)))
                for lot, rest in rests.items() if rest and self.chance.random() < 0.6
            }  # fmt: skip
            if wanted:
                self.dynamics.cancel_remainder(number, wanted)

    async def cancels_there(self) -> None:
        for _, number in self.sales_orders()[:1]:
            header = self.dynamics.order(COMPANY, number)
            is_open = header is not None and header.values["SalesOrderStatus"] == "Backorder"
            lines = self.dynamics.lines(COMPANY, number)
            if is_open and not any(shipped(self.dynamics, line) for line in lines):
                self.dynamics.cancel(number, COMPANY)

    def sales_orders(self) -> list[tuple[StoredOrder, str]]:
        return [
            (order, header["SalesOrderNumber"])
            for order in self.some() for header in self.harness.headers(order)
        ]  # fmt: skip

    async def polls(self) -> None:
        for flow in FLOWS:
            await self.harness.polls(flow)
        await self.works()

    async def polls_badly(self) -> None:
        where = self.chance.choice(WRITES)
        self.harness.shop_dials.next(
            self.chance.choice(FAULTS), where=lambda arrival: arrival.path.endswith(where),
            seconds=self.chance.randint(1, 50),
        )  # fmt: skip
        await self.polls()
        await self.harness.shop_dials.settle()

    async def ends(self) -> None:
        """All that is left is sent and invoiced, and everybody looks until nothing changes."""
        await self.releases()
        for order in self.orders:
            for header in self.harness.headers(order):
                self.dynamics.deliver(header["SalesOrderNumber"], COMPANY)
                self.dynamics.invoice(header["SalesOrderNumber"], COMPANY)
        for _ in range(4):
            await self.polls()
            await self.harness.works_until_idle()

    async def compared(self) -> None:
        told = set[str]()
        for flow in FLOWS:
            for key in await self.harness.parked(flow):
                told |= {key, *key.split("|")[1:2]}
                claim = await self.harness.claim(key, flow)
                assert "answered" not in claim.reason, (flow, key, claim.reason)
                if flow == "captures" and "do not tell which" not in claim.reason:
                    assert self.is_over(key.split("|")[1]), (key, claim.reason)
        for order in self.orders:
            self._once(order)
            self._paid(order, told)
            for header in self.harness.headers(order):
                number = header["SalesOrderNumber"]
                if not {number, f"{order.row['increment_id']}@{order.row['store_id']}"} & told:
                    self._agrees(order, number)

    def is_over(self, number: str) -> bool:
        """Whether F&O has invoiced pieces that Commerce has cancelled, or freight that Commerce has
        given back with all goods."""
        charged = Counter[str]()
        for row in self.rows("CustInvoiceTransBiEntities"):
            if row["SalesId"] == number:
                charged[row["ExternalItemId"]] += row["Qty"]
        return any(
            charged[str(item["item_id"])] > item["qty_ordered"] - item["qty_canceled"]
            for order in self.orders
            for item in order.items
        ) or any(
            charged["shipping"] and order.amount("shipping_refunded")
            for order in self.orders
            if number in {one["SalesOrderNumber"] for one in self.harness.headers(order)}
        )

    def _once(self, order: StoredOrder) -> None:
        marks = Counter(
            comment["comment"]
            for document in (*order.shipments, *order.invoices, *order.creditmemos)
            for comment in document["comments"]
        )
        assert set(marks.values()) <= {1}, marks

    def _paid(self, order: StoredOrder, told: set[str]) -> None:
        """What Commerce charged, less what it gave back, is what F&O invoiced; or a person is told.
        Each lower total is given back once."""
        memos = [one for one in order.creditmemos if _is_lower(one)]
        assert len(memos) <= 1, memos
        key = f"{order.row['increment_id']}@{order.row['store_id']}"
        numbers = [header["SalesOrderNumber"] for header in self.harness.headers(order)]
        if {key, *numbers} & told or not order.invoices or len(numbers) != 1:
            return
        rows = self.rows("CustInvoiceJourBiEntities")
        posted = [row["InvoiceAmount"] for row in rows if row["SalesId"] == numbers[0]]
        charged = sum(one["grand_total"] for one in order.invoices)
        back = sum(one["grand_total"] for one in order.creditmemos)
        assert charged - back == sum(posted), (numbers, charged, back, posted)

    def _agrees(self, order: StoredOrder, number: str) -> None:
        """Pieces that were sent, charged and are still to come, by simple row."""
        lines = {line.values.get("ExternalItemNumber"): line for line in
                 self.dynamics.lines(COMPANY, number)}  # fmt: skip
        for item in order.items:
            line = lines.get(str(item["item_id"]))
            if item["product_type"] != "simple" or item.get("parent_item_id") or line is None:
                continue
            sent, charged = shipped(self.dynamics, line), invoiced(self.dynamics, line)
            is_over = line.values.get("SalesOrderLineStatus") == "Canceled"
            rest = Decimal(0) if is_over else remaining(self.dynamics, line)
            kept = item["qty_ordered"] - item["qty_canceled"]
            left = kept - max(min(item["qty_refunded"], kept - item["qty_shipped"]), Decimal(0))
            facts = (number, order.row["state"], dict(line.values), item)
            assert item["qty_shipped"] == sent, ("sent", *facts)
            assert left == sent + rest, ("left", *facts)
            assert item["qty_invoiced"] - item["qty_refunded"] == charged, ("charged", *facts)


def _is_lower(memo: Any) -> bool:
    return any(one["comment"].startswith("F&O total ") for one in memo["comments"])


async def lived(harness: Harness, seed: int) -> None:
    world = Lives(harness, seed)
    world.receives()
    await world.publishes()
    for _ in range(4):
        await world.buys()
    for _ in range(30):
        await world.happens()
    await world.ends()
    await world.compared()


@in_harness(**SETTINGS)
async def test_both_sides_of_an_orders_life_agree(harness: Harness) -> None:
    await lived(harness, 0)


@in_harness(**PRINTED)
async def test_both_sides_agree_where_the_copy_of_invoices_may_not_be_read(
    harness: Harness,
) -> None:
    await lived(harness, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
@in_harness(**SETTINGS)
async def test_both_sides_of_five_hundred_orders_lives_agree(harness: Harness, seed: int) -> None:
    """Four to six orders each."""
    await lived(harness, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 240))
@in_harness(**PRINTED)
async def test_lives_agree_where_the_copy_of_invoices_may_not_be_read(
    harness: Harness, seed: int
) -> None:
    await lived(harness, seed)
