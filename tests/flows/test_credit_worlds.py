"""Orders, deliveries, invoices, payments, refunds and limits on both systems, in any order: once
the queues are quiet the shop shows what F&O leaves, and a checkout lets no more through. Of one
company, and of two that share a credit group, or the account that pays."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any, Final, Literal

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import STORES, Shopper
from sandbox.commerce.customers import company_columns
from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_invoice
from sandbox.commerce.recipe import Extras
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics.customer_transactions import Entry, book
from sync.core.encoding import to_json
from sync.credit.prepared import PreparedCredit
from sync.engine.publication import EVERYTHING
from sync.operating.credit import decided
from tests.flows.b2b import B2B, CONTOSO, KIM, in_b2b
from tests.flows.test_credit import (
    KEY,
    D,
    account,
    grouped,
    left,
    publishes,
    sets,
    shown,
    with_credit,
)
from tests.systems import COMPANY, CONNECTION

SHAPES: Final = ("alone", "group", "payer", "group+payer")
FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
SETTINGS: dict[str, Any] = {
    "flows": ("orders", "customers", "companies", "credit"),
    "credit": {
        "currency": "USD", "tolerance": 0, "most_changed_percent": 100,
        "gate": {"enabled": True, "stale": "refuse"},
    },
}  # fmt: skip


LEE: Final = Shopper("lee@fabrikam.example", "Lee", "Fab", "ny", 70, company="Fabrikam Inc")
GROUP_LIMIT: Final = 4000
Shape = Literal["alone", "group", "payer", "group+payer"]
"""What there is: Contoso alone; Fabrikam as well, in one credit group; or it pays for Contoso; or
both."""


async def world_of(b2b: B2B, shape: Shape, seed: int, limit: int = 3000) -> "World":
    """The companies with their accounts, and credit published once."""
    accounts = {CONTOSO: await account(b2b, limit)}
    if shape != "alone":
        accounts[70] = await fabrikam(b2b, limit)
    if "group" in shape:
        b2b.dynamics.put(
            "CustomerCreditGroups", CreditLimitId="G1", CreditMax=D(GROUP_LIMIT), CurrencyCode="USD"
        )  # fmt: skip
        for member in accounts.values():
            b2b.dynamics.put(
                "CustomerCreditGroupLines", Company="USMF", CustAccount=member, CreditLimitId="G1"
            )
    if "payer" in shape:
        sets(b2b, accounts[CONTOSO], InvoiceAccount=accounts[70])
    await publishes(b2b)
    return World(b2b, shape, accounts, seed)


async def fabrikam(b2b: B2B, limit: int) -> str:
    """The account of a second company, which Lee administers and buys for."""
    b2b.joins(LEE)
    columns = company_columns(LEE, b2b.commerce.catalogue.places[LEE.place])
    b2b.commerce.companies[70] = columns
    await b2b.notify(70)
    known = await b2b.known("company", 70)
    assert known is not None
    sets(b2b, known.account, CreditLimit=D(limit))
    return known.account


class World:
    """What happens, by chance. `accounts`: of each company; `buyers`: who buys for them."""

    def __init__(self, b2b: B2B, shape: Shape, accounts: dict[int, str], seed: int) -> None:
        self.b2b, self.shape, self.accounts, self.chance = b2b, shape, accounts, Random(seed)
        self.buyers = [KIM, LEE][: len(accounts)]
        self.commerce, self.dynamics = b2b.commerce, b2b.dynamics
        self.orders: list[StoredOrder] = []
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.buys, self.buys, self.asks_and_buys, self.delivers, self.delivers, self.packs,
            self.invoices, self.invoices_in_shop, self.cancels, self.refunds, self.pays,
            self.owes_more, self.limits, self.holds, self.publishes, self.publishes_badly,
        )  # fmt: skip

    def some(self) -> list[StoredOrder]:
        return self.chance.sample(self.orders, min(len(self.orders), 2))

    def some_account(self) -> str:
        return self.chance.choice(list(self.accounts.values()))

    def headers(self, order: StoredOrder) -> list[str]:
        return [header["SalesOrderNumber"] for header in self.b2b.headers(order)]

    async def happens(self) -> None:
        await self.chance.choice(self.events)()
        await asyncio.sleep(self.chance.randint(1, 400))

    async def buys(self) -> None:
        methods = ("companycredit", "companycredit", "checkmo")
        who = self.chance.choice(self.buyers)
        self.orders.append(self.b2b.buys(who, payment=self.chance.choice(methods)))

    async def asks_and_buys(self) -> None:
        """As a checkout does: the gate is asked, and what it refuses is not placed."""
        who = self.chance.choice(self.buyers)
        order = basket(self.b2b, who)
        if await lets_through(self.b2b, f"asked-{len(self.orders)}", order, who):
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
        env, number = self.dynamics, self.some_account()
        entry = Entry(COMPANY, kind, number, D(amount), "USD", f"V{env.store.upcoming}",
                      env.today(), env.today())  # fmt: skip
        book(env, entry)

    async def limits(self) -> None:
        sets(self.b2b, self.some_account(), CreditLimit=D(self.chance.choice((0, 500, 3000, 9000))))

    async def holds(self) -> None:
        self.b2b.clerk_holds(self.some_account(), self.chance.choice(("All", "No", "No")))

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

    def payer(self, company: int) -> str:
        return self.accounts[70 if "payer" in self.shape else company]

    def refused(self, payers: Collection[str]) -> Decimal:
        """Orders of these that F&O does not take."""
        booked, found = self.commerce.company_credits.booked, D(0)
        for one in self.orders:
            company = int(one.extension["company_order_attributes"]["company_id"])
            if self.payer(company) in payers and not self.headers(one):
                found += booked.get(one.entity_id, D(0))
        return found

    def expected(self, company: int) -> Decimal:
        """What F&O leaves, less orders that it refuses; a limit below zero cannot be shown."""
        payer = self.payer(company)
        is_held = "All" in (self.b2b.hold(payer), self.b2b.hold(self.accounts[company]))
        leaves = D(0) if is_held else self.left_of(payer)
        leaves -= self.refused([payer])
        if "group" in self.shape:
            leaves = min(leaves, self.group_left())
        return max(leaves, self.commerce.company_credits.of(company).balance)

    def left_of(self, payer: str) -> Decimal:
        """What F&O leaves an account, less what the accounts owe that it pays for."""
        found = left(self.b2b, payer)
        for one in self.accounts.values():
            if one != payer and "payer" in self.shape:
                found -= self.b2b.account(one)["CreditLimit"] - left(self.b2b, one)
        return found

    def group_left(self) -> Decimal:
        """What F&O leaves to the credit group, less orders that it refuses."""
        members = self.accounts.values()
        used = (self.b2b.account(one)["CreditLimit"] - left(self.b2b, one) for one in members)
        return GROUP_LIMIT - sum(used, D(0)) - self.refused(members)


def basket(b2b: B2B, who: Shopper = KIM) -> StoredOrder:
    """An order of a buyer's that is not placed yet."""
    quiet: dict[str, Any] = {"store": STORES[0], "rule": Rule(), "extras": Extras()}
    return b2b.commerce.maker.make(
        shopper=who, payment="companycredit", skus=("SIMPLE-001",), **quiet
    )


async def lets_through(b2b: B2B, number: str, order: StoredOrder, who: Shopper = KIM) -> bool:
    """Whether the gate lets an order of a buyer's through."""
    amount = order.amount("base_grand_total")
    payload = {
        "order": {
            "increment_id": number, "store_id": "1", "customer_id": str(who.id),
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


def with_tolerance(tolerance: int) -> dict[str, Any]:
    return {**SETTINGS, "credit": {**SETTINGS["credit"], "tolerance": tolerance}}


async def plays(b2b: B2B, shape: Shape, seed: int, events: int, tolerance: int = 0) -> None:
    world = await world_of(b2b, shape, seed)
    for _ in range(3):
        for _ in range(events):
            await world.happens()
        await world.is_quiet()
        for company in world.accounts:
            there = b2b.commerce.company_credits.of(company).available
            assert abs(there - world.expected(company)) <= tolerance, (seed, company)


@pytest.mark.parametrize(
    ("shape", "seed", "tolerance"), [("alone", 0, 0), ("group", 1, 0), ("payer", 2, 40)]
)
def test_a_quiet_shop_shows_what_f_and_o_leaves(shape: Shape, seed: int, tolerance: int) -> None:
    in_b2b(**with_tolerance(tolerance))(lambda b2b: plays(b2b, shape, seed, 12, tolerance))()


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(100, 180))
def test_many_quiet_shops_show_what_f_and_o_leaves(shape: Shape, seed: int) -> None:
    tolerance = 40 * (seed % 2)
    in_b2b(**with_tolerance(tolerance))(lambda b2b: plays(b2b, shape, seed, 25, tolerance))()


async def shops(b2b: B2B, shape: Shape, seed: int, rounds: int) -> None:
    """Only buyers who ask: whatever runs meanwhile, F&O is never owed more than its limits."""
    chance = Random(seed)
    world = await world_of(b2b, shape, seed, 2000)
    placed = 0
    for place in range(rounds):
        who = chance.choice(world.buyers)
        order = basket(b2b, who)
        if await lets_through(b2b, f"{place:09}", order, who):
            await asyncio.sleep(chance.randint(0, 200))
            stored = b2b.commerce.place(order)
            stored.row["increment_id"] = f"{place:09}"
            placed += 1
            if chance.random() < 0.6:
                await b2b.delivers(stored)
        if chance.random() < 0.5:
            await publishes(b2b)
        await asyncio.sleep(chance.randint(0, 300))
        assert all(world.left_of(world.payer(one)) >= 0 for one in world.accounts)
        assert "group" not in shape or world.group_left() >= 0
        assert "payer" in shape or shown(b2b).available >= 0
    assert placed > 2


@pytest.mark.parametrize(("shape", "seed"), [("alone", 1), ("group", 2), ("payer", 3)])
def test_buyers_who_ask_never_owe_more_than_the_limits(shape: Shape, seed: int) -> None:
    in_b2b(**SETTINGS)(lambda b2b: shops(b2b, shape, seed, 16))()


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(4, 50))
def test_many_buyers_who_ask_never_owe_more_than_the_limits(shape: Shape, seed: int) -> None:
    in_b2b(**SETTINGS)(lambda b2b: shops(b2b, shape, seed, 40))()


@in_b2b(**SETTINGS)
async def test_an_order_of_one_company_of_a_group_counts_for_all_before_f_and_o_has_it(
    b2b: B2B,
) -> None:
    await world_of(b2b, "group", 0, 5000)
    order = b2b.buys(LEE, payment="companycredit")
    await publishes(b2b)
    assert shown(b2b).available == GROUP_LIMIT - order.amount("base_grand_total")


@in_b2b(**{**SETTINGS, "credit": {**SETTINGS["credit"], "gate": {"enabled": True}}})
async def test_while_f_and_o_is_away_every_checkout_is_decided_by_figures_and_then_by_policy(
    b2b: B2B,
) -> None:
    """No order is let through twice meanwhile, and what was decided is kept with its reason."""
    number = await account(b2b, 1000)
    await publishes(b2b)
    b2b.ledger_dials.error_before_rate = 1.0
    order, small, large = (basket(b2b) for _ in range(3))
    for one, amount in ((order, "700.0000"), (small, "400.0000"), (large, "600.0000")):
        one.row["base_grand_total"] = amount
    assert await lets_through(b2b, "1", order)
    assert not await lets_through(b2b, "2", small)
    await b2b.services.intake.accept("credit", CONNECTION, [EVERYTHING], "poll")
    await b2b.works_for_a_while()
    await asyncio.sleep(900)
    assert (await lets_through(b2b, "3", small), await lets_through(b2b, "4", large)) == (
        True,
        False,
    )
    kept = await decided(b2b.services, CONNECTION, number)
    assert sorted((one["subject"], one["reason"]) for one in kept) == [
        ("1", "enough is left"), ("2", "more than is left"), ("3", "the figures are stale"),
        ("4", "the figures are stale"),
    ]  # fmt: skip
    b2b.ledger_dials.error_before_rate = 0.0
    await asyncio.sleep(1200)
    await publishes(b2b)
    assert await lets_through(b2b, "5", large)


@pytest.mark.parametrize("other", ["USMF", "DAT"])
def test_a_group_without_a_rate_parks_its_members_alone(other: str) -> None:
    """A company in no group goes on. A member keeps the hold that F&O has on its account."""

    async def story(b2b: B2B) -> None:
        number = await account(b2b)
        grouped(b2b, number, other=other, currency="GBP")
        await fabrikam(b2b, 2500)
        b2b.clerk_holds(number, "All")
        await publishes(b2b)
        assert b2b.commerce.company_credits.of(70).limit == D(2500)
        assert await b2b.parked("credit") == [KEY]
        assert "GBP has no rate" in (await b2b.claim(KEY, "credit")).reason
        one = await PreparedCredit(b2b.services.ledger.tables, CONNECTION).of(CONTOSO)
        assert one is not None
        assert "on hold (All)" in one.blocked

    in_b2b(**with_credit(companies={"dat": "USD"}))(story)()
