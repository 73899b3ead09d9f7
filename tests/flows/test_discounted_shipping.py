"""Orders whose shipping was discounted, refunded in two credit memos before anything is shipped.
Commerce discounts a memo's shipping by another share than the order's: with no shipping given back
it pays out too much, with the rest of it too little."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.records import Columns, StoredOrder
from sync.core.money import CENT
from sync.engine.claim import State
from tests.flows.finance import GERMAN, Finance, in_finance, key
from tests.systems import COMPANY

MEMOS = "creditmemos"
SKUS = ("SIMPLE-001", "SIMPLE-003")
SHIPPING: dict[str, Any] = {
    "none, then all": (Decimal(0), None),
    "none, then some": (Decimal(0), Decimal("1.50")),
    "some, then the rest": (Decimal("1.50"), None),
    "all, then none": (None, Decimal(0)),
}


async def sold(finance: Finance, *, with_tax: str = "Yes") -> StoredOrder:
    """Three pieces of two items, a third off everything, shipping too; in D365 and paid.
    `with_tax`: whether F&O takes the prices of the account's return orders so."""
    rule = Rule("percent", Decimal(33), on_shipping=True)
    wants = finance.wants(*SKUS, pieces=3)
    order = await finance.placed(store=GERMAN, rule=rule, shipping=Decimal("4.90"), **wants)
    (header,) = finance.headers(order)
    number = header["OrderingCustomerAccountNumber"]
    account = finance.dynamics.store.find("CustTable", COMPANY, number)
    assert account is not None
    finance.dynamics.store.update("CustTable", account, {"IsSalesTaxIncludedInPrices": with_tax})
    finance.commerce.invoice(order)
    assert order.amount("shipping_discount_amount")
    return order


def refunded(finance: Finance, order: StoredOrder, row: int, shipping: Decimal | None) -> Columns:
    pieces = {order.items[row]["item_id"]: Decimal(2)}
    return finance.commerce.refund(order, pieces, shipping=shipping)


def held(finance: Finance, order: StoredOrder) -> Decimal:
    """What F&O holds of the order, with tax, less what it credits: that bears no tax, as all goods
    and their tax are off the order."""
    lines = finance.rows("SalesLine")
    credits_ = [
        line["LineAmount"]
        for memo in order.creditmemos
        if finance.dynamics.returns_for(finance.reference(memo, MEMOS))
        for line in finance.return_lines(memo)
    ]
    return sum([line["LineAmount"] for line in lines] + credits_, Decimal(0))


async def agrees(finance: Finance, order: StoredOrder) -> None:
    """Both systems hold the same, and nobody has to look."""
    wanted = order.amount("grand_total") - order.amount("total_refunded")
    assert abs(held(finance, order) - wanted) <= CENT, (held(finance, order), wanted)
    for memo in order.creditmemos:
        assert await finance.stands(memo, MEMOS) is State.DELIVERED
    assert await finance.parked("orders") == []


@pytest.mark.parametrize("shipping", SHIPPING.values(), ids=SHIPPING)
@pytest.mark.parametrize("with_tax", ["Yes", "No"])
@pytest.mark.parametrize("told", ["as they come", "first first", "second first"])
@in_finance()
async def test_both_systems_hold_the_same_whichever_memo_is_told_first(
    finance: Finance, told: str, with_tax: str, shipping: Any
) -> None:
    order = await sold(finance, with_tax=with_tax)
    first = refunded(finance, order, 0, shipping[0])
    if told == "as they come":
        await finance.books(first, MEMOS)
        await agrees(finance, order)
    second = refunded(finance, order, 1, shipping[1])
    for memo in (second, first) if told == "second first" else (first, second):
        await finance.books(memo, MEMOS)
    await finance.delivers(order)
    await agrees(finance, order)
    before = held(finance, order)
    for memo in (first, second):
        await finance.replays(key(memo), MEMOS)
    assert held(finance, order) == before


@in_finance()
async def test_a_memo_that_was_being_booked_when_the_next_was_made_is_credited_once(
    finance: Finance,
) -> None:
    order = await sold(finance)
    first = refunded(finance, order, 0, Decimal(0))
    await finance.notify(first, MEMOS)
    await finance.dies_when(lambda arrival: b"ReturnOrderLinesV2" in arrival.body)
    second = refunded(finance, order, 1, None)
    await finance.books(second, MEMOS)
    await finance.settled()
    await agrees(finance, order)
