"""Orders through the engine: what reaches D365, once, and what a person gets to see when it
cannot."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Kind
from sync.app.services import Services
from sync.config.connections import Items
from sync.core.errors import Later
from sync.core.message_queue import Outgoing
from sync.engine.claim import State
from sync.flows import FLOWS
from sync.intake_http.registered_hooks import TIMEOUT
from sync.mapping_tables.records import ItemMapping
from sync.mapping_tables.tables import ItemMappings
from tests.harness import Harness, in_both_harnesses, in_harness
from tests.systems import COMPANY


@in_both_harnesses()
async def test_an_order_becomes_one_sales_order_that_comes_to_its_total(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    assert harness.total(order) + order.amount("tax_amount") == order.amount("grand_total")
    assert harness.lines(order).keys() == {"SIMPLE-001", "SIMPLE-002", "FREIGHT"} - _free_shipping(
        order
    )
    assert await harness.events(order) == ["created"]
    claim = await harness.claim(order)
    assert (claim.state, claim.number) == (
        State.DELIVERED,
        harness.header(order)["SalesOrderNumber"],
    )


def _free_shipping(order: StoredOrder) -> set[str]:
    return set() if order.amount("shipping_amount") else {"FREIGHT"}


@in_both_harnesses()
async def test_an_order_seen_twice_is_posted_once(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1
    assert await harness.events(order) == ["created", "unchanged"]


@in_both_harnesses()
async def test_fifty_notifications_at_once_from_hook_and_poll_make_one_sales_order(
    harness: Harness,
) -> None:
    order = harness.place()
    await asyncio.sleep(10)
    for _ in range(25):
        await harness.hooks(order)
        await harness.polls()
        await asyncio.sleep(0.04)
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
    assert (await harness.events(order))[0] == "created"


@in_both_harnesses()
async def test_fifty_deliveries_side_by_side_make_one_sales_order(harness: Harness) -> None:
    order = harness.place()
    for _ in range(50):
        await harness.services.intake.accept("orders", "shop", [_key(order)], "webhook")
        await asyncio.sleep(1)
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1


@in_both_harnesses()
async def test_a_stale_notification_after_a_newer_one_changes_nothing(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    await asyncio.sleep(2)
    harness.commerce.invoice(order)
    await harness.hooks(order)
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
    assert (await harness.claim(order)).state is State.DELIVERED


@in_both_harnesses()
async def test_a_hook_before_the_commit_waits_for_the_order(harness: Harness) -> None:
    order = harness.place(visible_in=20)
    await harness.delivers(order)
    assert await harness.events(order) == ["created"]


@in_both_harnesses()
async def test_a_hook_for_an_order_that_never_comes_ends_as_vanished(harness: Harness) -> None:
    order = harness.place(visible_in=10**9)
    await harness.delivers(order)
    assert await harness.events(order) == ["vanished"]
    assert (await harness.claim(order)).state is State.VANISHED


@in_both_harnesses()
async def test_an_order_that_had_vanished_is_posted_when_the_poll_finds_it(
    harness: Harness,
) -> None:
    order = harness.place(visible_in=500)
    await harness.delivers(order)
    await asyncio.sleep(200)
    await harness.polls()
    await harness.works_until_idle()
    assert await harness.events(order) == ["vanished", "created"]


@in_both_harnesses()
async def test_a_hook_without_a_store_finds_the_order_by_its_number(harness: Harness) -> None:
    order = harness.place()
    await harness.hook("orders", {"data": {"order": {"increment_id": order.row["increment_id"]}}})
    await harness.works_until_idle()
    assert await harness.events(order) == ["created"]


@in_both_harnesses()
async def test_a_hook_without_a_store_for_no_order_ends_as_vanished(harness: Harness) -> None:
    await harness.hook("orders", {"data": {"order": {"increment_id": "999"}}})
    await harness.works_until_idle()
    assert await harness.events("999@?") == ["vanished"]


@in_harness()
async def test_a_hook_is_answered_before_the_shop_gives_up_although_the_queue_never_answers(
    harness: Harness,
) -> None:
    order = harness.place()
    harness.services = Services(
        harness.systems.connections,
        FLOWS,
        harness.systems.edition_parts(queue=_Deaf()),  # type: ignore[arg-type]
    )
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        with pytest.raises(AssertionError, match="could not be stored"):
            await harness.hooks(order)


class _Deaf:
    """A queue that takes what it is sent and says nothing for a minute."""

    async def send(self, _: Sequence[Outgoing]) -> None:
        await asyncio.sleep(60)
        raise Later("no answer")


@in_both_harnesses()
async def test_a_poll_finds_the_order_whose_hook_was_lost(harness: Harness) -> None:
    order = harness.place()
    await asyncio.sleep(30)
    assert await harness.polls() == 1
    await harness.works_until_idle()
    assert await harness.events(order) == ["created"]


@in_both_harnesses()
async def test_once_a_day_a_poll_finds_what_became_visible_long_after_its_stamp(
    harness: Harness,
) -> None:
    order = harness.place(visible_in=3600)
    for _ in range(5):
        await asyncio.sleep(1200)
        assert await harness.polls() == 0
    await asyncio.sleep(86400)
    assert await harness.polls() == 1
    await harness.works_until_idle()
    assert await harness.events(order) == ["created"]
    assert await harness.polls() == 0


@in_harness(commerce={"first_poll_days": 0})
async def test_what_is_committed_late_around_the_first_poll_is_found_by_the_next(
    harness: Harness,
) -> None:
    await asyncio.sleep(3600)
    order = harness.place(visible_in=120)
    await asyncio.sleep(90)
    assert await harness.polls() == 0
    await asyncio.sleep(60)
    assert await harness.polls() == 1
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1


@in_harness()
async def test_a_sweep_that_fails_does_not_hold_up_what_is_new(harness: Harness) -> None:
    late = harness.place(visible_in=86400)
    await harness.polls()
    await asyncio.sleep(86390)
    await harness.polls()
    new = harness.place()
    await asyncio.sleep(30)
    harness.shop_dials.next(
        Kind.ERROR_BEFORE, times=9, where=lambda arrival: "2026-03-01" in arrival.query
    )
    await harness.polls()
    assert harness.shop_dials.plan[0].times < 9
    harness.shop_dials.plan.clear()
    await harness.works_until_idle()
    assert (len(harness.headers(new)), harness.headers(late)) == (1, [])
    await asyncio.sleep(600)
    await harness.polls()
    await harness.works_until_idle()
    assert len(harness.headers(late)) == 1


@in_harness(commerce={"first_poll_days": 0})
async def test_what_is_older_than_the_first_poll_is_not_found_by_any(harness: Harness) -> None:
    order = harness.place()
    await asyncio.sleep(3600)
    for _ in range(3):
        assert await harness.polls() == 0
        await asyncio.sleep(86400)
    assert harness.headers(order) == []


@in_both_harnesses()
async def test_a_poll_leaves_alone_what_was_read_since_it_changed(harness: Harness) -> None:
    order = harness.place()
    await asyncio.sleep(90)
    await harness.delivers(order)
    assert await harness.polls() == 0


@in_both_harnesses()
async def test_an_outage_of_the_ledger_is_waited_out(harness: Harness) -> None:
    order = harness.place()
    harness.ledger_dials.next(Kind.ERROR_BEFORE, times=3)
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1
    last = (await harness.trail(order))[-1]
    assert last.event in {"created", "adopted"}
    assert last.attempt == 1


@in_both_harnesses()
async def test_a_crash_between_posting_and_recording_posts_nothing_twice(harness: Harness) -> None:
    await harness.delivers(harness.place())  # so the account is known
    order = harness.place()
    await harness.hooks(order)
    await harness.works_until_it_dies(before="trail")
    assert await harness.events(order) == []
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
    assert await harness.events(order) == ["adopted"]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED])
@in_both_harnesses()
async def test_an_order_whose_answer_was_lost_is_found_and_taken_over(
    harness: Harness, kind: Kind
) -> None:
    order = harness.place()
    harness.ledger_dials.next(
        kind, where=lambda a: a.writes and b"CustomersOrderReference" in a.body, seconds=50
    )
    await harness.delivers(order)
    await harness.ledger_dials.settle()
    assert len(harness.headers(order)) == 1
    assert (await harness.events(order))[-1] in {"adopted", "created"}
    assert harness.lines(order).keys() >= {"SIMPLE-001", "SIMPLE-002"}


@in_harness("theirs")
async def test_lines_whose_answer_was_lost_are_not_posted_again(harness: Harness) -> None:
    order = harness.place()
    harness.ledger_dials.next(Kind.LOST, where=lambda a: b"ExternalItemNumber" in a.body)
    await harness.delivers(order)
    number = harness.header(order)["SalesOrderNumber"]
    assert len(harness.dynamics.lines(COMPANY, number)) == len(harness.lines(order))
    assert harness.total(order) + order.amount("tax_amount") == order.amount("grand_total")


@in_both_harnesses()
async def test_an_order_that_changed_behind_a_lost_answer_is_brought_up_to_date(
    harness: Harness,
) -> None:
    order = harness.place()
    harness.ledger_dials.next(
        Kind.LOST, where=lambda a: a.writes and b"CustomersOrderReference" in a.body
    )
    await harness.hooks(order)
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    harness.commerce.change_address(order, city="Neustadt")
    await harness.works_until_idle()
    assert harness.header(order)["DeliveryAddressCity"] == "Neustadt"


@in_harness(items={"rule": "none"})
async def test_an_unknown_sku_parks_its_order_and_no_other(harness: Harness) -> None:
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put(ItemMapping("SIMPLE-002", "SIMPLE-002", unit="ea"))
    first, second = harness.place(skus=("SIMPLE-001",)), harness.place(skus=("SIMPLE-002",))
    await harness.hooks(first)
    await harness.delivers(second)
    assert await harness.events(second) == ["created"]
    (parked,) = [entry for entry in await harness.trail(first) if entry.event == "parked"]
    assert "SIMPLE-001" in parked.reason
    assert "map items set" in parked.remedy
    assert await harness.parked() == [_key(first)]


@in_harness(items={"rule": "none"})
async def test_a_parked_order_is_posted_when_it_is_replayed_after_the_remedy(
    harness: Harness,
) -> None:
    order = harness.place(skus=("SIMPLE-001",))
    await harness.delivers(order)
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put(ItemMapping("SIMPLE-001", "SIMPLE-001", unit="ea"))
    await harness.replays(_key(order))
    assert await harness.events(order) == ["parked", "created"]
    assert await harness.parked() == []


@in_harness("theirs")
async def test_a_replay_sees_a_mapping_that_another_process_has_just_corrected(
    harness: Harness,
) -> None:
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put(ItemMapping("SIMPLE-001", "NOT-RELEASED", unit="ea"))
    order = harness.place(skus=("SIMPLE-001",))
    await harness.delivers(order)
    commands = ItemMappings(harness.systems.tables, "shop", Items(), harness.clock)
    await commands.put(ItemMapping("SIMPLE-001", "SIMPLE-001", unit="ea"))
    await harness.replays(_key(order))
    assert await harness.events(order) == ["parked", "created"]


@in_harness("theirs")
async def test_an_item_that_the_ledger_refuses_leaves_no_header_behind(harness: Harness) -> None:
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put(ItemMapping("SIMPLE-001", "NOT-RELEASED", unit="ea"))
    order = harness.place()
    await harness.delivers(order)
    assert harness.headers(order) == []
    assert await harness.events(order) == ["parked"]


@in_harness(orders={"posting": "captured"})
async def test_an_order_waits_for_its_money_where_only_captured_ones_are_posted(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    assert harness.headers(order) == []
    assert "waiting: paid" in (await harness.claim(order)).reason
    harness.commerce.invoice(order)
    await harness.delivers(order)
    assert await harness.events(order) == ["skipped", "created"]


@in_both_harnesses()
async def test_a_throttle_quietens_every_process_for_as_long_as_it_says(harness: Harness) -> None:
    first, second = harness.place(), harness.place()
    harness.ledger_dials.next(Kind.THROTTLE, seconds=120)
    await harness.hooks(first)
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    asked = dict(harness.ledger_dials.counts)
    other = Harness.beside(harness)
    await other.hooks(second)
    await asyncio.sleep(100)
    await other.works_off_what_is_due()
    assert dict(harness.ledger_dials.counts) == asked
    await other.works_until_idle()
    assert len(harness.headers(first)) == len(harness.headers(second)) == 1
    assert "waited" not in await harness.events(first)
    await other.services.close()


def _key(order: StoredOrder) -> str:
    return f"{order.row['increment_id']}@{order.row['store_id']}"


@in_both_harnesses()
async def test_a_free_order_is_posted_with_all_its_lines(harness: Harness) -> None:
    order = harness.place(skus=("SIMPLE-011",), shipping=Decimal(0))
    await harness.delivers(order)
    assert harness.lines(order).keys() == {"SIMPLE-011"}


@in_harness("theirs")
async def test_a_delivery_that_is_stuck_for_longer_than_its_lease_posts_nothing_more(
    harness: Harness,
) -> None:
    """The first try takes 375 seconds of answers that each come in time; its lease ends after 300,
    when another begins."""
    order = harness.place()
    await harness.hooks(order)
    await asyncio.sleep(1.1)
    slow = {0: (50, 110), 200: (50, 55), 262: (0, 110), 299: (0, 50), 500: (0, 0)}
    for at, latencies in slow.items():
        asyncio.get_running_loop().call_later(at, _slow_down, harness, *latencies)
    await asyncio.sleep(0.1)
    first = asyncio.create_task(harness.works_off_what_is_due())
    await asyncio.sleep(5)
    await harness.hooks(order)
    await harness.works_until_idle()
    await first
    assert len(harness.headers(order)) == 1


def _slow_down(harness: Harness, shop: float, ledger: float) -> None:
    harness.shop_dials.latency_low = harness.shop_dials.latency_high = shop
    harness.ledger_dials.latency_low = harness.ledger_dials.latency_high = ledger


@pytest.mark.parametrize("read_after", [0, 90])
@in_harness()
async def test_a_poll_looks_again_at_what_is_listed_otherwise_than_it_was_read(
    harness: Harness, read_after: int
) -> None:
    """Stamps are taken before the commit: what was read then may be older than its stamp says."""
    order = harness.place()
    before = dict(order.row)
    await asyncio.sleep(read_after)
    await harness.delivers(order)
    harness.commerce.cancel(order)
    order.row["updated_at"] = before["updated_at"]
    await asyncio.sleep(10)
    assert await harness.polls() == 1
    await harness.works_until_idle()
    assert (await harness.claim(order)).state == "cancelled"
    await asyncio.sleep(120)
    assert await harness.polls() == 0
