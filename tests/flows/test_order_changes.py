"""What happens to a sales order when its order changes in Commerce, or is cancelled, or replaced."""

import asyncio
from decimal import Decimal
from typing import Any

from sync.road.ledger import State
from sync.sandbox.commerce.records import StoredOrder
from sync.sandbox.dials import Arrival, Kind
from tests.house import House, in_both_houses, in_house, key_of
from tests.site import COMPANY


@in_both_houses()
async def test_an_order_cancelled_before_it_was_posted_is_never_posted(house: House) -> None:
    order = house.place()
    house.commerce.cancel(order)
    await house.delivers(order)
    assert house.headers(order) == []
    assert await house.events(order) == ["skipped"]


@in_both_houses()
async def test_an_order_cancelled_after_it_was_posted_is_removed(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    house.commerce.cancel(order)
    await house.delivers(order)
    assert house.headers(order) == []
    assert await house.events(order) == ["created", "cancelled"]


@in_both_houses()
async def test_a_cancelled_order_stays_cancelled_however_often_it_is_seen(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    house.commerce.cancel(order)
    for _ in range(3):
        await house.delivers(order)
        await asyncio.sleep(20)
    assert await house.events(order) == ["created", "cancelled", "unchanged", "unchanged"]
    assert (await house.claim(order)).state is State.CANCELLED


@in_both_houses()
async def test_an_order_cancelled_after_the_warehouse_sent_it_is_parked_with_its_reason(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    house.dynamics.deliver(house.header(order)["SalesOrderNumber"])
    house.commerce.cancel(order)
    await house.delivers(order)
    claim = await house.claim(order)
    assert claim.state is State.PARKED
    assert "Delivered" in claim.reason
    assert house.header(order)["SalesOrderNumber"] in claim.remedy


@in_both_houses()
async def test_a_cancellation_behind_a_lost_answer_leaves_no_order_behind(house: House) -> None:
    order = house.place()
    house.ledger_dials.next(Kind.DELAYED, where=_posts_an_order, seconds=100)
    await house.hooks(order)
    await asyncio.sleep(1)
    await house.works_off_what_is_due()
    house.commerce.cancel(order)
    await house.delivers(order)
    await house.ledger_dials.settle()
    assert house.headers(order) == []


@in_house("ours")
async def test_a_late_first_write_does_not_bring_a_removed_order_back(house: House) -> None:
    order = house.place()
    house.ledger_dials.next(Kind.DELAYED, where=_posts_an_order, seconds=100)
    await house.hooks(order)
    await asyncio.sleep(20)
    while not house.headers(order):
        await house.works_off_what_is_due()
        await asyncio.sleep(1)
    house.commerce.cancel(order)
    await house.delivers(order)
    await house.ledger_dials.settle()
    assert house.headers(order) == []
    assert (await house.claim(order)).state is State.CANCELLED


@in_both_houses()
async def test_a_changed_address_is_patched_and_what_a_clerk_changed_stays(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    header = house.header(order)
    house.dynamics.put("SalesTable", **{**header, "LanguageId": "de", "DeliveryAddressStreet": "Corrected by a clerk"})
    house.commerce.change_address(order, city="Neustadt")
    await house.delivers(order)
    header = house.header(order)
    assert (header["DeliveryAddressCity"], header["LanguageId"]) == ("Neustadt", "de")
    assert header["DeliveryAddressStreet"] == "Corrected by a clerk"
    assert await house.events(order) == ["created", "amended"]


@in_both_houses()
async def test_a_change_that_fails_at_first_is_made_by_a_later_try(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    house.commerce.change_address(order, city="Neustadt")
    house.ledger_dials.next(Kind.ERROR_BEFORE, writes=True)
    await house.delivers(order)
    assert house.header(order)["DeliveryAddressCity"] == "Neustadt"
    assert await house.events(order) == ["created", "waited", "amended"]


@in_both_houses()
async def test_a_change_taken_back_while_its_write_was_lost_is_taken_back_there_too(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    city = order.shipping["city"] if order.shipping else ""
    house.commerce.change_address(order, city="Neustadt")
    house.ledger_dials.next(Kind.DELAYED, writes=True, seconds=60)
    await house.hooks(order)
    await asyncio.sleep(20)
    await house.works_off_what_is_due()
    house.commerce.change_address(order, city=city)
    await house.works_until_idle()
    await house.ledger_dials.settle()
    assert house.header(order)["DeliveryAddressCity"] == city


@in_both_houses()
async def test_a_change_after_the_warehouse_sent_it_is_parked_with_both_documents(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    house.dynamics.deliver(house.header(order)["SalesOrderNumber"])
    house.commerce.change_address(order, city="Neustadt")
    await house.delivers(order)
    assert (await house.claim(order)).state is State.PARKED
    wanted, there = await house.document(order, "wanted"), await house.document(order, "answered")
    assert wanted["sales_order"]["header"]["DeliveryAddressCity"] == "Neustadt"
    assert there["header"]["SalesOrderStatus"] == "Delivered"


@in_both_houses()
async def test_a_parked_change_is_made_when_it_is_replayed_once_the_order_is_open_again(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    number = house.header(order)["SalesOrderNumber"]
    house.dynamics.deliver(number)
    house.commerce.change_address(order, city="Neustadt")
    await house.delivers(order)
    _open_again(house, order)
    await house.replays(key_of(order))
    assert house.header(order)["DeliveryAddressCity"] == "Neustadt"
    assert await house.events(order) == ["created", "parked", "amended"]


def _open_again(house: House, order: StoredOrder) -> None:
    header = house.header(order)
    house.dynamics.put(
        "SalesTable", **{**header, "SalesOrderStatus": "Backorder", "SalesOrderProcessingStatus": "Active"}
    )
    for line in house.dynamics.lines(COMPANY, header["SalesOrderNumber"]):
        house.dynamics.put("SalesLine", **{**line.values, "SalesOrderLineStatus": "Backorder"})


@in_both_houses()
async def test_a_partly_cancelled_order_has_fewer_pieces(house: House) -> None:
    order = house.place(wants=_pieces(house, 3))
    await house.delivers(order)
    order.items[0]["qty_canceled"] = Decimal(1)
    await house.delivers(order)
    assert house.lines(order)["SIMPLE-001"] == 2
    order.items[0]["qty_canceled"] = Decimal(3)
    await house.delivers(order)
    assert "SIMPLE-001" not in house.lines(order)
    assert await house.events(order) == ["created", "amended", "amended"]


@in_both_houses()
async def test_an_order_first_seen_after_a_partial_cancellation_is_posted_whole_and_reduced(house: House) -> None:
    order = house.place(wants=_pieces(house, 3))
    order.items[0]["qty_canceled"] = Decimal(1)
    await house.delivers(order)
    assert house.lines(order)["SIMPLE-001"] == 2
    assert (await house.claim(order)).state is State.DELIVERED


def _pieces(house: House, count: int) -> Any:
    from sync.sandbox.commerce.recipe import Want

    products = (house.commerce.catalogue.product(sku) for sku in ("SIMPLE-001", "SIMPLE-002"))
    return tuple(Want(product, Decimal(count)) for product in products)


@in_both_houses()
async def test_an_edited_order_replaces_the_one_it_was_made_from(house: House) -> None:
    first = house.place()
    await house.delivers(first)
    second = house.commerce.edit(first)
    await house.hooks(second)
    await house.delivers(first)
    assert house.headers(first) == []
    assert len(house.headers(second)) == 1
    assert await house.events(first) == ["created", "cancelled", "unchanged"]


@in_both_houses()
async def test_an_edited_order_is_not_posted_beside_one_that_the_warehouse_sent(house: House) -> None:
    first = house.place()
    await house.delivers(first)
    house.dynamics.deliver(house.header(first)["SalesOrderNumber"])
    second = house.commerce.edit(first)
    await house.delivers(second)
    assert house.headers(second) == []
    assert (await house.claim(second)).state is State.PARKED


def _posts_an_order(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomersOrderReference" in arrival.body
