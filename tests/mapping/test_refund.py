"""Refunds of drawn returns against the shop's own arithmetic: each credit note is given back to the
cent, whatever the order is made of, or nothing is sent and a person is told."""

import re
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.catalogue import Catalogue
from sandbox.commerce.documents import rest_document
from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.shape import rest_order
from sandbox.commerce.state import CommerceState
from sync.commerce.models.order import Order
from sync.commerce.models.refund import WantedRefund, is_marked
from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO, rounded
from sync.dynamics.documents.return_state import CreditLine, CreditNote, ReturnedLine, ReturnState
from sync.flows.returns.earlier_refunds import left_of
from sync.flows.returns.refund_writes import amount_of
from sync.mapping.refund import refunds_of
from sync.mapping.refund_case import RefundCase, given_by
from sync.mapping.refund_sums import left_to_refund, memo_of
from sync.mapping.returned_pieces import returned_pieces
from sync.mapping.rma_return_order import RmaWithOrder
from tests.mapping_tables.clock import StillClock
from tests.systems import SETTINGS, merged

CONNECTION = Connection.model_validate(
    merged(SETTINGS, {"returns": {"methods": {"*": "online"}, "exchanges": ["6"]}})
)
NOISE = ("0.00", "0.00", "0.01", "-0.01", "0.02")


class Drawn:
    """One order and its returns, by chance."""

    def __init__(self, shop: CommerceState, random: Random) -> None:
        self.shop, self.random = shop, random
        (self.order,) = shop.place_new()
        self.notes = 0
        self.told = Counter[str]()

    def rest(self) -> Order:
        return Order.read(rest_order(self.order))

    def documents(self, kind: str) -> list[dict[str, Any]]:
        found = self.order.creditmemos if kind == "creditmemo" else self.order.invoices
        documents = [rest_document(one) for one in found]
        odd = [one for one in documents if int(one["entity_id"]) % 2]
        for one in odd:  # a module may write numbers as text
            one["state"] = str(one["state"])
        return documents

    def rma(self, order: Order) -> Rma | None:
        left = left_to_refund(order)
        wanted = {
            row: self.random.randint(1, int(one.pieces))
            for row, one in left.items()
            if one.pieces >= 1 and one.pieces == int(one.pieces) and self.random.random() < 0.7
        }
        items = [
            {"entity_id": row, "order_item_id": row, "qty_requested": qty, "status": "authorized",
             "resolution": self.random.choice(("5", "5", "5", "6"))}
            for row, qty in wanted.items()
        ]  # fmt: skip
        if not items:
            return None
        return Rma.read({
            "increment_id": "000000001", "entity_id": 1, "order_id": self.order.entity_id,
            "store_id": self.order.row["store_id"], "status": "authorized", "items": items,
        })  # fmt: skip

    def note(self, found: RmaWithOrder) -> RefundCase:
        """What F&O credits of it: Commerce's amounts, with the cents of its own rounding."""
        self.notes += 1
        lines, states = [], []
        for one in found.pieces:
            memo = memo_of(
                found.order, "1", {one.row_id: one.pieces}, left_to_refund(found.order)
            )  # fmt: skip
            amount = rounded(memo.grand_total)
            amount = max(amount + Decimal(self.random.choice(NOISE)), ZERO)
            action = self.random.choice(("Credit", "Scrap", "CreditOnly", "ReplaceCredit"))
            lot = f"L{one.row_id}"
            lines.append(CreditLine(lot, str(one.row_id), "I", one.pieces, amount))
            states.append(
                ReturnedLine(lot, str(one.row_id), "I", one.pieces, one.pieces, "Invoiced", action)
            )
        fee = Decimal(self.random.choice((0, 0, 0, -1, 2)))
        amount = sum((one.amount for one in lines), fee)
        currency, number = found.order.order_currency_code, f"CCN-{self.notes}"
        note = CreditNote("usmf", number, "R1", "1-R1", currency, amount, tuple(lines))
        state = ReturnState("usmf", "R1", "1", "1-R1", "Closed", False, "", tuple(states))
        documents = self.documents("creditmemo"), self.documents("invoice")
        return RefundCase(found, note, state, {}, CONNECTION, *documents)

    def refunds(self, wanted: WantedRefund) -> None:
        invoice = next(
            (one for one in self.order.invoices if one["entity_id"] == wanted.invoice_id), None
        )
        memo = self.shop.refund(
            self.order, dict(wanted.items), shipping=wanted.shipping, positive=wanted.positive,
            negative=wanted.negative, invoice=invoice, online=wanted.is_online,
        )  # fmt: skip
        self.shop.comment_on("creditmemo", memo, {"comment": wanted.marker})


def given_back(case: RefundCase, drawn: Drawn) -> Decimal:
    """What the shop has given back of a credit note."""
    memos = [one for one in drawn.documents("creditmemo") if is_marked(one, [case.marker])]
    return sum((amount_of(memo) for memo in memos), ZERO)


def lived(shop: CommerceState, random: Random) -> Counter[str]:
    """One order's returns; what became of each credit note."""
    drawn = Drawn(shop, random)
    prepared(shop, drawn.order)
    for _ in range(2):
        order = drawn.rest()
        try:
            rma = drawn.rma(order) if drawn.order.invoices else None
            if rma is None or not returned_pieces(rma, order):
                continue
            case = drawn.note(RmaWithOrder(rma, order))
            given = given_by(case)
            if given.amount <= ZERO:
                drawn.told["nothing"] += 1
                continue
            wanted = refunds_of(case, given)
        except Never as why:
            drawn.told[re.sub(r"[0-9.,+-]+", "#", why.reason)] += 1
            continue
        try:
            for one in wanted:
                drawn.refunds(one)
        except RestFault:
            drawn.told["refused"] += 1
            continue
        back = given_back(case, drawn)
        assert back == given.amount, (case.note, given, wanted)
        rest = left_of(given, [one for one in drawn.documents("creditmemo")
                               if is_marked(one, [case.marker])])  # fmt: skip
        assert not rest.pieces
        assert rest.amount == 0
        drawn.told["refunded"] += 1
    return drawn.told


def prepared(shop: CommerceState, order: StoredOrder) -> None:
    """Paid and shipped, as far as it may be."""
    try:
        if not order.invoices:
            shop.invoice(order)
        shop.ship(order)
    except (RestFault, ValueError):
        return


@pytest.mark.parametrize(
    "orders", [60, pytest.param(5000, marks=pytest.mark.long)], ids=["some", "many"]
)
def test_drawn_returns_are_refunded_to_the_cent_and_never_twice(orders: int) -> None:
    shop, random = CommerceState(StillClock(), seed=11, catalogue=Catalogue()), Random(11)
    told: Counter[str] = Counter()
    for _ in range(orders):
        told += lived(shop, random)
    assert told["refunded"] > orders / 3, told
    assert told["refused"] <= orders / 50, told
