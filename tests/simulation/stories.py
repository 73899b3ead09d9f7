"""What shoppers, the shop's staff and the warehouse do to the orders of a world, drawn by its
seed."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any, Final

from sandbox.commerce import lifecycle
from sandbox.commerce.faults import RestFault
from sandbox.commerce.recipe import Extras, drawn
from sandbox.commerce.records import Columns, StoredOrder, amount
from sandbox.commerce.shipping import can_ship
from sandbox.dynamics.store import Record
from tests.simulation.document_history import DocumentHistory
from tests.simulation.environment import SHIPMENTS, TRACKING
from tests.simulation.naming import key_of, reference_of
from tests.systems import COMPANY

ACTIONS: Final = (
    *("nothing", "ship", "cancel", "edit", "hold", "address", "partly", "stock", "post"),
    *("invoice", "invoice", "invoice", "settle", "refund", "refund", "refund", "refund", "refund"),
)
"""What people do, as often as it stands here where it may be done."""

PIECES: Final = Decimal(1)
NOTHING: Final = Decimal(0)
HELD_UP: Final = ("is on hold", "has no account: blocked in Commerce")
"""What is said of records whose company is blocked."""


@dataclass
class Story(DocumentHistory):
    """The orders of a world and what became of them. `delivered`: keys of those that the warehouse
    sent out in D365; `uncounted`: of those whose pieces an extension cancelled, which no total of
    the shop counts; `given_up`: pieces by row id that were refunded unshipped, whatever was shipped
    since; `killer`: the reference of the order that nobody survives; `posted`: keys of
    orders by the numbers under which F&O invoiced them; `travel`: a carrier has a parcel of this
    number and order."""

    travel: Callable[[str, StoredOrder], Coroutine[Any, Any, None]] = field(kw_only=True)
    orders: list[StoredOrder] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)
    uncounted: set[str] = field(default_factory=set)
    killer: str = ""
    given_up: dict[str, Decimal] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)

    async def simulate(self) -> None:
        """Everything that people do in this world; returns when they have gone home."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.orders):
                group.create_task(self._order(self.random.uniform(0, self.plan.spread)))
            group.create_task(self._moving(self.random.uniform(0, self.plan.trouble)))
            if self.plan.blocks:
                group.create_task(self._deciding())
            if self.plan.environment.invoices_orders:
                group.create_task(self._posting(Random(f"postings {self.plan.seed}")))

    async def _order(self, wait: float) -> None:
        await asyncio.sleep(wait)
        order = self.systems.commerce.place(self._made())
        self.orders.append(order)
        if self.plan.environment.has_killer and not self.killer:
            self.killer = reference_of(order)
        self.event_log.note(
            f"shop: order {key_of(order)} is placed, {order.row['grand_total']}"
            f" {order.row['order_currency_code']}"
        )
        for _ in range(self.random.choice((0, 1, 2, 3, 4))):
            await asyncio.sleep(self._while())
            self._action(order)
        if order.row["state"] == "holded":
            await asyncio.sleep(self._while())
            self.systems.commerce.unhold(order)
        if self.may_settle(order):
            await asyncio.sleep(self._while())
            self.settle(order, all_of_them=True)
        if SHIPMENTS in self.plan.flows and self.random.random() < 0.5:
            async with asyncio.TaskGroup() as parcels:
                for part in (0.5, 1.0):
                    for number in self._labels(order, part):
                        parcels.create_task(self.travel(number, order))
                    await asyncio.sleep(self._while())
                    self._pack(order, part)

    def _labels(self, order: StoredOrder, part: float) -> list[str]:
        """Numbers of the parcels that will be packed: the carrier may tell of them before that."""
        headers = self._with_lines(order) if TRACKING in self.plan.flows else []
        return [tracking_number(header, part) for header in headers]

    async def _deciding(self) -> None:
        """The shop's staff thinks about companies, now and then."""
        for _ in range(3):
            await asyncio.sleep(self._while())
            self.company()

    async def _posting(self, random: Random) -> None:
        """F&O invoices in batches: now and then some of what it has by then."""
        for _ in range(3):
            await asyncio.sleep(random.uniform(0, self.plan.trouble))
            for order in self.orders:
                if self.may_post(order) and random.random() < 0.2:
                    self.event_log.note(f"deed: post {key_of(order)}")
                    self.post(order)

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

    def _action(self, order: StoredOrder) -> None:
        """One of the things that may happen to the order as it is."""
        action = self.random.choice(
            [one for one in ACTIONS if getattr(self, f"may_{one}", _always)(order)]
        )
        self.event_log.note(f"deed: {action} {key_of(order)}")
        act: Any = getattr(self, action)
        act(order)

    def nothing(self, order: StoredOrder) -> None:
        """A change that changes nothing: a comment with the status it has."""
        self.systems.commerce.save_order(order, {"customer_note": f"note {self.random.random()}"})

    def may_ship(self, order: StoredOrder) -> bool:
        return can_ship(order)

    def ship(self, order: StoredOrder) -> None:
        """The shop refuses where its source holds less. It counts what is left by `max(shipped,
        refunded)`, so that what was refunded unshipped may be shipped nonetheless."""
        for item in order.items:
            name = str(item["item_id"])
            self.given_up[name] = max(given_up(item), self.given_up.get(name, NOTHING))
        try:
            self.systems.commerce.ship(order)
        except RestFault as refused:
            self.event_log.note(f"shop: does not ship {key_of(order)}: {refused.message[:80]}")

    def may_cancel(self, order: StoredOrder) -> bool:
        """Not the rest where an extension cancelled pieces: the shop would forget those, and count
        them as wanted."""
        is_begun = order.amount("total_invoiced") or any(
            amount(item, "qty_shipped") for item in order.items
        )
        is_rest = key_of(order) in self.uncounted and is_begun
        return lifecycle.can_cancel(order) and not is_rest

    def cancel(self, order: StoredOrder) -> None:
        self.systems.commerce.cancel(order)

    def may_edit(self, order: StoredOrder) -> bool:
        return self.may_cancel(order) and not order.row.get("total_invoiced")

    def edit(self, order: StoredOrder) -> None:
        self.orders.append(self.systems.commerce.edit(order))

    def may_hold(self, order: StoredOrder) -> bool:
        return lifecycle.can_hold(order)

    def hold(self, order: StoredOrder) -> None:
        self.systems.commerce.hold(order)

    def may_address(self, order: StoredOrder) -> bool:
        return order.shipping is not None

    def address(self, order: StoredOrder) -> None:
        """Staff corrects the address, then saves the order, which is what others hear of."""
        self.systems.commerce.change_address(
            order, street=[f"Ringweg {self.random.randint(1, 99)}"], city="Neustadt"
        )
        self.nothing(order)

    def may_partly(self, order: StoredOrder) -> bool:
        return lifecycle.can_cancel(order) and self._divisible(order) is not None

    def partly(self, order: StoredOrder) -> None:
        """One piece of one row is cancelled, as extensions do it."""
        item = self._divisible(order)
        assert item is not None
        self.uncounted.add(key_of(order))
        item["qty_canceled"] = item.get("qty_canceled", Decimal(0)) + PIECES
        self.nothing(order)

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

    def may_stock(self, order: StoredOrder) -> bool:
        return bool(self.systems.dynamics.orders_for(reference_of(order), COMPANY))

    def stock(self, order: StoredOrder) -> None:
        """The warehouse sends the goods: from now on D365 lets nobody change the order."""
        for header in self._with_lines(order):
            self.systems.dynamics.deliver(header["SalesOrderNumber"], COMPANY)
            self.delivered.add(key_of(order))

    def _pack(self, order: StoredOrder, part: float) -> None:
        """The warehouse sends some lines of an order, or all that is left of it, and knows a
        tracking number."""
        for header in self._with_lines(order):
            number = header["SalesOrderNumber"]
            lines = self.systems.dynamics.lines(COMPANY, number)
            some = {
                line["InventoryLotId"]: line["OrderedSalesQuantity"]
                for line in lines if self.random.random() < part
            }  # fmt: skip
            with suppress(ValueError):  # some of it has left already
                self.systems.dynamics.deliver(
                    number, COMPANY, quantities=some if part < 1 else None,
                    tracking={tracking_number(header, part): ""},
                )  # fmt: skip
            self.delivered.add(key_of(order))

    def _with_lines(self, order: StoredOrder) -> list[Record]:
        """Its sales orders that are not only headers yet."""
        found = self.systems.dynamics.orders_for(reference_of(order), COMPANY)
        return [
            one for one in found if self.systems.dynamics.lines(COMPANY, one["SalesOrderNumber"])
        ]

    def may_post(self, order: StoredOrder) -> bool:
        return self.plan.environment.invoices_orders and self.may_stock(order)

    def post(self, order: StoredOrder) -> None:
        """F&O invoices what it holds of the order, with the shop's tax: it is closed then."""
        for header in self._with_lines(order):
            numbers = self.systems.dynamics.invoice(
                header["SalesOrderNumber"], COMPANY, tax=order.amount("tax_amount")
            )
            self.posted.update(dict.fromkeys(numbers, key_of(order)))
            self.delivered.add(key_of(order))

    async def _moving(self, wait: float) -> None:
        """A customer moves harness."""
        await asyncio.sleep(wait)
        known = self.systems.commerce.customers.values()
        customers = [one for one in known if one["addresses"]]
        if not customers:
            return
        customer = self.random.choice(customers)
        first, *others = customer["addresses"]
        moved = {**first, "street": [f"Neuer Weg {self.random.randint(1, 99)}"]}
        self.systems.commerce.save_customer({**customer, "addresses": [moved, *others]})
        self.event_log.note(f"deed: customer {customer['id']} moves")


def tracking_number(header: Record, part: float) -> str:
    """What a parcel of a sales order is called."""
    return f"T-{header['SalesOrderNumber']}-{part}"


def given_up(item: Columns) -> Decimal:
    """Pieces that were refunded before they were shipped: nobody wants them any more."""
    unshipped = (
        amount(item, "qty_ordered") - amount(item, "qty_canceled") - amount(item, "qty_shipped")
    )
    return max(min(amount(item, "qty_refunded"), unshipped), NOTHING)


def _always(_: StoredOrder) -> bool:
    return True
