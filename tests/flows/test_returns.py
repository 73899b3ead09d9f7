"""Goods that come back: each RMA is one return order, each credit note one refund of the same sum,
and nothing is credited or refunded twice."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from sandbox.commerce.catalogue import SHOPPERS
from sandbox.dials import Arrival, Kind
from sandbox.dynamics import return_handling
from sandbox.dynamics.collective import join_invoices
from sync.commerce.models.refund import marker_of
from sync.core.money import ZERO
from sync.engine.claim import State
from sync.engine.corrections import Corrections
from sync.engine.queues import QUEUES
from sync.mapping.sales_order_lines import unique_references
from sync.operating.records import Ledgers
from sync.operating.replaying import of_parked
from sync.preview.returns import preview_return
from sync.reconcile.difference import Cause, Difference
from tests.flows.returns import RETURNED, Returning, in_returns, key
from tests.flows.test_shipments import SHIPPED
from tests.reconcile.planted import mended
from tests.reconcile.planted import reconciled as books_of
from tests.systems import COMPANY, CONNECTION

PIECES_BACK, ARRIVED = "refunded_quantities", "registered_quantities"
COMPOSED = ("KIT-FIX", "TEE", "SET-GRP")


@in_returns()
async def test_a_return_goes_out_comes_in_and_is_refunded_to_the_cent(ours: Returning) -> None:
    order = await ours.sold("SIMPLE-001", "SIMPLE-003")
    rma = await ours.requested(order, 2)
    (line,) = ours.return_rows(rma)
    assert (line["ReturnSalesQuantity"], line["ExternalItemNumber"]) == (-2, "1")
    sold = {row["ExternalItemNumber"]: row["InventoryLotId"] for row in ours.rows("SalesLine")}
    assert line["ReturningInventoryLotId"] == sold["1"]
    assert ours.of(rma)["CustomerReturnReasonCode"] == "DEFECT"
    assert ours.now(rma)["status"] == "authorized"
    (comment,) = ours.now(rma)["comments"]
    assert ours.of(rma)["RMANumber"] in comment["comment"]
    assert comment["visible_on_front"] is True
    ours.receives(rma)
    await ours.look()
    assert ours.now(rma)["items"][0]["status"] == "approved"
    note = ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    assert memo["comments"][0]["comment"] == f"RMA:{rma['increment_id']} CN:{note}"
    assert ours.refunded(order) == ours.credited() > 0
    assert memo["shipping_amount"] == 0
    assert ours.now(rma)["status"] == "processed_closed"
    assert ours.now(rma)["items"][0]["qty_returned"] == 2


@in_returns()
async def test_a_refund_of_ours_is_no_second_credit_note(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    await ours.books(memo, "creditmemos")
    await ours.delivers(order)
    assert await ours.stands(memo, "creditmemos") is State.SKIPPED
    assert len(ours.rows("ReturnOrderHeadersV2")) == 1
    for _ in range(2):
        await ours.look()
    assert len(order.creditmemos) == 1
    assert await ours.parked("refunds") == await ours.parked("returns") == []


@in_returns()
async def test_parts_are_credited_and_refunded_one_by_one(ours: Returning) -> None:
    order = await ours.sold(pieces=3)
    rma = await ours.requested(order, 3)
    for left in (2, 1, 0):
        ours.receives(rma, 1)
        ours.credits(rma)
        await ours.look()
        item = ours.now(rma)["items"][0]
        assert item["qty_returned"] == 3 - left
        assert item["status"] == ("authorized" if left else "approved")
        assert (ours.now(rma)["status"] == "processed_closed") is (left == 0)
    assert len(order.creditmemos) == 3
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_goods_that_are_replaced_are_not_refunded(ours: Returning) -> None:
    order = await ours.sold("SIMPLE-001", "SIMPLE-003")
    rma = await ours.requested(order, 1, 1)
    replacement = return_handling.replace(ours.dynamics, ours.of(rma))
    ours.receives(rma, 1, disposition="REPLCREDIT")
    ours.receives(rma, 1, disposition="CREDIT")
    ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    assert [item["order_item_id"] for item in memo["items"]] == [order.items[1]["item_id"]]
    assert 0 < ours.refunded(order) < ours.credited()
    assert ours.now(rma)["status"] == "approved"
    assert any(replacement in one["comment"] for one in ours.now(rma)["comments"])
    ours.dynamics.deliver(replacement, COMPANY, tracking={"JD01": ""}, carrier="DHL")
    await ours.look()
    assert [one["track_number"] for one in ours.now(rma)["tracks"]] == ["JD01"]
    assert ours.now(rma)["status"] == "processed_closed"


@in_returns()
async def test_an_exchange_that_was_asked_for_is_not_refunded(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1, resolution="6")
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    assert order.creditmemos == []
    assert (await ours.of_note(note)).state is State.SKIPPED


@in_returns()
async def test_a_replacement_of_which_no_line_tells_waits_for_a_person(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    return_handling.replace(ours.dynamics, ours.of(rma))
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    claim = await ours.of_note(note)
    assert claim.state is State.PARKED
    assert "replacement order" in claim.reason
    assert order.creditmemos == []


@in_returns(returns={"authorise": "person"})
async def test_a_person_in_the_office_authorises(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    assert ours.of(rma)["IsReturnProcessingStopped"] == "Yes"
    assert ours.now(rma)["status"] == "pending"
    assert ours.now(rma)["comments"] == []
    return_handling.let_go(ours.dynamics, ours.of(rma))
    await ours.look()
    assert ours.now(rma)["status"] == "authorized"
    assert len(ours.now(rma)["comments"]) == 1


@in_returns(orders={"numbers": "ours"})
async def test_a_return_order_may_have_a_number_of_ours(ours: Returning) -> None:
    ours.ledger_dials.next(
        Kind.LOST, where=lambda arrival: arrival.method == "POST", seconds=20, writes=True
    )
    order = await ours.sold()
    rma = await ours.requested(order, 2)
    await ours.ledger_dials.settle()
    await ours.look()
    assert ours.number(rma) == f"1-R{rma['increment_id']}"
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0


@in_returns(returns={"begin": "authorized"})
async def test_f_and_o_hears_of_a_return_once_the_shop_has_authorised_it(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    assert ours.rows("ReturnOrderHeadersV2") == []
    ours.commerce.set_rma(rma, "authorized")
    await ours.look()
    assert ours.of(rma)["ReturnStatus"] == "Created"


@in_returns()
async def test_a_return_that_the_office_cancels_is_denied(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    return_handling.cancel(ours.dynamics, ours.of(rma))
    await ours.look()
    assert (ours.now(rma)["status"], ours.now(rma)["items"][0]["status"]) == ("denied", "denied")


@in_returns()
async def test_goods_that_go_back_to_the_customer_are_rejected(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma, disposition="RETURN")
    await ours.look()
    assert ours.now(rma)["items"][0]["status"] == "rejected"
    assert order.creditmemos == []


@in_returns()
async def test_an_rma_closed_by_the_shop_while_goods_are_expected_is_listed(
    ours: Returning,
) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.commerce.set_rma(ours.now(rma), "closed")
    await ours.replays(key(rma), "returns")
    assert await ours.parked("returns") == [key(rma)]
    return_handling.cancel(ours.dynamics, ours.of(rma))
    await ours.replays(key(rma), "returns")
    assert await ours.parked("returns") == []


@in_returns()
async def test_an_item_turned_down_while_its_goods_are_expected_is_listed(ours: Returning) -> None:
    order = await ours.sold("SIMPLE-001", "SIMPLE-003")
    rma = await ours.requested(order, 1, 1)
    ours.commerce.rmas[rma["entity_id"]]["items"][0]["status"] = "denied"
    await ours.look()
    assert await ours.parked("returns") == [key(rma)]
    claim = await ours.claim(key(rma), "returns")
    assert "SIMPLE-001 was turned down in Commerce" in claim.reason
    (line,) = ours.rows("ReturnOrderLinesV2", ItemNumber="SIMPLE-001")
    ours.dynamics.store.update("ReturnOrderLinesV2", line, {"ReturnStatus": "Canceled"})
    await ours.replays(key(rma), "returns")
    assert await ours.parked("returns") == []
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert await ours.parked("returns") == []


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        (Kind.LOST, "/refund"), (Kind.LOST, "/V1/returns/1"),
        *(pytest.param(kind, "/refund", marks=pytest.mark.long)
          for kind in (Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE)),
        pytest.param(Kind.LOST, "/comments", marks=pytest.mark.long),
    ],
)  # fmt: skip
@in_returns()
async def test_a_lost_answer_of_the_shop_refunds_and_comments_once(
    ours: Returning, kind: Kind, where: str
) -> None:
    def there(arrival: Arrival) -> bool:
        return arrival.path.endswith(where) and arrival.method in ("POST", "PUT")

    order = await ours.sold()
    ours.shop_dials.next(kind, where=there, seconds=40)
    rma = await ours.requested(order, 2)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    await ours.shop_dials.settle()
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert len(order.creditmemos) == len(ours.now(rma)["comments"]) == 1
    assert ours.now(rma)["status"] == "processed_closed"


@pytest.mark.parametrize("before", [pytest.param("claims", marks=pytest.mark.long), "trail"])
@in_returns()
async def test_a_process_that_dies_refunds_nothing_twice(ours: Returning, before: str) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.polls("refunds")
    await ours.works_until_it_dies(before=before)
    await ours.works_until_idle()
    await ours.look()
    assert len(order.creditmemos) == 1
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_a_return_whose_answer_was_lost_is_posted_once(ours: Returning) -> None:
    order = await ours.sold()
    ours.ledger_dials.next(
        Kind.LOST, where=lambda one: "ReturnOrderHeadersV2" in one.path and one.method == "POST"
    )
    rma = await ours.requested(order, 1)
    await ours.settled()
    assert len(ours.return_rows(rma)) == 1
    assert await ours.events(key(rma), "returns") == ["waited", "adopted"]


@in_returns()
async def test_a_memo_before_the_goods_arrive_asks_what_it_is(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    memo = ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    await ours.books(memo, "creditmemos")
    assert await ours.stands(memo, "creditmemos") is State.PARKED
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    assert (await ours.of_note(note)).state is State.PARKED
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.replays(key(memo), "creditmemos")
    await ours.replays(f"{COMPANY}|{note}", "refunds")
    assert await ours.stands(memo, "creditmemos") is State.SKIPPED
    assert (await ours.of_note(note)).state is State.DELIVERED
    assert len(order.creditmemos) == 1
    assert memo["comments"][-1]["comment"].endswith(f"CN:{note}")
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_a_return_that_was_refunded_as_an_adjustment_is_not_refunded_again(
    ours: Returning,
) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma)
    none = {row["item_id"]: Decimal(0) for row in order.items}
    memo = ours.commerce.refund(order, none, shipping=Decimal(0), positive=ours.credited())
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.look()
    assert (await ours.of_note(note)).state is State.DELIVERED
    assert order.creditmemos == [memo]
    assert memo["comments"][-1]["comment"].endswith(f"CN:{note}")


@in_returns(flows=tuple(one for one in RETURNED["flows"] if one != "refunds"))
async def test_a_memo_of_goods_that_a_finished_return_has_credited_asks_what_it_is(
    ours: Returning,
) -> None:
    """Where staff refunds by hand, after F&O has credited."""
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.now(rma)["status"] == "processed_closed"
    one = {order.items[0]["item_id"]: Decimal(1)}
    memo = ours.commerce.refund(order, one, shipping=Decimal(0))
    await ours.books(memo, "creditmemos")
    assert "credits them by its return order" in (await ours.claim(key(memo), "creditmemos")).reason
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.replays(key(memo), "creditmemos")
    assert await ours.stands(memo, "creditmemos") is State.SKIPPED
    assert ours.refunded(order) == ours.credited()
    more = ours.commerce.refund(order, one, shipping=Decimal(0))
    await ours.books(more, "creditmemos")
    assert await ours.stands(more, "creditmemos") is State.DELIVERED


@in_returns()
async def test_a_memo_that_is_credited_already_is_not_the_refund_of_a_return_too(
    ours: Returning,
) -> None:
    order = await ours.sold()
    memo = ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    await ours.books(memo, "creditmemos")
    rma = await ours.requested(order, 1)
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    assert "F&O has credited that by" in (await ours.of_note(note)).reason
    assert len(order.creditmemos) == 1
    ours.commerce.comment_on("creditmemo", memo, {"comment": "RMA:-"})
    await ours.replays(f"{COMPANY}|{note}", "refunds")
    assert (await ours.of_note(note)).state is State.DELIVERED
    assert [len(order.creditmemos), ours.refunded(order)] == [2, 2 * ours.credited()]


@in_returns()
async def test_a_memo_of_something_else_leaves_the_return_its_refund(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    memo = ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    ours.commerce.comment_on("creditmemo", memo, {"comment": "RMA:-"})
    await ours.books(memo, "creditmemos")
    assert await ours.stands(memo, "creditmemos") is State.DELIVERED
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert len(order.creditmemos) == 2


@in_returns()
async def test_goods_that_were_refunded_before_do_not_come_back_for_money(ours: Returning) -> None:
    order = await ours.sold(pieces=1)
    ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    rma = await ours.requested(order, 1)
    assert ours.rows("ReturnOrderHeadersV2") == []
    assert "refunded goods" in (await ours.claim(key(rma), "returns")).reason
    (memo,) = order.creditmemos
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.replays(key(rma), "returns")
    assert len(ours.return_rows(rma)) == 1


@in_returns()
async def test_items_of_one_row_come_back_together_or_not_at_all(ours: Returning) -> None:
    order = await ours.sold(pieces=2)
    row = order.items[0]["item_id"]
    memo = ours.commerce.refund(order, {row: Decimal(1)}, shipping=Decimal(0))
    ours.commerce.comment_on("creditmemo", memo, {"comment": "RMA:-"})
    rma = ours.commerce.request_return(order, {row: 1})
    (item,) = rma["items"]
    rma["items"].append({**item, "entity_id": item["entity_id"] + 1})
    await ours.look()
    assert "(1 too many)" in (await ours.claim(key(rma), "returns")).reason
    assert ours.rows("ReturnOrderHeadersV2") == []


@in_returns()
async def test_a_credit_note_without_the_tax_that_was_charged_waits_for_a_person(
    ours: Returning,
) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma, tax=Decimal(0))
    await ours.look()
    claim = await ours.of_note(note)
    assert claim.state is State.PARKED
    assert "tax groups" in claim.remedy
    assert order.creditmemos == []


@in_returns()
async def test_a_fee_that_f_and_o_charges_beside_the_goods_is_withheld(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 2)
    ours.receives(rma)
    note = ours.credits(rma)
    (journal,) = ours.rows("CustInvoiceJour", InvoiceNumber=note)
    less = {"TotalInvoiceAmount": journal["TotalInvoiceAmount"] + 3}
    ours.dynamics.store.update("CustInvoiceJour", journal, less)
    await ours.look()
    assert order.creditmemos[0]["adjustment_negative"] == 3
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_shipping_that_f_and_o_credits_is_given_back_as_shipping(ours: Returning) -> None:
    order = await ours.sold(shipping=Decimal("4.95"))
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    tax = ours.tax(rma)
    line = ours.return_rows(rma)[0]
    freight = {
        **line.values, "ItemNumber": "FREIGHT", "ExternalItemNumber": "shipping",
        "ReturnInventoryLotId": "FREIGHT-1", "LineCreationSequenceNumber": 9,
        "LineAmount": Decimal("-4.95"), "SalesPrice": Decimal("4.95"),
        "ReturnSalesQuantity": Decimal(-1), "ReturningInventoryLotId": "",
    }  # fmt: skip
    ours.dynamics.store.insert("ReturnOrderLinesV2", freight)
    ours.credits(rma, tax=tax + order.amount("shipping_tax_amount"))
    await ours.look()
    assert order.creditmemos[0]["shipping_amount"] == Decimal("4.95")
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_what_a_gateway_was_paid_is_refunded_by_the_gateway(ours: Returning) -> None:
    order = await ours.sold(payment="braintree")
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    assert memo["invoice_id"] == order.invoices[0]["entity_id"]
    assert memo["transaction_id"].endswith("-refund")
    assert ours.refunded(order) == ours.credited()


@pytest.mark.parametrize("is_paid", [True, False])
@in_returns(commerce={"lost_payments": "park"})
async def test_a_gateway_that_may_have_refunded_is_looked_at_before_it_is_asked_again(
    ours: Returning, is_paid: bool
) -> None:
    order = await ours.sold(payment="braintree")
    taken = ours.commerce.gateway[order.entity_id]
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    number = ours.credits(rma)
    if is_paid:
        ours.commerce.failing_saves = 1
    else:
        ours.shop_dials.next(Kind.ERROR_BEFORE, where=lambda one: one.path.endswith("/refund"))
    for _ in range(3):
        await ours.look()
    due = ours.credited()
    assert taken - ours.commerce.gateway[order.entity_id] == (due if is_paid else 0)
    assert not order.creditmemos
    claim = await ours.of_note(number)
    assert claim.state is State.PARKED
    marker = marker_of(rma["increment_id"], number)
    assert marker in claim.remedy
    ledgers = Ledgers(ours.services, "", "refunds")
    assert await of_parked(ledgers, "") == await of_parked(ledgers, "not known") == []
    assert [one.key for one in await of_parked(ledgers, "payment gateway")] == [claim.key]
    await ours.services.intake.accept("refunds", "shop", [claim.key], "poll")
    await asyncio.sleep(2)
    for queue in QUEUES:
        for one in await ours.systems.queue.receive(queue, most=10, wait=timedelta()):
            await ours.systems.queue.dead_letter(one, reason="GivenUp", description="too often")
    assert len(await ledgers.dead_letters()) == 1
    assert await of_parked(ledgers, "") == []
    if is_paid:  # a person makes it offline, with the comment
        invoice, row = order.invoices[0], order.items[0]["item_id"]
        memo = ours.commerce.refund(order, {row: Decimal(1)}, shipping=ZERO, invoice=invoice)
        ours.commerce.comment_on("creditmemo", memo, {"comment": marker})
    await ours.services.intake.accept("refunds", "shop", [f"{COMPANY}|{number}"], "replay")
    await ours.works_until_idle()
    assert ours.refunded(order) == taken - ours.commerce.gateway[order.entity_id] == due
    assert (await ours.of_note(number)).state is State.DELIVERED


@in_returns()
async def test_a_person_who_asks_once_has_a_gateway_asked_once(ours: Returning) -> None:
    order = await ours.sold(payment="braintree")
    taken = ours.commerce.gateway[order.entity_id]
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    number = ours.credits(rma)
    ours.commerce.failing_saves = 2
    await ours.look()
    await ours.services.intake.accept("refunds", "shop", [f"{COMPANY}|{number}"], "replay")
    await ours.look()
    assert taken - ours.commerce.gateway[order.entity_id] == 2 * ours.credited()
    assert (await ours.of_note(number)).state is State.PARKED


@in_returns()
async def test_who_asks_while_a_gateway_is_at_work_has_not_looked_at_it(ours: Returning) -> None:
    order = await ours.sold(payment="braintree")
    taken = ours.commerce.gateway[order.entity_id]
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    name = f"{COMPANY}|{ours.credits(rma)}"
    ours.commerce.failing_saves = 2
    asked = list[asyncio.Task[Any]]()

    def and_ask(arrival: Arrival) -> bool:
        if arrival.path.endswith("/refund") and not asked:
            intake = ours.services.intake
            replay = intake.accept("refunds", "shop", [name], "replay")
            asked.append(asyncio.get_running_loop().create_task(replay))
        return False

    ours.shop_dials.next(Kind.LOST, where=and_ask)
    ours.shop_dials.latency_low = ours.shop_dials.latency_high = 2.0
    for _ in range(3):
        await ours.look()
    assert len(asked) == 1
    assert taken - ours.commerce.gateway[order.entity_id] == ours.credited()


@pytest.mark.parametrize("is_lost", [True, False])
@in_returns(commerce={"lost_payments": "park"})
async def test_a_gateway_to_be_looked_at_is_named_beside_whatever_else_is_wrong(
    ours: Returning, is_lost: bool
) -> None:
    order = await ours.sold(payment="braintree")
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    number = ours.credits(rma)
    if is_lost:
        ours.shop_dials.next(Kind.ERROR_BEFORE, where=lambda one: one.path.endswith("/refund"))
    else:
        ours.commerce.failing_saves = 1
    for _ in range(3):
        await ours.look()
    ours.commerce.hold(order)
    await ours.services.intake.accept("refunds", "shop", [f"{COMPANY}|{number}"], "poll")
    await ours.works_until_idle()
    claim = await ours.of_note(number)
    assert "holded" in claim.reason
    assert "payment gateway" in claim.reason
    assert claim.remedy.startswith("Look at the payment gateway first.")


@pytest.mark.long
@in_returns()
async def test_each_invoice_of_a_gateway_has_a_refund_of_its_own(ours: Returning) -> None:
    wants = ours.wants("SIMPLE-001", pieces=3)
    order = await ours.placed(payment="checkmo", shipping=Decimal(0), **wants)
    order.payment["method"] = "braintree"
    row = order.items[0]["item_id"]
    for pieces in (1, 2):
        ours.commerce.invoice(order, {row: Decimal(pieces)})
    ours.ships(order)
    rma = await ours.requested(order, 3)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    invoices = [one["entity_id"] for one in order.invoices]
    assert [memo["invoice_id"] for memo in order.creditmemos] == invoices
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_a_refund_by_hand_of_another_sum_is_listed(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma)
    row = order.items[0]["item_id"]
    memo = ours.commerce.refund(order, {row: Decimal(1)}, shipping=Decimal(1))
    marker = f"RMA:{rma['increment_id']} CN:{note}"
    ours.commerce.comment_on("creditmemo", memo, {"comment": marker})
    await ours.look()
    claim = await ours.of_note(note)
    assert claim.is_different
    assert f"{ours.credited():.2f} in D365" in claim.differs
    assert len(order.creditmemos) == 1
    assert ours.now(rma)["status"] != "processed_closed"


@in_returns(returns={"authorise": "person"})
async def test_what_the_shop_has_gone_on_with_stays(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.now(rma)["items"][0]["status"] = "received"
    return_handling.let_go(ours.dynamics, ours.of(rma))
    await ours.look()
    assert ours.now(rma)["items"][0]["status"] == "received"
    ours.commerce.set_rma(ours.now(rma), "closed")
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    await ours.replays(key(rma), "return_states")
    assert ours.now(rma)["status"] == "closed"
    assert ours.refunded(order) == ours.credited() > 0


@in_returns()
async def test_a_return_order_that_borrowed_the_reference_of_another_refunds_nothing(
    ours: Returning,
) -> None:
    first, second = await ours.sold(), await ours.sold()
    rma, other = await ours.requested(first, 1), await ours.requested(second, 1)
    header = ours.of(other)
    ours.receives(other)
    borrowed = {"CustomersOrderReference": ours.reference_of(rma)}
    ours.dynamics.store.update("ReturnOrderHeadersV2", header, borrowed)
    note = ours.dynamics.post_return(str(header["ReturnOrderNumber"]), only_received=True)
    await ours.look()
    assert (await ours.of_note(note)).state is State.SKIPPED
    assert first.creditmemos == second.creditmemos == []
    assert await ours.parked("return_states") == [key(other)]
    assert ours.reference_of(other) in (await ours.claim(key(other), "return_states")).remedy


@in_returns()
async def test_a_credit_note_that_is_dated_back_is_refunded(ours: Returning) -> None:
    order = await ours.sold()
    await ours.look()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma)
    (journal,) = ours.rows("CustInvoiceJour", InvoiceNumber=note)
    dated = {"InvoiceDate": ours.dynamics.today() - timedelta(days=6)}
    ours.dynamics.store.update("CustInvoiceJour", journal, dated)
    await ours.look()
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert ours.now(rma)["status"] == "processed_closed"


@in_returns(returns={"reference_template": "RMA{increment_id}"})
async def test_the_only_store_view_need_not_stand_in_references(ours: Returning) -> None:
    ours.only(1)
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    (header,) = ours.dynamics.returns_for(f"RMA{rma['increment_id']}")
    ours.dynamics.post_return(str(header["ReturnOrderNumber"]), tax=Decimal("0.82"))
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0


@in_returns()
async def test_a_credit_note_of_an_rma_that_shows_late_is_refunded(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma)
    hidden = ours.commerce.rmas.pop(rma["entity_id"])
    await ours.look()
    assert (await ours.of_note(note)).state is State.SKIPPED
    ours.commerce.rmas[rma["entity_id"]] = hidden
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert ours.now(rma)["status"] == "processed_closed"


@in_returns(invoices={"recipe": "payment-journal"})
async def test_goods_that_f_and_o_invoiced_cheaper_are_not_credited_at_the_shop_s_price(
    ours: Returning,
) -> None:
    order = await ours.placed(**ours.wants("SIMPLE-001", "SIMPLE-003", pieces=2))
    ours.commerce.invoice(order)
    (line,) = ours.rows("SalesLine", ExternalItemNumber="1")
    ours.dynamics.store.update("SalesLine", line, {"LineAmount": line["LineAmount"] - 5})
    ours.ships(order)
    rma = await ours.requested(order, 1)
    assert ours.rows("ReturnOrderHeadersV2") == []
    claim = await ours.claim(key(rma), "returns")
    assert claim.state is State.PARKED
    assert "F&O invoiced 2 SIMPLE-001 at 14.98, and Commerce charged 19.98" in claim.reason
    other = await ours.requested(order, 0, 1)
    assert ours.number(other)


@pytest.mark.parametrize("is_split", [False, True])
@in_returns(invoices={"recipe": "payment-journal"})
async def test_goods_that_f_and_o_invoiced_in_fewer_pieces_or_two_lines_come_back(
    ours: Returning, is_split: bool
) -> None:
    order = await ours.placed(**ours.wants("SIMPLE-001", pieces=2))
    ours.commerce.invoice(order)
    ours.ships(order)
    (line,) = ours.rows("SalesLine", ExternalItemNumber="1")
    half = {"OrderedSalesQuantity": Decimal(1), "LineAmount": line["LineAmount"] / 2}
    ours.dynamics.store.update("SalesLine", line, half)
    if is_split:
        ours.dynamics.put("SalesLine", **{**line.values, **half, "InventoryLotId": "SPLIT"})
    rma = await ours.requested(order, 1)
    assert await ours.parked("returns") == []
    assert ours.number(rma)


@pytest.mark.parametrize("is_own", [False, True])
@in_returns()
async def test_a_credit_note_of_several_return_orders_goes_to_no_one_buyer(
    ours: Returning, is_own: bool
) -> None:
    first, second = await ours.sold(), await ours.sold()
    rma, other = await ours.requested(first, 1), await ours.requested(second, 2)
    for one in (rma, other):
        ours.receives(one)
    note, numbers = ours.credits(rma), (ours.number(rma), ours.number(other))
    join_invoices(ours.dynamics, COMPANY, note, ours.credits(other), is_own=is_own)
    await ours.look()
    assert first.creditmemos == second.creditmemos == []
    claim = await ours.of_note(note)
    assert claim.state is State.PARKED
    assert all(number in claim.reason for number in numbers)
    assert await ours.parked("return_states") == [key(other)]
    assert "processed_closed" not in {ours.now(one)["status"] for one in (rma, other)}


@in_returns()
async def test_a_return_that_is_credited_with_nothing_asks_no_person_to_refund_it(
    ours: Returning,
) -> None:
    """A warranty at no price, or an even exchange on its own return order."""
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    (line,) = ours.return_rows(rma)
    ours.dynamics.store.update("ReturnOrderLinesV2", line, {"LineAmount": ZERO})
    ours.credits(rma, tax=ZERO)
    await ours.look()
    assert await ours.parked("return_states") == []
    assert (ours.now(rma)["status"], order.creditmemos) == ("processed_closed", [])


@in_returns()
async def test_what_one_invoice_has_no_room_for_is_refunded_of_the_next(ours: Returning) -> None:
    wants = ours.wants("SIMPLE-001", pieces=3)
    order = await ours.placed(payment="checkmo", shipping=Decimal(0), **wants)
    order.payment["method"] = "braintree"
    row = order.items[0]["item_id"]
    for pieces in (2, 1):
        ours.commerce.invoice(order, {row: Decimal(pieces)})
    ours.ships(order)
    rma = await ours.requested(order, 3)
    for pieces in (1, 2):
        ours.receives(rma, pieces)
        ours.credits(rma)
        await ours.look()
    first, second = (one["entity_id"] for one in order.invoices)
    assert [memo["invoice_id"] for memo in order.creditmemos] == [first, first, second]
    assert ours.refunded(order) == ours.credited()


@in_returns()
async def test_a_way_to_pay_of_which_nobody_has_said_who_pays_out_waits(ours: Returning) -> None:
    order = await ours.sold(payment="paypal_express")
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    claim = await ours.of_note(note)
    assert claim.state is State.PARKED
    assert "returns.methods" in claim.remedy


@in_returns()
async def test_null_is_not_loaded_and_never_empty(ours: Returning) -> None:
    ours.commerce.lists_load_nothing = True
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    assert len(ours.return_rows(rma)) == 1
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited()
    assert len(ours.now(rma)["comments"]) == 1


@in_returns()
async def test_a_guest_sends_goods_back_as_anybody_does(ours: Returning) -> None:
    guest = next(one for one in SHOPPERS if one.id is None and one.place == "la")
    order = await ours.sold(shopper=guest)
    rma = await ours.requested(order, 1)
    header = ours.rows("SalesTable")[0]
    assert ours.of(rma)["CustomerAccountNumber"] == header["OrderingCustomerAccountNumber"]


@in_returns()
async def test_f_and_o_takes_goods_back_once_it_has_invoiced_them(ours: Returning) -> None:
    order = await ours.placed(**ours.wants("SIMPLE-001", pieces=2))
    ours.commerce.invoice(order)
    ours.commerce.ship(order)
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 1})
    await ours.polls("returns")
    await ours.works_for(60)
    assert ours.rows("ReturnOrderHeadersV2") == []
    ours.dynamics.invoice(ours.header(order)["SalesOrderNumber"], COMPANY)
    await ours.works_until_idle()
    assert len(ours.return_rows(rma)) == 1


@pytest.mark.parametrize(
    "sku", ["KIT-DYN", *(pytest.param(one, marks=pytest.mark.long) for one in COMPOSED)]
)
@in_returns()
async def test_composed_products_come_back_by_the_rows_that_carry_money(
    ours: Returning, sku: str
) -> None:
    order = await ours.sold(sku, pieces=2)
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert ours.now(rma)["status"] == "processed_closed"
    assert await reconciled(ours, PIECES_BACK) == ([], [PIECES_BACK])


@in_returns(returns={"to_stock": True})
async def test_goods_go_back_to_stock_where_the_shop_keeps_it(ours: Returning) -> None:
    stock = ours.commerce.stock
    stock.is_managed = True
    stock.put("SIMPLE-001", Decimal(50))
    order = await ours.sold("SIMPLE-001")
    before = ours.commerce.stock.of("SIMPLE-001")[0].quantity
    for disposition in ("CREDIT", "SCRAP"):
        rma = await ours.requested(order, 1)
        ours.receives(rma, disposition=disposition)
        ours.credits(rma)
        await ours.look()
    assert ours.commerce.stock.of("SIMPLE-001")[0].quantity == before + 1


@in_returns()
async def test_a_person_reads_what_would_be_sent(ours: Returning) -> None:
    order = await ours.sold()
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 1})
    found: list[Any] = await preview_return(rma["increment_id"], await ours.as_it_stands())
    assert [one.outcome for one in found] == ["deliver", "skip"]
    assert found[0].requests[0].path.endswith("ReturnOrderHeadersV2")
    assert ours.rows("ReturnOrderHeadersV2") == []


@in_returns()
async def test_both_books_of_returns_agree_or_say_why(ours: Returning) -> None:
    order = await ours.sold("SIMPLE-001", "SIMPLE-003")
    rma = await ours.requested(order, 2, 1)
    ours.receives(rma, 1)
    ours.credits(rma)
    await ours.look()
    assert await reconciled(ours, "returns", "creditmemos") == ([], ["returns"])
    ours.receives(rma, disposition="REPLCREDIT")
    note = ours.credits(rma)
    await ours.look()
    assert await reconciled(ours, "returns") == ([], ["returns"])
    journal = ours.rows("CustInvoiceJour", InvoiceNumber=note)[0]
    more = {"TotalInvoiceAmount": journal["TotalInvoiceAmount"] - 5}
    ours.dynamics.store.update("CustInvoiceJour", journal, more)
    found, _ = await reconciled(ours, "returns")
    assert [(one.kind, one.key, one.cause) for one in found] == [
        ("returns", key(rma), Cause.AMOUNT)
    ]  # fmt: skip


@in_returns()
async def test_pieces_that_differ_are_told_where_money_agrees(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 2)
    assert await reconciled(ours, PIECES_BACK) == ([], [PIECES_BACK])
    ours.receives(rma, 1)
    ours.credits(rma)
    waiting, _ = await reconciled(ours, PIECES_BACK)
    assert [one.cause for one in waiting] == [Cause.WAITING]
    assert [(one.commerce, one.dynamics) for one in waiting] == [(Decimal(0), Decimal(1))]
    (unseen,), _ = await books_of(ours, ARRIVED)
    assert (unseen.commerce, unseen.dynamics) == (Decimal(0), Decimal(1))
    assert "--flow return_states" in unseen.command
    await ours.look()
    assert await reconciled(ours, ARRIVED) == ([], [ARRIVED])
    assert await reconciled(ours, PIECES_BACK, "returns") == ([], [PIECES_BACK, "returns"])
    order.creditmemos[0]["items"][0]["qty"] = Decimal(0)
    found, _ = await reconciled(ours, PIECES_BACK, "returns")
    assert [(one.kind, one.key, one.cause) for one in found] == [
        (PIECES_BACK, key(rma), Cause.AMOUNT)
    ]  # fmt: skip


async def reconciled(ours: Returning, *kinds: str) -> tuple[list[Difference], list[str]]:
    """The differences, and the kinds of which anything was counted."""
    found, summary = await books_of(ours, *kinds)
    return found, sorted({str(one[0]) for one in summary.sums})


@pytest.mark.parametrize("seconds", [5, pytest.param(120, marks=pytest.mark.long)])
@in_returns()
async def test_a_refund_that_the_shop_shows_late_is_made_once(
    ours: Returning, seconds: int
) -> None:
    """Its lists are read from copies, which lag behind."""
    order = await ours.sold()
    rma = await ours.requested(order, 2)
    ours.receives(rma)
    ours.credits(rma)
    refund = ours.commerce.refund
    late = partial(refund, visible_in=timedelta(seconds=seconds))
    ours.commerce.refund = late  # type: ignore[method-assign]
    await ours.look()
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert len(order.creditmemos) == 1
    assert await ours.parked("refunds") == []


@in_returns(returns={"begin": "authorized"})
async def test_a_refund_that_is_told_before_its_return_order_is_there_is_credited_by_it(
    ours: Returning,
) -> None:
    order = await ours.sold(pieces=1)
    rma = await ours.requested(order, 1)
    memo = ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.notify(memo, "creditmemos")
    await ours.works_for(60)
    ours.commerce.set_rma(rma, "authorized")
    await ours.look()
    assert await ours.parked("returns") == []
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert len(order.creditmemos) == 1
    assert await ours.stands(memo, "creditmemos") is State.SKIPPED


@in_returns(returns={"begin": "authorized"})
async def test_a_refund_of_a_return_that_is_closed_without_a_return_order_asks_and_is_credited(
    ours: Returning,
) -> None:
    order = await ours.sold(pieces=1)
    rma = await ours.requested(order, 1)
    memo = ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.notify(memo, "creditmemos")
    await ours.works_for(60)
    ours.commerce.set_rma(rma, "closed")
    await ours.look()
    assert "no return order" in (await ours.claim(key(memo), "creditmemos")).reason
    assert await ours.parked("creditmemos") == [key(memo)]
    ours.commerce.comment_on("creditmemo", memo, {"comment": "RMA:-"})
    await ours.replays(key(memo), "creditmemos")
    assert await ours.stands(memo, "creditmemos") is State.DELIVERED
    assert ours.returned(memo)["CustomersOrderReference"] == ours.reference(memo, "creditmemos")


MONEY = {"creditmemos": {"refund_payment": True}}


def writes_a_line(arrival: Arrival) -> bool:
    return arrival.writes and b"DebitAmount" in arrival.body


@in_returns(**MONEY)
async def test_the_money_of_a_refund_is_booked_where_f_and_o_credits_the_goods(
    ours: Returning,
) -> None:
    order = await ours.sold(payment="braintree")
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    ((said,), _) = await reconciled(ours, "refunds")
    assert (said.key, said.commerce, said.dynamics) == (key(memo), memo["grand_total"], None)
    await ours.books(memo, "creditmemos")
    line = ours.payment(memo, "creditmemos")
    assert line["DebitAmount"] == memo["grand_total"] == ours.refunded(order) == ours.credited()
    assert len(ours.rows("ReturnOrderHeadersV2")) == 1
    assert await ours.stands(memo, "creditmemos") is State.DELIVERED
    await ours.replays(f"{COMPANY}|{note}", "refunds")
    await ours.delivers(order)
    assert await ours.parked("orders") == []
    assert (await reconciled(ours, "creditmemos", "refunds", "returns"))[0] == []


@in_returns(**MONEY)
async def test_the_money_of_a_refund_that_is_told_early_is_booked_and_the_refund_adopted(
    ours: Returning,
) -> None:
    """Of an order with a refund of what was not sent: what is credited stays sold once."""
    order = await ours.placed(**ours.wants("SIMPLE-001", pieces=4))
    row = order.items[0]["item_id"]
    ours.commerce.invoice(order)
    ours.commerce.ship(order, {row: Decimal(2)})
    unsent = ours.commerce.refund(order, {row: Decimal(2)}, shipping=Decimal(0))
    await ours.books(unsent, "creditmemos")
    ours.dynamics.invoice(ours.header(order)["SalesOrderNumber"], COMPANY)
    rma = await ours.requested(order, 1)
    before = await ours.claim(order)
    memo = ours.commerce.refund(order, {row: Decimal(1)}, shipping=Decimal(0))
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.books(memo, "creditmemos")
    assert ours.payment(memo, "creditmemos")["DebitAmount"] == memo["grand_total"]
    await ours.delivers(order)
    assert (await ours.claim(order)).digest == before.digest
    ours.receives(rma)
    note = ours.credits(rma, tax=memo["tax_amount"])
    await ours.look()
    assert (await ours.of_note(note)).state is State.DELIVERED
    assert len(ours.payments(memo, "creditmemos")) == 1
    assert memo["grand_total"] == ours.credited()


@in_returns()
async def test_the_money_of_a_refund_that_was_left_before_is_booked_once_a_person_asks(
    ours: Returning,
) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    await ours.books(memo, "creditmemos")
    assert await ours.stands(memo, "creditmemos") is State.SKIPPED
    assert (await reconciled(ours, "refunds"))[0] == []
    memos = ours.systems.connection.creditmemos.model_copy(update=MONEY["creditmemos"])
    connection = ours.systems.connection.model_copy(update={"creditmemos": memos})
    ours.systems.connections = ours.systems.connections.model_copy(
        update={"connections": {CONNECTION: connection}}
    )
    ours.services = ours._opened(ours.systems.tables)
    await ours.books(memo, "creditmemos")
    await ours.services.intake.accept("creditmemos", CONNECTION, [key(memo)], "backfill")
    await ours.works_until_idle()
    assert ours.payments(memo, "creditmemos") == []
    await ours.works_for(3600)
    ((said,), _) = await reconciled(ours, "refunds")
    for _ in range(2):
        await mended(ours, said)
    assert ours.payment(memo, "creditmemos")["DebitAmount"] == memo["grand_total"]


@in_returns(**MONEY)
async def test_the_money_of_a_refund_is_corrected_and_its_goods_credited_once(
    ours: Returning,
) -> None:
    """It was deleted, entered by hand elsewhere, or never booked: what a person says of it is of
    the money alone, also where an answer is lost after that."""
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    (memo,) = order.creditmemos
    await ours.books(memo, "creditmemos")
    person = Corrections(ours.services.ledger, ours.clock, "ann", "entered by hand")
    store, line = ours.dynamics.store, ours.payment(memo, "creditmemos")
    store.delete("CustomerPaymentJournalLines", line)
    assert await person.forget(await ours.claim(key(memo), "creditmemos"))
    ours.ledger_dials.next(Kind.LOST, where=writes_a_line)
    await ours.replays(key(memo), "creditmemos")
    await ours.works_until_idle()
    assert await ours.stands(memo, "creditmemos") is State.DELIVERED
    line = ours.payment(memo, "creditmemos")
    number = f"{line['JournalBatchNumber']}/{line['LineNumber']}"
    for forgets in (False, True):
        if forgets:
            claim = await ours.claim(key(memo), "creditmemos")
            assert await person.link(claim, "return_order", ours.number(rma))  # a mistake
            assert await person.forget(await ours.claim(key(memo), "creditmemos"))
        claim = await ours.claim(key(memo), "creditmemos")
        assert await person.link(claim, "customer_payment", number)
        await ours.replays(key(memo), "creditmemos")
        claim = await ours.claim(key(memo), "creditmemos")
        assert claim.state is State.DELIVERED
        assert [one.number for one in claim.delivered.values()] == [number]
    assert len(ours.rows("CustomerPaymentJournalLines", DebitAmount=memo["grand_total"])) == 1
    assert len(ours.rows("ReturnOrderHeadersV2")) == 1
    assert (await reconciled(ours, "creditmemos", "refunds", "returns"))[0] == []


@in_returns(**MONEY)
async def test_a_memo_that_is_of_no_return_after_its_money_was_booked_is_booked_again(
    ours: Returning,
) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    memo = ours.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.books(memo, "creditmemos")
    ours.commerce.comment_on("creditmemo", memo, {"comment": "RMA:-"})
    await ours.replays(key(memo), "creditmemos")
    remedy = (await ours.claim(key(memo), "creditmemos")).remedy
    assert f"forget creditmemos {key(memo)}" in remedy
    claim = await ours.claim(key(memo), "creditmemos")
    assert await Corrections(ours.services.ledger, ours.clock, "ann", "of none").forget(claim)
    await ours.replays(key(memo), "creditmemos")
    assert ours.returned(memo)["CustomersOrderReference"] == ours.reference(memo, "creditmemos")
    assert ours.payment(memo, "creditmemos")["DebitAmount"] == memo["grand_total"]


@in_returns(
    flows=(*RETURNED["flows"], "shipments", "cancellations"), shipments=SHIPPED["shipments"],
    cancellations={"refunds": {"*": "record"}},
)  # fmt: skip
async def test_a_refund_of_pieces_that_f_and_o_cancelled_is_of_no_return(ours: Returning) -> None:
    order = await ours.placed(shipping=Decimal(0), **ours.wants("SIMPLE-001", pieces=3))
    ours.commerce.invoice(order)
    (line,) = ours.rows("SalesLine")
    number = ours.header(order)["SalesOrderNumber"]
    ours.dynamics.deliver(number, quantities={line["InventoryLotId"]: Decimal(2)})
    await ours.polls("shipments")
    await ours.works_until_idle()
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 1})
    ours.dynamics.cancel_remainder(number)
    ours.dynamics.invoice(number, COMPANY)
    await ours.polls("cancellations")
    await ours.works_until_idle()
    (memo,) = order.creditmemos
    await ours.books(memo, "creditmemos")
    assert await ours.parked("creditmemos") == await ours.parked("returns") == []
    await ours.look()
    ours.receives(rma)
    note = ours.credits(rma)
    await ours.look()
    assert (await ours.of_note(note)).state is State.DELIVERED
    assert len(order.creditmemos) == 2


@in_returns()
async def test_what_is_given_for_a_return_as_store_credit_is_a_liability(ours: Returning) -> None:
    order = await ours.sold()
    rma = await ours.requested(order, 1)
    memo = ours.commerce.refund(
        order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0),
        to_store_credit=Decimal(4),
    )  # fmt: skip
    ours.commerce.comment_on("creditmemo", memo, {"comment": f"RMA:{rma['increment_id']}"})
    await ours.books(memo, "creditmemos")
    assert ours.payments(memo, "creditmemos") == []
    credit = next(unique_references([f"{ours.reference(memo, 'creditmemos')}/S"]))
    assert [one["DebitAmount"] for one in ours.dynamics.payments_for(credit)] == [4]
