"""What shoppers, the shop's staff and the warehouse do to the orders of a world, drawn by its
seed."""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any, Final

from sandbox.commerce import lifecycle
from sandbox.commerce.recipe import Extras, drawn
from sandbox.commerce.records import StoredOrder
from tests.simulation.plan import Plan
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, SystemsUnderTest

ACTIONS: Final = (
    "nothing",
    "nothing",
    "invoice",
    "ship",
    "cancel",
    "cancel",
    "edit",
    "hold",
    "address",
    "partly",
    "stock",
)
PIECES: Final = Decimal(1)


@dataclass
class Story:
    """The orders of a world and what became of them. `delivered`: references that the warehouse
    sent out in D365."""

    systems: SystemsUnderTest
    plan: Plan
    random: Random
    event_log: EventLog
    orders: list[StoredOrder] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)

    async def simulate(self) -> None:
        """Everything that people do in this world; returns when they have gone home."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.orders):
                group.create_task(self._order(self.random.uniform(0, self.plan.spread)))
            group.create_task(self._moving(self.random.uniform(0, self.plan.trouble)))

    async def _order(self, wait: float) -> None:
        await asyncio.sleep(wait)
        order = self.systems.commerce.place(self._made())
        self.orders.append(order)
        self.event_log.note(
            f"shop: order {_name(order)} is placed, {order.row['grand_total']}"
            f" {order.row['order_currency_code']}"
        )
        for _ in range(self.random.choice((0, 1, 1, 2))):
            await asyncio.sleep(self._while())
            self._action(order, self.random.choice(ACTIONS))
        if order.row["state"] == "holded":
            await asyncio.sleep(self._while())
            self.systems.commerce.unhold(order)

    def _while(self) -> float:
        """Seconds until the next deed: often right away, when the order is just being posted."""
        return self.random.choice((0.0, 1.1, 2.5, 7.0, 30.0, 120.0, 400.0)) * self.random.uniform(
            0.8, 1.2
        )

    def _made(self) -> StoredOrder:
        shop = self.systems.commerce
        shopper = self.random.choice(shop.catalogue.shoppers)
        store = next(one for one in shop.catalogue.stores if shopper.place in one.places)
        recipe = drawn(self.random, shop.catalogue, store=store, shopper=shopper)
        few = recipe.wants[: self.random.choice((1, 2, 3))]
        extras = replace(recipe.extras, fee=Extras().fee) if store.gross else recipe.extras
        wanted = drawn(
            self.random, shop.catalogue, store=store, shopper=shopper, wants=few, extras=extras,
            payment=recipe.payment, rule=recipe.rule,
            paid=self.random.choice((None, None, None, "pending_payment")),
        )  # fmt: skip
        return shop.maker.cooked(wanted)

    def _action(self, order: StoredOrder, action: str) -> None:
        if not getattr(self, f"_may_{action}", lambda _: True)(order):
            return
        self.event_log.note(f"deed: {action} {_name(order)}")
        act: Any = getattr(self, f"_{action}")
        act(order)

    def _nothing(self, order: StoredOrder) -> None:
        """A change that changes nothing: a comment with the status it has."""
        self.systems.commerce.save_order(order, {"customer_note": f"note {self.random.random()}"})

    def _may_invoice(self, order: StoredOrder) -> bool:
        return lifecycle.can_invoice(order) or order.row["state"] == "pending_payment"

    def _invoice(self, order: StoredOrder) -> None:
        """The money comes, for a pending payment too."""
        self.systems.commerce.invoice(order)

    def _may_ship(self, order: StoredOrder) -> bool:
        return lifecycle.can_ship(order)

    def _ship(self, order: StoredOrder) -> None:
        self.systems.commerce.ship(order)

    def _may_cancel(self, order: StoredOrder) -> bool:
        return lifecycle.can_cancel(order)

    def _cancel(self, order: StoredOrder) -> None:
        self.systems.commerce.cancel(order)

    def _may_edit(self, order: StoredOrder) -> bool:
        return lifecycle.can_cancel(order) and not order.row.get("total_invoiced")

    def _edit(self, order: StoredOrder) -> None:
        self.orders.append(self.systems.commerce.edit(order))

    def _may_hold(self, order: StoredOrder) -> bool:
        return lifecycle.can_hold(order)

    def _hold(self, order: StoredOrder) -> None:
        self.systems.commerce.hold(order)

    def _may_address(self, order: StoredOrder) -> bool:
        return order.shipping is not None

    def _address(self, order: StoredOrder) -> None:
        """Staff corrects the address, then saves the order, which is what others hear of."""
        self.systems.commerce.change_address(
            order, street=[f"Ringweg {self.random.randint(1, 99)}"], city="Neustadt"
        )
        self._nothing(order)

    def _may_partly(self, order: StoredOrder) -> bool:
        return lifecycle.can_cancel(order) and self._divisible(order) is not None

    def _partly(self, order: StoredOrder) -> None:
        """One piece of one row is cancelled, as extensions do it."""
        item = self._divisible(order)
        assert item is not None
        item["qty_canceled"] = item.get("qty_canceled", Decimal(0)) + PIECES
        self._nothing(order)

    def _divisible(self, order: StoredOrder) -> Any:
        whole = (
            item
            for item in order.items
            if item.get("parent_item_id") is None and item["product_type"] == "simple"
        )
        return next(
            (i for i in whole if i["qty_ordered"] - i.get("qty_canceled", Decimal(0)) > PIECES),
            None,
        )

    def _may_stock(self, order: StoredOrder) -> bool:
        return bool(self.systems.dynamics.orders_for(reference_of(order), COMPANY))

    def _stock(self, order: StoredOrder) -> None:
        """The warehouse sends the goods: from now on D365 lets nobody change the order."""
        for header in self.systems.dynamics.orders_for(reference_of(order), COMPANY):
            if self.systems.dynamics.lines(COMPANY, header["SalesOrderNumber"]):
                self.systems.dynamics.deliver(header["SalesOrderNumber"], COMPANY)
                self.delivered.add(_name(order))

    async def _moving(self, wait: float) -> None:
        """A customer moves harness."""
        await asyncio.sleep(wait)
        if not self.systems.commerce.customers:
            return
        customer = self.random.choice(list(self.systems.commerce.customers.values()))
        address = {
            **customer["addresses"][0],
            "street": [f"Neuer Weg {self.random.randint(1, 99)}"],
        }
        self.systems.commerce.save_customer({**customer, "addresses": [address]})
        self.event_log.note(f"deed: customer {customer['id']} moves")


def reference_of(order: StoredOrder) -> str:
    """The order's reference in D365."""
    return f"{order.row['store_id']}-{order.row['increment_id']}"


def _name(order: StoredOrder) -> str:
    return str(order.row["increment_id"])
