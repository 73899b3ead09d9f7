"""A home that was recorded before two flows were renamed goes on: nothing is delivered twice,
nothing is lost, and what waits for a person or is paused still does."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.config.old_names import OLD_NAMES
from sync.engine.claim import CLAIMS
from sync.engine.jobs import Job
from sync.engine.message import Message
from sync.engine.old_flow_names import LATER, SOON, OldFlowNames
from sync.engine.queues import POLLS
from sync.engine.watermarks import WATERMARKS, watermark_of
from tests.contracts.hand_clock import HandClock
from tests.doubles.memory_tables import MemoryTables
from tests.flows.finance import BOOKS, Finance, in_finance
from tests.flows.renamed_flows import Orders, recorded_tables, reopened, rows_of
from tests.harness import key_of
from tests.systems import COMPANY, CONNECTION

SETTINGS: dict[str, Any] = {
    "flows": (*BOOKS["flows"], "write_back"),
    "write_back": {"to": "comment"},
}


def posted(number: int) -> str:
    """The key of a posted sales invoice."""
    return f"sales-invoice|{COMPANY}|CIV-{number:06d}"


def comments(orders: Orders) -> list[int]:
    """How many numbers of ours each order shows."""
    return [
        len([row for row in order.comments if row["comment"].startswith("D365 ")])
        for order in vars(orders).values()
    ]


async def told(finance: Finance, orders: Orders) -> list[int]:
    """How many posted invoices each order's trail tells of."""
    return [(await finance.events(order)).count("posted") for order in vars(orders).values()]


async def named_as_before(finance: Finance) -> list[tuple[str, str, str]]:
    """Rows that still lie under an old name."""
    old = set(OLD_NAMES.values())
    return [
        name
        for name in await rows_of(finance.systems.tables)
        if old & {*name[1].split("|")[:2], name[2], *name[2].split("|")[:2]}
    ]


@in_finance(**SETTINGS)
async def test_each_record_is_delivered_once_and_nothing_stays_under_the_old_names(
    finance: Finance, tmp_path: Path
) -> None:
    orders = await reopened(finance, tmp_path)
    assert comments(orders) == [1, 1, 1, 0, 1, 0, 0]
    await finance.services.flow_pauses.resume(CONNECTION, "write_back", by="ann")
    await finance.runs_host(timedelta(minutes=30))
    assert comments(orders) == [1, 1, 1, 0, 1, 1, 1]
    assert await told(finance, orders) == [1, 1, 1, 0, 0, 1, 1]
    assert await named_as_before(finance) == []
    events = await finance.events(f"orders|{key_of(orders.lost)}", "write_back")
    assert events == ["waited", "adopted"]
    assert await finance.parked("posted_invoices") == [posted(2)]
    assert await finance.parked("write_back") == [f"orders|{key_of(orders.refused)}"]


@in_finance(**SETTINGS)
async def test_what_comes_before_the_job_moves_its_own_record(
    finance: Finance, tmp_path: Path
) -> None:
    orders = await reopened(finance, tmp_path)
    await finance.services.flow_pauses.resume(CONNECTION, "write_back", by="ann")
    await finance.works_until_idle()
    assert await finance.polls("posted_invoices") == 1 + await polled_again(finance)
    await finance.works_until_idle()
    assert comments(orders) == [1, 1, 1, 0, 1, 1, 1]
    assert await told(finance, orders) == [1, 1, 1, 0, 0, 1, 1]
    key = f"orders|{key_of(orders.refused)}"
    await finance.replays(key, "write_back")
    assert (await finance.events(key, "write_back"), comments(orders)[3]) == (
        ["parked", "created"], 1,
    )  # fmt: skip
    assert await finance.parked("write_back") == []
    copies = finance.services.documents
    assert await copies.last(f"{CONNECTION}|write_back|{key}", "refused")


async def polled_again(finance: Finance) -> int:
    """Records that lie under the old name: a poll notifies of them once more."""
    rows = finance.systems.tables.query(CLAIMS, f"{CONNECTION}|postings")
    return len([row async for row in rows])


@in_finance(**SETTINGS)
async def test_a_pause_holds_and_a_decision_stands(finance: Finance, tmp_path: Path) -> None:
    orders = await reopened(finance, tmp_path)
    for _ in range(2):  # before the job and after it
        (standing,) = await finance.services.flow_pauses.standing()
        assert (standing.connection, standing.flow, standing.by) == (
            CONNECTION, "write_back", "ann",
        )  # fmt: skip
        await finance.runs_host(timedelta(minutes=10))
        assert comments(orders) == [1, 1, 1, 0, 1, 0, 0]
    await finance.services.intake.accept("posted_invoices", CONNECTION, [posted(3)], "replay")
    await finance.works_for(20)
    events = await finance.events(posted(3), "posted_invoices")
    assert (sorted(events[:-1]), events[-1]) == (["created", "resolved"], "unchanged")
    assert await finance.parked("posted_invoices") == [posted(2)]
    claim = await finance.claim(posted(2), "posted_invoices")
    assert f"resolve posted_invoices '{posted(2)}'" in claim.remedy
    assert await finance.services.flow_pauses.resume(CONNECTION, "write_back", by="ann")
    assert await finance.services.flow_pauses.standing() == ()


@in_finance(**SETTINGS)
async def test_a_poll_goes_on_where_it_stood(finance: Finance, tmp_path: Path) -> None:
    await reopened(finance, tmp_path)
    tables = finance.systems.tables
    before = await watermark_of(tables, CONNECTION, "posted_invoices")
    assert before.at is not None
    await OldFlowNames(tables, [CONNECTION], finance.clock).move(None)
    assert await watermark_of(tables, CONNECTION, "posted_invoices") == before
    assert await tables.get(WATERMARKS, CONNECTION, "postings") is None
    assert await finance.polls("posted_invoices") == 2  # the queued one, and the unseen one


def test_what_lies_in_a_queue_is_meant_for_the_present_name() -> None:
    message = b'{"flow":"receipts","connection":"shop","key":"orders|1@1","origin":"webhook",'
    message += b'"hinted_at":"2026-03-02T12:00:00+00:00","attempt":1}'
    assert Message.decode(message).flow == "write_back"
    job = b'{"job":"poll","due":"2026-03-02T12:00:00+00:00","flow":"postings","connection":"shop"}'
    assert Job.decode(job).outgoing().queue == POLLS
    assert Job.decode(job).flow == "posted_invoices"


class Stopped(Exception):
    """The process ends here."""


class Mortal(MemoryTables):
    """Tables whose process ends before the write of this number."""

    writes_left = -1

    async def _one(self, table: str, operation: Any) -> Any:
        if self.writes_left == 0:
            raise Stopped
        self.writes_left -= 1
        return await super()._one(table, operation)


async def test_the_move_goes_on_wherever_it_was_stopped_and_beside_others() -> None:
    whole, clock = await recorded_tables(Mortal()), HandClock()
    before, whole.writes_left = len(await rows_of(whole)), -1
    assert await OldFlowNames(whole, [CONNECTION], clock).move(None) == SOON
    assert await OldFlowNames(whole, [CONNECTION], clock).move(None) == LATER
    expected, writes = await rows_of(whole), -1 - whole.writes_left
    assert len(expected) == before - len(["repairs"] * len(OLD_NAMES))
    for stop in range(0, writes, 3):
        tables = await recorded_tables(Mortal())
        tables.writes_left = stop
        moving = OldFlowNames(tables, [CONNECTION], clock)
        with pytest.raises(Stopped):
            await moving.move(None)
        tables.writes_left = -1
        await asyncio.gather(moving.move(None), moving.move(None))
        assert await rows_of(tables) == expected


class Passing(HandClock):
    """Each look at it takes twenty seconds."""

    def now(self) -> datetime:
        self.at += timedelta(seconds=20)
        return self.at


async def test_a_run_ends_in_time_and_the_next_one_goes_on() -> None:
    tables = await recorded_tables(MemoryTables())
    moving = OldFlowNames(tables, [CONNECTION], Passing())
    runs = [await moving.move(None) for _ in range(10)]
    assert runs.index(LATER) > 1  # one run alone would have ended so
    whole = await recorded_tables(MemoryTables())
    await OldFlowNames(whole, [CONNECTION], HandClock()).move(None)
    assert await rows_of(tables) == await rows_of(whole)
