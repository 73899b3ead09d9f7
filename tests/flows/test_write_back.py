"""D365's numbers on their way back into the shop: each once, and no echo."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from tests.flows.finance import BOOKS, Finance, in_finance, key
from tests.harness import key_of
from tests.systems import COMPANY

FLOWS = (*BOOKS["flows"], "write_back")
COMMENTS: dict[str, Any] = {"flows": FLOWS, "write_back": {"to": "comment"}}
KEYS: dict[str, Any] = {"flows": FLOWS, "write_back": {"to": "ext_order_id"}}


def _ours(order: StoredOrder) -> list[str]:
    """Our comments of an order, oldest first."""
    return [
        row["comment"] for row in reversed(order.comments) if row["comment"].startswith("D365 ")
    ]


@in_finance(**COMMENTS)
async def test_the_numbers_of_order_invoice_and_memo_are_hidden_comments_of_the_order(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(invoice)
    await finance.books(memo, "creditmemos")
    claims = [
        await finance.claim(order), await finance.claim(key(invoice), "invoices"),
        await finance.claim(key(memo), "creditmemos"),
    ]  # fmt: skip
    assert _ours(order) == [
        f"D365 sales order {claims[0].number}", f"D365 receivable {claims[1].number}",
        f"D365 credit note {claims[2].number}",
    ]  # fmt: skip
    shown = [
        (row["is_customer_notified"], row["is_visible_on_front"])
        for row in order.comments
        if "D365" in row["comment"]
    ]
    assert {bool(flag) for pair in shown for flag in pair} == {False}


@in_finance(**COMMENTS)
async def test_each_of_two_memos_that_are_taken_off_one_order_is_told(finance: Finance) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001", pieces=3))
    finance.commerce.invoice(order)
    piece = {order.items[0]["item_id"]: Decimal(1)}
    memos = [finance.commerce.refund(order, piece, shipping=Decimal(0)) for _ in range(2)]
    for memo in memos:
        await finance.notify(memo, "creditmemos")
    await finance.works_until_idle()
    number = finance.header(order)["SalesOrderNumber"]
    assert sorted(_ours(order)[1:]) == [
        f"D365 credit note of {memo['increment_id']}: taken off {number}" for memo in memos
    ]


@in_finance(**COMMENTS)
async def test_a_comment_is_no_echo_and_is_written_once(finance: Finance) -> None:
    order = await finance.placed()
    for _ in range(3):
        await asyncio.sleep(90)
        await finance.polls()
        await finance.delivers(order)
        await finance.services.intake.accept(
            "write_back", "shop", [f"orders|{key_of(order)}"], "webhook"
        )
        await finance.works_until_idle()
    assert len(_ours(order)) == 1
    assert set((await finance.events(order))[1:]) <= {"unchanged"}
    assert len(finance.headers(order)) == 1


@pytest.mark.parametrize(
    "kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED]
)
@in_finance(**COMMENTS)
async def test_a_comment_whose_answer_was_lost_is_not_written_twice(
    finance: Finance, kind: Kind
) -> None:
    order = finance.place()
    finance.shop_dials.next(kind, where=_comments, seconds=40)
    await finance.delivers(order)
    await finance.shop_dials.settle()
    await finance.works_until_idle()
    assert len(_ours(order)) == 1
    assert (await finance.claim(f"orders|{key_of(order)}", "write_back")).state is State.DELIVERED


@in_finance(**COMMENTS)
async def test_a_crash_after_the_comment_writes_no_second_one(finance: Finance) -> None:
    order = finance.place()
    await finance.hooks(order)
    while not finance.systems.queue.next_due(finance.services.queues["write_back"]):
        await asyncio.sleep(1)
        await _works_off(finance, "orders")
    await finance.works_until_it_dies(before="trail")
    assert len(_ours(order)) == 1
    await finance.works_until_idle()
    assert len(_ours(order)) == 1
    assert await finance.events(f"orders|{key_of(order)}", "write_back") == ["adopted"]


async def _works_off(finance: Finance, flow: str) -> None:
    for message in await finance.systems.queue.receive(
        finance.services.queues[flow], most=4, wait=finance.systems.message_lock * 0
    ):
        await finance.services.take(message.queue, message.body, message.id, message.deliveries)
        await finance.systems.queue.complete(message)


@in_finance(**KEYS)
async def test_the_sales_order_is_the_orders_external_key_and_posts_nothing_again(
    finance: Finance,
) -> None:
    order = await finance.placed()
    assert order.row["ext_order_id"] == finance.header(order)["SalesOrderNumber"]
    increment = order.row["increment_id"]
    for _ in range(3):
        await asyncio.sleep(90)
        await finance.polls()
        await finance.works_until_idle()
    assert order.row["increment_id"] == increment
    assert len(finance.headers(order)) == 1
    assert set((await finance.events(order))[1:]) <= {"unchanged"}
    assert await finance.events(f"orders|{key_of(order)}", "write_back") == ["amended"]


@in_finance(**KEYS)
async def test_invoices_are_comments_where_the_order_has_a_key(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert [text.partition(" journal")[0] for text in _ours(order)] == ["D365 receivable"]


@in_finance()
async def test_nothing_goes_back_where_nobody_asked_for_it(finance: Finance) -> None:
    order = await finance.placed()
    assert _ours(order) == []
    assert not order.row.get("ext_order_id")


@in_finance(**COMMENTS)
async def test_a_receipt_for_a_record_that_was_not_posted_waits_for_it(finance: Finance) -> None:
    order = finance.place()
    finance.commerce.hold(order)
    await finance.services.intake.accept("write_back", "shop", [f"orders|{key_of(order)}"], "told")
    await finance.works_for(20)
    assert _ours(order) == []
    finance.commerce.unhold(order)
    await finance.delivers(order)
    assert len(_ours(order)) == 1


@in_finance(**COMMENTS)
async def test_a_number_is_waited_for_as_long_as_somebody_has_its_order_in_hand(
    finance: Finance,
) -> None:
    order = finance.place()
    ledger, record = finance.services.ledger, f"orders|{key_of(order)}"
    held, _ = await ledger.take("shop", "orders", key_of(order), "another process")
    await finance.services.intake.accept("write_back", "shop", [record], "told")
    for _ in range(10):
        await finance.works_for(timedelta(minutes=2).total_seconds())
        await ledger.renew(held)
    assert (await finance.claim(record, "write_back")).state is State.NEW
    await ledger.release(held)
    await finance.delivers(order)
    assert len(_ours(order)) == 1


def _comments(arrival: Arrival) -> bool:
    return arrival.writes and arrival.path.endswith("/comments")


@in_finance(**COMMENTS)
async def test_the_number_of_an_order_whose_answer_was_lost_is_told_although_it_was_refunded(
    finance: Finance,
) -> None:
    order = finance.place()
    finance.commerce.invoice(order)
    finance.ledger_dials.next(Kind.LOST, path="$batch", writes=True)
    await finance.hooks(order)
    await finance.works_for(20)
    finance.dynamics.deliver(finance.header(order)["SalesOrderNumber"], COMPANY)
    finance.commerce.refund(order)
    await finance.works_until_idle()
    claim = await finance.claim(order)
    assert (claim.state, _ours(order)) == (State.DELIVERED, [f"D365 sales order {claim.number}"])
