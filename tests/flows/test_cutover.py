"""The cutover: what was entered by hand before it is left alone, whatever happens to it later,
unless a person asks."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sync.engine.claim import State
from tests.flows.finance import Finance, in_finance, key
from tests.harness import Harness, in_both_harnesses, key_of
from tests.virtual_time import START

CUTOVER: Final = (START + timedelta(hours=1)).isoformat()
HOURS: Final = 3600.0


@in_both_harnesses(orders={"placed_from": CUTOVER})
async def test_an_order_of_before_is_left_alone_when_it_changes_and_one_of_after_is_posted(
    harness: Harness,
) -> None:
    before = harness.place()
    await asyncio.sleep(2 * HOURS)
    harness.commerce.ship(before)
    after = harness.place()
    await harness.hooks(before)
    await harness.delivers(after)
    assert harness.headers(before) == []
    assert len(harness.headers(after)) == 1
    claim = await harness.claim(before)
    assert claim.state is State.SKIPPED
    assert "before this connection took over" in claim.reason


@in_both_harnesses(orders={"placed_from": CUTOVER})
async def test_an_order_of_before_that_a_person_asks_for_is_posted_and_followed_from_then_on(
    harness: Harness,
) -> None:
    order = harness.place()
    await asyncio.sleep(2 * HOURS)
    await harness.delivers(order)
    await harness.replays(key_of(order))
    assert len(harness.headers(order)) == 1
    harness.commerce.cancel(order)
    await asyncio.sleep(HOURS)
    await harness.delivers(order)
    assert harness.headers(order) == []


@in_both_harnesses(orders={"placed_from": CUTOVER})
async def test_what_replaces_an_order_of_before_waits_for_a_person(harness: Harness) -> None:
    first = harness.place()
    await asyncio.sleep(2 * HOURS)
    second = harness.commerce.edit(first)
    await harness.delivers(second)
    assert harness.headers(second) == []
    claim = await harness.claim(second)
    assert claim.state is State.PARKED
    assert "Cancel in D365 what was entered" in claim.remedy
    await harness.replays(key_of(second))
    assert len(harness.headers(second)) == 1


@in_finance(orders={"placed_from": CUTOVER})
async def test_old_money_of_an_old_order_is_left_alone_and_new_money_of_it_waits_for_a_person(
    finance: Finance,
) -> None:
    settled, open_ = finance.place(), finance.place()
    old = finance.commerce.invoice(settled)
    await asyncio.sleep(2 * HOURS)
    new = finance.commerce.invoice(open_)
    await finance.books(old)
    await finance.books(new)
    assert (await finance.claim(key(old), "invoices")).state is State.SKIPPED
    parked = await finance.claim(key(new), "invoices")
    assert parked.state is State.PARKED
    assert f"of order {open_.row['increment_id']}" in parked.reason
    assert finance.payments(new) == []
    await finance.replays(key(new), "invoices")
    assert len(finance.payments(new)) == 1
    assert finance.headers(open_) == []


@in_finance(orders={"placed_from": CUTOVER})
async def test_money_of_an_order_of_before_that_was_brought_over_is_booked(
    finance: Finance,
) -> None:
    order = finance.place()
    await asyncio.sleep(2 * HOURS)
    await finance.replays(key_of(order))
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert await finance.reported(invoice) == ["created"]


@in_both_harnesses(orders={"placed_from": CUTOVER}, items={"rule": "none"})
async def test_an_order_that_was_asked_for_and_parked_stays_parked_whatever_is_heard_of_it_later(
    harness: Harness,
) -> None:
    order = harness.place()
    await asyncio.sleep(2 * HOURS)
    await harness.replays(key_of(order))
    harness.commerce.ship(order)
    await harness.delivers(order)
    assert (await harness.claim(order)).state is State.PARKED
    assert await harness.parked() == [key_of(order)]


@in_both_harnesses(orders={"placed_from": CUTOVER, "posting": "captured"})
async def test_an_order_that_was_asked_for_before_it_was_paid_is_posted_when_it_is(
    harness: Harness,
) -> None:
    order = harness.place()
    await asyncio.sleep(2 * HOURS)
    await harness.replays(key_of(order))
    assert "waiting: paid" in (await harness.claim(order)).reason
    harness.commerce.invoice(order)
    await asyncio.sleep(HOURS)
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1


@in_finance(orders={"placed_from": CUTOVER})
async def test_an_invoice_that_was_open_at_the_cutover_and_is_captured_after_it_waits_for_a_person(
    finance: Finance,
) -> None:
    invoice = finance.commerce.invoice(finance.place(), captured=False)
    await asyncio.sleep(2 * HOURS)
    finance.commerce.capture(invoice)
    await finance.books(invoice)
    assert (await finance.claim(key(invoice), "invoices")).state is State.PARKED
    assert finance.payments(invoice) == []


@in_finance(orders={"placed_from": CUTOVER})
async def test_an_invoice_follows_its_order_when_a_person_asked_for_both(finance: Finance) -> None:
    order = finance.place()
    await asyncio.sleep(2 * HOURS)
    invoice = finance.commerce.invoice(order)
    await finance.replays(key_of(order))
    await finance.replays(key(invoice), "invoices")
    assert len(finance.payments(invoice)) == 1
    assert len(finance.headers(order)) == 1


@in_finance(orders={"posting": "captured", "oldest_days": 1})
async def test_money_of_an_order_that_was_paid_too_late_waits_for_a_person(
    finance: Finance,
) -> None:
    order = finance.place(**finance.wants("SIMPLE-001", pieces=2))
    await asyncio.sleep(30 * HOURS)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    parked = await finance.claim(key(invoice), "invoices")
    assert parked.state is State.PARKED
    assert "before the oldest day that is posted" in parked.reason
    assert finance.payments(invoice) == []
    await finance.replays(key(invoice), "invoices")
    assert len(finance.payments(invoice)) == 1
    (row,) = (item["item_id"] for item in order.items)
    memo = finance.commerce.refund(order, {row: Decimal(1)})
    await finance.books(memo, "creditmemos")
    assert await finance.parked("creditmemos") == [key(memo)]
    assert finance.rows("ReturnOrderHeadersV2") == []


@in_finance(orders={"posting": "never"})
async def test_money_of_an_order_that_is_never_posted_is_booked_and_its_credit_waits_for_a_person(
    finance: Finance,
) -> None:
    order = finance.place(**finance.wants("SIMPLE-001", pieces=2))
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert len(finance.payments(invoice)) == 1
    (row,) = (item["item_id"] for item in order.items)
    memo = finance.commerce.refund(order, {row: Decimal(1)})
    await finance.books(memo, "creditmemos")
    assert await finance.parked("creditmemos") == [key(memo)]
    assert "are never posted" in await finance.reason(memo, "creditmemos")
    assert finance.rows("ReturnOrderHeadersV2") == []
    await finance.replays(key(memo), "creditmemos")
    assert finance.returned(memo)
