"""Orders of a world whose life goes on once F&O has them: its people confirm, pick, hold, pack,
invoice and cut them; buyers complain and send goods back, which are received and credited in parts.
No other deeds befall these orders."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import SHOPPERS
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays
from sandbox.commerce.recipe import Extras, Want, drawn
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dataverse.state import WebFault
from sandbox.dynamics import return_handling
from sandbox.dynamics.posting import NotPosted
from sandbox.dynamics.store import Record
from sync.core.money import ZERO
from tests.flows.returns import tax_of
from tests.simulation.environment import CAPTURES, CASES, RETURNS
from tests.simulation.naming import key_of, reference_of
from tests.simulation.plan import Plan
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, SystemsUnderTest

SKUS: Final = ("SIMPLE-001", "SIMPLE-002", "SIMPLE-003", "CABLE-M")
COMPLAINT: Final = "It arrived broken"
DISPOSITIONS: Final = ("CREDIT", "CREDIT", "SCRAP", "CREDITONLY")
STEP: Final = 60.0
LONGEST: Final = 3600.0
"""Seconds that people wait for what the product is to bring them."""


@dataclass
class Afterwards:
    """`orders`: all of them; `complained`: keys of those whose buyers complained. `rmas` and
    `notes`: what was sent back, and the numbers of F&O's credit notes of it. `touched`: ids of
    cases that people gave another status."""

    systems: SystemsUnderTest
    plan: Plan
    random: Random
    event_log: EventLog
    orders: list[StoredOrder] = field(default_factory=list)
    complained: set[str] = field(default_factory=set)
    rmas: list[Columns] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    async def live(self) -> None:
        """All of it; returns when the people have gone home."""
        async with asyncio.TaskGroup() as group:
            if CAPTURES in self.plan.flows:
                for _ in range(2):
                    group.create_task(self._goes_on())
            if RETURNS in self.plan.flows:
                for _ in range(2):
                    group.create_task(self._comes_back())
            if CASES in self.plan.flows:
                group.create_task(self._serves(Random(f"service {self.plan.seed}")))

    async def _goes_on(self) -> None:
        order = await self._placed(self.random.choice(("checkmo", "braintree")))
        if (header := await self._posted(order)) is None:
            return
        number = str(header["SalesOrderNumber"])
        for _ in range(self.random.randint(3, 7)):
            await asyncio.sleep(self.random.uniform(1, 200))
            deed: Callable[[StoredOrder, str], None] = self.random.choice(
                (self._confirm, self._pick, self._hold, self._pack, self._pack, self._invoice,
                 self._invoice, self._cut, self._complain),
            )  # fmt: skip
            self.event_log.note(f"deed: {deed.__name__[1:]} {key_of(order)}")
            with suppress(ValueError):  # F&O refuses it
                deed(order, number)
        self.systems.dynamics.control_credit(number, held=False)

    async def _placed(self, payment: str) -> StoredOrder:
        await asyncio.sleep(self.random.uniform(0, self.plan.spread))
        shop = self.systems.commerce
        shopper = self.random.choice(
            [one for one in shop.catalogue.shoppers if one.buys_for is None]
            or [one for one in SHOPPERS if one.id is None]
        )
        store = next(one for one in shop.catalogue.stores if shopper.place in one.places)
        skus = self.random.sample(SKUS, self.random.randint(1, 2))
        wants = tuple(
            Want(shop.catalogue.product(sku), Decimal(self.random.randint(1, 3))) for sku in skus
        )
        paid: dict[str, Any] = {"paid": "authorised"} if payment == "braintree" else {}
        recipe = drawn(
            self.random, shop.catalogue, store=store, shopper=shopper, wants=wants, rule=Rule(),
            extras=Extras(), payment=payment, **paid,
        )  # fmt: skip
        order = shop.place(shop.maker.cooked(recipe))
        self.orders.append(order)
        self.event_log.note(f"shop: order {key_of(order)} is placed, and goes on in F&O")
        return order

    async def _until(self, look: Callable[[], Any]) -> Any:
        """What `look` finds, once it does; nothing where that takes too long."""
        end = asyncio.get_running_loop().time() + LONGEST
        while not (found := look()) and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(STEP)
        return found

    async def _posted(self, order: StoredOrder) -> Record | None:
        dynamics = self.systems.dynamics

        def look() -> Any:
            headers = dynamics.orders_for(reference_of(order), COMPANY)
            return next(
                (one for one in headers if dynamics.lines(COMPANY, one["SalesOrderNumber"])), None
            )

        found: Record | None = await self._until(look)
        return found

    # What people in F&O do with an order

    def _confirm(self, _: StoredOrder, number: str) -> None:
        day = self.systems.dynamics.today() + timedelta(days=self.random.randint(1, 3))
        self.systems.dynamics.confirm(number, day)

    def _pick(self, _: StoredOrder, number: str) -> None:
        self.systems.dynamics.pick(number)

    def _hold(self, _: StoredOrder, number: str) -> None:
        self.systems.dynamics.control_credit(number, held=self.random.random() < 0.6)

    def _pack(self, _: StoredOrder, number: str) -> None:
        self.systems.dynamics.deliver(number, quantities=self._some(number))

    def _invoice(self, order: StoredOrder, number: str) -> None:
        """A part, or all that is left and its tax."""
        some = self._some(number)
        tax = order.row["tax_amount"] if some is None else ZERO
        self.systems.dynamics.invoice(number, quantities=some, tax=tax)

    def _cut(self, _: StoredOrder, number: str) -> None:
        self.systems.dynamics.cancel_remainder(number, self._some(number))

    def _some(self, number: str) -> dict[str, Decimal] | None:
        """A piece of some lines, or all that is left."""
        lots = [one["InventoryLotId"] for one in self.systems.dynamics.lines(COMPANY, number)]
        some = {lot: Decimal(1) for lot in lots if self.random.random() < 0.5}
        return some if some and self.random.random() < 0.6 else None

    def _complain(self, order: StoredOrder, _: str) -> None:
        self.complained.add(key_of(order))
        self.systems.commerce.comment(order, {"comment": COMPLAINT}, None)

    # What people of Customer Service do

    async def _serves(self, chance: Random) -> None:
        service = self.systems.dataverse
        for _ in range(6):
            await asyncio.sleep(chance.uniform(100, 600))
            rows = list(service.tables["incidents"].values())
            for case in rows and [chance.choice(rows)]:
                self.touched.add(case["incidentid"])
                self.event_log.note(f"deed: work on case {case['title']}")
                with suppress(WebFault):
                    if chance.random() < 0.4:
                        service.close_case(case["incidentid"], 5)
                    else:
                        status = 5 if case["statecode"] else chance.choice((1, 2, 3))
                        service.set_status(case["incidentid"], case["statecode"], status)

    # Goods that come back

    async def _comes_back(self) -> None:
        order = await self._placed("checkmo")
        if (header := await self._posted(order)) is None:
            return
        self.systems.commerce.invoice(order)
        self.systems.commerce.ship(order)
        self.systems.dynamics.invoice(header["SalesOrderNumber"], tax=order.row["tax_amount"])
        for _ in range(2):
            await asyncio.sleep(self.random.uniform(1, 200))
            await self._returned(order)

    async def _returned(self, order: StoredOrder) -> None:
        pieces = {
            item["item_id"]: 1
            for item in order.items
            if pays(order, item) and self.random.random() < 0.7
        }
        try:
            rma = self.systems.commerce.request_return(order, pieces)
        except RestFault as refused:
            self.event_log.note(f"shop: takes no return of {key_of(order)}: {refused.message[:60]}")
            return
        self.rmas.append(rma)
        self.event_log.note(f"deed: return {rma['increment_id']} of {key_of(order)}")
        reference = f"{rma['store_id']}-R{rma['increment_id']}"
        returns = await self._until(lambda: self.systems.dynamics.returns_for(reference))
        arrivals: tuple[Callable[[Record], Awaitable[None]], ...] = (self._arrives, self._credited)
        for header in returns:
            for act in arrivals * 2:
                await asyncio.sleep(self.random.uniform(1, 200))
                with suppress(NotPosted):
                    await act(header)

    async def _arrives(self, header: Record) -> None:
        disposition = self.random.choice(DISPOSITIONS)
        return_handling.register(self.systems.dynamics, header, None, disposition)
        return_handling.post_slip(self.systems.dynamics, header)

    async def _credited(self, header: Record) -> None:
        dynamics, number = self.systems.dynamics, header["ReturnOrderNumber"]
        rows = dynamics.store.table("ReturnOrderLinesV2").records.values()
        rma = next(
            one for one in self.rmas
            if header["CustomersOrderReference"] == f"{one['store_id']}-R{one['increment_id']}"
        )  # fmt: skip
        lines = [row for row in rows if row["ReturnOrderNumber"] == number]
        tax = tax_of(self.systems.commerce.orders[rma["order_id"]], lines)
        note = dynamics.post_return(number, tax=tax, only_received=True)
        self.notes.append(note)
        self.event_log.note(f"deed: credit note {note} of {number}")
