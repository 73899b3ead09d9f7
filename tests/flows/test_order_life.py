"""What becomes of orders that are refunded, cancelled, held or rejected, at any point of their life, on both sides."""

from decimal import Decimal
from typing import Any

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.records import Columns, StoredOrder
from tests.flows.till import FREE_TEXT, Till, in_till, key
from tests.site import COMPANY

MEMOS = "creditmemos"
PAYS = {"refund_payment": True}
NOTHING = Decimal(0)


async def sold(till: Till, pieces: int = 3) -> StoredOrder:
    """Some pieces of two items, in D365 and paid; nothing is shipped."""
    order = await till.placed(shipping=Decimal(0), **till.wants("SIMPLE-001", "SIMPLE-003", pieces=pieces))
    till.commerce.invoice(order)
    return order


def of(order: StoredOrder, pieces: int) -> dict[int, Decimal]:
    """So many pieces of the first row."""
    return {order.items[0]["item_id"]: Decimal(pieces)}


async def told(till: Till, order: StoredOrder) -> Any:
    return (await till.trail(order))[-1].details["amounts"]


def credits_of(till: Till, memo: Columns) -> list[Any]:
    return till.dynamics.returns_for(till.reference(memo, MEMOS))


@pytest.mark.parametrize("first", ["order", "memo"])
@in_till(creditmemos=PAYS)
async def test_an_order_refunded_whole_before_it_was_shipped_goes_and_only_its_money_goes_back(
    till: Till, first: str
) -> None:
    order = await sold(till)
    memo = till.commerce.refund(order)
    if first == "order":
        await till.delivers(order)
    await till.books(memo, MEMOS)
    await till.delivers(order)
    assert till.headers(order) == []
    assert (await till.claim(order)).state is State.CANCELLED
    assert credits_of(till, memo) == []
    assert till.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]
    assert "taken off" in (await till.claim(key(memo), MEMOS)).number
    await till.books(memo, MEMOS)
    assert (await till.told(memo, MEMOS))[-1] == "unchanged"


@pytest.mark.parametrize("first", ["order", "memo"])
@in_till()
async def test_pieces_refunded_before_they_were_shipped_leave_the_open_order_and_are_not_credited(
    till: Till, first: str
) -> None:
    order = await sold(till)
    memo = till.commerce.refund(order, of(order, 2), shipping=NOTHING)
    if first == "order":
        await till.delivers(order)
    await till.books(memo, MEMOS)
    await till.delivers(order)
    assert till.lines(order) == {"SIMPLE-001": 1, "SIMPLE-003": 3}
    assert credits_of(till, memo) == []
    amounts = await told(till, order)
    assert Decimal(amounts["commerce"]) == order.amount("grand_total") - memo["grand_total"]
    assert (amounts["difference"], amounts["placed"]) == ("0.00", f"{order.amount('grand_total'):.2f}")


@in_till()
async def test_a_fee_that_is_withheld_is_charged_where_nothing_else_is_credited(till: Till) -> None:
    order = await sold(till)
    memo = till.commerce.refund(order, negative=Decimal("1.25"))
    await till.books(memo, MEMOS)
    assert till.headers(order) == []
    assert till.credited(memo) == Decimal("-1.25")


@in_till()
async def test_an_order_first_seen_after_it_was_refunded_is_never_posted_and_its_memo_credits_nothing(
    till: Till,
) -> None:
    order = till.place(skus=("SIMPLE-001",))
    till.commerce.invoice(order)
    memo = till.commerce.refund(order)
    await till.books(memo, MEMOS)
    await till.delivers(order)
    assert till.headers(order) == []
    assert "refunded in Commerce before it was posted" in await till.reason(order.row, "orders")
    assert credits_of(till, memo) == []
    assert await till.stands(memo, MEMOS) is State.DELIVERED


@in_till()
async def test_what_f_o_invoiced_comes_back_to_its_lot_whatever_the_shop_says_of_shipping(till: Till) -> None:
    order = await sold(till)
    till.dynamics.invoice(till.header(order)["SalesOrderNumber"], COMPANY)
    memo = till.commerce.refund(order)
    await till.books(memo, MEMOS)
    await till.delivers(order)
    assert till.lines(order) == {"SIMPLE-001": 3, "SIMPLE-003": 3}
    assert all(line["ReturningInventoryLotId"] for line in till.return_lines(memo))
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert await till.parked("orders") == []


@in_till()
async def test_pieces_refunded_on_both_sides_of_the_invoice_are_taken_off_and_returned(till: Till) -> None:
    order = await sold(till)
    first = till.commerce.refund(order, of(order, 1), shipping=NOTHING)
    await till.books(first, MEMOS)
    till.ships(order)
    second = till.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await till.books(second, MEMOS)
    await till.delivers(order)
    assert credits_of(till, first) == []
    (line,) = till.return_lines(second)
    assert line["ReturnSalesQuantity"] == -2
    assert till.lines(order) == {"SIMPLE-001": 2, "SIMPLE-003": 3}
    assert await till.parked("orders") == []


@in_till()
async def test_a_refund_of_what_is_left_of_a_part_shipped_order_waits_for_a_person_and_then_agrees(till: Till) -> None:
    order = await sold(till)
    number = till.header(order)["SalesOrderNumber"]
    lots = {line["ExternalItemNumber"]: line["InventoryLotId"] for line in till.dynamics.lines(COMPANY, number)}
    row = str(order.items[0]["item_id"])
    till.dynamics.deliver(number, COMPANY, quantities={lots[row]: Decimal(1)})
    memo = till.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await till.books(memo, MEMOS)
    claim = await till.claim(key(memo), MEMOS)
    assert claim.state is State.PARKED
    assert f"{row}: 1" in claim.remedy
    line = till.dynamics.store.find("SalesLine", COMPANY, lots[row])
    assert line is not None
    till.dynamics.store.update("SalesLine", line, {"OrderedSalesQuantity": Decimal(1)})
    await till.replays(key(memo), MEMOS)
    assert credits_of(till, memo) == []
    assert await till.stands(memo, MEMOS) is State.DELIVERED


@in_till()
async def test_what_was_credited_before_stays_on_the_order_that_is_still_open(till: Till) -> None:
    order = await sold(till)
    till.commerce.ship(order)
    memo = till.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await till.books(memo, MEMOS)
    assert till.credited(memo) > 0
    for item in order.items:  # as if an earlier release had credited what nobody had shipped
        item["qty_shipped"] = NOTHING
    till.commerce.change_address(order, city="Neustadt")
    await till.delivers(order)
    assert till.lines(order) == {"SIMPLE-001": 3, "SIMPLE-003": 3}


@in_till(invoices=FREE_TEXT)
async def test_where_free_text_invoices_book_the_revenue_the_memo_is_credited_and_nothing_is_left_to_ship(
    till: Till,
) -> None:
    order = await sold(till)
    memo = till.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await till.books(memo, MEMOS)
    await till.delivers(order)
    assert till.lines(order) == {"SIMPLE-001": 1, "SIMPLE-003": 3}
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert {line.values.get("ReturningInventoryLotId", "") for line in till.return_lines(memo)} == {""}


@in_till()
async def test_the_trail_shows_what_is_held_after_a_part_was_cancelled(till: Till) -> None:
    order = await till.placed(shipping=Decimal(5), **till.wants("SIMPLE-001", "SIMPLE-003", pieces=3))
    till.commerce.invoice(order, of(order, 2))
    till.commerce.cancel(order)
    await till.delivers(order)
    amounts = await told(till, order)
    held = order.amount("grand_total") - order.amount("total_canceled")
    assert (Decimal(amounts["commerce"]), amounts["difference"]) == (held, "0.00")
    assert amounts["placed"] == f"{order.amount('grand_total'):.2f}"


@pytest.mark.parametrize("where", ["cancelled", "deleted"])
@in_till()
async def test_an_order_cancelled_on_both_sides_is_agreement(till: Till, where: str) -> None:
    order = await till.placed()
    number = till.header(order)["SalesOrderNumber"]
    till.dynamics.cancel(number, COMPANY)
    if where == "deleted":
        header = till.dynamics.order(COMPANY, number)
        assert header is not None
        till.dynamics.store.delete("SalesTable", header)
    till.commerce.cancel(order)
    await till.delivers(order)
    assert await till.parked("orders") == []
    assert (await till.claim(order)).state is State.CANCELLED


@in_till()
async def test_a_rejected_order_is_never_posted_and_one_that_waits_for_fraud_is_posted_when_it_is_cleared(
    till: Till,
) -> None:
    order = till.place()
    order.row["status"] = "rejected"
    await till.delivers(order)
    assert "rejected in Commerce" in await till.reason(order.row, "orders")
    order.row |= {"state": "processing", "status": "fraud"}
    await till.replays(key(order.row), "orders")
    assert "its status is fraud" in await till.reason(order.row, "orders")
    assert till.headers(order) == []
    order.row["status"] = "processing"
    await till.replays(key(order.row), "orders")
    assert len(till.headers(order)) == 1


@pytest.mark.parametrize("stops", [True, False])
def test_an_order_that_goes_on_hold_after_posting_is_told_and_stopped_where_that_is_wanted(stops: bool) -> None:
    @in_till(orders={"stop_processing": stops})
    async def story(till: Till) -> None:
        order = await till.placed()
        till.commerce.hold(order)
        await till.delivers(order)
        assert (await till.events(order))[-1] == "held"
        assert "on hold in Commerce" in (await till.trail(order))[-1].details["hold"]
        assert (till.header(order).get("IsSalesProcessingStopped") == "Yes") is stops
        assert bool(till.dynamics.deliver(till.header(order)["SalesOrderNumber"], COMPANY)) is not stops
        await till.replays(key(order.row), "orders")
        assert (await till.events(order))[-1] == "unchanged"
        till.commerce.unhold(order)
        await till.delivers(order)
        assert (await till.events(order))[-1] == "released"
        assert till.header(order).get("IsSalesProcessingStopped", "No") == "No"

    story()


@in_till(orders={"stop_processing": True})
async def test_a_stop_that_somebody_else_set_is_not_lifted(till: Till) -> None:
    order = await till.placed()
    header = till.header(order)
    till.dynamics.put("SalesTable", **{**header, "IsSalesProcessingStopped": "Yes"})
    till.commerce.hold(order)
    await till.delivers(order)
    till.commerce.unhold(order)
    await till.delivers(order)
    assert till.header(order)["IsSalesProcessingStopped"] == "Yes"


@in_till(creditmemos=PAYS)
async def test_a_refund_to_store_credit_is_a_liability_and_no_bank_pays_it(till: Till) -> None:
    order = await sold(till)
    till.ships(order)
    memo = till.commerce.refund(order, to_store_credit=Decimal(10))
    await till.books(memo, MEMOS)
    lines = [row for row in till.rows("CustomerPaymentJournalLines") if row.values.get("DebitAmount")]
    out = {row["OffsetAccountType"]: row["DebitAmount"] for row in lines}
    assert out == {"Bank": memo["grand_total"] - 10, "Ledger": 10}
    await till.books(memo, MEMOS)
    assert len([row for row in till.rows("CustomerPaymentJournalLines") if row.values.get("DebitAmount")]) == 2


@in_till()
async def test_an_invoice_on_account_books_no_payment(till: Till) -> None:
    order = await till.placed(payment="purchaseorder", po_number="PO-77")
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert till.payments(invoice) == []
    assert "moves no money" in await till.reason(invoice)
