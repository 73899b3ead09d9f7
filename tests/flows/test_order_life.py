"""What becomes of orders that are refunded, cancelled, held or rejected, at any point of their
life, on both sides."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from sync.mapping_tables.records import ItemMapping
from tests.flows.finance import FREE_TEXT, Finance, in_finance, key
from tests.harness import key_of
from tests.systems import COMPANY

MEMOS = "creditmemos"
PAYS = {"refund_payment": True}
NOTHING = Decimal(0)


async def sold(finance: Finance, pieces: int = 3) -> StoredOrder:
    """Some pieces of two items, in D365 and paid; nothing is shipped."""
    order = await finance.placed(
        shipping=Decimal(0), **finance.wants("SIMPLE-001", "SIMPLE-003", pieces=pieces)
    )
    finance.commerce.invoice(order)
    return order


def of(order: StoredOrder, pieces: int) -> dict[int, Decimal]:
    """So many pieces of the first row."""
    return {order.items[0]["item_id"]: Decimal(pieces)}


async def reported(finance: Finance, order: StoredOrder) -> Any:
    return (await finance.trail(order))[-1].details["amounts"]


def credits_of(finance: Finance, memo: Columns) -> list[Any]:
    return finance.dynamics.returns_for(finance.reference(memo, MEMOS))


@pytest.mark.parametrize("first", ["order", "memo"])
@in_finance(creditmemos=PAYS)
async def test_an_order_refunded_whole_before_it_was_shipped_goes_and_only_its_money_goes_back(
    finance: Finance, first: str
) -> None:
    order = await sold(finance)
    memo = finance.commerce.refund(order)
    if first == "order":
        await finance.delivers(order)
    await finance.books(memo, MEMOS)
    await finance.delivers(order)
    assert finance.headers(order) == []
    assert (await finance.claim(order)).state is State.CANCELLED
    assert credits_of(finance, memo) == []
    assert finance.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]
    assert "taken off" in (await finance.claim(key(memo), MEMOS)).number
    await finance.books(memo, MEMOS)
    assert (await finance.reported(memo, MEMOS))[-1] == "unchanged"


@pytest.mark.parametrize("first", ["order", "memo"])
@in_finance()
async def test_pieces_refunded_before_they_were_shipped_leave_the_open_order_and_are_not_credited(
    finance: Finance, first: str
) -> None:
    order = await sold(finance)
    memo = finance.commerce.refund(order, of(order, 2), shipping=NOTHING)
    if first == "order":
        await finance.delivers(order)
    await finance.books(memo, MEMOS)
    await finance.delivers(order)
    assert finance.lines(order) == {"SIMPLE-001": 1, "SIMPLE-003": 3}
    assert credits_of(finance, memo) == []
    amounts = await reported(finance, order)
    assert Decimal(amounts["commerce"]) == order.amount("grand_total") - memo["grand_total"]
    assert (amounts["difference"], amounts["placed"]) == (
        "0.00",
        f"{order.amount('grand_total'):.2f}",
    )


@in_finance()
async def test_a_fee_that_is_withheld_is_charged_where_nothing_else_is_credited(
    finance: Finance,
) -> None:
    order = await sold(finance)
    memo = finance.commerce.refund(order, negative=Decimal("1.25"))
    await finance.books(memo, MEMOS)
    assert finance.headers(order) == []
    assert finance.credited(memo) == Decimal("-1.25")


@in_finance()
async def test_an_order_first_seen_after_its_refund_is_never_posted_and_its_memo_credits_nothing(
    finance: Finance,
) -> None:
    order = finance.place(skus=("SIMPLE-001",))
    finance.commerce.invoice(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    await finance.delivers(order)
    assert finance.headers(order) == []
    assert "refunded in Commerce before it was posted" in await finance.reason(order.row, "orders")
    assert credits_of(finance, memo) == []
    assert await finance.stands(memo, MEMOS) is State.DELIVERED


@in_finance()
async def test_what_f_o_invoiced_comes_back_to_its_lot_whatever_the_shop_says_of_shipping(
    finance: Finance,
) -> None:
    order = await sold(finance)
    finance.dynamics.invoice(finance.header(order)["SalesOrderNumber"], COMPANY)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    await finance.delivers(order)
    assert finance.lines(order) == {"SIMPLE-001": 3, "SIMPLE-003": 3}
    assert all(line["ReturningInventoryLotId"] for line in finance.return_lines(memo))
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert await finance.parked("orders") == []


@in_finance()
async def test_pieces_refunded_on_both_sides_of_the_invoice_are_taken_off_and_returned(
    finance: Finance,
) -> None:
    order = await sold(finance)
    first = finance.commerce.refund(order, of(order, 1), shipping=NOTHING)
    await finance.books(first, MEMOS)
    finance.ships(order)
    second = finance.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await finance.books(second, MEMOS)
    await finance.delivers(order)
    assert credits_of(finance, first) == []
    (line,) = finance.return_lines(second)
    assert line["ReturnSalesQuantity"] == -2
    assert finance.lines(order) == {"SIMPLE-001": 2, "SIMPLE-003": 3}
    assert await finance.parked("orders") == []


@in_finance()
async def test_a_refund_of_what_is_left_of_a_part_shipped_order_waits_for_a_person_and_then_agrees(
    finance: Finance,
) -> None:
    order = await sold(finance)
    number = finance.header(order)["SalesOrderNumber"]
    lots = {
        line["ExternalItemNumber"]: line["InventoryLotId"]
        for line in finance.dynamics.lines(COMPANY, number)
    }
    row = str(order.items[0]["item_id"])
    finance.dynamics.deliver(number, COMPANY, quantities={lots[row]: Decimal(1)})
    memo = finance.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await finance.books(memo, MEMOS)
    claim = await finance.claim(key(memo), MEMOS)
    assert claim.state is State.PARKED
    assert f"{row}: 1" in claim.remedy
    line = finance.dynamics.store.find("SalesLine", COMPANY, lots[row])
    assert line is not None
    finance.dynamics.store.update("SalesLine", line, {"OrderedSalesQuantity": Decimal(1)})
    await finance.replays(key(memo), MEMOS)
    assert credits_of(finance, memo) == []
    assert await finance.stands(memo, MEMOS) is State.DELIVERED


@in_finance()
async def test_what_was_credited_before_stays_on_the_order_that_is_still_open(
    finance: Finance,
) -> None:
    order = await sold(finance)
    finance.commerce.ship(order)
    memo = finance.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await finance.books(memo, MEMOS)
    assert finance.credited(memo) > 0
    for item in order.items:  # as if an earlier release had credited what nobody had shipped
        item["qty_shipped"] = NOTHING
    finance.commerce.change_address(order, city="Neustadt")
    await finance.delivers(order)
    assert finance.lines(order) == {"SIMPLE-001": 3, "SIMPLE-003": 3}


@in_finance(invoices=FREE_TEXT)
async def test_with_free_text_invoices_the_memo_is_credited_and_nothing_is_left_to_ship(
    finance: Finance,
) -> None:
    order = await sold(finance)
    memo = finance.commerce.refund(order, of(order, 2), shipping=NOTHING)
    await finance.books(memo, MEMOS)
    await finance.delivers(order)
    assert finance.lines(order) == {"SIMPLE-001": 1, "SIMPLE-003": 3}
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert {
        line.values.get("ReturningInventoryLotId", "") for line in finance.return_lines(memo)
    } == {""}


@in_finance()
async def test_the_trail_shows_what_is_held_after_a_part_was_cancelled(finance: Finance) -> None:
    order = await finance.placed(
        shipping=Decimal(5), **finance.wants("SIMPLE-001", "SIMPLE-003", pieces=3)
    )
    finance.commerce.invoice(order, of(order, 2))
    finance.commerce.cancel(order)
    await finance.delivers(order)
    amounts = await reported(finance, order)
    held = order.amount("grand_total") - order.amount("total_canceled")
    assert (Decimal(amounts["commerce"]), amounts["difference"]) == (held, "0.00")
    assert amounts["placed"] == f"{order.amount('grand_total'):.2f}"


@in_finance()
async def test_what_was_shipped_and_then_cancelled_is_told(
    finance: Finance, caplog: pytest.LogCaptureFixture
) -> None:
    order = await finance.placed(
        shipping=Decimal(0), **finance.wants("SIMPLE-001", "SIMPLE-003", pieces=3)
    )
    finance.commerce.ship(order)
    finance.commerce.invoice(order, of(order, 2))
    finance.commerce.cancel(order)
    await finance.delivers(order)
    amounts, lost = await reported(finance, order), order.amount("total_canceled")
    assert lost
    assert amounts["never charged in Commerce"] == f"{lost:.2f}"
    assert Decimal(amounts["dynamics"]) - Decimal(amounts["commerce"]) == lost
    assert f"orders.differs key={key(order.row)} connection=shop reason=order " in caplog.text


@pytest.mark.parametrize("where", ["cancelled", "deleted"])
@in_finance()
async def test_an_order_cancelled_on_both_sides_is_agreement(finance: Finance, where: str) -> None:
    order = await finance.placed()
    number = finance.header(order)["SalesOrderNumber"]
    finance.dynamics.cancel(number, COMPANY)
    if where == "deleted":
        header = finance.dynamics.order(COMPANY, number)
        assert header is not None
        finance.dynamics.store.delete("SalesTable", header)
    finance.commerce.cancel(order)
    await finance.delivers(order)
    assert await finance.parked("orders") == []
    assert (await finance.claim(order)).state is State.CANCELLED


@in_finance()
async def test_a_rejected_order_is_never_posted_and_a_suspected_one_only_when_it_is_cleared(
    finance: Finance,
) -> None:
    order = finance.place()
    order.row["status"] = "rejected"
    await finance.delivers(order)
    assert "rejected in Commerce" in await finance.reason(order.row, "orders")
    order.row |= {"state": "processing", "status": "fraud"}
    await finance.replays(key(order.row), "orders")
    assert "its status is fraud" in await finance.reason(order.row, "orders")
    assert finance.headers(order) == []
    order.row["status"] = "processing"
    await finance.replays(key(order.row), "orders")
    assert len(finance.headers(order)) == 1


@pytest.mark.parametrize("stops", [True, False])
def test_an_order_that_goes_on_hold_after_posting_is_told_and_stopped_where_that_is_wanted(
    stops: bool,
) -> None:
    @in_finance(orders={"stop_processing": stops})
    async def story(finance: Finance) -> None:
        order = await finance.placed()
        finance.commerce.hold(order)
        await finance.delivers(order)
        assert (await finance.events(order))[-1] == "held"
        assert "on hold in Commerce" in (await finance.trail(order))[-1].details["hold"]
        assert (finance.header(order).get("IsSalesProcessingStopped") == "Yes") is stops
        assert (
            bool(finance.dynamics.deliver(finance.header(order)["SalesOrderNumber"], COMPANY))
            is not stops
        )
        await finance.replays(key(order.row), "orders")
        assert (await finance.events(order))[-1] == "unchanged"
        finance.commerce.unhold(order)
        await finance.delivers(order)
        assert (await finance.events(order))[-1] == "released"
        assert finance.header(order).get("IsSalesProcessingStopped", "No") == "No"

    story()


@in_finance(orders={"stop_processing": True})
async def test_a_stop_that_somebody_else_set_is_not_lifted(finance: Finance) -> None:
    order = await finance.placed()
    header = finance.header(order)
    finance.dynamics.put("SalesTable", **{**header, "IsSalesProcessingStopped": "Yes"})
    finance.commerce.hold(order)
    await finance.delivers(order)
    finance.commerce.unhold(order)
    await finance.delivers(order)
    assert finance.header(order)["IsSalesProcessingStopped"] == "Yes"


def _is_change(arrival: Arrival) -> bool:
    return arrival.writes and b'"IsSalesProcessingStopped"' in arrival.body


@pytest.mark.parametrize("later", ["unhold", "hold again", "another change"])
@in_finance(orders={"stop_processing": True})
async def test_a_stop_of_ours_whose_answer_was_lost_is_lifted(finance: Finance, later: str) -> None:
    order = await finance.placed()
    finance.commerce.hold(order)
    finance.ledger_dials.next(Kind.LOST, where=_is_change)
    await finance.hooks(order)
    await finance.works_for(90)
    assert finance.header(order)["IsSalesProcessingStopped"] == "Yes"
    if later == "another change":
        finance.commerce.change_address(order, city="Neustadt")
        finance.ledger_dials.next(Kind.LOST, where=lambda arrival: b"Neustadt" in arrival.body)
        await finance.delivers(order)
    if later == "hold again":
        await finance.works_until_idle()
        finance.commerce.unhold(order)
        finance.ledger_dials.next(Kind.ERROR_BEFORE, where=_is_change)
        await finance.hooks(order)
        await finance.works_for(30)
        finance.commerce.hold(order)
        await finance.delivers(order)
        assert finance.header(order)["IsSalesProcessingStopped"] == "Yes"
    finance.commerce.unhold(order)
    await finance.delivers(order)
    assert finance.header(order)["IsSalesProcessingStopped"] == "No"
    assert (await finance.claim(order)).state is State.DELIVERED


@in_finance(creditmemos=PAYS)
async def test_a_refund_to_store_credit_is_a_liability_and_no_bank_pays_it(
    finance: Finance,
) -> None:
    order = await sold(finance)
    finance.ships(order)
    memo = finance.commerce.refund(order, to_store_credit=Decimal(10))
    await finance.books(memo, MEMOS)
    lines = [
        row for row in finance.rows("CustomerPaymentJournalLines") if row.values.get("DebitAmount")
    ]
    out = {row["OffsetAccountType"]: row["DebitAmount"] for row in lines}
    assert out == {"Bank": memo["grand_total"] - 10, "Ledger": 10}
    await finance.books(memo, MEMOS)
    assert (
        len(
            [
                row
                for row in finance.rows("CustomerPaymentJournalLines")
                if row.values.get("DebitAmount")
            ]
        )
        == 2
    )


@in_finance()
async def test_an_invoice_on_account_books_no_payment(finance: Finance) -> None:
    order = await finance.placed(payment="purchaseorder", po_number="PO-77")
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert finance.payments(invoice) == []
    assert "moves no money" in await finance.reason(invoice)


@in_finance(items={"rule": "none"})
async def test_documents_that_parked_with_their_order_follow_it_when_it_is_replayed(
    finance: Finance,
) -> None:
    systems = await finance.services.systems_pool.open("shop")
    order = finance.place(**finance.wants("SIMPLE-001"))
    await finance.delivers(order)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert await finance.parked() == [key_of(order)]
    assert await finance.parked("invoices") == [key(invoice)]
    await systems.items.put(ItemMapping("SIMPLE-001", "SIMPLE-001", unit="ea"))
    await finance.replays(key_of(order))
    assert [await finance.parked(flow) for flow in ("orders", "invoices")] == [[], []]
    assert await finance.stands(invoice) is State.DELIVERED


@in_finance()
async def test_a_memo_that_its_order_stopped_follows_it_once_the_order_goes_through(
    finance: Finance,
) -> None:
    order = await sold(finance)
    number = finance.header(order)["SalesOrderNumber"]
    lots = [line["InventoryLotId"] for line in finance.dynamics.lines(COMPANY, number)]
    finance.dynamics.deliver(number, COMPANY, quantities={lots[0]: Decimal(1)})
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    assert await finance.parked(MEMOS) == [key(memo)]
    finance.dynamics.deliver(number, COMPANY)
    await finance.delivers(order)
    assert await finance.parked(MEMOS) == []
    assert await finance.stands(memo, MEMOS) is State.DELIVERED
