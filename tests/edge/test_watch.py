"""What the watch tells the log, which is what alerts read."""

import logging
from datetime import timedelta

import pytest

from sync.ports import Outgoing, Row
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
