"""A look at every claim mends what crashes and lost messages have left, at a bounded cost a run."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.core.ports import Insert, Row, Value
from sync.engine.claim import CLAIMS, PARKED, Claim, State
from sync.engine.repair import EVERY, PAGE, REPAIRS, is_left_alone
from tests.contracts.hand_clock import HandClock
from tests.harness import Harness, in_harness, key_of
from tests.systems import CONNECTION

NOW = HandClock().now()
LONG_AGO, RECENTLY = NOW - timedelta(hours=2), NOW - timedelta(minutes=30)
ANNOUNCED = {"intent_document": "d", "intent_not_after": LONG_AGO}


async def put(harness: Harness, key: str, **cells: Any) -> None:
    """A claim as something that is not told left it."""
    row = Claim(CONNECTION, "orders", key, **cells).row()
    await harness.services.edition_parts.tables.upsert(CLAIMS, row)


async def list_alone(harness: Harness, key: str) -> None:
    """A row in the list of the parked, whatever its claim says."""
    cells: dict[str, Value] = {"at": harness.clock.now(), "reason": "a hole", "remedy": "Map it."}
    row = Row(f"{CONNECTION}|orders", key, cells)
    await harness.services.edition_parts.tables.upsert(PARKED, row)


async def listed(harness: Harness) -> list[str]:
    """The keys in the list itself."""
    tables = harness.services.edition_parts.tables
    return [row.key async for row in tables.query(PARKED, f"{CONNECTION}|orders")]


async def disagreements_are_mended(harness: Harness) -> None:
    """The story on whichever stores: the list says afterwards what the claims say."""
    lease = harness.clock.now() + timedelta(minutes=5)
    await put(harness, "1@1", state=State.PARKED, reason="mapping hole", remedy="Map it.")
    await put(harness, "2@1", state=State.DELIVERED, number="S2")
    await put(harness, "3@1", state=State.PARKED, owner="somebody", lease_until=lease)
    await put(harness, "4@1", state=State.POSTING, owner="somebody", lease_until=lease)
    await put(harness, "5@1", state=State.PARKED, reason="mapping hole")
    for key in ("2@1", "4@1", "5@1", "9@1"):
        await list_alone(harness, key)
    await harness.services.repair.run()
    assert await listed(harness) == ["1@1", "4@1", "5@1"]
    row = await harness.services.edition_parts.tables.get(PARKED, f"{CONNECTION}|orders", "1@1")
    assert row is not None
    assert (row.values["reason"], row.values["remedy"]) == ("mapping hole", "Map it.")


async def records_without_a_message_are_delivered(harness: Harness) -> None:
    """The story on whichever stores: whoever died, and whatever message was lost with them."""
    orders = [harness.place() for _ in range(3)]
    ago = harness.clock.now() - timedelta(hours=2)
    intent = {"intent_document": "d", "intent_not_after": ago, "intent_settled_by": ago}
    await put(harness, key_of(orders[0]), owner="dead", lease_until=ago)
    await put(harness, key_of(orders[1]), state=State.POSTING, **intent)
    await put(harness, key_of(orders[2]), retry_at=ago, reason="away")
    await harness.services.repair.run()
    await harness.works_until_idle()
    assert [len(harness.headers(order)) for order in orders] == [1, 1, 1]
    assert {(await harness.claim(order)).state for order in orders} == {State.DELIVERED}
    assert [entry.origin for entry in await harness.trail(orders[0])] == ["repair"]


@in_harness()
async def test_the_list_of_the_parked_says_what_the_claims_say(harness: Harness) -> None:
    await disagreements_are_mended(harness)


@in_harness()
async def test_a_record_that_nobody_works_on_and_no_message_waits_for_is_delivered(
    harness: Harness,
) -> None:
    await records_without_a_message_are_delivered(harness)


@in_harness()
async def test_a_record_is_notified_once_an_hour_however_often_it_is_looked_at(
    harness: Harness,
) -> None:
    order = harness.place()
    await put(harness, key_of(order), retry_at=harness.clock.now() - timedelta(hours=2))
    for _ in range(3):
        await harness.services.repair.run()
        await harness.systems.tables.delete(REPAIRS, CONNECTION, "orders")
    assert (await harness.systems.queue.depth("documents")).scheduled == 1


@in_harness()
async def test_nothing_is_notified_while_a_system_asks_for_quiet(harness: Harness) -> None:
    await put(harness, "1@1", retry_at=harness.clock.now() - timedelta(hours=2))
    systems = await harness.services.systems_pool.open(CONNECTION)
    await harness.services.pauses.pause(systems.paces[0].system, timedelta(minutes=2))
    await harness.services.repair.run()
    assert (await harness.systems.queue.depth("documents")).scheduled == 0


@in_harness()
async def test_nothing_is_notified_while_the_flow_is_paused(harness: Harness) -> None:
    await put(harness, "1@1", retry_at=harness.clock.now() - timedelta(hours=2))
    await harness.services.flow_pauses.pause(CONNECTION, "orders", by="me", why="stocktaking")
    await harness.services.repair.run()
    assert (await harness.systems.queue.depth("documents")).scheduled == 0


@in_harness()
async def test_a_large_table_is_looked_at_page_by_page_and_again_after_an_hour(
    harness: Harness,
) -> None:
    keys = [f"{number:09}@1" for number in range(2 * PAGE + 1)]
    for start in range(0, len(keys), 100):
        some = [Claim(CONNECTION, "orders", key, State.DELIVERED) for key in keys[start:][:100]]
        await harness.systems.tables.transact(CLAIMS, [Insert(one.row()) for one in some])
    last = keys[-1]
    await list_alone(harness, last)
    read = await _rows_read(harness)
    assert read == [PAGE + 1, PAGE + 1, 1, 0]
    assert await listed(harness) == []
    await asyncio.sleep(EVERY.total_seconds())
    assert await _rows_read(harness) == [PAGE + 1, PAGE + 1, 1, 0]


async def _rows_read(harness: Harness) -> list[int]:
    """Claims that each of four runs reads."""
    tables, counts = harness.systems.tables, list[int]()
    inner = tables.query

    async def counted(table: str, partition: str, **bounds: Any) -> AsyncIterator[Row]:
        async for row in inner(table, partition, **bounds):
            counts[-1] += table == CLAIMS and partition == f"{CONNECTION}|orders"
            yield row

    tables.query = counted  # type: ignore[method-assign]
    for _ in range(4):
        counts.append(0)
        await harness.services.repair.run()
    tables.query = inner  # type: ignore[method-assign]
    return counts


@in_harness()
async def test_a_flow_that_cannot_be_looked_at_hides_no_other(harness: Harness) -> None:
    await put(harness, "1@1", state=State.PARKED, reason="mapping hole")
    tables = harness.systems.tables
    await tables.upsert(CLAIMS, Row(f"{CONNECTION}|customers", "7", {"state": "no such state"}))
    with pytest.raises(ExceptionGroup, match="everywhere"):
        await harness.services.repair.run()
    assert await listed(harness) == ["1@1"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"owner": "dead", "lease_until": LONG_AGO}, True),
        ({"owner": "dead", "lease_until": RECENTLY}, False),
        ({"owner": "dead", "lease_until": LONG_AGO, "retry_at": RECENTLY}, False),
        ({"retry_at": LONG_AGO}, True),
        ({"retry_at": NOW + timedelta(hours=12)}, False),
        ({"state": State.POSTING, "intent_settled_by": LONG_AGO, **ANNOUNCED}, True),
        ({"state": State.POSTING, "intent_settled_by": RECENTLY, **ANNOUNCED}, False),
        (
            {"state": State.POSTING, "intent_settled_by": LONG_AGO, "unsettled_until": RECENTLY}
            | ANNOUNCED,
            False,
        ),
        ({"state": State.PARKED, "intent_settled_by": LONG_AGO, **ANNOUNCED}, False),
        ({"state": State.SKIPPED, "intent_settled_by": LONG_AGO, **ANNOUNCED}, False),
        ({"state": State.PARKED, "retry_at": LONG_AGO}, True),
        ({"state": State.DELIVERED}, False),
        ({}, False),
    ],
)
def test_a_record_is_left_alone_when_all_that_was_to_come_is_long_over(
    cells: dict[str, Any], expected: bool
) -> None:
    claim = replace(Claim(CONNECTION, "orders", "1@1"), **cells)
    assert is_left_alone(claim, NOW) is expected
