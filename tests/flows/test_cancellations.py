"""What F&O cancels, ended in the shop as far as the shop can; and no cancellation comes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sandbox.dynamics.collective import join_slips
from sandbox.dynamics.remainders import enter_again
from sync.engine.claim import State
from sync.flows.fulfilment.cancellations import changed
from tests.flows.test_shipments import OTHER, SHIPPED, SKU, lots, ordered, packed, shown
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

CANCELLED: dict[str, Any] = {**SHIPPED, "flows": (*SHIPPED["flows"], "cancellations")}


def with_refunds(policy: str) -> dict[str, Any]:
    return {**CANCELLED, "cancellations": {"refunds": {"checkmo": policy}}}


def number_of(harness: Harness, order: StoredOrder) -> str:
    return str(harness.header(order)["SalesOrderNumber"])


def cut(harness: Harness, order: StoredOrder, **pieces: int) -> None:
    """F&O cancels the deliver remainder: of these pieces by item, or all of it."""
    by_lot = {
        lots(harness, order)[item.replace("_", "-")]: Decimal(count)
        for item, count in pieces.items()
    }
    harness.dynamics.cancel_remainder(number_of(harness, order), by_lot or None)


async def looks(harness: Harness) -> None:
    """Everybody looks, until nothing is left to do: what comes back of it as well."""
    for _ in range(3):
        await asyncio.sleep(90)
        for flow in ("shipments", "cancellations", "orders"):
            await harness.polls(flow)
        await harness.works_until_idle()


async def claim_of(harness: Harness, order: StoredOrder) -> Any:
    return await harness.claim(f"{COMPANY}|{number_of(harness, order)}", "cancellations")


def counts(order: StoredOrder) -> list[dict[str, int]]:
    names = ("qty_canceled", "qty_shipped", "qty_invoiced", "qty_refunded")
    return [{name[4:]: int(item.get(name) or 0) for name in names if item.get(name)}
            for item in order.items]  # fmt: skip


@pytest.mark.parametrize("whole", [True, False])
@in_harness(**CANCELLED)
async def test_an_order_that_f_and_o_cancels_is_cancelled(harness: Harness, whole: bool) -> None:
    """The order itself, or the remainder of all its lines."""
    order = await ordered(harness, SKU, OTHER)
    if whole:
        harness.dynamics.cancel(number_of(harness, order), COMPANY)
    else:
        cut(harness, order)
    await looks(harness)
    assert order.row["state"] == "canceled"
    assert counts(order) == [{"canceled": 3}, {"canceled": 3}]
    assert await harness.parked("orders") == []
    assert (await harness.claim(key_of_order(order), "orders")).state is State.CANCELLED


def key_of_order(order: StoredOrder) -> str:
    return f"{order.row['increment_id']}@{order.row['store_id']}"


@in_harness(**CANCELLED)
async def test_orders_of_others_tell_a_poll_how_far_it_has_come(harness: Harness) -> None:
    """Of another store view, here; there may be thousands to one of ours."""
    orders = [await ordered(harness, SKU, OTHER) for _ in range(3)]
    numbers = [number_of(harness, one) for one in orders]
    for place, pieces in ((0, {"SIMPLE_001": 1}), (2, {}), (0, {"SIMPLE_002": 1})):
        await asyncio.sleep(1)
        cut(harness, orders[place], **pieces)
    for foreign in orders[:2]:
        others = {**harness.header(foreign), "CustomersOrderReference": "99-7"}
        harness.dynamics.put("SalesTable", **others)
    unaskable = {**harness.dynamics.lines(COMPANY, numbers[1])[0].values, "SalesOrderNumber": "A*",
                 "InventoryLotId": "LOT-*"}  # fmt: skip
    harness.dynamics.put("SalesLine", **unaskable)
    opened = await harness.services.systems_pool.open("shop")
    first = {"1": opened.settings.stores["default"]}
    settings = opened.settings.model_copy(update={"stores": first})
    systems = replace(opened, settings=settings)
    since, until = harness.clock.now() - timedelta(days=1), harness.clock.now()
    found = [one async for one in changed(systems, since, until)]
    passed = {one.key.rpartition("|")[2]: one.is_passed for one in found}
    assert passed == dict(zip(numbers, (True, True, False), strict=True))
    # an order with two changes is listed at its later one: a run may stop after any of them
    places = [one.position for one in found]
    assert all(places)
    assert places == sorted(places)


@in_harness(**CANCELLED)
async def test_what_left_by_the_slip_of_another_order_is_not_cancelled(harness: Harness) -> None:
    """Lines of a slip of several orders may have the order of its header as `SalesId`."""
    other, order = await ordered(harness, OTHER), await ordered(harness, SKU)
    join_slips(harness.dynamics, COMPANY, packed(harness, other), packed(harness, order))
    await asyncio.sleep(90)
    await harness.polls("cancellations")
    await harness.works_until_idle()
    assert counts(order) == [{}]
    await looks(harness)
    assert counts(order) == [{"shipped": 3}]


@in_harness(**CANCELLED)
async def test_the_remainder_of_a_shipped_and_invoiced_order_is_cancelled(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order, SIMPLE_001=2)
    await looks(harness)
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(2)})
    cut(harness, order)
    await looks(harness)
    assert order.row["state"] == "complete"
    assert counts(order) == [{"canceled": 1, "shipped": 2, "invoiced": 2}]
    assert await harness.parked("orders") == await harness.parked("cancellations") == []


@in_harness(**CANCELLED)
async def test_shipped_pieces_are_invoiced_before_the_rest_is_cancelled(harness: Harness) -> None:
    """Otherwise the order would end as cancelled, and what was shipped could never be charged."""
    order = await ordered(harness, SKU)
    packed(harness, order, SIMPLE_001=2)
    await looks(harness)
    cut(harness, order)
    await looks(harness)
    assert counts(order) == [{"shipped": 2}]
    claim = await claim_of(harness, order)
    assert "Invoice exactly 2 x SIMPLE-001" in claim.remedy
    assert await harness.parked("cancellations") == []  # F&O's invoice may still come
    harness.dynamics.invoice(number_of(harness, order))
    await looks(harness)
    assert await harness.parked("cancellations") == [claim.key]
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(2)})
    await looks(harness)
    assert order.row["state"] == "complete"
    assert counts(order) == [{"canceled": 1, "shipped": 2, "invoiced": 2}]
    assert await harness.parked("cancellations") == await harness.parked("orders") == []


@in_harness(**{**CANCELLED, "cancellations": {"visible": True}})
async def test_a_dead_line_is_marked_and_cancelled_once_the_others_have_left(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER)
    cut(harness, order, SIMPLE_002=3)
    await looks(harness)
    assert order.row["state"] in ("new", "processing")
    (mark,) = [one for one in order.comments if "No longer available" in str(one["comment"])]
    assert (mark["comment"], mark["is_visible_on_front"]) == (
        "No longer available: 3 x SIMPLE-002", 1,
    )  # fmt: skip
    assert await harness.parked("cancellations") == []
    packed(harness, order)
    await looks(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3}]
    assert counts(order)[1] == {}
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(3)})
    await looks(harness)
    assert order.row["state"] == "complete"
    assert counts(order) == [{"shipped": 3, "invoiced": 3}, {"canceled": 3}]
    assert await harness.parked("orders") == await harness.parked("cancellations") == []
    assert len([one for one in order.comments if "No longer" in str(one["comment"])]) == 1


async def charged_and_cut(harness: Harness, rest: int) -> StoredOrder:
    order = await ordered(harness, SKU)
    harness.commerce.invoice(order)
    await harness.delivers(order)
    cut(harness, order, SIMPLE_001=3 - rest)
    await looks(harness)
    return order


@pytest.mark.parametrize("rest", [0, 2])
@in_harness(**with_refunds("report"))
async def test_charged_pieces_that_are_never_sent_are_left_to_a_person(
    harness: Harness, rest: int
) -> None:
    order = await charged_and_cut(harness, rest)
    assert counts(order) == [{"invoiced": 3}]
    claim = await claim_of(harness, order)
    assert await harness.parked("cancellations") == [claim.key]
    assert f"credit memo over exactly {3 - rest} x SIMPLE-001" in claim.remedy
    harness.commerce.refund(
        order, {order.items[0]["item_id"]: Decimal(3 - rest)},
        shipping=None if rest == 0 else Decimal(0), returns_to_stock=True,
    )  # fmt: skip
    await looks(harness)
    assert await harness.parked("cancellations") == await harness.parked("orders") == []


@pytest.mark.parametrize("rest", [0, 2])
@in_harness(**with_refunds("record"))
async def test_charged_pieces_that_are_never_sent_are_given_back_by_policy(
    harness: Harness, rest: int
) -> None:
    order = await charged_and_cut(harness, rest)
    (memo,) = order.creditmemos
    assert {item["sku"]: int(item["qty"]) for item in memo["items"]} == {SKU: 3 - rest}
    assert bool(memo["shipping_amount"]) is (rest == 0 and bool(order.row["shipping_amount"]))
    assert order.row["state"] == ("closed" if rest == 0 else "processing")
    await looks(harness)
    assert len(order.creditmemos) == 1
    assert await harness.parked("cancellations") == await harness.parked("orders") == []


@pytest.mark.parametrize("policy", ["online", "record"])
def test_pieces_that_a_gateway_was_paid_for_are_refunded_by_their_invoice(policy: str) -> None:
    settings = {**CANCELLED, "cancellations": {"refunds": {"braintree": policy}}}

    @in_harness(**settings)
    async def story(harness: Harness) -> None:
        order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised")
        invoice = harness.commerce.invoice(order)
        await harness.delivers(order)
        harness.shop_dials.next(Kind.LOST, where=lambda one: one.path.endswith("/refund"))
        cut(harness, order, SIMPLE_001=2)
        await looks(harness)
        await harness.shop_dials.settle()
        await looks(harness)
        (memo,) = order.creditmemos
        assert {item["sku"]: int(item["qty"]) for item in memo["items"]} == {SKU: 2}
        assert memo["invoice_id"] == invoice["entity_id"]
        assert bool(memo.get("transaction_id")) is (policy == "online")
        column = "total_online_refunded" if policy == "online" else "total_offline_refunded"
        assert order.row[column]
        assert await harness.parked("cancellations") == await harness.parked("orders") == []

    story()


@in_harness(**{**CANCELLED, "cancellations": {"refunds": {"braintree": "online"}}})
async def test_a_gateway_that_may_have_paid_is_not_asked_for_more_pieces_either(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised")
    harness.commerce.invoice(order)
    taken = harness.commerce.gateway[order.entity_id]
    await harness.delivers(order)
    harness.commerce.failing_saves = 1
    cut(harness, order, SIMPLE_001=1)
    await looks(harness)
    paid = taken - harness.commerce.gateway[order.entity_id]
    assert paid > 0
    cut(harness, order, SIMPLE_001=1)
    await looks(harness)
    claim = await claim_of(harness, order)
    assert claim.state is State.PARKED
    assert "payment gateway" in claim.reason
    assert (taken - harness.commerce.gateway[order.entity_id], order.creditmemos) == (paid, [])


@in_harness(**{**CANCELLED, "cancellations": {"refunds": {"braintree": "online"}}})
async def test_what_was_looked_at_keeps_no_later_refund_waiting(harness: Harness) -> None:
    order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised")
    harness.commerce.invoice(order)
    await harness.delivers(order)
    harness.commerce.failing_saves = 1
    cut(harness, order, SIMPLE_001=1)
    await looks(harness)
    row = order.items[0]["item_id"]
    harness.commerce.refund(order, {row: Decimal(1)}, shipping=Decimal(0))
    claim = await claim_of(harness, order)
    await harness.replays(claim.key, "cancellations")
    await looks(harness)
    assert await harness.parked("cancellations") == []
    cut(harness, order, SIMPLE_001=1)
    await looks(harness)
    assert len(order.creditmemos) == 2
    assert await harness.parked("cancellations") == []


@in_harness(**{**CANCELLED, "cancellations": {"refunds": {"*": "online"}}})
async def test_pieces_that_no_single_invoice_was_paid_for_are_left_to_a_person(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    for pieces in (1, 2):
        harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(pieces)})
    await harness.delivers(order)
    cut(harness, order, SIMPLE_001=3)
    await looks(harness)
    assert order.creditmemos == []
    assert "credit memo over exactly 3 x" in (await claim_of(harness, order)).remedy


def comes_back(harness: Harness, order: StoredOrder, pieces: int) -> None:
    """The refund of a return."""
    row = order.items[0]["item_id"]
    memo = harness.commerce.refund(order, {row: Decimal(pieces)}, shipping=Decimal(0))
    harness.commerce.comment_on("creditmemo", memo, {"comment": "RMA:000000001 CN:CN-1"})


@in_harness(**with_refunds("record"))
async def test_pieces_that_came_back_are_none_of_those_that_are_never_sent(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, pieces=5)
    harness.commerce.invoice(order)
    await harness.delivers(order)
    packed(harness, order, SIMPLE_001=3)
    await looks(harness)
    comes_back(harness, order, 2)
    cut(harness, order)
    await looks(harness)
    assert counts(order) == [{"shipped": 3, "invoiced": 5, "refunded": 4}]
    await looks(harness)
    comes_back(harness, order, 1)
    await harness.replays((await claim_of(harness, order)).key, "cancellations")
    await looks(harness)
    assert counts(order) == [{"shipped": 3, "invoiced": 5, "refunded": 5}]
    assert await harness.parked("cancellations") == await harness.parked("orders") == []


@in_harness(**CANCELLED)
async def test_a_piece_that_came_back_was_invoiced_before_the_rest_is_cancelled(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, pieces=5)
    packed(harness, order, SIMPLE_001=3)
    await looks(harness)
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(3)})
    comes_back(harness, order, 1)
    cut(harness, order)
    await looks(harness)
    assert counts(order) == [{"canceled": 2, "shipped": 3, "invoiced": 3, "refunded": 1}]
    assert await harness.parked("cancellations") == await harness.parked("orders") == []


@in_harness(**with_refunds("record"))
async def test_a_refund_whose_answer_was_lost_is_not_made_twice(harness: Harness) -> None:
    def there(arrival: Arrival) -> bool:
        return arrival.path.endswith("/refund")

    harness.shop_dials.next(Kind.LOST, where=there)
    order = await charged_and_cut(harness, 2)
    await harness.shop_dials.settle()
    await looks(harness)
    assert len(order.creditmemos) == 1


@in_harness(**CANCELLED)
async def test_an_order_on_hold_parks_until_it_is_released(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    harness.commerce.hold(order)
    harness.dynamics.cancel(number_of(harness, order), COMPANY)
    await looks(harness)
    claim = await claim_of(harness, order)
    assert (claim.state, order.row["state"]) == (State.PARKED, "holded")
    assert "Release it in Commerce" in claim.remedy
    harness.commerce.unhold(order)
    await looks(harness)
    assert order.row["state"] == "canceled"


# Echo


@in_harness(**CANCELLED)
async def test_what_was_cancelled_in_the_shop_is_no_news_when_f_and_o_follows(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER)
    harness.commerce.cancel(order)
    changed_at = order.row["updated_at"]
    await looks(harness)
    assert order.row["updated_at"] == changed_at
    assert harness.headers(order) == []
    assert await harness.parked("cancellations") == []


@in_harness(**CANCELLED)
async def test_an_order_of_which_nothing_is_cancelled_is_left_alone(harness: Harness) -> None:
    order = await ordered(harness, SKU, OTHER)
    packed(harness, order, SIMPLE_001=1)
    packed(harness, order)
    await looks(harness)
    assert counts(order) == [{"shipped": 3}, {"shipped": 3}]
    assert (await claim_of(harness, order)).state is State.SKIPPED


@in_harness(**CANCELLED)
async def test_a_piece_that_f_and_o_invoices_without_a_slip_is_not_cancelled(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU)
    packed(harness, order, SIMPLE_001=2)
    harness.dynamics.invoice(number_of(harness, order))
    await looks(harness)
    assert counts(order) == [{"shipped": 2}]
    assert (await claim_of(harness, order)).state is State.SKIPPED


@in_harness(**{**CANCELLED, "shipments": {**SHIPPED["shipments"], "substitutes": True}})
async def test_what_is_replaced_by_a_substitute_is_not_cancelled(harness: Harness) -> None:
    harness.dynamics.release(COMPANY, "SUB-1")
    (item,) = harness.dynamics.store.table("ReleasedProductsV2").having(
        "ItemNumber", ("simple-001",)
    )
    harness.dynamics.store.update("ReleasedProductsV2", item, {"AlternativeItemNumber": "SUB-1"})
    order = await ordered(harness, SKU, OTHER)
    number = number_of(harness, order)
    enter_again(harness.dynamics, lots(harness, order)[SKU], "SUB-1")
    cut(harness, order, SIMPLE_001=3)
    await looks(harness)
    assert not [one for one in order.comments if "No longer" in str(one["comment"])]
    harness.dynamics.deliver(number, COMPANY)
    await looks(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3, OTHER: 3}]
    assert await harness.parked("cancellations") == await harness.parked("shipments") == []


@pytest.mark.parametrize("is_deleted", [pytest.param(True, marks=pytest.mark.long), False])
@in_harness(**{**CANCELLED, "cancellations": {"refunds": {"*": "online"}}})
async def test_a_line_that_f_and_o_enters_again_is_not_cancelled_nor_removed(
    harness: Harness, is_deleted: bool
) -> None:
    """From another warehouse, say: its pieces are sent, though no line of ours is."""
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    await harness.delivers(order)
    number, lot = number_of(harness, order), lots(harness, order)[SKU]
    enter_again(harness.dynamics, lot, SKU)
    if is_deleted:
        lines = harness.dynamics.store.table("SalesLine")
        (gone,) = lines.having("InventoryLotId", (lot.casefold(),))
        harness.dynamics.store.delete("SalesLine", gone)
    else:
        harness.dynamics.cancel_remainder(number, {lot: Decimal(3)})
    await looks(harness)
    claim = await claim_of(harness, order)
    assert "has cancelled 3 x SIMPLE-001" in claim.reason
    assert "sends 3 of item SIMPLE-001" in claim.reason
    assert await harness.parked("cancellations") == [claim.key]
    assert counts(order) == [{"invoiced": 1}]
    harness.commerce.refund(order)
    harness.commerce.cancel(order)
    await harness.hooks(order)
    await looks(harness)
    assert await harness.parked("orders") == [key_of_order(order)]
    assert f"{lot}-A" in [one["InventoryLotId"] for one in harness.dynamics.lines(COMPANY, number)]
