"""Orders, invoices on both sides, captures, holds, cancellations, refunds, lost answers and deaths
in any order: in the end each invoice of F&O shows once, and no money is missing or doubled."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_hold, can_invoice, can_unhold
from sandbox.commerce.order_rows import to_invoice
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

SKUS = ("SIMPLE-001", "SIMPLE-002", "CABLE-M", "TEE", "KIT-DYN", "SUPPORT-1Y")
DAY = 86_400.0
FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
METHODS = ("braintree", "paypal_express", "checkmo", "purchaseorder")
STEPS: dict[str, Any] = {
    "confirmed": {"comment": "It ships on {date}."}, "picking": {"status": "fno_picking"},
    "partly_delivered": {"status": "fno_picking"}, "credit_hold": {"act": "hold"},
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "flows": ("orders", "customers", "invoices", "captures", "shipments", "status"),
    "invoices": {"banks": {"*": "USMF OPER"}, "on_account": ["purchaseorder"]},
    "captures": {"methods": {"braintree": "at_invoice", "paypal_express": "at_first_shipment"}},
    "shipments": {"sources": {"13": "default"}},
    "status": {"reports": True, "steps": STEPS},
}


class World:
    """What happens, by chance."""

    def __init__(self, harness: Harness, seed: int) -> None:
        self.harness, self.chance = harness, Random(seed)
        self.commerce, self.dynamics = harness.commerce, harness.dynamics
        self.orders: list[StoredOrder] = []
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.buys, self.invoices_there, self.invoices_there, self.invoices_here, self.ships,
            self.holds, self.releases, self.controls, self.progresses, self.cancels, self.refunds,
            self.polls, self.polls, self.polls_badly, self.polls_badly, self.dies,
        )  # fmt: skip

    async def happens(self) -> None:
        event, before = self.chance.choice(self.events), self.invoiced()
        await event()
        if event != self.invoices_here:
            self.nothing_is_captured_before_f_and_o_invoices_it(before)

    def invoiced(self) -> dict[int, Decimal]:
        """Pieces by order item that Commerce has invoiced."""
        return {
            item["item_id"]: Decimal(item.get("qty_invoiced") or 0)
            for order in self.orders for item in order.items
        }  # fmt: skip

    def nothing_is_captured_before_f_and_o_invoices_it(self, before: dict[int, Decimal]) -> None:
        """Of orders that are not captured whole."""
        done: Counter[int] = Counter()
        for row in self.rows("CustInvoiceTransBiEntities"):
            if row["ExternalItemId"].isdecimal():
                done[int(row["ExternalItemId"])] += max(row["Qty"], 0)
        whole = [one for one in self.orders if one.payment["method"] == "paypal_express"]
        of_whole = {item["item_id"] for order in whole for item in order.items}
        for number, invoiced in self.invoiced().items():
            if number in done.keys() & before and number not in of_whole:
                assert invoiced <= before[number] or invoiced <= done[number], number

    async def buys(self) -> None:
        skus, method = self.chance.sample(SKUS, self.chance.randint(1, 3)), self.one_of(METHODS)
        wants = tuple(
            Want(self.commerce.catalogue.product(sku), Decimal(self.chance.randint(1, 4)))
            for sku in skus
        )
        is_online = method in METHODS[:2]
        paid: dict[str, Any] = {"paid": "authorised"} if is_online else {}
        order = self.harness.place(wants=wants, payment=method, **paid)
        await self.harness.hooks(order)
        await self.works()
        self.orders.append(order)

    async def invoices_there(self) -> None:
        for order in self.some():
            for header in self.harness.headers(order):
                self._invoice(header["SalesOrderNumber"], order)

    def _invoice(self, number: str, order: StoredOrder) -> None:
        """F&O invoices a part of an order, or all that is left of it, and its tax with that: less
        than nothing of a line that was reduced meanwhile."""
        left = self.left(number)
        most = {lot: max(int(rest), 0) for lot, rest in left.items()}
        parts = {lot: Decimal(self.chance.randint(0, rest)) for lot, rest in most.items()}
        whole = self.chance.random() < 0.5 or not any(parts.values())
        tax = order.row["tax_amount"] if whole else Decimal(0)
        if any(left.values()):
            self.dynamics.invoice(number, quantities=None if whole else parts, tax=tax)

    def left(self, number: str) -> dict[str, Decimal]:
        lines = self.dynamics.lines(COMPANY, number)
        done: Counter[str] = Counter()
        for row in self.rows("CustInvoiceTransBiEntities"):
            done[row["InventTransId"]] += row["Qty"]
        return {
            line["InventoryLotId"]: line["OrderedSalesQuantity"] - done[line["InventoryLotId"]]
            for line in lines
        }

    async def invoices_here(self) -> None:
        """Somebody invoices in the Admin."""
        for order in self.some()[:1]:
            if can_invoice(order):
                tops = [item for item in order.items if item.get("parent_item_id") is None]
                parts = {
                    item["item_id"]: Decimal(self.chance.randint(1, int(to_invoice(order, item))))
                    for item in tops if to_invoice(order, item) >= 1
                }  # fmt: skip
                with suppress(RestFault):
                    self.commerce.invoice(order, parts if self.chance.random() < 0.5 else None)

    async def ships(self) -> None:
        for order in self.some():
            for header in self.harness.headers(order):
                with suppress(ValueError):
                    self.dynamics.deliver(header["SalesOrderNumber"])

    async def holds(self) -> None:
        for order in self.some()[:1]:
            if can_hold(order):
                self.commerce.hold(order)

    async def releases(self) -> None:
        for order in self.orders:
            if can_unhold(order):
                self.commerce.unhold(order)

    async def controls(self) -> None:
        """Credit control holds an order or lets it go."""
        for order in self.some()[:1]:
            for header in self.harness.headers(order):
                held = self.chance.random() < 0.5
                self.dynamics.control_credit(header["SalesOrderNumber"], held=held)

    async def progresses(self) -> None:
        for order in self.some():
            for header in self.harness.headers(order):
                step = self.one_of((self.dynamics.pick, self._confirm))
                if header["SalesOrderStatus"] == "Backorder":
                    step(header["SalesOrderNumber"])

    def _confirm(self, number: str) -> None:
        self.dynamics.confirm(number, self.dynamics.today())

    async def cancels(self) -> None:
        for order in self.some()[:1]:
            statuses = {header["SalesOrderStatus"] for header in self.harness.headers(order)}
            if statuses == {"Backorder"} and not order.invoices and self.commerce.cancel(order):
                await self.harness.hooks(order)
                await self.works()

    async def refunds(self) -> None:
        for order in self.some()[:1]:
            if order.invoices and not order.shipments and self.chance.random() < 0.3:
                with suppress(RestFault):
                    self.commerce.refund(order)

    async def polls(self) -> None:
        await asyncio.sleep(60)
        for flow in ("orders", "shipments", "captures", "status", "invoices"):
            await self.harness.polls(flow)
        await self.works()

    async def polls_badly(self) -> None:
        where = self.one_of(("/invoice", "/comments", "/hold", "/unhold", "/orders", "invoices"))
        self.harness.shop_dials.next(
            self.one_of(FAULTS), where=lambda arrival: arrival.path.endswith(where),
            seconds=self.chance.randint(1, 50),
        )  # fmt: skip
        await self.polls()
        await self.harness.shop_dials.settle()

    async def dies(self) -> None:
        if keys := self.keys():
            await self.harness.services.intake.accept("captures", "shop", keys[:2], "replay")
            await self.harness.works_until_it_dies(before="claims", within=DAY)

    async def works(self) -> None:
        """For a while: what waits for an order on hold goes on waiting."""
        await self.harness.works_for(300)

    def one_of(self, choices: Any) -> Any:
        return self.chance.choice(choices)

    def some(self) -> list[StoredOrder]:
        return self.chance.sample(self.orders, min(len(self.orders), self.chance.randint(1, 3)))

    def rows(self, table: str) -> list[Any]:
        return self.dynamics.store.table(table).oldest_first()

    def keys(self) -> list[str]:
        rows = self.rows("CustInvoiceTransBiEntities")
        found = (f"{COMPANY}|{row['SalesId']}|{row['InvoiceId']}" for row in rows)
        return list(dict.fromkeys(found))

    async def ends(self) -> None:
        """Credit control lets go, everything is released, looked at, and asked for once more: no
        gateway has moved money of which the shop has no document. Nothing goes wrong any more."""
        self.harness.shop_dials.plan.clear()
        for order in self.orders:
            for header in self.harness.headers(order):
                self.dynamics.control_credit(header["SalesOrderNumber"], held=False)
        await self.polls()
        await self.releases()
        await self.harness.works_until_idle()
        for keys in (await self.harness.parked("captures"), self.keys()):
            await self.harness.services.intake.accept("captures", "shop", keys, "replay")
            await self.harness.works_until_idle()
        await self.polls()
        await self.harness.works_until_idle()

    async def compared(self) -> None:
        told = {key: await self.harness.claim(key, "captures") for key in
                await self.harness.parked("captures")}  # fmt: skip
        for order in self.orders:
            for header in self.harness.headers(order):
                self.each_number_shows_once(order, header["SalesOrderNumber"])
                is_told = any(key.split("|")[1] == header["SalesOrderNumber"] for key in told)
                if not is_told:
                    self.nothing_is_left_behind(order, header["SalesOrderNumber"])
            self.money_is_booked_once(order)
        for claim in told.values():
            assert claim.differs, (claim.key, claim.reason)

    def each_number_shows_once(self, order: StoredOrder, number: str) -> None:
        rows = [*order.comments, *(one for each in order.invoices for one in each["comments"])]
        texts = [row["comment"] for row in rows if row["is_visible_on_front"]]
        shown = Counter(text.partition(",")[0] for text in texts if "F&O invoice" in text)
        rows = self.rows("CustInvoiceTransBiEntities")
        invoices = {row["InvoiceId"] for row in rows if row["SalesId"] == number}
        assert shown == {f"F&O invoice {one}": 1 for one in invoices}, (shown, invoices)

    def nothing_is_left_behind(self, order: StoredOrder, number: str) -> None:
        """What F&O has invoiced, Commerce has, unless a gateway is left alone."""
        done: Counter[int] = Counter()
        for row in self.rows("CustInvoiceTransBiEntities"):
            if row["SalesId"] == number and row["ExternalItemId"].isdecimal():
                done[int(row["ExternalItemId"])] += row["Qty"]
        for item in order.items:
            parts = [one for one in order.items if one.get("parent_item_id") == item["item_id"]]
            if item["product_type"] != "bundle" and item["item_id"] in done:
                above = next((one for one in order.items if one["item_id"] ==
                              item.get("parent_item_id")), None)  # fmt: skip
                if above is None:
                    assert item["qty_invoiced"] >= done[item["item_id"]], item["sku"]
            elif parts and any(done[one["item_id"]] for one in parts):
                sets = min(done[one["item_id"]] // (one["qty_ordered"] / item["qty_ordered"])
                           for one in parts)  # fmt: skip
                held = min(one["qty_invoiced"] // (one["qty_ordered"] / item["qty_ordered"])
                           for one in parts)  # fmt: skip
                assert held >= sets, item["sku"]

    def money_is_booked_once(self, order: StoredOrder) -> None:
        """A payment per invoice that moved money; none of those that we made without a gateway."""
        for invoice in order.invoices:
            reference = f"{invoice['store_id']}-I{invoice['increment_id']}"
            lines = self.dynamics.payments_for(reference)
            booked = sum((row["CreditAmount"] for row in lines), Decimal(0))
            is_ours = any(row["comment"].startswith("F&O") for row in invoice["comments"])
            moved = bool(invoice.get("transaction_id")) or not is_ours
            is_paid = moved and order.payment["method"] != "purchaseorder"
            wanted = invoice["grand_total"] if is_paid else Decimal(0)
            assert (booked, len(lines)) == (wanted, int(bool(wanted))), reference


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1))
@in_harness(**SETTINGS)
async def test_each_invoice_shows_once_and_money_is_booked_once(
    harness: Harness, seed: int
) -> None:
    await lived(harness, seed, events=30)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 160))
@in_harness(**SETTINGS)
async def test_long_lives_of_invoices(harness: Harness, seed: int) -> None:
    await lived(harness, seed, events=120)


async def lived(harness: Harness, seed: int, *, events: int) -> None:
    world = World(harness, seed)
    for _ in range(4):
        await world.buys()
    for _ in range(events):
        await world.happens()
    await world.invoices_there()
    await world.ends()
    await world.compared()
