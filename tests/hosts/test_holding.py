"""Trouble of our own uses up no deliveries: a message is held under its lock until it is over."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.core.errors import Later
from sync.core.message_queue import Outgoing
from sync.engine.queues import QUEUES
from sync.hosts.azure import build_app
from sync.hosts.holding import PATIENCE, UNCONFIGURED
from sync.hosts.local import LocalHost
from tests.hosts.toys import Notebook
from tests.virtual_time import LoopClock, virtually

MOST_DELIVERIES = 25
TABLES_REFUSE = "table claims: Table Storage answered 403"


class InTrouble(Notebook):
    """Its own stores refuse everything until `until` seconds have passed."""

    def __init__(self, until: float, error: Exception) -> None:
        super().__init__()
        self.until, self.error = until, error

    async def take(self, *arguments: Any, **options: Any) -> None:
        if asyncio.get_running_loop().time() < self.until:
            raise self.error
        await super().take(*arguments, **options)


def hosted(notes: Notebook, queue_name: str, hours: float) -> tuple[int, int]:
    """How many letters are dead, and how many messages are left, after so many hours with one
    message in a queue."""
    clock = LoopClock()
    queue = SqliteQueue(":memory:", clock, timedelta(minutes=1), MOST_DELIVERIES)
    tables = SqliteTables(":memory:")

    async def story() -> tuple[int, int]:
        stop = asyncio.Event()
        host = LocalHost(build_app(notes.open), queue, tables, clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(host.work(stop))
            await queue.send([Outgoing(queue_name, b"{}", "m1")])
            await asyncio.sleep(hours * 3600)
            stop.set()
        depth = await queue.depth(queue_name)
        return depth.dead, depth.due + depth.locked

    try:
        return virtually(story())
    finally:
        queue.close()
        tables.close()


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("minutes", [0.05, 5, 120])
def test_a_message_outlives_trouble_of_seconds_and_of_hours_in_every_queue(
    queue: str, minutes: float
) -> None:
    notes = InTrouble(minutes * 60, Later(TABLES_REFUSE, counts=False))
    assert hosted(notes, queue, 3) == (0, 0)
    (taken,) = [call for call in notes.calls if call[0] == "take"]
    assert taken[1] == queue
    deliveries = taken[4]
    assert deliveries <= 1 + minutes * 60 / (PATIENCE.total_seconds() - 60)


def test_what_outlasts_all_deliveries_is_parked_with_what_ended_them() -> None:
    notes = InTrouble(float("inf"), Later(TABLES_REFUSE, counts=False))
    assert hosted(notes, "documents", 5) == (0, 0)
    noted = {call[3] for call in notes.calls if call[0] == "trouble"}
    assert noted == {f"Later: {TABLES_REFUSE}"}
    assert [call[0] for call in notes.calls].count("trouble") == MOST_DELIVERIES
    (parked,) = [call for call in notes.calls if call[0] == "park_dead_letter"]
    assert parked[1:3] == ("documents", b"{}")


def test_a_fault_of_ours_is_held_briefly_and_noted_without_its_words() -> None:
    notes = InTrouble(UNCONFIGURED.total_seconds() * 3.5, KeyError("Quillfeather"))
    assert hosted(notes, "documents", 1) == (0, 0)
    (taken,) = [call for call in notes.calls if call[0] == "take"]
    assert taken[4] == 5
    noted = " ".join(call[3] for call in notes.calls if call[0] == "trouble")
    assert "KeyError" in noted
    assert "Quillfeather" not in noted
