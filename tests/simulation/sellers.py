"""Carts and returns of a world as tasks of sellers: shoppers leave carts, come back, and order
them. What must hold once it is quiet: each reason that holds has one task or lead, none was made
twice, and nobody waits for a person."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from sandbox.commerce.catalogue import Shopper
from sandbox.commerce.quotes import StoredQuote
from sandbox.commerce.records import StoredOrder
from sync.buying.kept import KeptAccounts, KeptTask
from sync.commerce.models.rma import OVER
from sync.engine.ledger import Ledger
from tests.simulation.environment import SELLER, TASKS
from tests.simulation.watching import EventLog
from tests.systems import SystemsUnderTest

if TYPE_CHECKING:
    from tests.simulation.world import World

SKUS: Final = ("SIMPLE-001", "SIMPLE-003", "SIMPLE-006")


@dataclass
class Sellers:
    """`carts`, `orders`: all of them."""

    systems: SystemsUnderTest
    random: Random
    event_log: EventLog
    carts: list[StoredQuote] = field(default_factory=list)
    orders: list[StoredOrder] = field(default_factory=list)

    async def live(self, spread: float) -> None:
        """Some carts; returns when shoppers have gone home."""
        service = self.systems.dataverse
        service.create("systemusers", None, {"internalemailaddress": SELLER})
        for _ in range(6):
            await asyncio.sleep(self.random.uniform(1, max(300, spread / 3)))
            for row in self.systems.dynamics.store.table("CustTable").records.values():
                self._knows(str(row["CustomerAccount"]))
            left = [one for one in self.carts if one.status != "ordered"]
            if left and self.random.random() < 0.5:
                self._orders(self.random.choice(left))
            elif shoppers := individuals(self.systems):
                self._fills(self.random.choice(shoppers))

    def _knows(self, number: str) -> None:
        rows = self.systems.dataverse.tables["accounts"].values()
        if self.random.random() < 0.5 and all(one.get("accountnumber") != number for one in rows):
            values = {"name": "Shopper", "accountnumber": number}
            self.systems.dataverse.create("accounts", None, values)

    def _fills(self, shopper: Shopper) -> None:
        shop = self.systems.commerce
        store = next(one for one in shop.catalogue.stores if shopper.place in one.places)
        basket = {self.random.choice(SKUS): 1}
        cart = shop.request_quote(shopper, store, basket, is_regular=False)
        self.event_log.note(f"deed: fill cart {cart.id}")
        self.carts.append(cart)

    def _orders(self, cart: StoredQuote) -> None:
        shop = self.systems.commerce
        self.event_log.note(f"deed: order cart {cart.id}")
        cart.status = "ordered"
        self.orders.append(shop.place(shop.cooked_quote(cart)))


def individuals(systems: SystemsUnderTest) -> list[Shopper]:
    """Those who buy for themselves."""
    shoppers = systems.commerce.catalogue.shoppers
    return [one for one in shoppers if one.id is not None and one.buys_for is None]


async def of_tasks(world: "World", ledger: Ledger) -> AsyncIterator[str]:
    """Every fault of them."""
    if TASKS not in world.plan.flows:
        return
    service = world.systems.dataverse
    words = Counter(
        f"{one['subject']}: {str(one['description']).partition(chr(10))[0]}"
        for one in service.tables["tasks"].values()
    )
    for said, times in words.items():
        if times > 1:
            yield f"task {said!r} was made {times} times"
    there = service.tables["tasks"].keys() | service.tables["leads"].keys()
    for connection in world.systems.connections.connections:
        kept = KeptAccounts(world.systems.tables, connection)
        open_ones = {(one.account, one.rule): one async for one in kept.open_tasks()}
        for one in open_ones.values():
            if one.row_id not in there:
                yield f"task {one.account} {one.rule} is not in Dataverse"
        for fault in _missing(world, connection, open_ones):
            yield fault
        async for claim in ledger.parked(connection, TASKS):
            yield f"task {claim.key} is parked: {claim.reason}"


def _missing(
    world: "World", connection: str, there: dict[tuple[str, str], KeptTask]
) -> Iterator[str]:
    for shopper in individuals(world.systems):
        account, wanted = f"customer|{shopper.id}", dict[str, str]()
        carts = [one for one in world.sellers.carts if _is_left(world, one, shopper, connection)]
        if carts:
            wanted["cart"] = f"{min(carts, key=lambda one: (one.updated_at, one.id)).id}-"
        if any(_is_open(world, one, shopper, connection) for one in world.afterwards.rmas):
            wanted["return"] = ""
        for rule, begin in wanted.items():
            task = there.get((account, rule))
            if task is None or not task.episode.startswith(begin):
                yield f"{account} has no task {rule} {begin}: {task}"


def _is_left(world: "World", cart: StoredQuote, shopper: Shopper, connection: str) -> bool:
    is_of = cart.shopper.id == shopper.id and world.connection_of(cart.store.id) == connection
    return is_of and cart.status != "ordered"


def _is_open(world: "World", one: Any, shopper: Shopper, connection: str) -> bool:
    rma = world.systems.commerce.rmas[one["entity_id"]]
    is_of = rma["customer_id"] == shopper.id and world.connection_of(rma["store_id"]) == connection
    return is_of and rma["status"] not in OVER
