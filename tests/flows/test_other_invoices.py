"""Captures where the copy of the invoice journal may not be read: from printed invoices."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.recipe import Want
from sandbox.dynamics.collective import join_invoices
from sync.engine.claim import State
from tests.flows.test_captures import CAPTURED, OTHER, SKU, key, ordered, polls, posted, shown, told
from tests.flows.test_other_slips import refuse_copies
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

PRINTED: dict[str, Any] = {**CAPTURED, "dynamics": {"invoiced": "lines", "copies": False}}


@in_harness(**PRINTED)
async def test_printed_invoices_are_invoiced_each_once(harness: Harness) -> None:
    refuse_copies(harness)
    order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised")
    first = posted(harness, order, SIMPLE_001=2)
    await polls(harness)
    second = posted(harness, order)
    for _ in range(2):
        await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 2}, {SKU: 1, OTHER: 3}]
    assert [text.partition(",")[0] for text in told(order)] == [
        f"F&O invoice {first}", f"F&O invoice {second}",
    ]  # fmt: skip
    assert await harness.parked("captures") == []


@in_harness(**PRINTED)
async def test_an_item_of_two_lines_waits_until_all_of_it_is_invoiced(harness: Harness) -> None:
    refuse_copies(harness)
    catalogue = harness.commerce.catalogue
    wants = tuple(Want(catalogue.product(SKU), Decimal(pieces)) for pieces in (3, 2))
    order = await ordered(harness, wants=wants, payment="checkmo")
    first = posted(harness, order, SIMPLE_001=1)
    await polls(harness)
    claim = await harness.claim(key(harness, order, first), "captures")
    assert (claim.state, order.invoices) == (State.PARKED, [])
    assert "CustInvoiceTransBiEntities" in claim.remedy
    posted(harness, order)
    await polls(harness)
    await harness.replays(claim.key, "captures")
    pieces = [item["qty_invoiced"] for item in order.items]
    assert (pieces, len(order.invoices)) == ([3, 2], 2)
    assert await harness.parked("captures") == []


@pytest.mark.parametrize("of_other", [SKU, OTHER])
@in_harness(**PRINTED)
async def test_lines_that_cannot_be_all_of_the_order_are_invoiced_to_nobody(
    harness: Harness, of_other: str
) -> None:
    """An invoice of several orders names one of them alone, and its lines name none."""
    refuse_copies(harness)
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    other = await ordered(harness, of_other, payment="braintree", paid="authorised")
    mine = posted(harness, order, SIMPLE_001=1)
    join_invoices(harness.dynamics, COMPANY, mine, posted(harness, other))
    await polls(harness)
    claim = await harness.claim(key(harness, order, mine), "captures")
    assert (claim.state, order.invoices) == (State.PARKED, [])
    assert "CustInvoiceTransBiEntities" in claim.remedy


@in_harness(**PRINTED)
async def test_what_may_be_delivered_beyond_the_order_parks_nothing(harness: Harness) -> None:
    refuse_copies(harness)
    order = await ordered(harness, SKU, pieces=10, payment="braintree", paid="authorised")
    number, store = harness.header(order)["SalesOrderNumber"], harness.dynamics.store
    line = harness.dynamics.lines(COMPANY, number)[0]
    store.update("SalesLine", line, {"AllowedOverdeliveryPercentage": Decimal(10)})
    invoice = posted(harness, order, SIMPLE_001=11)
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 10}]
    claim = await harness.claim(key(harness, order, invoice), "captures")
    assert (claim.state, "F&O 11, Commerce 10" in claim.differs) == (State.DELIVERED, True)
