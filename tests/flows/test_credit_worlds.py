"""Orders, deliveries, invoices, payments, refunds and limits on both systems, in any order: once
the queues are quiet the shop shows exactly what F&O leaves, and a checkout lets no more through."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import STORES
from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_invoice
from sandbox.commerce.recipe import Extras
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics.customer_transactions import Entry, book
from sync.core.encoding import to_json
from sync.engine.publication import EVERYTHING
from tests.flows.b2b import B2B, KIM, in_b2b
from tests.flows.test_credit import D, account, left, publishes, sets, shown
from tests.systems import COMPANY, CONNECTION

FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
SETTINGS: dict[str, Any] = {
    "flows": ("orders", "customers", "companies", "credit"),
    "credit": {
        "currency": "USD", "tolerance": 0, "most_changed_percent": 100,
        "gate": {"enabled": True, "stale": "refuse"},
    },
}  # fmt: skip


class World:
    """What happens, by chance."""

    def __init__(self, b2b: B2B, number: str, seed: int) -> None:
        self.b2b, self.number, self.chance = b2b, number, Random(seed)
        self.commerce, self.dynamics = b2b.commerce, b2b.dynamics
        self.orders: list[StoredOrder] = []
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.buys, self.buys, self.asks_and_buys, self.delivers, self.delivers, self.packs,
            self.invoices, self.invoices_in_shop, self.cancels, self.refunds, self.pays,
            self.owes_more, self.limits, self.holds, self.publishes, self.publishes_badly,
        )  # fmt: skip

    def some(self) -> list[StoredOrder]:
        return self.chance.sample(self.orders, min(len(self.orders), 2))

    def headers(self, order: StoredOrder) -> list[str]:
        return [header["SalesOrderNumber"] for header in self.b2b.headers(order)]

    async def happens(self) -> None:
        await self.chance.choice(self.events)()
        await asyncio.sleep(self.chance.randint(1, 400))

    async def buys(self) -> None:
        methods = ("companycredit", "companycredit", "checkmo")
        self.orders.append(self.b2b.buys(payment=self.chance.choice(methods)))

    async def asks_and_buys(self) -> None:
        """As a checkout does: the gate is asked, and what it refuses is not placed."""
        order = basket(self.b2b)
        if await lets_through(self.b2b, f"asked-{len(self.orders)}", order):
            self.orders.append(self.commerce.place(order))

    async def delivers(self) -> None:
        for order in self.some():
            await self.b2b.hooks(order)
        await self.b2b.works_until_idle()

    async def packs(self) -> None:
        for order in self.some():
            for number in self.headers(order):
                lines = self.dynamics.lines(COMPANY, number)
                wanted = {line["InventoryLotId"]: D(1) for line in lines}
                with suppress(ValueError):
                    self.dynamics.deliver(number, quantities=self.chance.choice((wanted, None)))

    async def invoices(self) -> None:
        for order in self.some():
            for number in self.headers(order):
                self.dynamics.invoice(number)

    async def invoices_in_shop(self) -> None:
        for order in self.some():
            if can_invoice(order):
                self.commerce.invoice(order)

    async def cancels(self) -> None:
        for order in self.some()[:1]:
            statuses = {header["SalesOrderStatus"] for header in self.b2b.headers(order)}
            if statuses <= {"Backorder"}:
                self.commerce.cancel(order)

    async def refunds(self) -> None:
        for order in self.some()[:1]:
            with suppress(RestFault):
                self.commerce.refund(order)

    async def pays(self) -> None:
        self._books("Payment", -self.chance.randint(1, 300))

    async def owes_more(self) -> None:
        """Something that no shop knows of: an order by telephone, a fee."""
        self._books("Cust", self.chance.randint(1, 300))

    def _books(self, kind: str, amount: int) -> None:
        env = self.dynamics
        entry = Entry(COMPANY, kind, self.number, D(amount), "USD", f"V{env.store.upcoming}",
                      env.today(), env.today())  # fmt: skip
        book(env, entry)

    async def limits(self) -> None:
        sets(self.b2b, self.number, CreditLimit=D(self.chance.choice((0, 500, 3000, 9000))))

    async def holds(self) -> None:
        self.b2b.clerk_holds(self.number, self.chance.choice(("All", "No", "No")))

    async def publishes(self) -> None:
        await publishes(self.b2b)

    async def publishes_badly(self) -> None:
        dials = self.chance.choice((self.b2b.shop_dials, self.b2b.ledger_dials))
        dials.next(self.chance.choice(FAULTS), seconds=self.chance.randint(1, 50))
        await publishes(self.b2b)
        await self.b2b.shop_dials.settle()

    async def is_quiet(self) -> None:
        """Everything is delivered that was not, and credit is published once more."""
        for order in self.orders:
            await self.b2b.hooks(order)
        await self.b2b.works_until_idle()
        await asyncio.sleep(60)
        await publishes(self.b2b, EVERYTHING)
        assert await self.b2b.parked("credit") == []

    def expected(self) -> Decimal:
        """What F&O leaves, less orders that it refuses; a limit below zero cannot be shown."""
        is_held = self.b2b.hold(self.number) == "All"
        debt = -shown(self.b2b).balance
        booked = self.commerce.company_credits.booked
        refused = (booked.get(one.entity_id, D(0)) for one in self.orders if not self.headers(one))
        leaves = D(0) if is_held else left(self.b2b, self.number)
        return max(leaves - sum(refused, D(0)), -debt)


def basket(b2b: B2B) -> StoredOrder:
    """An order of Kim's that is not placed yet."""
    quiet: dict[str, Any] = {"store": STORES[0], "rule": Rule(), "extras": Extras()}
    return b2b.commerce.maker.make(
        shopper=KIM, payment="companycredit", skus=("SIMPLE-001",), **quiet
    )


async def lets_through(b2b: B2B, number: str, order: StoredOrder) -> bool:
    """Whether the gate lets an order of Kim's through."""
    amount = order.amount("base_grand_total")
    payload = {
        "order": {
            "increment_id": number, "store_id": "1", "customer_id": str(KIM.id),
            "base_currency_code": "USD", "base_grand_total": f"{amount:.4f}",
            "payment": {"method": "companycredit"},
        }
    }  # fmt: skip
    body = to_json(payload)
    signature = b64encode(hmac.digest(b"hook", b64encode(body), "sha256")).decode()
    headers = {"x-adobe-commerce-webhook-signature": signature}
    answer = await b2b.services.ask_gate(CONNECTION, "place-order", headers, body)
    assert answer.status == 200
    return bool(json.loads(answer.body)["op"] == "success")


async def plays(b2b: B2B, seed: int, events: int) -> None:
    world = World(b2b, await account(b2b, 3000), seed)
    await publishes(b2b)
    for _ in range(3):
        for _ in range(events):
            await world.happens()
        await world.is_quiet()
        assert shown(b2b).available == world.expected(), seed


@pytest.mark.parametrize("seed", range(3))
def test_a_quiet_shop_shows_exactly_what_f_and_o_leaves(seed: int) -> None:
    in_b2b(**SETTINGS)(lambda b2b: plays(b2b, seed, 12))()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 220))
def test_many_quiet_shops_show_exactly_what_f_and_o_leaves(seed: int) -> None:
    in_b2b(**SETTINGS)(lambda b2b: plays(b2b, seed, 25))()


async def shops(b2b: B2B, seed: int) -> None:
    """Only buyers who ask: whatever runs meanwhile, F&O is never owed more than its limit."""
    chance = Random(seed)
    number = await account(b2b, 2000)
    await publishes(b2b)
    placed = 0
    for place in range(40):
        order = basket(b2b)
        if await lets_through(b2b, f"{place:09}", order):
            await asyncio.sleep(chance.randint(0, 200))
            stored = b2b.commerce.place(order)
            stored.row["increment_id"] = f"{place:09}"
            placed += 1
            if chance.random() < 0.6:
                await b2b.delivers(stored)
        if chance.random() < 0.5:
            await publishes(b2b)
        await asyncio.sleep(chance.randint(0, 300))
        assert shown(b2b).available >= 0
        assert left(b2b, number) >= 0
    assert placed > 2


@pytest.mark.parametrize("seed", [1])
def test_buyers_who_ask_never_owe_more_than_the_limit(seed: int) -> None:
    in_b2b(**SETTINGS)(lambda b2b: shops(b2b, seed))()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 60))
def test_many_buyers_who_ask_never_owe_more_than_the_limit(seed: int) -> None:
    in_b2b(**SETTINGS)(lambda b2b: shops(b2b, seed))()
