"""Returns of customers, guests and staff, fractions, answers without items, arrivals in parts,
credit notes, refunds by hand, lost answers and deaths in any order: in the end no credit note was
refunded twice, what F&O credited of an order is what Commerce gave back of it, and each RMA shows
how far F&O is with it, or a person is told."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random

import pytest

from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Kind
from sandbox.dynamics import return_handling
from sandbox.dynamics.state import NotPosted
from sandbox.dynamics.store import Record
from sync.commerce.models.refund import APART, marker_of
from sync.core.money import ZERO, total
from sync.engine.claim import State
from tests.flows.returns import Returning, in_returns, key
from tests.harness import GUEST
from tests.systems import COMPANY

SKUS = ("SIMPLE-001", "SIMPLE-003", "SIMPLE-004", "TEE", "KIT-DYN")
FAULTS = (Kind.LOST, Kind.ERROR_AFTER, Kind.ERROR_BEFORE, Kind.DROPPED, Kind.DELAYED)
WRITES = ("/refund", "/comments", "/V1/returns/1", "/V1/returns/2", "/tracking-numbers")
DISPOSITIONS = ("CREDIT", "CREDIT", "SCRAP", "CREDITONLY", "REPLCREDIT", "RETURN")
FLOWS, MEMOS = ("returns", "return_states", "refunds"), "creditmemos"
BUYERS = [(STORES[0], SHOPPERS[0]), (STORES[0], GUEST), (STORES[1], SHOPPERS[7])]
LIVES, RETURNS = 500, 20
"""Lives of the long test, and returns that each draws: 10,000 in all."""
ARRIVED, TAKEN = {"Registered", "Quarantine"}, {"Received", "Invoiced"}


class World:
    """What happens, by chance."""

    def __init__(self, ours: Returning, seed: int) -> None:
        self.ours, self.chance = ours, Random(seed)
        self.orders: list[StoredOrder] = []
        self.rmas: list[Columns] = []
        self.notes: list[str] = []
        self.by_hand: set[int] = set()
        self.said_late: set[int] = set()
        self.deeds: tuple[Callable[[], Awaitable[None]], ...] = (
            self.arrives, *[self.comes_back] * 5, self.credits, self.authorises, self.cancels,
            self.replaces, self.refunds_by_hand, self.says,
        )  # fmt: skip
        self.looks = (self.polls, self.polls, *[self.polls_badly] * 3, self.dies, self.dies)
        self.events = (self.requests, self.requests, *self.deeds, *self.looks)

    async def happens(self) -> None:
        await self.chance.choice(self.events)()

    async def draws(self, returns: int) -> None:
        """So many returns, a few of them new at a time; then some more looks at them."""
        rounds = 4
        while len(self.rmas) < returns or (rounds := rounds - 1):
            if len(self.rmas) < returns:
                await self.buys()
                await self.buys()
                for _ in range(min(5, returns - len(self.rmas))):
                    self.opens()
            for _ in range(6):
                await self.chance.choice(self.deeds)()
            await self.chance.choice(self.looks)()

    async def buys(self) -> None:
        skus = self.chance.sample(SKUS, self.chance.randint(1, 2))
        payment = self.chance.choice(("checkmo", "checkmo", "braintree"))
        store, shopper = self.chance.choice(BUYERS)
        order = await self.ours.sold(
            *skus, pieces=self.chance.randint(1, 4), payment=payment, store=store, shopper=shopper
        )
        self.orders.append(order)

    async def requests(self) -> None:
        self.opens()
        if self.chance.random() < 0.7:
            await self.polls()

    def opens(self) -> None:
        """A customer, a guest or the staff; now and then for a fraction of a piece."""
        order = self.chance.choice(self.orders[-4:])
        rows = [item["item_id"] for item in order.items if pays(order, item)]
        some = self.chance.sample(rows, self.chance.randint(min(1, len(rows)), len(rows)))
        with suppress(RestFault):
            rma = self.ours.commerce.request_return(
                order, {row: self.chance.randint(1, 2) for row in some},
                resolution=self.chance.choice((*"5555555", "6")),
                status=self.chance.choice(("pending", "pending", "pending", "authorized")),
            )  # fmt: skip
            if some and self.chance.random() < 0.03:
                rma["items"][0]["qty_requested"] = Decimal("0.5")
            self.rmas.append(rma)

    def headers(self) -> list[Record]:
        rows = self.ours.rows("ReturnOrderHeadersV2")
        found = [row for row in rows if "-R" in row["CustomersOrderReference"]
                 and row["ReturnStatus"] in {"Created", "Open"}]  # fmt: skip
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
        """The staff says what such a credit memo is, some only after F&O has it."""
        for order in self.orders:
            for memo in order.creditmemos:
                if memo["entity_id"] in self.by_hand and not memo["comments"]:
                    if self.credits_of(memo):
                        self.said_late.add(memo["entity_id"])
                    mine = [one for one in self.rmas if one["order_id"] == order.entity_id]
                    text = "RMA:-"
                    if mine and self.chance.random() < 0.5:
                        text = marker_of(self.chance.choice(mine)["increment_id"])
                    self.ours.commerce.comment_on("creditmemo", memo, {"comment": text})

    async def polls(self) -> None:
        self.ours.commerce.lists_load_nothing = self.chance.random() < 0.1
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
        memos = [key(memo) for order in self.orders for memo in order.creditmemos]
        await self.ours.services.intake.accept(MEMOS, "shop", memos, "replay")
        await self.ours.works_until_idle()

    async def compared(self) -> int:
        """How many credit notes were refunded; each once, and to the cent."""
        for rma in self.rmas:
            returns = self.ours.dynamics.returns_for(self.ours.reference_of(rma))
            assert len(returns) <= 1, self.ours.reference_of(rma)
            await self.must_show(self.ours.now(rma), returns)
        told, sums = set(await self.ours.parked("refunds")), dict[tuple[int, str], Decimal]()
        refunded = {one for one in self.notes if await self._is_refunded(one, told, sums)}
        assert not any(sums.values()), sums
        for order in self.orders:
            assert order.amount("total_refunded") <= order.amount("total_paid")
            for memo in order.creditmemos:
                assert memo["entity_id"] in self.by_hand or len(numbers_in(memo)) == 1, memo
                self.must_not_be_credited_again(memo)
                await self.must_be_booked(memo)
        return len(refunded)

    async def _is_refunded(
        self, number: str, told: set[str], sums: dict[tuple[int, str], Decimal]
    ) -> bool:
        """Whether it was; `sums`: refunds less credit notes, by order and currency."""
        claim, memos = await self.ours.of_note(number), self.memos_of(number)
        invoices = [memo["invoice_id"] for memo in memos]
        assert len(invoices) == len(set(invoices)), (number, invoices)
        if claim.key not in told and claim.state is State.DELIVERED:
            given, due = total(one["grand_total"] for one in memos), await self.due(number)
            assert given == due, (number, given, due)
            (place,) = {(one["order_id"], one["order_currency_code"]) for one in memos}
            sums[place] = sums.get(place, ZERO) + given - due
            return True
        if claim.state is State.SKIPPED:
            assert not memos
        else:
            assert claim.waits_for_a_person, (number, claim)
        return False

    def must_not_be_credited_again(self, memo: Columns) -> None:
        """What is the refund of a return has no credit note of its own in F&O."""
        markers = {text["comment"] for text in memo["comments"]}
        is_of_return = any(one.startswith("RMA:") and one != APART for one in markers)
        is_late = memo["entity_id"] in self.said_late and not numbers_in(memo)
        assert len(self.credits_of(memo)) <= (0 if is_of_return and not is_late else 1), memo

    async def must_be_booked(self, memo: Columns) -> None:
        """Its money once; its goods by a return order, of its own or of the return, or a person is
        told."""
        claim, lines = await self.ours.claim(key(memo), MEMOS), self.ours.payments(memo, MEMOS)
        if not self.ours.services.connections["shop"].creditmemos.refund_payment:
            assert lines == [], memo
            return
        told = [one["comment"] for one in memo["comments"] if one["comment"] != APART]
        if claim.state is not State.DELIVERED:
            assert claim.waits_for_a_person, (memo, claim)
            assert len(lines) <= 1, (memo, lines)
            return
        assert [one["DebitAmount"] for one in lines] == [memo["grand_total"]], (memo, claim)
        mine = [one for one in self.rmas if any(one["increment_id"] in text for text in told)]
        by_return = [self.ours.dynamics.returns_for(self.ours.reference_of(one)) for one in mine]
        assert any(by_return) or self.credits_of(memo), (memo, claim)

    def credits_of(self, memo: Columns) -> list[Record]:
        return self.ours.dynamics.returns_for(self.ours.reference(memo, "creditmemos"))

    async def must_show(self, rma: Columns, returns: list[Record]) -> None:
        """Its items, and how far F&O is with their lines (reference 7.3)."""
        claim = await self.ours.claim(key(rma), "return_states")
        if not returns or claim.state is not State.DELIVERED:
            asked = await self.ours.claim(key(rma), "returns")
            assert not returns or claim.waits_for_a_person or asked.waits_for_a_person, claim
            return
        lines = self.ours.rows(
            "ReturnOrderLinesV2", ReturnOrderNumber=returns[0]["ReturnOrderNumber"]
        )
        if returns[0]["ReturnStatus"] == "Canceled":
            assert rma["status"] == "denied"
        for item in rma["items"]:
            mine = [one for one in lines if row_of(one) == str(item["order_item_id"])]
            shown = shown_of(mine) if mine else ""
            is_stopped = returns[0].values.get("IsReturnProcessingStopped") == "Yes"
            if shown and not is_stopped:
                assert item["status"] == shown, (rma["increment_id"], item, mine)

    def memos_of(self, number: str) -> list[Columns]:
        memos = (memo for order in self.orders for memo in order.creditmemos)
        return [memo for memo in memos if number in numbers_in(memo)]

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


def numbers_in(memo: Columns) -> set[str]:
    """The credit notes that a credit memo says it refunds."""
    texts = (str(text["comment"]) for text in memo["comments"])
    return {text.partition(" CN:")[2] for text in texts if " CN:" in text}


def row_of(line: Record) -> str:
    return str(line.values.get("ExternalItemNumber", "")).partition("/")[0]


def shown_of(lines: list[Record]) -> str:
    """What an item is to show of its lines; empty where they are in several states."""
    states = {line["ReturnStatus"] for line in lines}
    if states == {"Awaiting"}:
        return "authorized"
    if states == {"Canceled"}:
        return "denied"
    if states <= ARRIVED:
        return "received"
    codes = {line.values.get("ReturnDispositionCode") == "RETURN" for line in lines}
    return ("rejected" if codes == {True} else "approved") if states <= TAKEN else ""


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, LIVES))]
)
@in_returns(returns={"authorise": "rule"}, creditmemos={"refund_payment": True})
async def test_of_ten_thousand_returns_each_credit_note_is_refunded_once(
    ours: Returning, seed: int
) -> None:
    world = World(ours, seed)
    await world.draws(3 if seed == 0 else RETURNS)
    await world.ends()
    assert await world.compared() or seed
