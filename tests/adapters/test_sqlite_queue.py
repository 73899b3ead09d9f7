"""What the SQLite queue does beyond the contract: its order, its waiting, its files."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.adapters.sqlite.messages import SCHEMA
from sync.adapters.sqlite.queue import SqliteQueue
from sync.core.message_queue import Depth, LockLost, Outgoing, Received
from tests.contracts.hand_clock import HandClock

SECOND = timedelta(seconds=1)
LOCK = timedelta(minutes=1)
NO_WAIT = timedelta(0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def queue(clock: HandClock) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(":memory:", clock, LOCK, most_deliveries=3)
    yield queue
    queue.close()


def message(key: str, not_before: datetime | None = None) -> Outgoing:
    return Outgoing("orders", key.encode(), key, not_before)


async def take(queue: SqliteQueue, most: int = 10, wait: timedelta = NO_WAIT) -> list[Received]:
    return await queue.receive("orders", most=most, wait=wait)


async def test_messages_come_in_the_order_they_became_due(
    queue: SqliteQueue, clock: HandClock
) -> None:
    await queue.send([message("a"), message("scheduled", clock.now() + 5 * SECOND), message("b")])
    await clock.pass_by(4 * SECOND)
    await queue.send([message("c")])
    await clock.pass_by(4 * SECOND)
    await queue.send([message("d")])
    assert [each.id for each in await take(queue)] == ["a", "b", "c", "scheduled", "d"]


def of(share: str, key: str) -> Outgoing:
    return replace(message(key), share=share)


async def test_shares_take_turns_and_who_has_the_fewest_under_a_lock_is_first(
    queue: SqliteQueue, clock: HandClock
) -> None:
    await queue.send([of("big", f"b{n}") for n in range(9)])
    held = await take(queue, 3)
    await queue.send([of("small", "s0"), of("other", "o0"), of("small", "s1")])
    assert [each.id for each in await take(queue, 4)] == ["s0", "o0", "s1", "b3"]
    await queue.complete(held[0])
    await queue.abandon(held[1])
    await queue.send([of("small", "s2"), of("small", "s3")])
    assert [each.id for each in await take(queue, 3)] == ["b1", "s2", "b4"]
    await clock.pass_by(LOCK + SECOND)
    assert len(await take(queue, 99)) == 14 - 1


async def test_a_file_of_an_earlier_version_keeps_its_messages(
    tmp_path: Path, clock: HandClock
) -> None:
    path = tmp_path / "queue.sqlite"
    with sqlite3.connect(path) as db:
        for statement in SCHEMA:
            if "share" not in statement:
                db.execute(statement)
        db.execute(
            "INSERT INTO messages (queue, id, ready_at, enqueued_at, body) VALUES (?, ?, ?, ?, ?)",
            ("orders", "old", 1, 1, b"body"),
        )
    db.close()
    for _ in range(2):
        queue = SqliteQueue(path, clock, LOCK)
        await queue.send([of("shop", "new")])
        assert [each.id for each in await take(queue)] == ["old", "new"]
        await queue.release_locks()
        queue.close()


async def test_an_abandoned_message_takes_its_old_place(queue: SqliteQueue) -> None:
    await queue.send([message("a"), message("b"), message("c")])
    (first,) = await take(queue, 1)
    await queue.abandon(first)
    assert [each.id for each in await take(queue)] == ["a", "b", "c"]


async def test_depth_tells_due_scheduled_and_locked_apart(
    queue: SqliteQueue, clock: HandClock
) -> None:
    sent_at = clock.now()
    await queue.send([message("1"), message("2"), message("3"), message("4", sent_at + 2 * LOCK)])
    one, two = await take(queue, 2)
    await queue.dead_letter(one, reason="Test")
    await clock.pass_by(SECOND)
    counted = Depth(due=1, scheduled=1, locked=1, dead=1, oldest=sent_at, next=sent_at + 2 * LOCK)
    assert await queue.depth("orders") == counted
    await clock.pass_by(LOCK)
    assert await queue.depth("orders") == replace(counted, due=2, locked=0)
    assert two.locked_until < clock.now()


async def test_the_next_due_time_is_a_schedule_or_a_locks_end(
    queue: SqliteQueue, clock: HandClock
) -> None:
    assert queue.next_due("orders") is None
    await queue.send([message("later", clock.now() + 2 * LOCK)])
    assert queue.next_due("orders") == clock.now() + 2 * LOCK
    await queue.send([message("now")])
    assert queue.next_due("orders") == clock.now()
    (taken,) = await take(queue, 1)
    assert queue.next_due("orders") == taken.locked_until == clock.now() + LOCK
    await queue.complete(taken)
    assert queue.next_due("orders") == clock.now() + 2 * LOCK


async def test_a_dead_letter_tells_its_deliveries(queue: SqliteQueue, clock: HandClock) -> None:
    await queue.send([message("1")])
    for _ in range(3):
        await take(queue)
        await clock.pass_by(LOCK)
    assert await take(queue) == []
    (letter,) = [letter async for letter in queue.dead_letters("orders")]
    assert (letter.deliveries, letter.description) == (
        3,
        "delivered 3 times without being completed",
    )


async def test_a_poison_message_does_not_hide_the_next(
    queue: SqliteQueue, clock: HandClock
) -> None:
    await queue.send([message("poison")])
    for _ in range(3):
        await take(queue)
        await clock.pass_by(LOCK)
    await queue.send([message("fine")])
    assert [each.id for each in await take(queue, 1)] == ["fine"]


async def test_a_reason_beyond_4096_characters_is_cut(queue: SqliteQueue) -> None:
    await queue.send([message("1")])
    (taken,) = await take(queue)
    await queue.dead_letter(taken, reason="Test", description="x" * 5000)
    assert [letter.description async for letter in queue.dead_letters("orders")] == ["x" * 4096]


async def test_a_foreign_token_settles_nothing(queue: SqliteQueue) -> None:
    await queue.send([message("1")])
    (taken,) = await take(queue)
    for token in ("", "x/1", "1/x", "99/1", "1/2"):
        with pytest.raises(LockLost):
            await queue.complete(replace(taken, token=token))
    with pytest.raises(LockLost):
        await queue.complete(replace(taken, queue="stock"))
    await queue.complete(taken)


@pytest.mark.parametrize("name", ["", "with space", "-first", "x" * 261])
async def test_a_queue_name_beyond_the_rules_is_refused(queue: SqliteQueue, name: str) -> None:
    with pytest.raises(ValueError, match="queue"):
        await queue.send([Outgoing(name, b"", "1")])


async def test_a_naive_schedule_is_refused(queue: SqliteQueue) -> None:
    with pytest.raises(ValueError, match="aware"):
        await queue.send([message("1", datetime(2026, 3, 1))])  # noqa: DTZ001 - that is the point
    assert await take(queue) == []


async def test_ids_do_not_pile_up(tmp_path: Path, clock: HandClock) -> None:
    queue = SqliteQueue(tmp_path / "q.db", clock, LOCK, duplicate_window=LOCK)
    for batch in range(30):
        await queue.send([message(f"{batch}/{number}") for number in range(50)])
        await clock.pass_by(LOCK / 2)
    queue.close()
    db = sqlite3.connect(tmp_path / "q.db")
    assert db.execute("SELECT count(*) FROM seen_ids").fetchone()[0] <= 150
    db.close()


async def test_without_a_window_every_id_is_new(clock: HandClock) -> None:
    queue = SqliteQueue(":memory:", clock, LOCK, duplicate_window=NO_WAIT)
    await queue.send([message("1")])
    await queue.send([message("1")])
    assert len(await take(queue)) == 2
    queue.close()


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_receive_leaves_nothing_locked(queue: SqliteQueue, turns: int) -> None:
    await queue.send([message("1")])
    receiving = asyncio.create_task(take(queue, wait=LOCK))
    for _ in range(turns):
        await asyncio.sleep(0)
    receiving.cancel()
    try:
        (taken,) = await receiving
    except asyncio.CancelledError:
        (taken,) = await take(queue)
    assert taken.deliveries == 1


async def test_a_cancelled_wait_leaves_nothing_behind(queue: SqliteQueue) -> None:
    receiving = asyncio.create_task(take(queue, wait=LOCK))
    await asyncio.sleep(0)
    receiving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    await queue.send([message("1")])
    assert len(await take(queue)) == 1


async def test_a_file_keeps_its_messages(tmp_path: Path, clock: HandClock) -> None:
    queue = SqliteQueue(tmp_path / "q.db", clock, LOCK)
    await queue.send([message("1"), message("2"), message("3", clock.now() + LOCK)])
    await take(queue, 1)
    queue.close()
    await clock.pass_by(2 * LOCK)
    queue = SqliteQueue(tmp_path / "q.db", clock, LOCK)
    assert [(each.id, each.deliveries) for each in await take(queue)] == [
        ("2", 1),
        ("1", 2),
        ("3", 1),
    ]
    await queue.send([message("2")])
    assert (await queue.depth("orders")).due == 0
    queue.close()


def test_what_is_due_is_found_by_the_index(tmp_path: Path) -> None:
    SqliteQueue(tmp_path / "q.db", HandClock(), LOCK).close()
    db = sqlite3.connect(tmp_path / "q.db")
    sql = (
        "SELECT sequence FROM messages WHERE queue = ? AND ready_at <= ? ORDER BY ready_at,"
        " sequence LIMIT 1"
    )
    (plan,) = db.execute(f"EXPLAIN QUERY PLAN {sql}", ("orders", 1)).fetchall()
    assert "INDEX messages_ready" in plan[3]
    db.close()


async def test_times_are_exact_to_the_microsecond(queue: SqliteQueue, clock: HandClock) -> None:
    clock.at = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)
    await queue.send([message("1")])
    (taken,) = await take(queue)
    assert (taken.enqueued_at, taken.locked_until) == (clock.at, clock.at + LOCK)


async def test_an_id_comes_again_when_the_clock_was_set_back(
    queue: SqliteQueue, clock: HandClock
) -> None:
    await queue.send([message("a")])
    for received in await take(queue):
        await queue.complete(received)
    await clock.pass_by(-40 * SECOND)
    await queue.send([message("a")])
    assert [each.id for each in await take(queue)] == ["a"]
    await queue.send([message("a")])
    assert await take(queue) == []
