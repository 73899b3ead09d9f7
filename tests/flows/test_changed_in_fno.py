"""Orders that F&O changes on their way: another item at a lower price, a rest that is never sent.
In the end both sides count the same pieces and the same money, and nobody has to do anything."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.recipe import Extras
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dynamics.remainders import enter_again, substitute
from sync.engine.claim import State
from tests.flows.test_captures import LOWER, PLAIN, credited, ordered, posted, received, told
from tests.flows.test_shipments import OTHER, SKU, lots, packed, shown
from tests.harness import Harness, in_harness
from tests.reconcile.planted import reconciled

FLOWS = ("orders", "customers", "invoices", "creditmemos", "posted_invoices", "captures",
         "shipments", "cancellations")  # fmt: skip
CHANGED: dict[str, Any] = {
    **LOWER,
    "flows": FLOWS,
    "shipments": {"sources": {"13": "default"}, "substitutes": True},
}
OFTEN_ENOUGH = pytest.param(False, marks=pytest.mark.long)
REPORTED = pytest.param("report", marks=pytest.mark.long)
UNTAXED = next(one for one in SHOPPERS if one.place == "or")


def pieces(memo: Columns) -> dict[str, int]:
    return {item["sku"]: int(item["qty"]) for item in memo["items"] if item["qty"]}


async def polls_all(harness: Harness) -> None:
    """Those that compare look first: what they find too early has to leave the list by itself."""
    for flow in ("posted_invoices", "shipments", "captures", "cancellations", "invoices",
                 "creditmemos", "orders"):  # fmt: skip
        await asyncio.sleep(60)  # virtual time: the shop's commits settle
        await harness.polls(flow)
        await harness.works_until_idle()


async def nothing_is_left(harness: Harness, order: StoredOrder) -> None:
    for flow in FLOWS:
        for key in await harness.parked(flow):
            claim = await harness.claim(key, flow)
            raise AssertionError((flow, key, claim.reason, claim.remedy, claim.differs))
    differences, _ = await reconciled(harness)
    assert differences == []
    assert order.row["state"] == "complete"


def alternative(harness: Harness) -> None:
    """SUB-1 is the alternative item of the first."""
    table = "ReleasedProductsV2"
    harness.dynamics.release("usmf", "SUB-1")
    (item,) = harness.dynamics.store.table(table).having("ItemNumber", (SKU.lower(),))
    harness.dynamics.store.update(table, item, {"AlternativeItemNumber": "SUB-1"})


def in_place_of(
    harness: Harness, order: StoredOrder, item: str, less: Decimal = Decimal(0)
) -> None:
    """The line of an item is cancelled, and one of SUB-1 entered instead."""
    lot = lots(harness, order)[item]
    enter_again(harness.dynamics, lot, "SUB-1", less)
    number = harness.header(order)["SalesOrderNumber"]
    harness.dynamics.cancel_remainder(number, {lot: Decimal(3)})


@pytest.mark.parametrize("is_new_line", [True, OFTEN_ENOUGH])
@in_harness(**CHANGED)
async def test_a_cheaper_substitute_is_shipped_invoiced_and_its_difference_given_back(
    harness: Harness, *, is_new_line: bool
) -> None:
    alternative(harness)
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED)
    if is_new_line:
        in_place_of(harness, order, SKU, Decimal(5))
    else:
        substitute(harness.dynamics, lots(harness, order)[SKU], "SUB-1", Decimal(5))
    packed(harness, order)
    posted(harness, order)
    for _ in range(2):
        await polls_all(harness)
    assert [shown(one) for one in order.shipments] == [{SKU: 3, OTHER: 3}]
    texts = [one["comment"] for one in order.comments if one["is_visible_on_front"]]
    assert "Sent instead of SIMPLE-001: SUB-1" in texts
    assert (len(order.invoices), len(told(order)), credited(order)) == (1, 1, [Decimal(5)])
    await nothing_is_left(harness, order)


@pytest.mark.parametrize("is_freight_cut", [OFTEN_ENOUGH, True])
@in_harness(**CHANGED)
async def test_the_rest_of_a_part_shipped_order_is_cancelled_once_what_left_is_invoiced(
    harness: Harness, *, is_freight_cut: bool
) -> None:
    """Where F&O cancels the line of the freight as well, its total is lower, and that is given
    back."""
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
    packed(harness, order, SIMPLE_001=2, SIMPLE_002=3)
    cut = None if is_freight_cut else {lots(harness, order)[SKU]: Decimal(1)}
    harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"], cut)
    await polls_all(harness)
    assert [item["qty_canceled"] for item in order.items] == [0, 0]  # 5 are not invoiced yet
    posted(harness, order)
    for _ in range(2):
        await polls_all(harness)
    counted = [(item["qty_shipped"], item["qty_invoiced"], item["qty_canceled"])
               for item in order.items]  # fmt: skip
    assert counted == [(2, 2, 1), (3, 3, 0)]
    assert credited(order) == ([PLAIN["shipping"]] if is_freight_cut else [])
    await nothing_is_left(harness, order)


@pytest.mark.parametrize("is_invoiced_first", [True, OFTEN_ENOUGH])
@in_harness(**{**CHANGED, "cancellations": {"refunds": {"checkmo": "record"}}})
async def test_charged_pieces_that_f_and_o_never_sends_are_refunded_and_no_return(
    harness: Harness, *, is_invoiced_first: bool
) -> None:
    """They were never invoiced in F&O, so nothing is credited there; nor was the freight."""
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
    harness.commerce.invoice(order)
    await polls_all(harness)
    packed(harness, order, SIMPLE_001=2, SIMPLE_002=3)
    harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"])
    if is_invoiced_first:
        posted(harness, order)
    for _ in range(2):
        await polls_all(harness)
    if not is_invoiced_first:
        posted(harness, order)
        await polls_all(harness)
    counted = [(item["qty_shipped"], item["qty_invoiced"], item["qty_refunded"])
               for item in order.items]  # fmt: skip
    assert counted == [(2, 3, 1), (3, 3, 0)]
    assert credited(order) == [order.items[0]["price"], PLAIN["shipping"]]
    assert not harness.dynamics.store.table("ReturnOrderHeadersV2").records
    assert received(harness) == order.row["total_paid"] - order.row["total_refunded"]
    await nothing_is_left(harness, order)


@pytest.mark.parametrize("policy", ["record", REPORTED])
def test_pieces_whose_shipping_was_discounted_are_refunded_at_what_they_cost(policy: str) -> None:
    """Commerce gives a share of that discount beside them, which a fee withholds: F&O knows of
    neither."""

    @in_harness(**{**CHANGED, "cancellations": {"refunds": {"checkmo": policy}}})
    async def story(harness: Harness) -> None:
        rule, charge = Rule("percent", Decimal(33), on_shipping=True), Decimal("4.90")
        wishes: dict[str, Any] = {"store": STORES[1], "rule": rule, "shipping": charge}
        order = await ordered(harness, SKU, OTHER, payment="checkmo", **wishes)
        harness.commerce.invoice(order)
        await polls_all(harness)
        packed(harness, order, SIMPLE_001=2, SIMPLE_002=3)
        number = harness.header(order)["SalesOrderNumber"]
        harness.dynamics.cancel_remainder(number, {lots(harness, order)[SKU]: Decimal(1)})
        for _ in range(2):
            await polls_all(harness)
        if policy == "report":
            claim = await harness.claim(f"usmf|{number}", "cancellations")
            assert "1 x SIMPLE-001, without shipping, Adjustment Fee 0.13, in" in claim.remedy
            one = {order.items[0]["item_id"]: Decimal(1)}
            harness.commerce.refund(order, one, shipping=Decimal(0), negative=Decimal("0.13"))
            await polls_all(harness)
        (memo,) = order.creditmemos
        (item,) = memo["items"]
        cost = item["row_total"] - item["discount_amount"] + item["tax_amount"]
        assert round(memo["grand_total"], 2) == cost
        assert not harness.dynamics.store.table("ReturnOrderHeadersV2").records
        assert received(harness) == order.row["total_paid"] - order.row["total_refunded"]
        assert await harness.parked("creditmemos") == await harness.parked("cancellations") == []

    story()


@in_harness(**{**CHANGED, "cancellations": {"refunds": {"checkmo": "record"}}})
async def test_totals_of_which_f_and_o_has_invoiced_nothing_are_not_compared_yet(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED)
    harness.commerce.invoice(order)
    lot = lots(harness, order)[SKU]
    harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"], {lot: Decimal(3)})
    await polls_all(harness)
    assert [item["qty_refunded"] for item in order.items] == [3, 0]
    claim = await harness.claim(f"usmf|{harness.header(order)['SalesOrderNumber']}|=", "captures")
    assert (claim.state, claim.reason) == (State.SKIPPED, "F&O has invoiced nothing of it")
    assert await harness.parked("captures") == []


@pytest.mark.parametrize("rest", [0, 2])
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"flows": FLOWS[:-1]}, id="cancellations-are-not-followed"),
        pytest.param({"dynamics": {"copies": False}}, id="without-copies", marks=pytest.mark.long),
    ],
)
def test_a_refund_of_pieces_that_f_and_o_never_charged_is_no_return(
    settings: dict[str, Any], rest: int
) -> None:
    """Statuses and invoiced quantities tell of them, which such a connection reads as well."""

    @in_harness(**{**CHANGED, **settings})
    async def story(harness: Harness) -> None:
        order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
        harness.commerce.invoice(order)
        await polls_all(harness)
        packed(harness, order, SIMPLE_001=3, **({"SIMPLE_002": rest} if rest else {}))
        cut = {lots(harness, order)[OTHER]: Decimal(3 - rest)}
        harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"], cut)
        posted(harness, order)
        await polls_all(harness)
        if not order.creditmemos:
            item = order.items[1]["item_id"]
            harness.commerce.refund(order, {item: Decimal(3 - rest)}, shipping=Decimal(0))
        await polls_all(harness)
        assert [pieces(one) for one in order.creditmemos] == [{OTHER: 3 - rest}]
        assert not harness.dynamics.store.table("ReturnOrderHeadersV2").records
        assert received(harness) == order.row["total_paid"] - order.row["total_refunded"]

    story()


@in_harness(**{**CHANGED, "flows": ("orders", "customers", "invoices", "creditmemos",
                                    "posted_invoices")})  # fmt: skip
async def test_a_refund_that_is_told_before_f_and_os_invoice_is_no_difference_of_it(
    harness: Harness,
) -> None:
    """Nobody ships in the shop, so the refund would be taken off the order; F&O has invoiced it,
    and the credit memo returns it."""
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
    harness.commerce.invoice(order)
    await polls_all(harness)
    posted(harness, order)
    harness.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    for flow in ("orders", "posted_invoices", "creditmemos"):
        await asyncio.sleep(60)
        await harness.polls(flow)
        await harness.works_until_idle()
    assert await harness.parked("posted_invoices") == []
    (returned,) = harness.dynamics.store.table("ReturnOrderHeadersV2").records.values()
    harness.dynamics.post_return(returned["ReturnOrderNumber"])
    await harness.polls("posted_invoices")
    await harness.works_until_idle()
    assert (await harness.parked("posted_invoices"), (await reconciled(harness))[0]) == ([], [])


@in_harness(**{**CHANGED, "cancellations": {"refunds": {"checkmo": "record"}}})
async def test_where_a_gift_card_paid_for_what_f_and_o_cancelled_its_invoice_of_the_rest_agrees(
    harness: Harness,
) -> None:
    """One piece was charged before F&O cancelled all goods: what Commerce cancels, and what it
    gives back to the card, is no part of F&O's invoice of the freight."""
    extras = Extras(gift_card=Decimal(12))
    order = await ordered(
        harness, SKU, payment="checkmo", shopper=UNTAXED, **{**PLAIN, "extras": extras}
    )
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    await polls_all(harness)
    cut = {lots(harness, order)[SKU]: Decimal(3)}
    harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"], cut)
    await polls_all(harness)
    posted(harness, order)
    for _ in range(2):
        await polls_all(harness)
    assert (order.items[0]["qty_canceled"], order.items[0]["qty_refunded"]) == (2, 1)
    assert await harness.parked("posted_invoices") == []


@in_harness(**CHANGED)
async def test_what_f_and_o_cancelled_is_taken_off_once_where_a_later_refund_makes_both_agree(
    harness: Harness,
) -> None:
    """The first refund is left to its memo, as it is less than F&O cancelled; with the second the
    order is without both pieces."""
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
    harness.commerce.invoice(order)
    await polls_all(harness)
    cut = {lots(harness, order)[SKU]: Decimal(2)}
    harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"], cut)
    packed(harness, order)
    posted(harness, order)
    for _ in range(2):
        one = {order.items[0]["item_id"]: Decimal(1)}
        harness.commerce.refund(order, one, shipping=Decimal(0))
        for _ in range(2):
            await polls_all(harness)
    assert not harness.dynamics.store.table("ReturnOrderHeadersV2").records
    assert await harness.parked("posted_invoices") == []


@in_harness(**{**CHANGED, "flows": ("orders", "customers", "invoices", "creditmemos",
                                    "posted_invoices")})  # fmt: skip
async def test_a_refund_beside_a_line_that_both_have_cancelled_is_no_difference_of_the_invoice(
    harness: Harness,
) -> None:
    """The credit memo returns the piece that F&O has invoiced; nothing of the other line was."""
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
    gone, kept = (item["item_id"] for item in order.items)
    harness.commerce.invoice(order, {gone: Decimal(1), kept: Decimal(3)})
    await polls_all(harness)
    cut = {lots(harness, order)[SKU]: Decimal(3)}
    harness.dynamics.cancel_remainder(harness.header(order)["SalesOrderNumber"], cut)
    posted(harness, order)
    harness.commerce.cancel(order)
    harness.commerce.refund(order, {gone: Decimal(1), kept: Decimal(1)}, shipping=Decimal(0))
    await polls_all(harness)
    await polls_all(harness)
    assert (await harness.parked("orders"), await harness.parked("posted_invoices")) == ([], [])


@in_harness(**CHANGED)
async def test_a_substitute_on_a_line_of_its_own_is_credited_as_it_comes_back(
    harness: Harness,
) -> None:
    """The line that it replaced sends nothing, and the pieces were sent and invoiced all the
    same."""
    alternative(harness)
    order = await ordered(harness, SKU, OTHER, payment="checkmo", shopper=UNTAXED, **PLAIN)
    in_place_of(harness, order, SKU)
    packed(harness, order)
    posted(harness, order)
    await polls_all(harness)
    one = {order.items[0]["item_id"]: Decimal(1)}
    harness.commerce.refund(order, one, shipping=Decimal(0))
    await polls_all(harness)
    (line,) = harness.dynamics.store.table("ReturnOrderLinesV2").records.values()
    assert (line["ReturnSalesQuantity"], line.values.get("ReturningInventoryLotId")) == (-1, None)
    harness.dynamics.post_return(line["ReturnOrderNumber"])
    await polls_all(harness)
    await nothing_is_left(harness, order)
