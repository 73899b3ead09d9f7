"""How a receiver waits: on timers alone, so that virtual time drives it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sync.adapters.sqlite.queue import SqliteQueue
from sync.core.message_queue import Outgoing, Received
from tests.virtual_time import START, LoopClock, in_virtual_time

SECOND = timedelta(seconds=1)
LOCK = timedelta(minutes=1)


def message(key: str, after: timedelta = timedelta(0)) -> Outgoing:
    return Outgoing("orders", key.encode(), key, START + after)


def passed() -> float:
    """Seconds since the beginning."""
    return asyncio.get_running_loop().time()


async def take(queue: SqliteQueue, wait: timedelta) -> list[Received]:
    return await queue.receive("orders", most=10, wait=wait)


@in_virtual_time
async def test_a_receiver_waits_as_long_as_told() -> None:
    queue = SqliteQueue(":memory:", LoopClock(), LOCK)
    assert await take(queue, wait=20 * SECOND) == []
    assert passed() == pytest.approx(20)


@in_virtual_time
async def test_a_receiver_wakes_for_a_schedule_and_for_a_locks_end() -> None:
    queue = SqliteQueue(":memory:", LoopClock(), LOCK)
    await queue.send([message("1", 7 * SECOND)])
    for at in (7, 67, 127):
        assert [each.id for each in await take(queue, wait=10 * LOCK)] == ["1"]
        assert passed() == pytest.approx(at, abs=0.01)


@in_virtual_time
async def test_a_receiver_wakes_for_what_is_sent_and_for_what_is_abandoned() -> None:
    queue = SqliteQueue(":memory:", LoopClock(), LOCK)

    async def receive() -> float:
        (taken,) = await take(queue, wait=10 * LOCK)
        at = passed()
        await asyncio.sleep(3)
        await (queue.abandon if taken.deliveries == 1 else queue.complete)(taken)
        return at

    async with asyncio.TaskGroup() as tasks:
        receivers = [tasks.create_task(receive()) for _ in range(2)]
        await asyncio.sleep(5)
        await asyncio.gather(queue.send([message("1")]), queue.send([message("1")]))
    assert sorted(one.result() for one in receivers) == pytest.approx([5, 8], abs=0.01)


@in_virtual_time
async def test_a_receiver_sees_what_another_process_sends(tmp_path: Path) -> None:
    mine = SqliteQueue(tmp_path / "q.db", LoopClock(), LOCK, poll=SECOND / 4)
    theirs = SqliteQueue(tmp_path / "q.db", LoopClock(), LOCK)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(take(mine, wait=LOCK))
        await asyncio.sleep(5.1)
        await theirs.send([message("1")])
    assert [each.id for each in waiting.result()] == ["1"]
    mine.close()
    theirs.close()
    assert passed() == pytest.approx(5.25, abs=0.01)
