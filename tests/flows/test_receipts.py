"""D365's numbers on their way back into the shop: each once, and no echo."""

import asyncio
from typing import Any

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.records import StoredOrder
from sync.sandbox.dials import Arrival, Kind
from tests.flows.till import BOOKS, Till, in_till, key
from tests.house import key_of

FLOWS = (*BOOKS["flows"], "receipts")
COMMENTS: dict[str, Any] = {"flows": FLOWS, "receipts": {"to": "comment"}}
KEYS: dict[str, Any] = {"flows": FLOWS, "receipts": {"to": "ext_order_id"}}


def _ours(order: StoredOrder) -> list[str]:
    """Our comments of an order, oldest first."""
    return [row["comment"] for row in reversed(order.comments) if row["comment"].startswith("D365 ")]


@in_till(**COMMENTS)
async def test_the_numbers_of_order_invoice_and_memo_are_hidden_comments_of_the_order(till: Till) -> None:
    order = await till.placed()
    invoice, memo = till.commerce.invoice(order), till.commerce.refund(order)
    await till.books(invoice)
    await till.books(memo, "creditmemos")
    claims = [
        await till.claim(order), await till.claim(key(invoice), "invoices"), await till.claim(key(memo), "creditmemos"),
    ]  # fmt: skip
    assert _ours(order) == [
        f"D365 sales order {claims[0].number}", f"D365 receivable {claims[1].number}", f"D365 credit note {claims[2].number}",
    ]  # fmt: skip
    shown = [
        (row["is_customer_notified"], row["is_visible_on_front"]) for row in order.comments if "D365" in row["comment"]
    ]
    assert {bool(flag) for pair in shown for flag in pair} == {False}


@in_till(**COMMENTS)
async def test_a_comment_is_no_echo_and_is_written_once(till: Till) -> None:
    order = await till.placed()
    for _ in range(3):
        await asyncio.sleep(90)
        await till.polls()
        await till.delivers(order)
        await till.services.hints.accept("receipts", "shop", [f"orders|{key_of(order)}"], "webhook")
        await till.works_until_idle()
    assert len(_ours(order)) == 1
    assert set((await till.events(order))[1:]) <= {"unchanged"}
    assert len(till.headers(order)) == 1


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED])
@in_till(**COMMENTS)
async def test_a_comment_whose_answer_was_lost_is_not_written_twice(till: Till, kind: Kind) -> None:
    order = till.place()
    till.shop_dials.next(kind, where=_comments, seconds=40)
    await till.delivers(order)
    await till.shop_dials.settle()
    await till.works_until_idle()
    assert len(_ours(order)) == 1
    assert (await till.claim(f"orders|{key_of(order)}", "receipts")).state is State.DELIVERED


@in_till(**COMMENTS)
async def test_a_crash_after_the_comment_writes_no_second_one(till: Till) -> None:
    order = till.place()
    await till.hooks(order)
    while not till.site.queue.next_due("receipts"):
        await asyncio.sleep(1)
        await _works_off(till, "orders")
    await till.works_until_it_dies(before="trail")
    assert len(_ours(order)) == 1
    await till.works_until_idle()
    assert len(_ours(order)) == 1
    assert await till.events(f"orders|{key_of(order)}", "receipts") == ["adopted"]


async def _works_off(till: Till, flow: str) -> None:
    for message in await till.site.queue.receive(flow, most=4, wait=till.site.message_lock * 0):
        await till.services.deliver(flow, message.body, message.id, message.deliveries)
        await till.site.queue.complete(message)


@in_till(**KEYS)
async def test_the_sales_order_is_the_orders_external_key_and_posts_nothing_again(till: Till) -> None:
    order = await till.placed()
    assert order.row["ext_order_id"] == till.header(order)["SalesOrderNumber"]
    increment = order.row["increment_id"]
    for _ in range(3):
        await asyncio.sleep(90)
        await till.polls()
        await till.works_until_idle()
    assert order.row["increment_id"] == increment
    assert len(till.headers(order)) == 1
    assert set((await till.events(order))[1:]) <= {"unchanged"}
    assert await till.events(f"orders|{key_of(order)}", "receipts") == ["amended"]


@in_till(**KEYS)
async def test_invoices_are_comments_where_the_order_has_a_key(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert [text.partition(" journal")[0] for text in _ours(order)] == ["D365 receivable"]


@in_till()
async def test_nothing_goes_back_where_nobody_asked_for_it(till: Till) -> None:
    order = await till.placed()
    assert _ours(order) == []
    assert not order.row.get("ext_order_id")


@in_till(**COMMENTS)
async def test_a_receipt_for_a_record_that_was_not_posted_waits_for_it(till: Till) -> None:
    order = till.place()
    till.commerce.hold(order)
    await till.services.hints.accept("receipts", "shop", [f"orders|{key_of(order)}"], "told")
    await till.works_for(20)
    assert _ours(order) == []
    till.commerce.unhold(order)
    await till.delivers(order)
    assert len(_ours(order)) == 1


def _comments(arrival: Arrival) -> bool:
    return arrival.writes and arrival.path.endswith("/comments")
