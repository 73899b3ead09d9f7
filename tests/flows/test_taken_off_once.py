"""What is taken off a sales order stays off and is taken off once: where answers are lost or come
late, and where cards paid for all that a credit memo gives back."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.amounts import Scheme
from sandbox.commerce.assortment import Product
from sandbox.commerce.recipe import Extras, Want
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from sync.mapping_tables.records import ItemMapping
from tests.flows.finance import BOOKS, FREE_CREDIT, FREE_TEXT, Finance, in_finance, key
from tests.harness import Harness, in_both_harnesses, in_harness, key_of
from tests.reconcile.planted import Ledger, lines_of, reconciled
from tests.systems import COMPANY, CONNECTION

MEMOS = "creditmemos"


def wanted(harness: Harness, count: int) -> dict[str, Any]:
    products = (harness.commerce.catalogue.product(sku) for sku in ("SIMPLE-001", "SIMPLE-002"))
    return {"wants": tuple(Want(product, Decimal(count)) for product in products)}


def cancels(harness: Harness, order: StoredOrder, pieces: int) -> None:
    order.items[0]["qty_canceled"] = Decimal(pieces)
    harness.commerce.save_order(order, {"customer_note": f"{pieces} less"})


def asks_to(verb: bytes) -> Any:
    def where(asked: Arrival) -> bool:
        return verb + b" " in asked.body and b"SalesOrderLines" in asked.body

    return where


@in_both_harnesses()
async def test_a_line_whose_removal_went_unanswered_is_not_put_back(harness: Harness) -> None:
    order = harness.place(**wanted(harness, 1))
    cancels(harness, order, 1)
    harness.ledger_dials.next(Kind.LOST, where=asks_to(b"DELETE"))
    await harness.delivers(order)
    assert harness.lines(order) == {"SIMPLE-002": 1}
    assert harness.dynamics.operations["POST SalesOrderLinesV3"] == 2
    assert await harness.events(order) == ["waited", "adopted"]


@in_harness("ours")
async def test_a_reduction_that_lands_late_does_not_undo_a_newer_one(harness: Harness) -> None:
    order = harness.place(**wanted(harness, 3))
    cancels(harness, order, 1)
    harness.ledger_dials.next(Kind.DELAYED, where=asks_to(b"PATCH"), seconds=100)
    await harness.hooks(order)
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    cancels(harness, order, 2)
    await harness.delivers(order)
    await harness.ledger_dials.settle()
    assert harness.lines(order)["SIMPLE-001"] == 1


@in_harness("ours")
async def test_a_line_that_is_missing_is_posted_once_where_that_lands_late(
    harness: Harness,
) -> None:
    order = harness.place(**wanted(harness, 1))
    harness.ledger_dials.next(Kind.LOST, where=asks_to(b"POST"))
    await harness.hooks(order)
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    clerk, number = harness.dynamics, harness.header(order)["SalesOrderNumber"]
    clerk.store.delete("SalesLine", clerk.lines(COMPANY, number)[0])
    harness.ledger_dials.next(Kind.DELAYED, where=asks_to(b"POST"), seconds=100)
    await harness.works_until_idle()
    await harness.ledger_dials.settle()
    assert sorted(harness.lines(order)) == ["SIMPLE-001", "SIMPLE-002"]
    assert len(clerk.lines(COMPANY, number)) == 2


async def paid_by_card(finance: Finance) -> tuple[StoredOrder, Columns]:
    """Three pieces of an item and, of one of them, a credit memo that pays nothing out: a gift card
    paid for it."""
    extras = Extras(gift_card=Decimal("10.81"))
    wants = finance.wants("SIMPLE-001", pieces=3)
    order = await finance.placed(shipping=Decimal(0), extras=extras, **wants)
    finance.commerce.invoice(order)
    memo = one_back(finance, order)
    assert memo["grand_total"] == 0
    return order, memo


def one_back(finance: Finance, order: StoredOrder) -> Columns:
    return finance.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)})


@in_finance()
async def test_what_a_memo_without_money_took_off_is_not_taken_off_for_the_next(
    finance: Finance,
) -> None:
    order, memo = await paid_by_card(finance)
    await finance.books(memo, MEMOS)
    assert finance.lines(order)["SIMPLE-001"] == 2
    finance.ships(order)
    second = one_back(finance, order)
    assert second["grand_total"] == order.amount("total_refunded") > 0
    await finance.books(second, MEMOS)
    assert finance.credited(second) == order.items[0]["price"]


@in_finance()
async def test_what_a_memo_without_money_has_credited_is_not_taken_off_as_well(
    finance: Finance,
) -> None:
    order, memo = await paid_by_card(finance)
    order.items[0]["qty_shipped"] = Decimal(3)
    await finance.books(memo, MEMOS)
    assert finance.credited(memo) > 0
    order.items[0]["qty_shipped"] = Decimal(0)  # as if it had been credited before it was shipped
    finance.commerce.change_address(order, city="Neustadt")
    await finance.delivers(order)
    assert finance.lines(order)["SIMPLE-001"] == 3
    assert await finance.stands(memo, MEMOS) is State.DELIVERED, key(memo)
    ((table, line),) = lines_of(finance, order)
    Ledger(finance).changed(table, line, OrderedSalesQuantity=Decimal(2))
    ((found,), _) = await reconciled(finance, "quantities")
    assert found.commerce == 3, "one was credited, and is to be invoiced"
    assert found.dynamics == 2


@in_finance()
async def test_what_was_taken_off_stays_off_with_its_fixed_product_tax_when_it_is_shipped_after_all(
    finance: Finance,
) -> None:
    order = await finance.placed(
        scheme=Scheme(levy="untaxed"), **finance.wants("LAMP-W1", pieces=4)
    )
    assert finance.total(order) > 4 * order.items[0]["price"]
    finance.commerce.invoice(order)
    memo = one_back(finance, order)
    await finance.delivers(order)
    left = finance.total(order)
    for _ in range(2):  # the second time it is what was refunded
        finance.commerce.ship(order)
    assert order.items[0]["qty_shipped"] == 4
    await finance.delivers(order)
    assert finance.total(order) == left
    await finance.books(memo, MEMOS)
    finance.commerce.change_address(order, city="Neustadt")
    await finance.delivers(order)
    assert finance.total(order) == left
    wanted = order.amount("grand_total") - order.amount("total_refunded")
    assert Decimal((await finance.trail(order))[-1].details["amounts"]["dynamics"]) == wanted


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["known", "copy expired"])
@in_finance()
async def test_what_is_told_is_what_is_kept_when_refunded_goods_are_shipped(
    finance: Finance, is_forgotten: bool
) -> None:
    """One piece of two that a memo gives back was shipped, so it is credited; the other item was
    taken off whole."""
    wants = tuple(
        Want(finance.commerce.catalogue.product(sku), Decimal(4 if sku == "SIMPLE-001" else 1))
        for sku in ("SIMPLE-001", "SIMPLE-002")
    )
    order = await finance.placed(wants=wants)
    rows = [row["item_id"] for row in order.items]
    finance.commerce.invoice(order)
    finance.commerce.ship(order, {rows[0]: Decimal(3)})
    memo = finance.commerce.refund(order, {rows[0]: Decimal(2), rows[1]: Decimal(1)})
    await finance.books(memo, MEMOS)
    left = finance.lines(order)
    assert left == {"SIMPLE-001": 3}
    assert 0 < finance.credited(memo) < memo["grand_total"]
    told = await told_of(finance, order)
    if is_forgotten:
        copies = finance.services.documents
        await copies.erase(f"{CONNECTION}|orders|{key_of(order)}", await copies.months())
    finance.commerce.ship(order)  # nothing is left but what was refunded
    assert [row["qty_shipped"] for row in order.items] == [4, 0]
    await finance.delivers(order)
    assert finance.lines(order) == left
    assert await told_of(finance, order) == told
    assert (await reconciled(finance, "orders", "quantities", "by_hand"))[0] == []


@in_finance(invoices=FREE_TEXT, creditmemos=FREE_CREDIT)
async def test_books_agree_where_refunded_goods_are_shipped_and_f_and_o_does_not_invoice(
    finance: Finance,
) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001", pieces=3))
    await finance.books(finance.commerce.invoice(order))
    one_back(finance, order)
    await finance.delivers(order)
    assert finance.lines(order) == {"SIMPLE-001": 2}
    finance.commerce.ship(order)
    finance.commerce.ship(order)
    await finance.delivers(order)
    assert finance.lines(order) == {"SIMPLE-001": 2}
    assert (await reconciled(finance, "orders", "quantities"))[0] == []


@in_finance()
async def test_pieces_that_are_no_finite_part_of_a_unit_are_taken_off_to_the_cent(
    finance: Finance,
) -> None:
    """Of seven pieces of a dozen of twelve, two are taken off."""
    systems = await finance.services.systems_pool.open(CONNECTION)
    await systems.items.put(ItemMapping("SIMPLE-008", "SIMPLE-008", factor=Decimal("0.083333333")))
    order = await finance.placed(**finance.wants("SIMPLE-008", pieces=7))
    finance.commerce.invoice(order)
    memo = finance.commerce.refund(
        order, {order.items[0]["item_id"]: Decimal(2)}, shipping=Decimal(0)
    )
    await finance.books(memo, MEMOS)
    assert not finance.dynamics.returns_for(finance.reference(memo, MEMOS))
    assert await finance.stands(memo, MEMOS) is State.DELIVERED


@in_finance()
async def test_sets_that_were_taken_off_stay_off_when_they_are_shipped_after_all(
    finance: Finance,
) -> None:
    """Their parts say how many sets were shipped."""
    parts = (("SIMPLE-001", 1), ("SIMPLE-002", 2))
    finance.commerce.sell(
        Product("SET", 90, Decimal(30), "bundle", parts=parts, fixed=True, is_drawn=False)
    )
    finance.dynamics.release(COMPANY, "SET")
    order = await finance.placed(**finance.wants("SET", pieces=3))
    row = order.items[0]["item_id"]
    finance.commerce.invoice(order)
    finance.commerce.ship(order, {row: Decimal(2)})
    memo = finance.commerce.refund(order, {row: Decimal(2)})
    await finance.books(memo, MEMOS)
    assert finance.lines(order) == {"SET": 2}
    told = await told_of(finance, order)
    finance.commerce.ship(order)
    await finance.delivers(order)
    assert finance.lines(order) == {"SET": 2}
    assert await told_of(finance, order) == told


async def told_of(finance: Finance, order: StoredOrder) -> str:
    return str((await finance.trail(order))[-1].details["amounts"]["dynamics"])


@pytest.mark.parametrize("pieces", [1, 2, 3])
@in_finance(flows=(*BOOKS["flows"], "captures"))
async def test_what_f_and_o_has_invoiced_is_not_taken_off_but_credited(
    finance: Finance, pieces: int
) -> None:
    """Two of three pieces are invoiced, which no status of the order tells."""
    order = await finance.placed(shipping=Decimal(0), **finance.wants("SIMPLE-001", pieces=3))
    number, item = finance.header(order)["SalesOrderNumber"], order.items[0]
    (line,) = finance.dynamics.lines(COMPANY, number)
    finance.dynamics.invoice(number, quantities={line["InventoryLotId"]: Decimal(2)})
    finance.commerce.invoice(order)
    memo = finance.commerce.refund(order, {item["item_id"]: Decimal(pieces)})
    await finance.books(memo, MEMOS)
    assert finance.lines(order) == {"SIMPLE-001": 2 if pieces == 1 else 3}
    assert await finance.parked(MEMOS) == ([] if pieces == 1 else [key(memo)])
    finance.dynamics.invoice(number)
    await finance.replays(key_of(order))
    await finance.works_until_idle()
    returns = finance.dynamics.returns_for(finance.reference(memo, MEMOS))
    credited = finance.credited(memo) if returns else 0
    assert credited == (0 if pieces == 1 else pieces * item["price"])
    assert await finance.parked("orders") == await finance.parked(MEMOS) == []
