"""What happens to a sales order when its order changes in Commerce, or is cancelled, or
replaced."""

import asyncio
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sync.engine.claim import LEASE, State
from sync.engine.corrections import Corrections
from sync.flows.orders.in_dynamics import is_posted
from tests.harness import Harness, in_both_harnesses, in_harness, key_of
from tests.systems import COMPANY


@in_both_harnesses()
async def test_an_order_cancelled_before_it_was_posted_is_never_posted(harness: Harness) -> None:
    order = harness.place()
    harness.commerce.cancel(order)
    await harness.delivers(order)
    assert harness.headers(order) == []
    assert await harness.events(order) == ["skipped"]


@in_both_harnesses()
async def test_an_order_cancelled_after_it_was_posted_is_removed(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    harness.commerce.cancel(order)
    await harness.delivers(order)
    assert harness.headers(order) == []
    assert await harness.events(order) == ["created", "cancelled"]


@in_both_harnesses()
async def test_an_order_whose_cancellation_is_taken_back_waits_for_a_person(
    harness: Harness,
) -> None:
    """As extensions take it back. Until somebody says so nothing is sent again, however often it is
    seen; cancelled again, it waits no more."""
    order = harness.place()
    await harness.delivers(order)
    placed = deepcopy((order.row, order.items))
    for _ in range(2):
        harness.commerce.cancel(order)
        await harness.delivers(order)
        assert await harness.parked() == []
        order.row, order.items = deepcopy(placed)
        for _ in range(2):
            await harness.delivers(order)
            assert await harness.parked() == [key_of(order)]
    claim = await harness.claim(order)
    assert (harness.headers(order), is_posted(claim)) == ([], False)
    assert await Corrections(harness.services.ledger, harness.clock, "ann", "sold").forget(claim)
    await harness.delivers(order)
    assert harness.lines(order)
    assert await harness.parked() == []


@in_both_harnesses()
async def test_a_cancelled_order_stays_cancelled_however_often_it_is_seen(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    harness.commerce.cancel(order)
    for _ in range(3):
        await harness.delivers(order)
        await asyncio.sleep(20)
    assert await harness.events(order) == ["created", "cancelled", "unchanged", "unchanged"]
    assert (await harness.claim(order)).state is State.CANCELLED


@in_both_harnesses()
async def test_an_order_cancelled_after_the_warehouse_sent_it_is_parked_with_its_reason(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    harness.dynamics.deliver(harness.header(order)["SalesOrderNumber"])
    harness.commerce.cancel(order)
    await harness.delivers(order)
    claim = await harness.claim(order)
    assert claim.state is State.PARKED
    assert "Delivered" in claim.reason
    assert harness.header(order)["SalesOrderNumber"] in claim.remedy


@in_both_harnesses()
async def test_a_cancellation_behind_a_lost_answer_leaves_no_order_behind(harness: Harness) -> None:
    order = harness.place()
    harness.ledger_dials.next(Kind.DELAYED, where=_posts_an_order, seconds=100)
    await harness.hooks(order)
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    harness.commerce.cancel(order)
    await harness.delivers(order)
    await harness.ledger_dials.settle()
    assert harness.headers(order) == []


@in_harness("ours")
async def test_a_late_first_write_does_not_bring_a_removed_order_back(harness: Harness) -> None:
    order = harness.place()
    harness.ledger_dials.next(Kind.DELAYED, where=_posts_an_order, seconds=100)
    await harness.hooks(order)
    await asyncio.sleep(20)
    while not harness.headers(order):
        await harness.works_off_what_is_due()
        await asyncio.sleep(1)
    harness.commerce.cancel(order)
    await harness.delivers(order)
    await harness.ledger_dials.settle()
    assert harness.headers(order) == []
    assert (await harness.claim(order)).state is State.CANCELLED


@in_both_harnesses()
async def test_a_changed_address_is_patched_and_what_a_clerk_changed_stays(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    header = harness.header(order)
    harness.dynamics.put(
        "SalesTable",
        **{**header, "LanguageId": "de", "DeliveryAddressStreet": "Corrected by a clerk"},
    )
    harness.commerce.change_address(order, city="Neustadt")
    await harness.delivers(order)
    header = harness.header(order)
    assert (header["DeliveryAddressCity"], header["LanguageId"]) == ("Neustadt", "de")
    assert header["DeliveryAddressStreet"] == "Corrected by a clerk"
    assert await harness.events(order) == ["created", "amended"]


@in_both_harnesses()
async def test_a_change_that_fails_at_first_is_made_by_a_later_try(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    harness.commerce.change_address(order, city="Neustadt")
    harness.ledger_dials.next(Kind.ERROR_BEFORE, writes=True)
    await harness.delivers(order)
    assert harness.header(order)["DeliveryAddressCity"] == "Neustadt"
    assert await harness.events(order) == ["created", "waited", "amended"]


@in_both_harnesses()
async def test_a_change_taken_back_while_its_write_was_lost_is_taken_back_there_too(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    city = order.shipping["city"] if order.shipping else ""
    harness.commerce.change_address(order, city="Neustadt")
    harness.ledger_dials.next(Kind.DELAYED, writes=True, seconds=60)
    await harness.hooks(order)
    await asyncio.sleep(20)
    await harness.works_off_what_is_due()
    harness.commerce.change_address(order, city=city)
    await harness.works_until_idle()
    await harness.ledger_dials.settle()
    assert harness.header(order)["DeliveryAddressCity"] == city


@in_both_harnesses()
async def test_a_change_of_pieces_after_the_warehouse_sent_some_is_parked_with_both_documents(
    harness: Harness,
) -> None:
    order = harness.place(wants=_pieces(harness, 3))
    await harness.delivers(order)
    _partly_sent(harness, order)
    order.items[0]["qty_canceled"] = Decimal(1)
    harness.commerce.change_address(order, city="Neustadt")
    await harness.delivers(order)
    assert (await harness.claim(order)).state is State.PARKED
    wanted, there = (
        await harness.document(order, "wanted"),
        await harness.document(order, "answered"),
    )
    assert wanted["sales_order"]["header"]["DeliveryAddressCity"] == "Neustadt"
    assert there["header"]["SalesOrderProcessingStatus"] == "PartiallyDelivered"


@in_both_harnesses()
async def test_an_address_that_changes_too_late_is_listed_until_it_is_entered_in_f_and_o(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    harness.dynamics.deliver(harness.header(order)["SalesOrderNumber"])
    harness.commerce.change_address(order, city="Neustadt")
    for _ in range(2):
        await harness.delivers(order)
        claim = await harness.claim(order)
        assert claim.is_different
        assert "DeliveryAddressCity" in claim.reason
        assert harness.header(order)["SalesOrderNumber"] in claim.remedy
    harness.dynamics.put(
        "SalesTable", **{**harness.header(order), "DeliveryAddressCity": "NEUSTADT "}
    )
    await harness.replays(key_of(order))
    assert not (await harness.claim(order)).waits_for_a_person
    assert await harness.parked() == []


@in_both_harnesses()
async def test_a_change_that_came_too_late_is_made_once_the_order_is_open_again(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    harness.dynamics.deliver(harness.header(order)["SalesOrderNumber"])
    harness.commerce.change_address(order, city="Neustadt")
    await harness.delivers(order)
    _open_again(harness, order)
    await harness.replays(key_of(order))
    assert harness.header(order)["DeliveryAddressCity"] == "Neustadt"
    assert await harness.events(order) == ["created", "unchanged", "amended"]
    assert not (await harness.claim(order)).waits_for_a_person


@pytest.mark.parametrize("is_moved", [False, True])
@in_both_harnesses()
async def test_what_went_unanswered_before_the_warehouse_sent_it_is_compared_with_f_and_o(
    harness: Harness, is_moved: bool
) -> None:
    order = harness.place(wants=_pieces(harness, 3))
    harness.ledger_dials.next(Kind.LOST, where=_posts_an_order)
    harness.ledger_dials.next(Kind.LOST, where=lambda asked: b"PATCH " in asked.body)
    order.items[0]["qty_canceled"] = Decimal(1)
    await harness.hooks(order)
    while not harness.headers(order) or harness.lines(order).get("SIMPLE-001") != Decimal(2):
        await harness.works_off_what_is_due()
        await asyncio.sleep(1)
    harness.dynamics.deliver(harness.header(order)["SalesOrderNumber"])
    if is_moved:
        harness.commerce.change_address(order, city="Neustadt")
    await harness.works_until_idle()
    claim = await harness.claim(order)
    assert (claim.state, claim.is_different) == (State.DELIVERED, is_moved)
    assert claim.differs.startswith("DeliveryAddressCity of" if is_moved else "")


def _partly_sent(harness: Harness, order: StoredOrder) -> None:
    header = harness.header(order)
    changed = {"SalesOrderProcessingStatus": "PartiallyDelivered"}
    harness.dynamics.put("SalesTable", **{**header, **changed})


def _open_again(harness: Harness, order: StoredOrder) -> None:
    header = harness.header(order)
    harness.dynamics.put(
        "SalesTable",
        **{**header, "SalesOrderStatus": "Backorder", "SalesOrderProcessingStatus": "Active"},
    )
    for line in harness.dynamics.lines(COMPANY, header["SalesOrderNumber"]):
        harness.dynamics.put("SalesLine", **{**line.values, "SalesOrderLineStatus": "Backorder"})


@in_both_harnesses()
async def test_a_partly_cancelled_order_has_fewer_pieces(harness: Harness) -> None:
    order = harness.place(wants=_pieces(harness, 3))
    await harness.delivers(order)
    order.items[0]["qty_canceled"] = Decimal(1)
    await harness.delivers(order)
    assert harness.lines(order)["SIMPLE-001"] == 2
    order.items[0]["qty_canceled"] = Decimal(3)
    await harness.delivers(order)
    assert "SIMPLE-001" not in harness.lines(order)
    assert await harness.events(order) == ["created", "amended", "amended"]


@in_both_harnesses()
async def test_an_order_first_seen_after_a_partial_cancellation_is_posted_whole_and_reduced(
    harness: Harness,
) -> None:
    order = harness.place(wants=_pieces(harness, 3))
    order.items[0]["qty_canceled"] = Decimal(1)
    await harness.delivers(order)
    assert harness.lines(order)["SIMPLE-001"] == 2
    assert (await harness.claim(order)).state is State.DELIVERED


def _pieces(harness: Harness, count: int) -> Any:
    from sandbox.commerce.recipe import Want

    products = (harness.commerce.catalogue.product(sku) for sku in ("SIMPLE-001", "SIMPLE-002"))
    return tuple(Want(product, Decimal(count)) for product in products)


@in_both_harnesses()
async def test_an_edited_order_replaces_the_one_it_was_made_from(harness: Harness) -> None:
    first = harness.place()
    await harness.delivers(first)
    second = harness.commerce.edit(first)
    await harness.hooks(second)
    await harness.delivers(first)
    assert harness.headers(first) == []
    assert len(harness.headers(second)) == 1
    assert await harness.events(first) == ["created", "cancelled", "unchanged"]


@in_harness()
async def test_an_edited_order_replaces_one_that_cost_nothing_and_was_invoiced_in_part(
    harness: Harness,
) -> None:
    first = harness.place(wants=_pieces(harness, 3))
    await harness.delivers(first)
    second = harness.commerce.edit(first)
    first.row |= {"state": "processing", "total_canceled": Decimal(0)}
    first.items[0]["qty_canceled"] = Decimal(2)
    await harness.delivers(second)
    assert len(harness.headers(second)) == 1


@in_harness()
async def test_an_edited_order_replaces_one_that_cost_nothing_and_was_sent_whole(
    harness: Harness,
) -> None:
    first = harness.place(wants=_pieces(harness, 3))
    await harness.delivers(first)
    second = harness.commerce.edit(first)
    first.row |= {"state": "complete", "total_canceled": Decimal(0)}
    for item in first.items:
        item["qty_canceled"] = Decimal(0)
    await harness.delivers(second)
    assert len(harness.headers(second)) == 1


@in_both_harnesses()
async def test_an_edited_order_is_not_posted_beside_one_that_the_warehouse_sent(
    harness: Harness,
) -> None:
    first = harness.place()
    await harness.delivers(first)
    harness.dynamics.deliver(harness.header(first)["SalesOrderNumber"])
    second = harness.commerce.edit(first)
    await harness.delivers(second)
    assert harness.headers(second) == []
    assert (await harness.claim(second)).state is State.PARKED


def _posts_an_order(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomersOrderReference" in arrival.body


@in_harness()
async def test_a_change_that_comes_while_the_order_is_posted_does_not_wait_for_the_lease(
    harness: Harness,
) -> None:
    order = harness.place()
    harness.ledger_dials.turn({"latency_low": 5, "latency_high": 5})
    await harness.hooks(order)
    working = asyncio.create_task(harness.works_until_idle())
    await asyncio.sleep(12)
    harness.commerce.change_address(order, street=["Ringweg 1"], city="Neustadt")
    harness.commerce.save_order(order, {"customer_note": "moved"})
    await harness.hooks(order)
    await asyncio.sleep(4)
    beside = asyncio.create_task(harness.works_off_what_is_due())
    await asyncio.sleep(LEASE.total_seconds() / 2)
    assert harness.header(order)["DeliveryAddressCity"] == "Neustadt"
    await asyncio.gather(working, beside)
