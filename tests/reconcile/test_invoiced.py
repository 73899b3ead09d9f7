"""Pieces that both systems have invoiced of an order, and of an order that F&O's credit control
rejects."""

import asyncio
import shlex
from datetime import timedelta
from decimal import Decimal

from sync.reconcile.difference import Cause
from tests.flows.test_captures import CAPTURED, OTHER, SKU, key, ordered, polls, posted
from tests.flows.test_status import TOLD, number
from tests.flows.test_status import ordered as in_f_and_o
from tests.harness import Harness, in_harness
from tests.reconcile.planted import aged, reconciled


@in_harness(**CAPTURED)
async def test_pieces_that_only_f_and_o_has_invoiced_are_a_difference(harness: Harness) -> None:
    order = await ordered(harness, SKU, OTHER, payment="checkmo")
    ahead = await ordered(harness, SKU, payment="checkmo")
    harness.commerce.invoice(ahead)  # F&O has invoiced nothing of it yet, which is fine
    invoice = posted(harness, order, SIMPLE_001=2)
    (young,), _ = await reconciled(harness, "invoiced")
    assert (young.cause, young.dynamics) == (Cause.NOT_DUE, Decimal(2))
    aged(order, timedelta(hours=3))
    (found,), _ = await reconciled(harness, "invoiced")
    assert found.cause is Cause.AMOUNT
    assert key(harness, order, invoice) in shlex.split(found.command)
    await harness.replays(key(harness, order, invoice), "captures")
    assert (await reconciled(harness, "invoiced"))[0] == []


@in_harness(**CAPTURED)
async def test_what_was_refunded_before_f_and_o_invoiced_is_no_difference(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="checkmo")
    harness.commerce.invoice(order)
    harness.commerce.refund(
        order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0), returns_to_stock=True
    )
    await harness.polls()
    await harness.delivers(order)
    posted(harness, order)
    await polls(harness)
    differences, summary = await reconciled(harness, "invoiced")
    assert differences == []
    (sums,) = summary.sums.values()
    assert (sums.commerce, sums.dynamics) == (Decimal(6), Decimal(5))


@in_harness(**TOLD)
async def test_an_order_that_f_and_o_rejected_and_we_cancelled_is_no_difference(
    harness: Harness,
) -> None:
    order = await in_f_and_o(harness)
    harness.dynamics.control_credit(number(harness, order), held=False, rejected=True)
    for flow in ("status", "orders"):
        await asyncio.sleep(60)
        await harness.polls(flow)
        await harness.works_until_idle()
    assert order.row["state"] == "canceled"
    for kind in ("orders", "quantities"):
        assert (await reconciled(harness, kind))[0] == []
