"""One timer finds what is due; each poll and each job is a message of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.app.services import Services
from sync.config.connections import Connections
from sync.core.errors import Later
from sync.core.message_queue import Outgoing
from sync.core.skipped import Skipped
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.jobs import JOBS, Job, is_due, nearest_minute
from sync.engine.queues import POLLS
from sync.engine.results import Change
from sync.engine.run_leases import LASTS, RunLeases
from sync.engine.watermarks import WATERMARKS, Watermark
from sync.flows import FLOWS
from sync.pacing.priority import Priority
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION, SETTINGS, merged
from tests.virtual_time import Skewed

MINUTE = timedelta(minutes=1)


async def waiting(harness: Harness) -> list[Job]:
    """What lies in the queue of polls; it is given back."""
    await asyncio.sleep(90)
    taken = await harness.systems.queue.receive(POLLS, most=100, wait=timedelta())
    for message in taken:
        await harness.systems.queue.abandon(message)
    return [Job.decode(message.body) for message in taken]


def polled(caplog: pytest.LogCaptureFixture, flow: str) -> int:
    return sum(line.startswith(f"{flow}.polled ") for line in caplog.messages)


@in_harness(flows=("orders", "customers"))
async def test_a_timer_that_fires_twice_in_a_minute_stores_what_is_due_once(
    harness: Harness,
) -> None:
    await harness.services.tick()
    await harness.services.tick()
    jobs = await waiting(harness)
    subjects = sorted(job.subject for job in jobs)
    assert subjects == [
        "old-flow-names||",
        "old-queues||",
        "poll|customers|shop",
        "poll|orders|shop",
        "reconcile|shop||",
        "repair||",
        "schema|shop||",
        "tidy||",
    ]


@in_harness(flows=("orders", "customers"), orders={"poll_minutes": 1})
async def test_every_poll_keeps_the_interval_of_its_settings(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await harness.runs_host(timedelta(minutes=61))
    assert 59 <= polled(caplog, "orders") <= 61
    assert 12 <= polled(caplog, "customers") <= 13
    assert caplog.messages.count("jobs.done job=tidy") == 1


@in_harness()
async def test_messages_that_waited_while_nothing_ran_poll_once(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for _ in range(30):
        await harness.services.tick()
        await asyncio.sleep(60)
    await harness.runs_host(timedelta(seconds=20))
    assert polled(caplog, "orders") == 1


def with_another_shop(harness: Harness, url: str) -> None:
    other = merged(SETTINGS, {"commerce": {"url": url}, "orders": {"numbers": "theirs"}})
    mine = merged(SETTINGS, {"orders": {"numbers": "theirs"}, "customers": {"numbers": "theirs"}})
    harness.systems.connections = Connections.model_validate(
        {"connections": {CONNECTION: mine, "other": other}}
    )
    harness.services = harness._opened(harness.systems.tables)


@in_harness()
async def test_a_poll_that_hangs_holds_up_no_other(harness: Harness) -> None:
    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    harness.systems.apps["hangs.example.com"] = hangs
    with_another_shop(harness, "https://hangs.example.com")
    order = harness.place()
    await harness.runs_host(timedelta(minutes=8))
    assert len(harness.headers(order)) == 1


@in_harness()
async def test_two_runs_of_one_poll_exclude_each_other(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    harness.opens_one_of_many()
    body = Job("poll", nearest_minute(harness.clock.now()), "orders", CONNECTION).outgoing().body
    another = RunLeases(harness.systems.tables, harness.clock, "another")
    async with another.held(f"poll|orders|{CONNECTION}") as is_held:
        assert is_held
        await asyncio.sleep(3 * LASTS.total_seconds())
        await harness.services.jobs.run(body)
        assert polled(caplog, "orders") == 0
    await harness.services.jobs.run(body)
    assert polled(caplog, "orders") == 1


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, True),
        ({"at": NOW - HOUR, "due": NOW}, True),
        ({"at": NOW - HOUR, "due": NOW + HOUR}, False),
        ({"at": NOW + timedelta(minutes=1), "due": NOW + HOUR}, False),
        ({"at": NOW + 24 * HOUR, "due": NOW + 25 * HOUR}, True),
        ({"at": NOW + 24 * HOUR, "over": True}, False),
    ],
)
def test_a_job_is_due_when_its_time_has_come_or_its_row_is_of_a_clock_far_ahead(
    cells: dict[str, Any], expected: bool
) -> None:
    assert is_due(cells, NOW) is expected


@in_harness()
async def test_a_lease_of_the_dead_runs_out_and_a_process_alone_need_not_wait(
    harness: Harness,
) -> None:
    tables, clock = harness.systems.tables, harness.clock
    dead = RunLeases(tables, clock, "dead")
    await dead._taken("poll|orders|shop")
    async with RunLeases(tables, clock, "alone", is_alone=True).held("poll|orders|shop") as held:
        assert held
    await dead._taken("poll|orders|shop")
    other = RunLeases(tables, clock, "other")
    async with other.held("poll|orders|shop") as held:
        assert not held
    await asyncio.sleep(LASTS.total_seconds() + 1)
    async with other.held("poll|orders|shop") as held:
        assert held
    await RunLeases(tables, Skewed(clock, 86_400), "dead a day ahead")._taken("poll|orders|shop")
    async with other.held("poll|orders|shop") as held:
        assert held


@in_harness()
async def test_what_is_paused_or_not_configured_any_more_is_not_polled(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await harness.services.tick()
    await harness.services.flow_pauses.pause("", "orders", by="ann", why="closing")
    assert "poll|orders|shop" in [job.subject for job in await waiting(harness)]
    await harness.runs_host(timedelta(minutes=3))
    assert polled(caplog, "orders") == 0
    for flow, connection in (("wishes", CONNECTION), ("orders", "gone")):
        job = Job("poll", harness.clock.now(), flow, connection)
        await harness.services.take(POLLS, job.outgoing().body, "m", 1)
        assert f"{flow}.not_polled connection={connection}" in caplog.messages


@in_harness()
async def test_monitoring_looks_also_where_nothing_can_be_stored(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def send(_: Sequence[Outgoing]) -> None:
        raise Later("the queue takes nothing", counts=False)

    harness.systems.queue.send = send  # type: ignore[assignment, method-assign]
    for _ in range(10):
        with pytest.raises(Later):
            await harness.services.tick()
        await asyncio.sleep(60)
    looked = [line for line in caplog.messages if "monitoring.queue queue=documents" in line]
    assert len(looked) == 2


@in_harness()
async def test_a_job_runs_again_when_it_said_so_and_never_when_it_said_never(
    harness: Harness,
) -> None:
    await harness.runs_host(timedelta(hours=3))
    rows = {row.key: row.values async for row in harness.systems.tables.query(JOBS, JOBS)}
    assert rows["old-queues"]["over"] is True
    due, at = rows["tidy"]["due"], rows["tidy"]["at"]
    assert due - at == timedelta(days=1)  # type: ignore[operator]
    jobs = await harness.services.jobs.enqueue_due()
    assert jobs <= len(FLOWS)
    assert "old-queues||" not in [job.subject for job in await waiting(harness)]


@pytest.mark.parametrize(("second", "meant"), [(0.0, 0), (0.4, 0), (29.9, 0), (59.7, 1), (30.0, 1)])
def test_a_timer_that_fires_a_little_early_means_the_minute_that_comes(
    second: float, meant: int
) -> None:
    midnight = datetime(2026, 11, 1, tzinfo=UTC)
    assert nearest_minute(midnight + timedelta(seconds=second)) == midnight + meant * MINUTE


def wishes() -> DocumentFlow[str]:
    """A flow that nobody has heard of, as a new one would be written."""

    async def changed(*_: Any) -> AsyncIterator[Change]:
        yield Change("w-1", datetime(2026, 1, 1, tzinfo=UTC))

    async def until(systems: Any) -> datetime:
        now: datetime = systems.clock.now()
        return now

    async def read(key: str, _: Any) -> str:
        return key

    async def plan(record: str, _: Any) -> Skipped:
        return Skipped(f"{record} is only a wish")

    return DocumentFlow(
        "wishes", "Wishes", Source(read), plan,
        (Poll(changed, until, lambda _: 5),), Priority.CATALOGUE,
    )  # fmt: skip


@in_harness()
async def test_a_new_flow_needs_no_function_queue_or_timer_of_its_own(harness: Harness) -> None:
    """The host runs the app that is deployed; only the flow is new."""
    connection = harness.systems.connection.model_copy(update={"flows": ("orders", "wishes")})
    connections = harness.systems.connections.model_copy(
        update={"connections": {CONNECTION: connection}}
    )
    parts = replace(harness.systems.edition_parts())
    harness.services = Services(connections, (*FLOWS, wishes()), parts)
    await harness.runs_host(timedelta(minutes=3))
    claim = await harness.claim("w-1", "wishes")
    assert claim.reason == "w-1 is only a wish"
    row = await harness.systems.tables.get(WATERMARKS, CONNECTION, "wishes")
    assert Watermark.of(row).at is not None
