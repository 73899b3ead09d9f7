"""Credit memos through the engine: what is given back in the shop is credited in the ledger, once,
of the goods that were sold."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.order_rows import pays
from sandbox.commerce.recipe import Extras
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from tests.flows.finance import FREE_CREDIT, GERMAN, Finance, in_finance, key
from tests.systems import COMPANY

MEMOS = "creditmemos"


@in_finance()
async def test_a_credit_memo_becomes_a_return_order_of_the_lots_that_were_sold(
    finance: Finance,
) -> None:
    order = await finance.placed(
        shipping=Decimal("4.95"), **finance.wants("SIMPLE-001", "SIMPLE-003", pieces=3)
    )
    finance.commerce.invoice(order)
    finance.ships(order)
    memo = finance.commerce.refund(
        order, {order.items[0]["item_id"]: Decimal(2)}, shipping=Decimal(0)
    )
    await finance.books(memo, MEMOS)
    header, (line,) = finance.returned(memo), finance.return_lines(memo)
    assert header["CustomerReturnReasonCode"] == "WEB"
    assert line["ReturnDispositionCode"].upper() == "CREDITONLY"
    assert (line["ItemNumber"], line["ReturnSalesQuantity"]) == ("SIMPLE-001", -2)
    number = finance.header(order)["SalesOrderNumber"]
    lots = {
        row["ItemNumber"]: row["InventoryLotId"] for row in finance.dynamics.lines(COMPANY, number)
    }
    assert line["ReturningInventoryLotId"] == lots["SIMPLE-001"]
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]


@in_finance()
async def test_several_memos_give_back_all_of_an_order(finance: Finance) -> None:
    order = await finance.placed(
        shipping=Decimal(10), **finance.wants("SIMPLE-001", "SIMPLE-004", pieces=3)
    )
    finance.commerce.invoice(order)
    finance.ships(order)
    first, second = (item["item_id"] for item in order.items)
    memos = [
        finance.commerce.refund(order, {first: Decimal(1)}, shipping=Decimal(0)),
        finance.commerce.refund(
            order, {first: Decimal(1), second: Decimal(2)}, shipping=Decimal(4)
        ),
        finance.commerce.refund(order),
    ]
    for memo in reversed(memos):
        await finance.notify(memo, MEMOS)
    await finance.works_until_idle()
    assert sum(finance.credited(memo) + memo["tax_amount"] for memo in memos) == order.amount(
        "grand_total"
    )


@in_finance()
async def test_a_memo_that_overtakes_its_invoice_and_its_order_has_the_order_delivered_first(
    finance: Finance,
) -> None:
    order = finance.place()
    invoice = finance.commerce.invoice(order)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    await finance.books(invoice)
    assert len(finance.headers(order)) == len(finance.payments(invoice)) == 1
    assert {
        line.values.get("ReturningInventoryLotId", "") for line in finance.return_lines(memo)
    } == {""}  # not invoiced yet


@pytest.mark.parametrize("sku", ["KIT-DYN", "KIT-FIX", "TEE", "SET-GRP"])
@in_finance()
async def test_part_of_a_composed_product_comes_back_to_the_line_it_was_sold_on(
    finance: Finance, sku: str
) -> None:
    order = await finance.placed(shipping=Decimal(0), **finance.wants(sku, pieces=3))
    finance.commerce.invoice(order)
    finance.ships(order)
    bearing = next(item for item in order.items if pays(order, item))
    memo = finance.commerce.refund(order, {bearing["item_id"]: Decimal(1)})
    await finance.books(memo, MEMOS)
    assert await finance.reported(memo, MEMOS) == ["created"]
    sold = {row["InventoryLotId"]: row["ItemNumber"] for row in finance.rows("SalesLine")}
    for line in finance.return_lines(memo):
        assert sold[line["ReturningInventoryLotId"]] == line["ItemNumber"]
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]


@in_finance()
async def test_what_is_given_back_beyond_the_goods_and_what_is_withheld_are_lines_of_their_own(
    finance: Finance,
) -> None:
    order = await finance.placed(
        shipping=Decimal(10), **finance.wants("SIMPLE-004", "SIMPLE-001", pieces=3)
    )
    finance.commerce.invoice(order)
    finance.ships(order)
    one = {order.items[0]["item_id"]: Decimal(1)}
    memo = finance.commerce.refund(order, one, shipping=Decimal(0), positive=Decimal("2.50"))
    await finance.books(memo, MEMOS)
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    less = finance.commerce.refund(order, one, shipping=Decimal(0), negative=Decimal("1.25"))
    await finance.books(less, MEMOS)
    assert finance.credited(less) + less["tax_amount"] == less["grand_total"]


@in_finance(creditmemos={"refund_payment": True})
async def test_money_that_is_paid_out_is_a_debit_in_the_journal(finance: Finance) -> None:
    order = await finance.placed(payment="braintree")
    memo = finance.commerce.refund(order, invoice=order.invoices[0], online=True)
    await finance.books(memo, MEMOS)
    await finance.books(order.invoices[0])
    line = finance.payment(memo, MEMOS)
    assert (line["DebitAmount"], line["CreditAmount"]) == (memo["grand_total"], 0)
    assert line["PaymentId"] == memo["transaction_id"] != ""
    assert finance.payment(order.invoices[0])["CreditAmount"] == order.amount("grand_total")
    assert len(finance.journals()) == 1


@in_finance(creditmemos={"refund_payment": True})
async def test_only_money_is_paid_out_where_a_gift_card_paid_part(finance: Finance) -> None:
    order = await finance.placed(extras=Extras(gift_card=Decimal(5)), **finance.wants("SIMPLE-006"))
    finance.commerce.invoice(order)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    assert finance.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"] + 5


@in_finance(creditmemos={**FREE_CREDIT, "refund_payment": True})
async def test_a_credit_memo_becomes_a_negative_free_text_invoice_where_the_recipe_says_so(
    finance: Finance,
) -> None:
    order = await finance.placed(extras=Extras(gift_card=Decimal(5)), **finance.wants("SIMPLE-006"))
    finance.commerce.invoice(order)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    assert finance.draft_total(memo, MEMOS) - memo["tax_amount"] == -memo["grand_total"]
    assert finance.rows("ReturnOrderHeadersV2") == []
    gifts = [
        row
        for row in finance.draft_lines(memo, MEMOS)
        if row["MainAccountDisplayValue"] == "250100"
    ]
    assert [row["TransactionCurrencyAmount"] for row in gifts] == [5]


@in_finance(invoices={"recipe": "free-text-invoice"}, creditmemos=FREE_CREDIT)
async def test_an_invoice_and_a_memo_of_the_same_number_are_two_documents(finance: Finance) -> None:
    order, memo = await _refunded(finance)
    (invoice,) = order.invoices
    assert invoice["increment_id"] == memo["increment_id"]
    await finance.books(invoice)
    await finance.books(memo, MEMOS)
    assert finance.draft_total(invoice) + finance.draft_total(memo, MEMOS) == 0


@in_finance()
async def test_a_credit_memo_in_euros_is_credited_in_euros(finance: Finance) -> None:
    order = await finance.placed(
        store=GERMAN, shopper=finance.commerce.catalogue.shopper("elise@example.org")
    )
    finance.commerce.invoice(order)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    assert finance.returned(memo)["CurrencyCode"] == "EUR"
    account = finance.account(finance.returned(memo)["CustomerAccountNumber"])
    on_top = 0 if account.get("IsSalesTaxIncludedInPrices") == "Yes" else memo["tax_amount"]
    assert finance.credited(memo) + on_top == memo["grand_total"]


@in_finance()
async def test_a_credit_memo_seen_often_is_credited_once(finance: Finance) -> None:
    _, memo = await _refunded(finance)
    for _ in range(4):
        await finance.books(memo, MEMOS)
        await finance.polls(MEMOS)
    await finance.works_until_idle()
    assert finance.credited(memo) > 0
    assert set(await finance.reported(memo, MEMOS)) == {"created", "unchanged"}


@in_finance()
async def test_a_poll_finds_the_memo_whose_hook_was_lost(finance: Finance) -> None:
    _, memo = await _refunded(finance)
    await asyncio.sleep(90)
    assert await finance.polls(MEMOS) == 1
    await finance.works_until_idle()
    assert await finance.reported(memo, MEMOS) == ["created"]


@pytest.mark.parametrize(
    "kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED]
)
@pytest.mark.parametrize("part", ["header", "lines", "money"])
@in_finance(creditmemos={"refund_payment": True})
async def test_a_memo_whose_answer_was_lost_is_not_credited_twice(
    finance: Finance, kind: Kind, part: str
) -> None:
    _, memo = await _refunded(finance)
    finance.ledger_dials.next(
        kind, where={"header": _header, "lines": _lines, "money": _money}[part], seconds=50
    )
    await finance.books(memo, MEMOS)
    await finance.settled()
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert finance.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]
    assert await finance.stands(memo, MEMOS) is State.DELIVERED


@pytest.mark.parametrize("part", ["header", "lines", "money"])
@in_finance(creditmemos={"refund_payment": True})
async def test_a_crash_while_it_is_posted_ends_in_one_whole_return(
    finance: Finance, part: str
) -> None:
    _, memo = await _refunded(finance)
    await finance.notify(memo, MEMOS)
    await finance.dies_when({"header": _header, "lines": _lines, "money": _money}[part])
    assert bool(finance.return_lines(memo)) is (part != "header")
    await finance.works_until_idle()
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert finance.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]


@in_finance(creditmemos={"disposition": "NOSUCH"})
async def test_a_refused_return_line_removes_its_header_and_parks_the_memo(
    finance: Finance,
) -> None:
    _, memo = await _refunded(finance)
    await finance.books(memo, MEMOS)
    assert finance.rows("ReturnOrderHeadersV2") == []
    assert "NOSUCH" in await finance.reason(memo, MEMOS)
    assert await finance.stands(memo, MEMOS) is State.PARKED


@in_finance()
async def test_a_memo_that_is_cancelled_or_changed_after_it_was_credited_is_parked_and_left_alone(
    finance: Finance,
) -> None:
    _, memo = await _refunded(finance)
    await finance.books(memo, MEMOS)
    before = finance.credited(memo)
    memo["adjustment_positive"] = Decimal(1)
    memo["grand_total"] += 1
    await finance.books(memo, MEMOS)
    assert "changed in Commerce after" in await finance.reason(memo, MEMOS)
    memo["state"] = 3
    await finance.books(memo, MEMOS)
    assert "was cancelled in Commerce after" in await finance.reason(memo, MEMOS)
    assert finance.credited(memo) == before


@in_finance()
async def test_a_memo_waits_while_it_is_open(finance: Finance) -> None:
    _, memo = await _refunded(finance)
    memo["state"] = 1
    await finance.books(memo, MEMOS)
    assert "not refunded yet" in await finance.reason(memo, MEMOS)
    memo["state"] = 2
    await finance.books(memo, MEMOS)
    assert await finance.reported(memo, MEMOS) == ["skipped", "created"]


@in_finance()
async def test_a_return_whose_order_was_deleted_in_d365_is_credited_without_lots(
    finance: Finance,
) -> None:
    order, memo = await _refunded(finance)
    number = finance.header(order)["SalesOrderNumber"]
    for line in finance.dynamics.lines(COMPANY, number):
        finance.dynamics.store.delete("SalesLine", line)
    header = finance.dynamics.order(COMPANY, number)
    assert header is not None
    finance.dynamics.store.delete("SalesTable", header)
    await finance.books(memo, MEMOS)
    assert {
        line.values.get("ReturningInventoryLotId", "") for line in finance.return_lines(memo)
    } == {""}
    assert key(memo) not in await finance.parked(MEMOS)


async def _refunded(finance: Finance, **wishes: Any) -> tuple[StoredOrder, Columns]:
    order = await finance.placed(**wishes)
    finance.commerce.invoice(order)
    finance.ships(order)
    return order, finance.commerce.refund(order)


def _header(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomerReturnReasonCode" in arrival.body


def _lines(arrival: Arrival) -> bool:
    return arrival.writes and b"ReturnSalesQuantity" in arrival.body


def _money(arrival: Arrival) -> bool:
    return arrival.writes and b"DebitAmount" in arrival.body


@in_finance()
async def test_what_a_memo_took_off_that_is_not_listed_yet_is_not_taken_off_of_the_next_one(
    finance: Finance,
) -> None:
    wants = finance.wants("SIMPLE-001", pieces=3)
    order = await finance.placed(shipping=Decimal(0), **wants)
    finance.commerce.invoice(order)
    first = finance.commerce.refund(
        order, {order.items[0]["item_id"]: Decimal(1)}, visible_in=timedelta(seconds=200)
    )
    await finance.delivers(order)
    finance.dynamics.invoice(finance.header(order)["SalesOrderNumber"], COMPANY)
    second = finance.commerce.refund(order)
    await finance.books(second, MEMOS)
    assert finance.credited(second) + second["tax_amount"] == second["grand_total"]
    await finance.books(first, MEMOS)
    assert not finance.dynamics.returns_for(finance.reference(first, MEMOS))
    assert await finance.stands(first, MEMOS) is State.DELIVERED
