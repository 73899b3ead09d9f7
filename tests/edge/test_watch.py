"""What the watch tells the log, which is what alerts read."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sync.errors import Later
from sync.ports import Depth, Outgoing, Queue, Row, Tables
from sync.road.catch_up import WATERMARKS
from sync.road.ledger import PARKED
from sync.road.watch import watch
from sync.telemetry import Silent
from tests.edge.house import House


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sync.road.watch")


async def test_every_queue_tells_how_long_its_oldest_message_has_waited(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.queue.send([Outgoing("orders", b"{}", "1")])
    house.clock.at += timedelta(minutes=10)
    await house.queue.send([Outgoing("orders", b"{}", "2")])
    await house.services.watch()
    assert "watch.queue queue=orders due=2 dead=0 oldest_s=600" in caplog.messages
    assert "watch.queue queue=receipts due=0 dead=0 oldest_s=0" in caplog.messages
    assert "watch.queue queue=business-events due=0 dead=0 oldest_s=0" in caplog.messages


async def test_a_message_that_is_scheduled_for_later_does_not_wait(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.queue.send([Outgoing("orders", b"{}", "1", house.clock.at + timedelta(hours=1))])
    house.clock.at += timedelta(minutes=10)
    await house.services.watch()
    assert "watch.queue queue=orders due=0 dead=0 oldest_s=0" in caplog.messages


async def test_every_flow_of_a_connection_tells_how_far_its_poll_is_behind(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.tables.upsert(WATERMARKS, Row("bikes", "orders", {"at": house.clock.at - timedelta(minutes=40)}))
    await house.services.watch()
    assert "watch.flow flow=orders connection=bikes behind_s=2400 every_s=300" in caplog.messages


async def test_a_flow_that_never_polled_is_as_far_behind_as_its_first_poll_would_look(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    days = house.services.connections["boats"].commerce.first_poll_days
    await house.services.watch()
    assert f"watch.flow flow=orders connection=boats behind_s={days * 86400} every_s=300" in caplog.messages


async def test_what_does_not_flow_or_is_not_polled_is_not_missed(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.services.watch()
    told = " ".join(caplog.messages)
    assert "flow=orders connection=boats" in told
    assert "flow=customers connection=boats" not in told
    assert "flow=receipts" not in told


class Dials(Silent):
    """Telemetry that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str, int]] = []

    def behind(self, flow: str, connection: str, seconds: int) -> None:
        self.told.append(("behind", flow, connection, seconds))

    def parked(self, flow: str, connection: str, count: int) -> None:
        self.told.append(("parked", flow, connection, count))


async def test_telemetry_hears_how_far_polls_are_behind_and_how_much_waits_for_a_person(house: House) -> None:
    await house.tables.upsert(WATERMARKS, Row("bikes", "orders", {"at": house.clock.at - timedelta(minutes=40)}))
    for key in ("1", "2"):
        await house.tables.upsert(PARKED, Row("bikes|orders", key, {}))
    dials, services = Dials(), house.services
    await watch(
        (), tuple(services.flows.values()), services.connections,
        queue=house.queue, tables=house.tables, clock=house.clock, telemetry=dials,
    )  # fmt: skip
    assert {("behind", "orders", "bikes", 2400), ("parked", "orders", "bikes", 2)} <= set(dials.told)
    assert ("parked", "orders", "boats", 0) in dials.told


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


async def looks(house: House, *, tables: Any = None, **depths: Depth | Exception) -> None:
    services = house.services
    flows = tuple(services.flows.values())
    queue: Any = Faulty(house.queue, depths)
    await watch(
        [flow.queue for flow in flows], flows, services.connections,
        queue=queue, tables=tables or house.tables, clock=house.clock,
    )  # fmt: skip


async def test_a_queue_that_cannot_be_looked_at_hides_no_other_and_fails_the_watch_in_the_end(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ExceptionGroup) as failed:
        await looks(house, orders=Later("no answer"))
    assert [str(error) for error in failed.value.exceptions] == ["no answer"]
    assert "watch.queue_unreadable queue=orders error=Later" in caplog.messages
    assert "watch.queue queue=customers due=0 dead=0 oldest_s=0" in caplog.messages
    assert any(line.startswith("watch.flow flow=orders connection=bikes ") for line in caplog.messages)


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


async def test_a_flow_that_cannot_be_looked_at_hides_no_other(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ExceptionGroup):
        await looks(house, tables=OneRowLocked(house.tables, "bikes|orders"))
    assert "watch.flow_unreadable flow=orders connection=bikes error=Later" in caplog.messages
    assert any(line.startswith("watch.flow flow=orders connection=boats ") for line in caplog.messages)


async def test_counts_that_were_cut_are_said_and_so_is_that_nobody_knows_the_oldest(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    an_hour_ago = house.clock.at - timedelta(hours=1)
    await looks(
        house,
        orders=Depth(1, 1500, 0, 0, an_hour_ago, is_cut=True),
        customers=Depth(0, 20_000, 0, 0, None, is_cut=True),
    )
    assert "watch.queue queue=orders due=1 dead=0 oldest_s=3600" in caplog.messages
    assert "watch.queue_longer queue=orders due=1 scheduled=1500" in caplog.messages
    assert "watch.queue_not_seen_through queue=customers scheduled=20000" in caplog.messages
