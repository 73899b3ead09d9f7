"""Orders with gift wrapping or a fee, refunded in two credit memos before anything is shipped.
Commerce gives all of such a charge back with the first memo, and counts it nowhere per line."""

from decimal import Decimal

import pytest

from sandbox.commerce.recipe import Extras
from sandbox.commerce.records import Columns, StoredOrder
from sync.core.money import CENT
from sync.mapping.sales_order_lines import unique_references
from tests.flows.finance import GERMAN, Finance, in_finance, key
from tests.flows.test_discounted_shipping import MEMOS
from tests.systems import CONNECTION

FEE = "payment_surcharge_fee"
"""A segment whose name is longer than F&O surely keeps of a line's reference."""
WHERE = "extension_attributes.payment_fee"
SEGMENTS = {
    FEE: {"item": "FEE", "field": WHERE, "tax_field": f"{WHERE}_tax"},
    "payment_fee": {"item": "FEE", "field": "extension_attributes.no_fee", "tax_field": None},
}
CHARGES = {"gift wrapping": Extras(wrap=Decimal(5)), "a fee": Extras(fee=Decimal(3))}


async def credited(finance: Finance, memo: Columns) -> Decimal:
    """What of a memo F&O credits, by its trail; nothing before it was told."""
    taken_off = [
        entry.details["amounts"].get("taken off the sales order", "0")
        for entry in await finance.services.ledger.trail(CONNECTION, MEMOS, key(memo))
        if entry.details.get("amounts")
    ]
    return memo["grand_total"] - Decimal(taken_off[-1]) if taken_off else Decimal(0)


async def agrees(finance: Finance, order: StoredOrder) -> None:
    held = sum((line["LineAmount"] for line in finance.rows("SalesLine")), Decimal(0))
    given_back = [await credited(finance, memo) for memo in order.creditmemos]
    wanted = order.amount("grand_total") - order.amount("total_refunded")
    assert abs(held - sum(given_back) - wanted) <= 2 * CENT, (held, given_back, wanted)


@pytest.mark.parametrize("extras", CHARGES.values(), ids=CHARGES)
@pytest.mark.parametrize("told", ["as they come", "first first", "second first"])
@pytest.mark.parametrize("is_whole", [True, False])
@in_finance(orders={"segments": SEGMENTS})
async def test_a_charge_is_given_back_once_whichever_memo_is_told_first(
    finance: Finance, told: str, extras: Extras, *, is_whole: bool
) -> None:
    wants = finance.wants("SIMPLE-001", "SIMPLE-003", pieces=3)
    order = await finance.placed(store=GERMAN, shipping=Decimal("4.90"), extras=extras, **wants)
    finance.commerce.invoice(order)
    simple, other = (item["item_id"] for item in order.items)
    first = finance.commerce.refund(order, {simple: Decimal(2)}, shipping=Decimal(0))
    if told == "as they come":
        await finance.books(first, MEMOS)
        await agrees(finance, order)
    second = finance.commerce.refund(order, None if is_whole else {other: Decimal(2)})
    for memo in (second, first) if told == "second first" else (first, second):
        await finance.books(memo, MEMOS)
    await finance.delivers(order)
    await agrees(finance, order)
    for memo in (first, second):
        await finance.replays(key(memo), MEMOS)
    await finance.replays(f"{order.row['increment_id']}@2", "orders")
    await agrees(finance, order)
    for flow in ("orders", MEMOS):
        assert await finance.parked(flow) == []


@in_finance(orders={"segments": SEGMENTS})
async def test_a_fee_that_f_o_left_out_of_a_reduced_order_differs_no_more_once_it_is_given_back(
    finance: Finance,
) -> None:
    wants = finance.wants("SIMPLE-001", pieces=3)
    order = await finance.placed(store=GERMAN, extras=CHARGES["a fee"], **wants)
    (row,) = (item["item_id"] for item in order.items)
    await finance.books(finance.commerce.invoice(order, {row: Decimal(2)}))
    finance.commerce.cancel(order)
    await finance.delivers(order)
    (fee,) = finance.rows("SalesLine", ExternalItemNumber=next(unique_references([FEE])))
    finance.dynamics.store.delete("SalesLine", fee)
    finance.ships(order)
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    assert len(await finance.parked("posted_invoices")) == 1
    await finance.books(finance.commerce.refund(order, {row: Decimal(1)}), MEMOS)
    assert await finance.parked("posted_invoices") == []
