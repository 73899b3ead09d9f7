"""Money over lives of orders: bought, sent, invoiced, cut, charged, given back and cancelled in any
order, with lost answers and deaths, under any set of flows. In the end F&O's invoices less its
credit notes come to what Commerce charged less what it gave back, or a person is told."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_invoice
from sandbox.commerce.order_rows import to_invoice
from sandbox.commerce.recipe import RULES, Extras
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dynamics.posting import NotPosted
from sync.config.connections import Orders
from sync.core.money import ZERO
from sync.mapping.taken_off import TAKEN_OFF
from tests.flows.test_order_lives import Lives
from tests.harness import Harness, in_harness
from tests.reconcile.planted import reconciled
from tests.simulation.books import OTHERWISE
from tests.systems import COMPANY

ALWAYS = ("orders", "customers", "invoices", "creditmemos", "posted_invoices")
MONEY = ("posted_invoices", "creditmemos", "orders")
SOMETIMES = ("shipments", "captures", "cancellations", "status")
ROUNDING = Orders().rounding_most


def settings_of(seed: int) -> dict[str, Any]:
    chance = Random(f"settings {seed}")
    flows = tuple(one for one in SOMETIMES if chance.random() < 0.7)
    return {
        "flows": (*ALWAYS, *flows),
        "dynamics": {"copies": chance.random() < 0.8},
        "invoices": {"banks": {"*": "USMF OPER"}},
        "creditmemos": {"recipe": "return-order", "refund_payment": True},
        "shipments": {"sources": {"13": "default"}},
        "captures": {
            "methods": {"*": "at_invoice"}, "credits": {"*": "record"}, "credit_most": 1000,
        },
        "cancellations": {"refunds": {"checkmo": chance.choice(("record", "report"))}},
    }  # fmt: skip


class MoneyLives(Lives):
    """Both sides act, and both give money back."""

    def __init__(self, harness: Harness, seed: int) -> None:
        super().__init__(harness, seed)
        self.is_rich = seed % 2 == 1
        self.flows = [one for one in harness.services.connections["shop"].flows
                      if one != "customers"]  # fmt: skip
        self.events = (
            *(one for one in self.events if one != self.dies or "captures" in self.flows),
            self.charges, self.charges, self.gives_back, self.gives_back,
        )  # fmt: skip

    def place(self, **wishes: Any) -> StoredOrder:
        """Every second life has discounts, fees and gift cards."""
        if self.is_rich:
            wishes["rule"] = self.chance.choice(RULES)
            wishes["extras"] = Extras(
                gift_card=self.chance.choice((ZERO, ZERO, Decimal(5), Decimal("12.34"))),
                credit=self.chance.choice((ZERO, ZERO, Decimal("3.21"))),
                reward=self.chance.choice((ZERO, ZERO, Decimal("2.22"))),
                wrap=self.chance.choice((ZERO, ZERO, Decimal("4.5"))),
                fee=self.chance.choice((ZERO, ZERO, Decimal("1.99"))),
            )
        return super().place(**wishes)

    async def polls(self) -> None:
        await asyncio.sleep(60)
        for flow in self.flows:
            await self.harness.polls(flow)
        await self.works()

    async def charges(self) -> None:
        """Somebody invoices in the Admin: all, or a part."""
        for order in self.some()[:1]:
            if can_invoice(order):
                parts = {
                    item["item_id"]: Decimal(self.chance.randint(1, int(to_invoice(order, item))))
                    for item in order.items
                    if item.get("parent_item_id") is None and to_invoice(order, item) >= 1
                }  # fmt: skip
                with suppress(RestFault):
                    self.commerce.invoice(order, parts if self.chance.random() < 0.5 else None)

    async def gives_back(self) -> None:
        """Somebody refunds in the Admin: all that is left, or a piece of some lines; with or
        without freight."""
        for order in self.some()[:1]:
            parts = {
                item["item_id"]: Decimal(1)
                for item in order.items
                if item.get("parent_item_id") is None and self.chance.random() < 0.6
                and item["qty_invoiced"] - item["qty_refunded"] >= 1
            }  # fmt: skip
            is_whole = self.chance.random() < 0.3
            if not order.invoices or not (parts or is_whole):
                continue
            beside: dict[str, Any] = {}
            if self.chance.random() < 0.8:
                beside["shipping"] = Decimal(0)
            if self.chance.random() < 0.3:
                sign = self.chance.choice(("positive", "negative"))
                beside[sign] = Decimal(self.chance.randint(1, 99)) / 100
            with suppress(RestFault):
                self.commerce.refund(order, None if is_whole else parts, **beside)

    async def ends(self) -> None:
        """All that is left is sent, invoiced and charged; what comes back is credited."""
        await self.releases()
        await self.polls()
        for _, number in self.sales_orders_of(self.orders):
            self._finishes(number)
        for _ in range(3):
            await self.polls()
        for order in self.orders:
            if can_invoice(order):
                with suppress(RestFault):
                    self.commerce.invoice(order)
        await self._settles()
        for returned in [one for order in self.orders for one in self._returns(order)]:
            with suppress(NotPosted):
                self.dynamics.post_return(returned["ReturnOrderNumber"])
        await self._settles()

    def sales_orders_of(self, orders: list[StoredOrder]) -> list[tuple[StoredOrder, str]]:
        return [(order, header["SalesOrderNumber"])
                for order in orders for header in self.harness.headers(order)]  # fmt: skip

    def _finishes(self, number: str) -> None:
        with suppress(ValueError):
            self.dynamics.deliver(number, COMPANY)
        lines = self.dynamics.lines(COMPANY, number)
        if any(one["SalesOrderLineStatus"] != "Canceled" for one in lines):
            with suppress(ValueError):
                self.dynamics.invoice(number, COMPANY)

    async def _settles(self) -> None:
        for _ in range(3):
            await self.polls()
            await self.harness.works_until_idle()

    def _returns(self, order: StoredOrder) -> list[Any]:
        return [
            returned for memo in order.creditmemos
            for returned in self.dynamics.returns_for(f"{memo['store_id']}-C{memo['increment_id']}")
        ]  # fmt: skip

    async def compared(self) -> None:
        """Nobody is called for money that agrees; what differs is told, and named by tonight's
        reconciliation at the latest."""
        told = [f"{flow} {key}" for flow in self.flows for key in await self.harness.parked(flow)]
        differences, _ = await reconciled(self.harness)
        listed = [f"{one.kind} {one.key}" for one in differences]
        for order in self.orders:
            names, money = self._names(order), self._money(order)
            mine = [one for one in (*told, *listed) if any(name in one for name in names)]
            charged, back, posted, returned = money
            is_equal = abs(charged - back - posted - returned) <= ROUNDING
            if not is_equal:
                assert mine, (names, money)
                continue
            if not charged:  # pieces without a price, that nobody has to pay
                continue
            of_money = MONEY[:1] if await self._is_mixed(order) else MONEY
            assert not [one for one in mine if one.split()[0] in of_money], (names, money, mine)
            if not self.is_rich:
                self._paid_once(order, charged - back, mine)

    async def _is_mixed(self, order: StoredOrder) -> bool:
        """Whether one credit memo gave back pieces that F&O cancelled beside pieces that came back:
        lines do not tell how much of them was cancelled, so reconciliation lists the order."""
        kinds = [
            (await self.harness.claim(f"{one['increment_id']}@{one['store_id']}", "creditmemos"))
            .delivered.keys()
            for one in order.creditmemos
        ]  # fmt: skip
        return any({TAKEN_OFF, "return_order"} <= one for one in kinds)

    def _paid_once(self, order: StoredOrder, kept: Decimal, mine: list[str]) -> None:
        """Invoices that we made of F&O's bring no money; the others do, and what is given back of
        them is paid out."""
        ours = [any(row["comment"].startswith("F&O") for row in one["comments"])
                for one in order.invoices]  # fmt: skip
        if any(ours) and not all(ours):
            return
        references = [f"{one['store_id']}-{kind}{one['increment_id']}"
                      for kind, rows in (("I", order.invoices), ("C", order.creditmemos))
                      for one in rows]  # fmt: skip
        rows = [row for one in references for row in self.dynamics.payments_for(one)]
        held = sum((row["CreditAmount"] - row["DebitAmount"] for row in rows), Decimal(0))
        assert held == (Decimal(0) if any(ours) else kept) or mine, (held, kept, order.row)

    def _names(self, order: StoredOrder) -> list[str]:
        """How records of the order begin, behind their flow."""
        numbers = [one["SalesOrderNumber"] for one in self.harness.headers(order)]
        posted = [row["InvoiceId"] for row in self.rows("CustInvoiceJourBiEntities")
                  if row["SalesId"] in numbers]  # fmt: skip
        own = {"orders": [order.row], "invoices": order.invoices, "payments": order.invoices,
               "creditmemos": order.creditmemos, "refunds": order.creditmemos}  # fmt: skip
        return [
            *(f"{flow} {row['increment_id']}@" for flow, rows in own.items() for row in rows),
            *(f"|{one}" for one in [*numbers, *posted]),
        ]

    def _money(self, order: StoredOrder) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Charged and given back in Commerce, invoiced and (below zero) credited in F&O."""
        rows = self.rows("CustInvoiceJourBiEntities")
        sold = {number for _, number in self.sales_orders_of([order])}
        returned = {one["ReturnOrderNumber"] for one in self._returns(order)}
        return (
            _sum(_with_what_paid_it(one) for one in order.invoices),
            _sum(_with_what_paid_it(one) for one in order.creditmemos),
            _sum(row["InvoiceAmount"] for row in rows if row["SalesId"] in sold),
            _sum(row["InvoiceAmount"] for row in rows if row["SalesId"] in returned),
        )


def _with_what_paid_it(document: Columns) -> Decimal:
    """Gift cards and credit are money, of which F&O's sales order holds nothing."""
    return _sum([document["grand_total"], *(document.get(name) or ZERO for name in OTHERWISE)])


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


async def lived(harness: Harness, seed: int) -> None:
    world = MoneyLives(harness, seed)
    world.receives()
    for adjustment in ("REFUNDADJ", "REFUNDFEE"):
        harness.dynamics.release(COMPANY, adjustment)
    for _ in range(3):
        await world.buys()
    for _ in range(30):
        await world.happens()
    await world.ends()
    await world.compared()


OFTEN_ENOUGH = 26


@pytest.mark.parametrize(
    "seed",
    [OFTEN_ENOUGH, *(pytest.param(one, marks=pytest.mark.long) for one in range(100, 400))],
)
def test_money_agrees_or_a_person_is_told(seed: int) -> None:
    @in_harness(**settings_of(seed))
    async def life(harness: Harness) -> None:
        await lived(harness, seed)

    life()
