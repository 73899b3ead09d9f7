"""Orders on the road: what reaches D365, once, and what a person gets to see when it cannot."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from sync.commerce.hooks import TIMEOUT
from sync.errors import Later
from sync.flows import FLOWS
from sync.mapping_tables.records import ItemMapping
from sync.ports import Outgoing
from sync.road.ledger import State
from sync.sandbox.commerce.records import StoredOrder
from sync.sandbox.dials import Kind
from sync.services import Services
from tests.house import House, in_both_houses, in_house
from tests.site import COMPANY


@in_both_houses()
async def test_an_order_becomes_one_sales_order_that_comes_to_its_total(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    assert house.total(order) + order.amount("tax_amount") == order.amount("grand_total")
    assert house.lines(order).keys() == {"SIMPLE-001", "SIMPLE-002", "FREIGHT"} - _free_shipping(order)
    assert await house.events(order) == ["created"]
    claim = await house.claim(order)
    assert (claim.state, claim.number) == (State.DELIVERED, house.header(order)["SalesOrderNumber"])


def _free_shipping(order: StoredOrder) -> set[str]:
    return set() if order.amount("shipping_amount") else {"FREIGHT"}


@in_both_houses()
async def test_an_order_seen_twice_is_posted_once(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    await house.delivers(order)
    assert len(house.headers(order)) == 1
    assert await house.events(order) == ["created", "unchanged"]


@in_both_houses()
async def test_fifty_hints_at_once_from_hook_and_poll_make_one_sales_order(house: House) -> None:
    order = house.place()
    await asyncio.sleep(10)
    for _ in range(25):
        await house.hooks(order)
        await house.polls()
        await asyncio.sleep(0.04)
    await house.works_until_idle()
    assert len(house.headers(order)) == 1
    assert (await house.events(order))[0] == "created"


@in_both_houses()
async def test_fifty_deliveries_side_by_side_make_one_sales_order(house: House) -> None:
    order = house.place()
    for _ in range(50):
        await house.services.hints.accept("orders", "shop", [_key(order)], "webhook")
        await asyncio.sleep(1)
    await house.works_until_idle()
    assert len(house.headers(order)) == 1


@in_both_houses()
async def test_a_stale_hint_after_a_newer_one_changes_nothing(house: House) -> None:
    order = house.place()
    await house.hooks(order)
    await asyncio.sleep(2)
    house.commerce.invoice(order)
    await house.hooks(order)
    await house.works_until_idle()
    assert len(house.headers(order)) == 1
    assert (await house.claim(order)).state is State.DELIVERED


@in_both_houses()
async def test_a_hook_before_the_commit_waits_for_the_order(house: House) -> None:
    order = house.place(visible_in=20)
    await house.delivers(order)
    assert await house.events(order) == ["created"]


@in_both_houses()
async def test_a_hook_for_an_order_that_never_comes_ends_as_vanished(house: House) -> None:
    order = house.place(visible_in=10**9)
    await house.delivers(order)
    assert await house.events(order) == ["vanished"]
    assert (await house.claim(order)).state is State.VANISHED


@in_both_houses()
async def test_an_order_that_had_vanished_is_posted_when_the_poll_finds_it(house: House) -> None:
    order = house.place(visible_in=500)
    await house.delivers(order)
    await asyncio.sleep(200)
    await house.polls()
    await house.works_until_idle()
    assert await house.events(order) == ["vanished", "created"]


@in_both_houses()
async def test_a_hook_without_a_store_finds_the_order_by_its_number(house: House) -> None:
    order = house.place()
    await house.hook("orders", {"data": {"order": {"increment_id": order.row["increment_id"]}}})
    await house.works_until_idle()
    assert await house.events(order) == ["created"]


@in_both_houses()
async def test_a_hook_without_a_store_for_no_order_ends_as_vanished(house: House) -> None:
    await house.hook("orders", {"data": {"order": {"increment_id": "999"}}})
    await house.works_until_idle()
    assert await house.events("999@?") == ["vanished"]


@in_house()
async def test_a_hook_is_answered_before_the_shop_gives_up_although_the_queue_never_answers(house: House) -> None:
    order = house.place()
    house.services = Services(house.site.connections, FLOWS, house.site.outside(queue=_Deaf()))  # type: ignore[arg-type]
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        with pytest.raises(AssertionError, match="could not be stored"):
            await house.hooks(order)


class _Deaf:
    """A queue that takes what it is sent and says nothing for a minute."""

    async def send(self, _: Sequence[Outgoing]) -> None:
        await asyncio.sleep(60)
        raise Later("no answer")


@in_both_houses()
async def test_a_poll_finds_the_order_whose_hook_was_lost(house: House) -> None:
    order = house.place()
    await asyncio.sleep(30)
    assert await house.polls() == 1
    await house.works_until_idle()
    assert await house.events(order) == ["created"]


@in_both_houses()
async def test_once_a_day_a_poll_finds_what_became_visible_long_after_its_stamp(house: House) -> None:
    order = house.place(visible_in=3600)
    for _ in range(5):
        await asyncio.sleep(1200)
        assert await house.polls() == 0
    await asyncio.sleep(86400)
    assert await house.polls() == 1
    await house.works_until_idle()
    assert await house.events(order) == ["created"]
    assert await house.polls() == 0


@in_house(commerce={"first_poll_days": 0})
async def test_what_is_committed_late_around_the_first_poll_is_found_by_the_next(house: House) -> None:
    await asyncio.sleep(3600)
    order = house.place(visible_in=120)
    await asyncio.sleep(90)
    assert await house.polls() == 0
    await asyncio.sleep(60)
    assert await house.polls() == 1
    await house.works_until_idle()
    assert len(house.headers(order)) == 1


@in_house()
async def test_a_sweep_that_fails_does_not_hold_up_what_is_new(house: House) -> None:
    late = house.place(visible_in=86400)
    await house.polls()
    await asyncio.sleep(86390)
    await house.polls()
    new = house.place()
    await asyncio.sleep(30)
    house.shop_dials.next(Kind.ERROR_BEFORE, times=9, where=lambda arrival: "2026-03-01" in arrival.query)
    await house.polls()
    assert house.shop_dials.plan[0].times < 9
    house.shop_dials.plan.clear()
    await house.works_until_idle()
    assert (len(house.headers(new)), house.headers(late)) == (1, [])
    await asyncio.sleep(600)
    await house.polls()
    await house.works_until_idle()
    assert len(house.headers(late)) == 1


@in_house(commerce={"first_poll_days": 0})
async def test_what_is_older_than_the_first_poll_is_not_found_by_any(house: House) -> None:
    order = house.place()
    await asyncio.sleep(3600)
    for _ in range(3):
        assert await house.polls() == 0
        await asyncio.sleep(86400)
    assert house.headers(order) == []


@in_both_houses()
async def test_a_poll_leaves_alone_what_was_read_since_it_changed(house: House) -> None:
    order = house.place()
    await asyncio.sleep(90)
    await house.delivers(order)
    assert await house.polls() == 0


@in_both_houses()
async def test_an_outage_of_the_ledger_is_waited_out(house: House) -> None:
    order = house.place()
    house.ledger_dials.next(Kind.ERROR_BEFORE, times=3)
    await house.delivers(order)
    assert len(house.headers(order)) == 1
    assert (await house.events(order))[-1] in {"created", "adopted"}
    assert "waited" in await house.events(order)


@in_both_houses()
async def test_a_crash_between_posting_and_recording_posts_nothing_twice(house: House) -> None:
    await house.delivers(house.place())  # so the account is known
    order = house.place()
    await house.hooks(order)
    await house.works_until_it_dies(before="trail")
    assert await house.events(order) == []
    await house.works_until_idle()
    assert len(house.headers(order)) == 1
    assert await house.events(order) == ["adopted"]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED])
@in_both_houses()
async def test_an_order_whose_answer_was_lost_is_found_and_taken_over(house: House, kind: Kind) -> None:
    order = house.place()
    house.ledger_dials.next(kind, where=lambda a: a.writes and b"CustomersOrderReference" in a.body, seconds=50)
    await house.delivers(order)
    await house.ledger_dials.settle()
    assert len(house.headers(order)) == 1
    assert (await house.events(order))[-1] in {"adopted", "created"}
    assert house.lines(order).keys() >= {"SIMPLE-001", "SIMPLE-002"}


@in_house("theirs")
async def test_lines_whose_answer_was_lost_are_not_posted_again(house: House) -> None:
    order = house.place()
    house.ledger_dials.next(Kind.LOST, where=lambda a: b"ExternalItemNumber" in a.body)
    await house.delivers(order)
    number = house.header(order)["SalesOrderNumber"]
    assert len(house.dynamics.lines(COMPANY, number)) == len(house.lines(order))
    assert house.total(order) + order.amount("tax_amount") == order.amount("grand_total")


@in_both_houses()
async def test_an_order_that_changed_behind_a_lost_answer_is_brought_up_to_date(house: House) -> None:
    order = house.place()
    house.ledger_dials.next(Kind.LOST, where=lambda a: a.writes and b"CustomersOrderReference" in a.body)
    await house.hooks(order)
    await asyncio.sleep(1)
    await house.works_off_what_is_due()
    house.commerce.change_address(order, city="Neustadt")
    await house.works_until_idle()
    assert house.header(order)["DeliveryAddressCity"] == "Neustadt"


@in_house(items={"rule": "none"})
async def test_an_unknown_sku_parks_its_order_and_no_other(house: House) -> None:
    desk = await house.services.desks.open("shop")
    await desk.items.put(ItemMapping("SIMPLE-002", "SIMPLE-002", unit="ea"))
    first, second = house.place(skus=("SIMPLE-001",)), house.place(skus=("SIMPLE-002",))
    await house.hooks(first)
    await house.delivers(second)
    assert await house.events(second) == ["created"]
    (parked,) = [entry for entry in await house.trail(first) if entry.event == "parked"]
    assert "SIMPLE-001" in parked.reason
    assert "map items set" in parked.remedy
    assert await house.parked() == [_key(first)]


@in_house(items={"rule": "none"})
async def test_a_parked_order_is_posted_when_it_is_replayed_after_the_remedy(house: House) -> None:
    order = house.place(skus=("SIMPLE-001",))
    await house.delivers(order)
    desk = await house.services.desks.open("shop")
    await desk.items.put(ItemMapping("SIMPLE-001", "SIMPLE-001", unit="ea"))
    await house.replays(_key(order))
    assert await house.events(order) == ["parked", "created"]
    assert await house.parked() == []


@in_house("theirs")
async def test_an_item_that_the_ledger_refuses_leaves_no_header_behind(house: House) -> None:
    desk = await house.services.desks.open("shop")
    await desk.items.put(ItemMapping("SIMPLE-001", "NOT-RELEASED", unit="ea"))
    order = house.place()
    await house.delivers(order)
    assert house.headers(order) == []
    assert await house.events(order) == ["parked"]


@in_house(orders={"posting": "captured"})
async def test_an_order_waits_for_its_money_where_only_captured_ones_are_posted(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    assert house.headers(order) == []
    assert "waiting: paid" in (await house.claim(order)).reason
    house.commerce.invoice(order)
    await house.delivers(order)
    assert await house.events(order) == ["skipped", "created"]


@in_both_houses()
async def test_a_throttle_quietens_every_process_for_as_long_as_it_says(house: House) -> None:
    first, second = house.place(), house.place()
    house.ledger_dials.next(Kind.THROTTLE, seconds=120)
    await house.hooks(first)
    await asyncio.sleep(1)
    await house.works_off_what_is_due()
    asked = dict(house.ledger_dials.counts)
    other = House.beside(house)
    await other.hooks(second)
    await asyncio.sleep(100)
    await other.works_off_what_is_due()
    assert dict(house.ledger_dials.counts) == asked
    await other.works_until_idle()
    assert len(house.headers(first)) == len(house.headers(second)) == 1
    assert "waited" not in await house.events(first)
    await other.services.close()


def _key(order: StoredOrder) -> str:
    return f"{order.row['increment_id']}@{order.row['store_id']}"


@in_both_houses()
async def test_a_free_order_is_posted_with_all_its_lines(house: House) -> None:
    order = house.place(skus=("SIMPLE-011",), shipping=Decimal(0))
    await house.delivers(order)
    assert house.lines(order).keys() == {"SIMPLE-011"}


@in_house("theirs")
async def test_a_delivery_that_is_stuck_for_longer_than_its_lease_posts_nothing_more(house: House) -> None:
    """The first try takes 375 seconds of answers that each come in time; its lease ends after 300, when another begins."""
    order = house.place()
    await house.hooks(order)
    await asyncio.sleep(1.1)
    slow = {0: (50, 110), 200: (50, 55), 262: (0, 110), 299: (0, 50), 500: (0, 0)}
    for at, latencies in slow.items():
        asyncio.get_running_loop().call_later(at, _slow_down, house, *latencies)
    await asyncio.sleep(0.1)
    first = asyncio.create_task(house.works_off_what_is_due())
    await asyncio.sleep(5)
    await house.hooks(order)
    await house.works_until_idle()
    await first
    assert len(house.headers(order)) == 1


def _slow_down(house: House, shop: float, ledger: float) -> None:
    house.shop_dials.latency_low = house.shop_dials.latency_high = shop
    house.ledger_dials.latency_low = house.ledger_dials.latency_high = ledger
