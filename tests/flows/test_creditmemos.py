"""Credit memos on the road: what is given back in the shop is credited in the ledger, once, of the goods that were sold."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.documents import pays
from sync.sandbox.commerce.recipe import Extras
from sync.sandbox.commerce.records import Columns, StoredOrder
from sync.sandbox.dials import Arrival, Kind
from tests.flows.till import FREE_CREDIT, GERMAN, Till, in_till, key
from tests.site import COMPANY

MEMOS = "creditmemos"


@in_till()
async def test_a_credit_memo_becomes_a_return_order_of_the_lots_that_were_sold(till: Till) -> None:
    order = await till.placed(shipping=Decimal("4.95"), **till.wants("SIMPLE-001", "SIMPLE-003", pieces=3))
    till.commerce.invoice(order)
    till.ships(order)
    memo = till.commerce.refund(order, {order.items[0]["item_id"]: Decimal(2)}, shipping=Decimal(0))
    await till.books(memo, MEMOS)
    header, (line,) = till.returned(memo), till.return_lines(memo)
    assert header["CustomerReturnReasonCode"] == "WEB"
    assert line["ReturnDispositionCode"].upper() == "CREDITONLY"
    assert (line["ItemNumber"], line["ReturnSalesQuantity"]) == ("SIMPLE-001", -2)
    number = till.header(order)["SalesOrderNumber"]
    lots = {row["ItemNumber"]: row["InventoryLotId"] for row in till.dynamics.lines(COMPANY, number)}
    assert line["ReturningInventoryLotId"] == lots["SIMPLE-001"]
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]


@in_till()
async def test_several_memos_give_back_all_of_an_order(till: Till) -> None:
    order = await till.placed(shipping=Decimal(10), **till.wants("SIMPLE-001", "SIMPLE-004", pieces=3))
    till.commerce.invoice(order)
    till.ships(order)
    first, second = (item["item_id"] for item in order.items)
    memos = [
        till.commerce.refund(order, {first: Decimal(1)}, shipping=Decimal(0)),
        till.commerce.refund(order, {first: Decimal(1), second: Decimal(2)}, shipping=Decimal(4)),
        till.commerce.refund(order),
    ]
    for memo in reversed(memos):
        await till.hears(memo, MEMOS)
    await till.works_until_idle()
    assert sum(till.credited(memo) + memo["tax_amount"] for memo in memos) == order.amount("grand_total")


@in_till()
async def test_a_memo_that_overtakes_its_invoice_and_its_order_has_the_order_delivered_first(till: Till) -> None:
    order = till.place()
    invoice = till.commerce.invoice(order)
    till.ships(order)
    memo = till.commerce.refund(order)
    await till.books(memo, MEMOS)
    await till.books(invoice)
    assert len(till.headers(order)) == len(till.payments(invoice)) == 1
    assert {line.values.get("ReturningInventoryLotId", "") for line in till.return_lines(memo)} == {
        ""
    }  # not invoiced yet


@pytest.mark.parametrize("sku", ["KIT-DYN", "KIT-FIX", "TEE", "SET-GRP"])
@in_till()
async def test_part_of_a_composed_product_comes_back_to_the_line_it_was_sold_on(till: Till, sku: str) -> None:
    order = await till.placed(shipping=Decimal(0), **till.wants(sku, pieces=3))
    till.commerce.invoice(order)
    till.ships(order)
    bearing = next(item for item in order.items if pays(order, item))
    memo = till.commerce.refund(order, {bearing["item_id"]: Decimal(1)})
    await till.books(memo, MEMOS)
    assert await till.told(memo, MEMOS) == ["created"]
    sold = {row["InventoryLotId"]: row["ItemNumber"] for row in till.rows("SalesLine")}
    for line in till.return_lines(memo):
        assert sold[line["ReturningInventoryLotId"]] == line["ItemNumber"]
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]


@in_till()
async def test_what_is_given_back_beyond_the_goods_and_what_is_withheld_are_lines_of_their_own(till: Till) -> None:
    order = await till.placed(shipping=Decimal(10), **till.wants("SIMPLE-004", "SIMPLE-001", pieces=3))
    till.commerce.invoice(order)
    till.ships(order)
    one = {order.items[0]["item_id"]: Decimal(1)}
    memo = till.commerce.refund(order, one, shipping=Decimal(0), positive=Decimal("2.50"))
    await till.books(memo, MEMOS)
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    less = till.commerce.refund(order, one, shipping=Decimal(0), negative=Decimal("1.25"))
    await till.books(less, MEMOS)
    assert till.credited(less) + less["tax_amount"] == less["grand_total"]


@in_till(creditmemos={"refund_payment": True})
async def test_money_that_is_paid_out_is_a_debit_in_the_journal(till: Till) -> None:
    order = await till.placed(payment="braintree")
    memo = till.commerce.refund(order, invoice=order.invoices[0], online=True)
    await till.books(memo, MEMOS)
    await till.books(order.invoices[0])
    line = till.payment(memo, MEMOS)
    assert (line["DebitAmount"], line["CreditAmount"]) == (memo["grand_total"], 0)
    assert line["PaymentId"] == memo["transaction_id"] != ""
    assert till.payment(order.invoices[0])["CreditAmount"] == order.amount("grand_total")
    assert len(till.journals()) == 1


@in_till(creditmemos={"refund_payment": True})
async def test_only_money_is_paid_out_where_a_gift_card_paid_part(till: Till) -> None:
    order = await till.placed(extras=Extras(gift_card=Decimal(5)), **till.wants("SIMPLE-006"))
    till.commerce.invoice(order)
    till.ships(order)
    memo = till.commerce.refund(order)
    await till.books(memo, MEMOS)
    assert till.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"] + 5


@in_till(creditmemos={**FREE_CREDIT, "refund_payment": True})
async def test_a_credit_memo_becomes_a_negative_free_text_invoice_where_the_recipe_says_so(till: Till) -> None:
    order = await till.placed(extras=Extras(gift_card=Decimal(5)), **till.wants("SIMPLE-006"))
    till.commerce.invoice(order)
    till.ships(order)
    memo = till.commerce.refund(order)
    await till.books(memo, MEMOS)
    assert till.draft_total(memo, MEMOS) - memo["tax_amount"] == -memo["grand_total"]
    assert till.rows("ReturnOrderHeadersV2") == []
    gifts = [row for row in till.draft_lines(memo, MEMOS) if row["MainAccountDisplayValue"] == "250100"]
    assert [row["TransactionCurrencyAmount"] for row in gifts] == [5]


@in_till(invoices={"recipe": "free-text-invoice"}, creditmemos=FREE_CREDIT)
async def test_an_invoice_and_a_memo_of_the_same_number_are_two_documents(till: Till) -> None:
    order, memo = await _refunded(till)
    (invoice,) = order.invoices
    assert invoice["increment_id"] == memo["increment_id"]
    await till.books(invoice)
    await till.books(memo, MEMOS)
    assert till.draft_total(invoice) + till.draft_total(memo, MEMOS) == 0


@in_till()
async def test_a_credit_memo_in_euros_is_credited_in_euros(till: Till) -> None:
    order = await till.placed(store=GERMAN, shopper=till.commerce.catalogue.shopper("elise@example.org"))
    till.commerce.invoice(order)
    till.ships(order)
    memo = till.commerce.refund(order)
    await till.books(memo, MEMOS)
    assert till.returned(memo)["CurrencyCode"] == "EUR"
    account = till.account(till.returned(memo)["CustomerAccountNumber"])
    on_top = 0 if account.get("IsSalesTaxIncludedInPrices") == "Yes" else memo["tax_amount"]
    assert till.credited(memo) + on_top == memo["grand_total"]


@in_till()
async def test_a_credit_memo_seen_often_is_credited_once(till: Till) -> None:
    _, memo = await _refunded(till)
    for _ in range(4):
        await till.books(memo, MEMOS)
        await till.polls(MEMOS)
    await till.works_until_idle()
    assert till.credited(memo) > 0
    assert set(await till.told(memo, MEMOS)) == {"created", "unchanged"}


@in_till()
async def test_a_poll_finds_the_memo_whose_hook_was_lost(till: Till) -> None:
    _, memo = await _refunded(till)
    await asyncio.sleep(90)
    assert await till.polls(MEMOS) == 1
    await till.works_until_idle()
    assert await till.told(memo, MEMOS) == ["created"]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED])
@pytest.mark.parametrize("part", ["header", "lines", "money"])
@in_till(creditmemos={"refund_payment": True})
async def test_a_memo_whose_answer_was_lost_is_not_credited_twice(till: Till, kind: Kind, part: str) -> None:
    _, memo = await _refunded(till)
    till.ledger_dials.next(kind, where={"header": _header, "lines": _lines, "money": _money}[part], seconds=50)
    await till.books(memo, MEMOS)
    await till.settled()
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert till.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]
    assert await till.stands(memo, MEMOS) is State.DELIVERED


@pytest.mark.parametrize("part", ["header", "lines", "money"])
@in_till(creditmemos={"refund_payment": True})
async def test_a_crash_while_it_is_posted_ends_in_one_whole_return(till: Till, part: str) -> None:
    _, memo = await _refunded(till)
    await till.hears(memo, MEMOS)
    await till.dies_when({"header": _header, "lines": _lines, "money": _money}[part])
    assert bool(till.return_lines(memo)) is (part != "header")
    await till.works_until_idle()
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]
    assert till.payment(memo, MEMOS)["DebitAmount"] == memo["grand_total"]


@in_till(creditmemos={"disposition": "NOSUCH"})
async def test_a_refused_return_line_removes_its_header_and_parks_the_memo(till: Till) -> None:
    _, memo = await _refunded(till)
    await till.books(memo, MEMOS)
    assert till.rows("ReturnOrderHeadersV2") == []
    assert "NOSUCH" in await till.reason(memo, MEMOS)
    assert await till.stands(memo, MEMOS) is State.PARKED


@in_till()
async def test_a_memo_that_is_cancelled_or_changed_after_it_was_credited_is_parked_and_left_alone(till: Till) -> None:
    _, memo = await _refunded(till)
    await till.books(memo, MEMOS)
    before = till.credited(memo)
    memo["adjustment_positive"] = Decimal(1)
    memo["grand_total"] += 1
    await till.books(memo, MEMOS)
    assert "changed in Commerce after" in await till.reason(memo, MEMOS)
    memo["state"] = 3
    await till.books(memo, MEMOS)
    assert "was cancelled in Commerce after" in await till.reason(memo, MEMOS)
    assert till.credited(memo) == before


@in_till()
async def test_a_memo_waits_while_it_is_open(till: Till) -> None:
    _, memo = await _refunded(till)
    memo["state"] = 1
    await till.books(memo, MEMOS)
    assert "not refunded yet" in await till.reason(memo, MEMOS)
    memo["state"] = 2
    await till.books(memo, MEMOS)
    assert await till.told(memo, MEMOS) == ["skipped", "created"]


@in_till()
async def test_a_return_whose_order_was_deleted_in_d365_is_credited_without_lots(till: Till) -> None:
    order, memo = await _refunded(till)
    number = till.header(order)["SalesOrderNumber"]
    for line in till.dynamics.lines(COMPANY, number):
        till.dynamics.store.delete("SalesLine", line)
    header = till.dynamics.order(COMPANY, number)
    assert header is not None
    till.dynamics.store.delete("SalesTable", header)
    await till.books(memo, MEMOS)
    assert {line.values.get("ReturningInventoryLotId", "") for line in till.return_lines(memo)} == {""}
    assert key(memo) not in await till.parked(MEMOS)


async def _refunded(till: Till, **wishes: Any) -> tuple[StoredOrder, Columns]:
    order = await till.placed(**wishes)
    till.commerce.invoice(order)
    till.ships(order)
    return order, till.commerce.refund(order)


def _header(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomerReturnReasonCode" in arrival.body


def _lines(arrival: Arrival) -> bool:
    return arrival.writes and b"ReturnSalesQuantity" in arrival.body


def _money(arrival: Arrival) -> bool:
    return arrival.writes and b"DebitAmount" in arrival.body
