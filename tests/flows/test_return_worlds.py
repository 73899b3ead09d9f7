"""Returns, arrivals in parts, credit notes, refunds by hand, lost answers and deaths in any order:
in the end no credit note was refunded twice, and what F&O credited is what Commerce gave back, or a
person is told."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics import return_handling
from sandbox.dynamics.state import NotPosted
from sandbox.dynamics.store import Record
from sync.commerce.models.refund import marker_of
from sync.core.money import ZERO
from sync.engine.claim import State
from tests.flows.returns import Returning, in_returns, key
from tests.systems import COMPANY

SKUS = ("SIMPLE-001", "SIMPLE-003", "SIMPLE-004", "TEE", "KIT-DYN")
FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
WRITES = ("/refund", "/comments", "/V1/returns/1", "/V1/returns/2", "/tracking-numbers")
DISPOSITIONS = ("CREDIT", "CREDIT", "SCRAP", "CREDITONLY", "REPLCREDIT", "RETURN")
FLOWS = ("returns", "return_states", "refunds")


class World:
    """What happens, by chance."""

    def __init__(self, ours: Returning, seed: int) -> None:
        self.ours, self.chance = ours, Random(seed)
        self.orders: list[StoredOrder] = []
        self.rmas: list[Columns] = []
        self.notes: list[str] = []
        self.by_hand: set[int] = set()
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.requests, self.requests, self.arrives, *[self.comes_back] * 5, self.credits,
            self.authorises, self.cancels, self.replaces, self.refunds_by_hand, self.says,
            self.polls, self.polls, *[self.polls_badly] * 3, self.dies, self.dies,
        )  # fmt: skip

    async def happens(self) -> None:
        await self.chance.choice(self.events)()

    async def buys(self) -> None:
        skus = self.chance.sample(SKUS, self.chance.randint(1, 2))
        payment = self.chance.choice(("checkmo", "checkmo", "braintree"))
        order = await self.ours.sold(*skus, pieces=self.chance.randint(1, 4), payment=payment)
        self.orders.append(order)

    async def requests(self) -> None:
        order = self.chance.choice(self.orders)
        rows = [item["item_id"] for item in order.items if pays(order, item)]
        pieces = {row: self.chance.randint(1, 2) for row in rows if self.chance.random() < 0.7}
        with suppress(RestFault):
            rma = self.ours.commerce.request_return(
                order, pieces, resolution=self.chance.choice(("5", "5", "5", "6")),
            )  # fmt: skip
            self.rmas.append(rma)
        if self.chance.random() < 0.7:
            await self.polls()

    def headers(self) -> list[Record]:
        rows = self.ours.rows("ReturnOrderHeadersV2")
        found = [row for row in rows if "-R" in row["CustomersOrderReference"]]
        return self.chance.sample(found, min(len(found), 2))

    async def arrives(self) -> None:
        """Some of it, in parts, as the office decides."""
        dynamics = self.ours.dynamics
        for header in self.headers():
            rows = self.ours.rows(
                "ReturnOrderLinesV2", ReturnOrderNumber=header["ReturnOrderNumber"]
            )
            some = {row["ReturnInventoryLotId"]: Decimal(1) for row in rows}
            arrived = some if self.chance.random() < 0.5 else None
            with suppress(NotPosted):
                return_handling.register(
                    dynamics, header, arrived, self.chance.choice(DISPOSITIONS)
                )
                return_handling.post_slip(dynamics, header, quarantine=self.chance.random() < 0.2)

    async def comes_back(self) -> None:
        await self.arrives()
        await self.credits()

    async def credits(self) -> None:
        for header in self.headers():
            named = header["CustomersOrderReference"]
            rma = next(one for one in self.rmas if self.ours.reference_of(one) == named)
            with suppress(NotPosted):
                self.notes.append(self.ours.credits(rma))

    async def authorises(self) -> None:
        for header in self.headers():
            return_handling.let_go(self.ours.dynamics, header)

    async def cancels(self) -> None:
        for header in self.headers()[:1]:
            rows = self.ours.rows(
                "ReturnOrderLinesV2", ReturnOrderNumber=header["ReturnOrderNumber"]
            )
            if self.chance.random() < 0.3 and {row["ReturnStatus"] for row in rows} == {"Awaiting"}:
                with suppress(NotPosted):
                    return_handling.cancel(self.ours.dynamics, header)

    async def replaces(self) -> None:
        for header in self.headers()[:1]:
            if self.chance.random() < 0.2 and not header.values.get("ReplacementSalesOrderNumber"):
                return_handling.replace(self.ours.dynamics, header)

    async def refunds_by_hand(self) -> None:
        """The staff gives money back for goods that come back, or for others."""
        if self.chance.random() < 0.3:
            order = self.chance.choice(self.orders)
            rows = [item["item_id"] for item in order.items if pays(order, item)]
            invoice = order.invoices[0] if order.payment["method"] == "braintree" else None
            with suppress(RestFault):
                memo = self.ours.commerce.refund(
                    order, {self.chance.choice(rows): Decimal(1)}, shipping=ZERO, invoice=invoice
                )
                self.by_hand.add(memo["entity_id"])
                await self.ours.books(memo, "creditmemos")

    async def says(self) -> None:
        """The staff says what such a credit memo is."""
        for order in self.orders:
            for memo in order.creditmemos:
                if memo["entity_id"] in self.by_hand and not memo["comments"]:
                    mine = [one for one in self.rmas if one["order_id"] == order.entity_id]
                    text = "RMA:-"
                    if mine and self.chance.random() < 0.5:
                        text = marker_of(self.chance.choice(mine)["increment_id"])
                    self.ours.commerce.comment_on("creditmemo", memo, {"comment": text})

    async def polls(self) -> None:
        for flow in FLOWS:
            await self.ours.polls(flow)
        await self.ours.works_for(900)

    async def polls_badly(self) -> None:
        where = self.chance.choice(WRITES)
        self.ours.shop_dials.next(
            self.chance.choice(FAULTS), seconds=self.chance.randint(1, 50), writes=True,
            where=lambda arrival: arrival.path.endswith(where),
        )  # fmt: skip
        if self.chance.random() < 0.4:
            self.ours.ledger_dials.next(self.chance.choice(FAULTS), writes=True, seconds=30)
        await self.polls()
        await self.ours.shop_dials.settle()
        await self.ours.ledger_dials.settle()

    async def dies(self) -> None:
        if not self.rmas:
            return
        for flow in FLOWS:
            await self.ours.polls(flow)
        intake, keys = self.ours.services.intake, [f"{COMPANY}|{one}" for one in self.notes[-2:]]
        await intake.accept("refunds", "shop", keys, "replay")
        await intake.accept("returns", "shop", [key(self.rmas[-1])], "replay")
        await self.ours.works_until_it_dies(before=self.chance.choice(("claims", "trail")))

    async def ends(self) -> None:
        """Nothing goes wrong any more, and all is looked at again."""
        for dials in (self.ours.shop_dials, self.ours.ledger_dials):
            dials.plan.clear()
        await self.ours.works_until_idle()
        for _ in range(2):
            await self.ours.look()
        await self.ours.services.intake.accept(
            "refunds", "shop", [f"{COMPANY}|{one}" for one in self.notes], "replay"
        )
        await self.ours.works_until_idle()

    async def compared(self) -> int:
        """How many credit notes were refunded; each once, and to the cent."""
        for rma in self.rmas:
            returns = self.ours.dynamics.returns_for(self.ours.reference_of(rma))
            assert len(returns) <= 1, self.ours.reference_of(rma)
        told, refunded = set(await self.ours.parked("refunds")), 0
        for number in self.notes:
            claim = await self.ours.of_note(number)
            memos = self.memos_of(number)
            invoices = [memo["invoice_id"] for memo in memos]
            assert len(invoices) == len(set(invoices)), (number, invoices)
            if claim.key not in told and claim.state is State.DELIVERED:
                assert sum((one["grand_total"] for one in memos), ZERO) == await self.due(number)
                refunded += 1
            elif claim.state is State.SKIPPED:
                assert not memos
            else:
                assert claim.waits_for_a_person, (number, claim)
        for order in self.orders:
            assert order.amount("total_refunded") <= order.amount("total_paid")
        return refunded

    def memos_of(self, number: str) -> list[Columns]:
        return [
            memo
            for order in self.orders
            for memo in order.creditmemos
            if any(text["comment"].endswith(f"CN:{number}") for text in memo["comments"])
        ]

    async def due(self, number: str) -> Decimal:
        """What F&O credited by a note, less goods that are replaced."""
        (entry, *_) = [
            one
            for one in await self.ours.trail(f"{COMPANY}|{number}", "refunds")
            if "amounts" in one.details
        ]
        (journal,) = self.ours.rows("CustInvoiceJour", InvoiceNumber=number)
        amounts = entry.details["amounts"]
        assert Decimal(amounts["credit note"]) == -journal["TotalInvoiceAmount"]
        return Decimal(amounts["refund"])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(80))
@in_returns(returns={"authorise": "rule"})
async def test_whatever_happens_each_credit_note_is_refunded_once(
    ours: Returning, seed: int
) -> None:
    world = World(ours, seed)
    for _ in range(2):
        await world.buys()
    for _ in range(25 if seed == 0 else 40):
        await world.happens()
    await world.ends()
    await world.compared()
