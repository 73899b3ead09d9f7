"""The cutover: what was entered by hand before it is left alone, whatever happens to it later, unless a person asks."""

import asyncio
from datetime import timedelta
from typing import Final

from sync.road.ledger import State
from tests.flows.till import Till, in_till, key
from tests.house import House, in_both_houses, key_of
from tests.virtual_time import START

CUTOVER: Final = (START + timedelta(hours=1)).isoformat()
HOURS: Final = 3600.0


@in_both_houses(orders={"placed_from": CUTOVER})
async def test_an_order_of_before_is_left_alone_when_it_changes_and_one_of_after_is_posted(house: House) -> None:
    before = house.place()
    await asyncio.sleep(2 * HOURS)
    house.commerce.ship(before)
    after = house.place()
    await house.hooks(before)
    await house.delivers(after)
    assert house.headers(before) == []
    assert len(house.headers(after)) == 1
    claim = await house.claim(before)
    assert claim.state is State.SKIPPED
    assert "before this connection took over" in claim.reason


@in_both_houses(orders={"placed_from": CUTOVER})
async def test_an_order_of_before_that_a_person_asks_for_is_posted_and_followed_from_then_on(house: House) -> None:
    order = house.place()
    await asyncio.sleep(2 * HOURS)
    await house.delivers(order)
    await house.replays(key_of(order))
    assert len(house.headers(order)) == 1
    house.commerce.cancel(order)
    await asyncio.sleep(HOURS)
    await house.delivers(order)
    assert house.headers(order) == []


@in_both_houses(orders={"placed_from": CUTOVER})
async def test_what_replaces_an_order_of_before_waits_for_a_person(house: House) -> None:
    first = house.place()
    await asyncio.sleep(2 * HOURS)
    second = house.commerce.edit(first)
    await house.delivers(second)
    assert house.headers(second) == []
    claim = await house.claim(second)
    assert claim.state is State.PARKED
    assert "Cancel in D365 what was entered" in claim.remedy
    await house.replays(key_of(second))
    assert len(house.headers(second)) == 1


@in_till(orders={"placed_from": CUTOVER})
async def test_money_of_an_order_of_before_is_left_alone_when_it_is_as_old_and_waits_for_a_person_when_it_is_not(
    till: Till,
) -> None:
    settled, open_ = till.place(), till.place()
    old = till.commerce.invoice(settled)
    await asyncio.sleep(2 * HOURS)
    new = till.commerce.invoice(open_)
    await till.books(old)
    await till.books(new)
    assert (await till.claim(key(old), "invoices")).state is State.SKIPPED
    parked = await till.claim(key(new), "invoices")
    assert parked.state is State.PARKED
    assert f"of order {open_.row['increment_id']}" in parked.reason
    assert till.payments(new) == []
    await till.replays(key(new), "invoices")
    assert len(till.payments(new)) == 1
    assert till.headers(open_) == []


@in_till(orders={"placed_from": CUTOVER})
async def test_money_of_an_order_of_before_that_was_brought_over_is_booked(till: Till) -> None:
    order = till.place()
    await asyncio.sleep(2 * HOURS)
    await till.replays(key_of(order))
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert await till.told(invoice) == ["created"]


@in_both_houses(orders={"placed_from": CUTOVER}, items={"rule": "none"})
async def test_an_order_that_was_asked_for_and_parked_stays_parked_whatever_is_heard_of_it_later(house: House) -> None:
    order = house.place()
    await asyncio.sleep(2 * HOURS)
    await house.replays(key_of(order))
    house.commerce.ship(order)
    await house.delivers(order)
    assert (await house.claim(order)).state is State.PARKED
    assert await house.parked() == [key_of(order)]


@in_both_houses(orders={"placed_from": CUTOVER, "posting": "captured"})
async def test_an_order_that_was_asked_for_before_it_was_paid_is_posted_when_it_is(house: House) -> None:
    order = house.place()
    await asyncio.sleep(2 * HOURS)
    await house.replays(key_of(order))
    assert "waiting: paid" in (await house.claim(order)).reason
    house.commerce.invoice(order)
    await asyncio.sleep(HOURS)
    await house.delivers(order)
    assert len(house.headers(order)) == 1


@in_till(orders={"placed_from": CUTOVER})
async def test_an_invoice_that_was_open_at_the_cutover_and_is_captured_after_it_waits_for_a_person(till: Till) -> None:
    invoice = till.commerce.invoice(till.place(), captured=False)
    await asyncio.sleep(2 * HOURS)
    till.commerce.capture(invoice)
    await till.books(invoice)
    assert (await till.claim(key(invoice), "invoices")).state is State.PARKED
    assert till.payments(invoice) == []


@in_till(orders={"placed_from": CUTOVER})
async def test_an_invoice_follows_its_order_when_a_person_asked_for_both(till: Till) -> None:
    order = till.place()
    await asyncio.sleep(2 * HOURS)
    invoice = till.commerce.invoice(order)
    await till.replays(key_of(order))
    await till.replays(key(invoice), "invoices")
    assert len(till.payments(invoice)) == 1
    assert len(till.headers(order)) == 1
