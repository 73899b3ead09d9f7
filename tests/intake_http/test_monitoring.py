"""What monitoring tells the log, which is what alerts read."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sync.core.errors import Later
from sync.core.message_queue import Depth, Outgoing, Queue
from sync.core.ports import Row, Tables
from sync.core.telemetry import Silent
from sync.engine.claim import PARKED
from sync.engine.monitoring import monitor
from sync.engine.queues import QUEUES
from sync.engine.watermarks import WATERMARKS
from tests.intake_http.harness import Harness


@pytest.fixture(autouse=True)
def reported(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sync.engine.monitoring")


async def test_every_queue_tells_how_long_its_oldest_message_has_waited(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.queue.send([Outgoing("documents", b"{}", "1")])
    harness.clock.at += timedelta(minutes=10)
    await harness.queue.send([Outgoing("documents", b"{}", "2")])
    await harness.services.watch.look()
    assert "monitoring.queue queue=documents due=2 dead=0 oldest_s=600" in caplog.messages
    assert "monitoring.queue queue=catalogue due=0 dead=0 oldest_s=0" in caplog.messages
    assert "monitoring.queue queue=business-events due=0 dead=0 oldest_s=0" in caplog.messages


async def test_a_message_that_is_scheduled_for_later_does_not_wait(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.queue.send(
        [Outgoing("documents", b"{}", "1", harness.clock.at + timedelta(hours=1))]
    )
    harness.clock.at += timedelta(minutes=10)
    await harness.services.watch.look()
    assert "monitoring.queue queue=documents due=0 dead=0 oldest_s=0" in caplog.messages


async def test_every_flow_of_a_connection_tells_how_far_its_poll_is_behind(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.tables.upsert(
        WATERMARKS, Row("bikes", "orders", {"at": harness.clock.at - timedelta(minutes=40)})
    )
    await harness.services.watch.look()
    assert (
        "monitoring.flow flow=orders connection=bikes behind_s=2400 every_s=300" in caplog.messages
    )


async def test_a_flow_that_stands_still_is_said_to_be_paused_and_not_behind(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.services.flow_pauses.pause("bikes", "orders", by="ann", why="closing")
    harness.clock.at += timedelta(hours=30)
    await harness.services.watch.look()
    line = "monitoring.flow_paused flow=orders connection=bikes paused_s=108000 by=ann"
    assert line in caplog.messages
    lines = "".join(caplog.messages)
    assert "monitoring.flow flow=orders connection=bikes" not in lines
    assert "monitoring.flow flow=orders connection=boats" in lines


async def test_a_flow_that_never_polled_is_as_far_behind_as_its_first_poll_would_look(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    days = harness.services.connections["boats"].commerce.first_poll_days
    await harness.services.watch.look()
    assert (
        f"monitoring.flow flow=orders connection=boats behind_s={days * 86400} every_s=300"
        in caplog.messages
    )


async def test_what_does_not_flow_or_is_not_polled_is_not_missed(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.services.watch.look()
    reported = " ".join(caplog.messages)
    assert "flow=orders connection=boats" in reported
    assert "flow=customers connection=boats" not in reported
    assert "flow=write_back" not in reported


class Dials(Silent):
    """Telemetry that notes what it is told."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, str, str, int]] = []

    def behind(self, flow: str, connection: str, seconds: int) -> None:
        self.reported.append(("behind", flow, connection, seconds))

    def parked(self, flow: str, connection: str, count: int) -> None:
        self.reported.append(("parked", flow, connection, count))


async def test_telemetry_hears_how_far_polls_are_behind_and_how_much_waits_for_a_person(
    harness: Harness,
) -> None:
    await harness.tables.upsert(
        WATERMARKS, Row("bikes", "orders", {"at": harness.clock.at - timedelta(minutes=40)})
    )
    for key in ("1", "2"):
        await harness.tables.upsert(PARKED, Row("bikes|orders", key, {}))
    dials, services = Dials(), harness.services
    await monitor(
        (), tuple(services.flows.values()), services.connections,
        queue=harness.queue, tables=harness.tables, pauses=services.flow_pauses,
        clock=harness.clock,
        telemetry=dials,
    )  # fmt: skip
    assert {("behind", "orders", "bikes", 2400), ("parked", "orders", "bikes", 2)} <= set(
        dials.reported
    )
    assert ("parked", "orders", "boats", 0) in dials.reported


class Faulty:
    """A queue that nobody may look into, one of great length, and others."""

    def __init__(self, inner: Queue, depths: Mapping[str, Depth | Exception]) -> None:
        self._inner, self._depths = inner, depths

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def depth(self, queue: str) -> Depth:
        found = self._depths.get(queue) or await self._inner.depth(queue)
        if isinstance(found, Exception):
            raise found
        return found


async def looks(harness: Harness, *, tables: Any = None, **depths: Depth | Exception) -> None:
    services = harness.services
    flows = tuple(services.flows.values())
    queue: Any = Faulty(harness.queue, depths)
    readings = await monitor(
        QUEUES, flows, services.connections,
        queue=queue, tables=tables or harness.tables,
        pauses=services.flow_pauses, clock=harness.clock,
    )  # fmt: skip
    readings.raise_troubles()


async def test_a_queue_that_cannot_be_looked_at_hides_no_other_and_fails_the_watch_in_the_end(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExceptionGroup) as failed:
        await looks(harness, documents=Later("no answer"))
    assert [str(error) for error in failed.value.exceptions] == ["no answer"]
    assert "monitoring.queue_unreadable queue=documents error=Later" in caplog.messages
    assert "monitoring.queue queue=master-data due=0 dead=0 oldest_s=0" in caplog.messages
    assert any(
        line.startswith("monitoring.flow flow=orders connection=bikes ") for line in caplog.messages
    )


class OneRowLocked:
    """Tables of which one row cannot be read."""

    def __init__(self, inner: Tables, row: str) -> None:
        self._inner, self._row = inner, row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        if (table, f"{partition}|{key}") == (WATERMARKS, self._row):
            raise Later("the tables do not answer")
        return await self._inner.get(table, partition, key)


async def test_a_flow_that_cannot_be_looked_at_hides_no_other(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExceptionGroup):
        await looks(harness, tables=OneRowLocked(harness.tables, "bikes|orders"))
    assert "monitoring.flow_unreadable flow=orders connection=bikes error=Later" in caplog.messages
    assert any(
        line.startswith("monitoring.flow flow=orders connection=boats ") for line in caplog.messages
    )


async def test_counts_that_were_cut_are_said_and_so_is_that_nobody_knows_the_oldest(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    an_hour_ago = harness.clock.at - timedelta(hours=1)
    await looks(
        harness,
        documents=Depth(1, 1500, 0, 0, an_hour_ago, is_cut=True),
        **{"master-data": Depth(0, 20_000, 0, 0, None, is_cut=True)},
    )
    assert "monitoring.queue queue=documents due=1 dead=0 oldest_s=3600" in caplog.messages
    assert "monitoring.queue_longer queue=documents due=1 scheduled=1500" in caplog.messages
    assert "monitoring.queue_not_seen_through queue=master-data scheduled=20000" in caplog.messages
