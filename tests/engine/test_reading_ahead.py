"""Records read before their turn: how many, for how long, and never in place of newer ones."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sync.adapters.sqlite.queue import SqliteQueue
from sync.core.errors import Later, Never, Paused, Unknown
from sync.core.message_queue import Outgoing
from sync.engine.claim import Claim, State
from sync.engine.flow import DocumentFlow, Source
from sync.engine.message import Message
from sync.engine.reading_ahead import BEHIND, FEWEST, FRESH, LOOK_EVERY, MOST, ReadingAhead
from sync.pacing.limiter import NoTurn
from tests.contracts.hand_clock import HandClock

NAME, FLOW, QUEUE = "shop", "orders", "documents"
SECOND = timedelta(seconds=1)
EARLIER = HandClock().now() - BEHIND
NEW = Claim(NAME, FLOW, "x")


async def _plan(*_: Any) -> Any:
    raise NotImplementedError


@dataclass
class Backlog:
    """A queue of messages about records whose owner counts reads. `missing`, `broken`: keys of
    records that are not there, or cannot be read."""

    clock: HandClock = field(default_factory=HandClock)
    version: int = 1
    reads: list[str] = field(default_factory=list)
    foreseen: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.queue = SqliteQueue(":memory:", self.clock, timedelta(minutes=1))
        source = Source(self._read, is_joined=True, foresee=self._foresee)
        self.flow = DocumentFlow[Any](FLOW, "Orders", source, _plan)
        self.ahead = ReadingAhead(self.queue, self.clock)

    async def _read(self, key: str, _: Any) -> str | None:
        self.reads.append(key)
        version = self.version
        await asyncio.sleep(0)
        if key in self.broken:
            raise Later("away")
        return None if key in self.missing else f"{key} v{version}"

    def _foresee(self, record: str, _: Any) -> None:
        if record in self.broken:
            raise Never("it has no reference", remedy="Give it one.")
        self.foreseen.append(record)

    async def waits(self, *keys: str, **cells: Any) -> list[Message]:
        """Messages that were notified now and come due at once."""
        messages = [Message(FLOW, NAME, key, "webhook", self.clock.now()) for key in keys]
        found = [replace(one, **cells) for one in messages]
        await self.queue.send([Outgoing(QUEUE, one.encode(), self.clock.unique()) for one in found])
        return found

    async def delivers(
        self, message: Message, claim: Claim = NEW, ended_by: Exception | None = None
    ) -> tuple[str | None, datetime]:
        """The record of a message that is taken from the queue; so ends its delivery."""
        for taken in await self.queue.receive(QUEUE, most=99, wait=timedelta()):
            if taken.body == message.encode():
                await self.queue.complete(taken)
            else:
                await self.queue.abandon(taken)
        systems: Any = SimpleNamespace(name=NAME)
        try:
            return await self.ahead.read(self.flow, systems, message, claim)
        finally:
            self.ahead.ended(message, ended_by)


async def test_what_waits_is_read_with_the_first_once_deliveries_are_behind() -> None:
    backlog = Backlog()
    first, second, third = await backlog.waits("1", "2", "3")
    backlog.clock.at += BEHIND
    read_at = backlog.clock.now()
    assert await backlog.delivers(first) == ("1 v1", read_at)
    assert sorted(backlog.reads) == ["1", "2", "3"]
    backlog.clock.at += SECOND
    backlog.version = 2
    assert await backlog.delivers(second) == ("2 v1", read_at)
    assert await backlog.delivers(third) == ("3 v1", read_at)
    assert len(backlog.reads) == 3


async def test_nothing_is_read_ahead_while_deliveries_keep_up() -> None:
    backlog = Backlog()
    first, second = await backlog.waits("1", "2")
    backlog.clock.at += BEHIND - timedelta(milliseconds=1)
    await backlog.delivers(first)
    assert backlog.reads == ["1"]
    backlog.clock.at += SECOND
    assert await backlog.delivers(second) == ("2 v1", backlog.clock.now())


@pytest.mark.parametrize(
    ("cells", "claim"),
    [
        ({"attempt": 2}, NEW),
        ({"looks": 2}, NEW),
        ({"origin": "replay"}, NEW),
        ({"notified_at": HandClock().now() + SECOND}, NEW),
        ({}, replace(NEW, heard_at=HandClock().now() + SECOND)),
        ({}, replace(NEW, deaths=1)),
        ({}, replace(NEW, state=State.DELIVERED, read_at=HandClock().now() + BEHIND + SECOND)),
    ],
)
async def test_what_may_be_newer_or_needs_care_is_read_in_its_turn(
    cells: dict[str, Any], claim: Claim
) -> None:
    backlog = Backlog()
    first, second = await backlog.waits("1", "2")
    backlog.clock.at += BEHIND
    await backlog.delivers(first)
    assert sorted(backlog.reads) == ["1", "2"]
    backlog.version = 2
    backlog.clock.at += SECOND
    assert await backlog.delivers(replace(second, **cells), claim) == ("2 v2", backlog.clock.now())


PAUSED = Paused("d365", after=SECOND)


@pytest.mark.parametrize(
    ("ended_by", "after", "cells", "claim", "is_read_again"),
    [
        (PAUSED, SECOND, {}, NEW, False),
        (NoTurn("no turn"), SECOND, {}, NEW, False),
        (PAUSED, SECOND, {}, replace(NEW, intent_document="d"), False),
        (PAUSED, FRESH, {}, NEW, False),
        (PAUSED, FRESH + SECOND, {}, NEW, True),
        (Later("changed while it was prepared", counts=False), SECOND, {}, NEW, True),
        (Unknown("no answer"), SECOND, {}, NEW, True),
        (None, SECOND, {}, NEW, True),
        (PAUSED, SECOND, {"attempt": 2}, NEW, True),
        (PAUSED, SECOND, {"origin": "replay"}, NEW, True),
        (PAUSED, SECOND, {"notified_at": HandClock().now() + SECOND}, NEW, True),
        (PAUSED, SECOND, {}, replace(NEW, heard_at=HandClock().now() + SECOND), True),
        (PAUSED, SECOND, {}, replace(NEW, read_at=HandClock().now() + 2 * SECOND), True),
        (PAUSED, SECOND, {}, replace(NEW, deaths=1), True),
    ],
)
async def test_a_try_that_a_pause_ended_goes_on_with_what_it_has_read(
    ended_by: Exception | None,
    after: timedelta,
    cells: dict[str, Any],
    claim: Claim,
    is_read_again: bool,
) -> None:
    backlog = Backlog()
    (message,) = await backlog.waits("1")
    backlog.clock.at += SECOND
    read_at = backlog.clock.now()
    await backlog.delivers(message, ended_by=ended_by)
    backlog.clock.at += after
    found = await backlog.delivers(replace(message, **cells), claim)
    assert found == ("1 v1", backlog.clock.now() if is_read_again else read_at)


@pytest.mark.parametrize(
    ("ended_by", "broken", "foreseen"),
    [(PAUSED, set(), ["1 v1"]), (Later("away"), set(), []), (PAUSED, {"1 v1"}, [])],
)
async def test_what_a_pause_left_unasked_is_foreseen_again(
    ended_by: Exception, broken: set[str], foreseen: list[str]
) -> None:
    backlog = Backlog(broken=broken)
    (message,) = await backlog.waits("1")
    await backlog.delivers(message, ended_by=ended_by)
    assert backlog.foreseen == foreseen


@pytest.mark.parametrize(("after", "reads"), [(FRESH / 2 - SECOND, 1), (FRESH / 2, 2)])
async def test_what_will_soon_be_too_old_is_read_again_with_another(
    after: timedelta, reads: int
) -> None:
    backlog = Backlog()
    paused, waiting, another = await backlog.waits("1", "2", "3", notified_at=EARLIER)
    await backlog.delivers(waiting, ended_by=Paused("d365", after=FRESH))
    assert sorted(backlog.reads) == ["1", "2", "3"]
    backlog.clock.at += after
    await backlog.delivers(another, replace(NEW, deaths=1))
    assert sorted(backlog.reads) == sorted(["1", "2"] * reads + ["3"] * 2)
    backlog.clock.at += FRESH / 2
    await backlog.delivers(paused)
    await backlog.delivers(waiting)
    assert len(backlog.reads) == 2 * reads + 2


async def test_what_was_read_too_long_ago_is_read_again() -> None:
    backlog = Backlog()
    first, second = await backlog.waits("1", "2")
    backlog.clock.at += BEHIND
    await backlog.delivers(first)
    backlog.clock.at += FRESH + timedelta(milliseconds=1)
    assert await backlog.delivers(second) == ("2 v1", backlog.clock.now())
    assert backlog.reads.count("2") == 2


async def test_a_record_that_could_not_be_read_ahead_is_read_in_its_turn() -> None:
    backlog = Backlog(missing={"2"}, broken={"3"})
    first, second, third = await backlog.waits("1", "2", "3")
    backlog.clock.at += BEHIND
    assert (await backlog.delivers(first))[0] == "1 v1"
    assert (await backlog.delivers(second))[0] is None
    with pytest.raises(Later, match="away"):
        await backlog.delivers(third)


async def test_what_is_read_ahead_is_foreseen_and_a_fault_there_is_its_own() -> None:
    backlog = Backlog(missing={"3"}, broken={"4 v1"})
    first, *_, last = await backlog.waits("1", "2", "3", "4")
    backlog.clock.at += BEHIND
    await backlog.delivers(first)
    assert backlog.foreseen == ["2 v1"]
    assert (await backlog.delivers(last))[0] == "4 v1"
    assert backlog.reads.count("4") == 2


async def test_what_was_rescheduled_is_read_with_the_next_in_the_order_in_which_it_comes() -> None:
    backlog = Backlog()
    count = 2 * MOST
    messages = [
        Message(FLOW, NAME, str(one), "webhook", backlog.clock.now()) for one in range(count)
    ]
    for due in range(count, 0, -1):
        backlog.ahead.rescheduled(messages[due - 1], backlog.clock.now() + due * SECOND)
    backlog.ahead.rescheduled(messages[1], backlog.clock.now() + 2 * count * SECOND)
    for ignored in ({"flow": "invoices"}, {"connection": "other"}, {"attempt": 2}):
        other = replace(messages[0], key="other", **ignored)
        backlog.ahead.rescheduled(other, backlog.clock.now() + SECOND)
    backlog.clock.at += BEHIND
    await backlog.delivers(messages[0])
    assert sorted(map(int, backlog.reads)) == [0, *range(2, MOST + 1)]
    assert (await backlog.delivers(messages[2]))[0] == "2 v1"
    assert len(backlog.reads) == MOST


async def test_what_was_rescheduled_and_has_not_come_is_forgotten() -> None:
    backlog = Backlog()
    first, second = (Message(FLOW, NAME, key, "webhook", backlog.clock.now()) for key in "12")
    backlog.ahead.rescheduled(second, backlog.clock.now() + SECOND)
    backlog.clock.at += FRESH + 2 * SECOND
    await backlog.delivers(first)
    assert backlog.reads == ["1"]


async def test_one_that_is_being_read_ahead_is_waited_for() -> None:
    backlog = Backlog()
    first, second = await backlog.waits("1", "2")
    backlog.clock.at += BEHIND
    found = await asyncio.gather(backlog.delivers(first), backlog.delivers(second))
    assert [record for record, _ in found] == ["1 v1", "2 v1"]
    assert sorted(backlog.reads) == ["1", "2"]


async def test_a_delivery_that_is_cancelled_keeps_nobody_waiting() -> None:
    backlog = Backlog()
    first, second = await backlog.waits("1", "2")
    backlog.clock.at += BEHIND
    delivering = asyncio.create_task(backlog.delivers(first))
    while not backlog.ahead._kept:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0)
    delivering.cancel()
    assert (await backlog.delivers(second))[0] == "2 v1"


async def test_other_flows_connections_and_later_tries_are_left_alone() -> None:
    backlog = Backlog()
    (first,) = await backlog.waits("1")
    await backlog.waits("2", flow="invoices")
    await backlog.waits("3", connection="another")
    await backlog.waits("4", attempt=2)
    await backlog.queue.send([Outgoing(QUEUE, b"no message of ours", "5")])
    backlog.clock.at += BEHIND
    await backlog.delivers(first)
    assert backlog.reads == ["1"]


async def test_fewer_are_read_where_others_deliver_most_of_them_and_more_again_when_used() -> None:
    backlog = Backlog()
    counts = []
    for round_ in range(6):
        messages = await backlog.waits(*(f"{round_}-{number}" for number in range(2 * MOST)))
        backlog.clock.at += BEHIND
        begun = len(backlog.reads)
        await backlog.delivers(messages[0])
        counts.append(len(backlog.reads) - begun)
        await _others_deliver_the_rest(backlog)
        backlog.clock.at += FRESH + SECOND
    assert counts == [MOST, MOST // 2, MOST // 4, MOST // 8, FEWEST, FEWEST]
    messages = await backlog.waits(*(f"used-{number}" for number in range(2 * MOST)))
    backlog.clock.at += BEHIND
    begun = len(backlog.reads)
    for message in messages:
        await backlog.delivers(message)
        backlog.clock.at += LOOK_EVERY
    assert len(backlog.reads) - begun == 2 * MOST
    assert backlog.ahead._most > FEWEST


async def _others_deliver_the_rest(backlog: Backlog) -> None:
    while taken := await backlog.queue.receive(QUEUE, most=99, wait=timedelta()):
        for message in taken:
            await backlog.queue.complete(message)
