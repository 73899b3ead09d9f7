"""Polls of windows that no single run gets through, of connections in trouble, and of one bad
row."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.adapters.cells import check_key
from sync.adapters.sqlite.tables import SqliteTables
from sync.app.tidying import tidying
from sync.core.errors import Paused
from sync.core.message_queue import Outgoing
from sync.core.skipped import Skipped
from sync.engine.batched_sends import JoinedSends
from sync.engine.claim import State
from sync.engine.claims_in_bulk import claims_of
from sync.engine.copies import DocumentCopies
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.flow_pauses import FlowPauses
from sync.engine.intake import Intake
from sync.engine.jobs import nearest_minute
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.poll_run import MOST
from sync.engine.polling import SWEEP_EVERY, Polling
from sync.engine.reading_ahead import ReadingAhead
from sync.engine.refused_keys import KEEP, RefusedKeys, key_fault
from sync.engine.results import Change, Changed
from sync.engine.watermarks import WATERMARKS, Watermark, Window
from sync.hosts.pump import FUNCTION_TIMEOUT
from tests.doubles.digests import DIGESTS
from tests.pacing.paces import pace_of
from tests.systems import Folded
from tests.virtual_time import START, LoopClock, in_virtual_time, virtually

MINUTE = timedelta(minutes=1)


@dataclass
class Counted:
    """A queue that only counts, and remembers the first and the last keys."""

    sent: int = 0
    keys: dict[str, set[str]] = field(default_factory=dict)
    remembers: bool = True

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Counted."""
        self.sent += len(messages)
        for message in messages if self.remembers else ():
            told = Message.decode(message.body)
            self.keys.setdefault(told.connection, set()).add(told.key)


class FarTables(SqliteTables):
    """As far away as Azure's: 8 ms a call, and counted."""

    calls = 0

    async def get(self, table: str, partition: str, key: str) -> Any:
        """A row."""
        self.calls += 1
        await asyncio.sleep(0.008)
        return await super().get(table, partition, key)

    async def query(self, table: str, partition: str, **bounds: Any) -> AsyncIterator[Any]:
        """Rows."""
        self.calls += 1
        await asyncio.sleep(0.008)
        async for row in super().query(table, partition, **bounds):
            yield row


SETTINGS: Final[Any] = SimpleNamespace(
    flows=("orders",), commerce=SimpleNamespace(first_poll_days=7)
)


class Polled:
    """Polls of one toy flow over some connections."""

    def __init__(self, changed: Changed, *connections: str, **poll: Any) -> None:
        self.clock, self.queue, self.tables = LoopClock(), Counted(), FarTables(":memory:")
        trigger = Poll[Any](changed, self._until, lambda _: 5, **poll)
        self.flow = DocumentFlow[Any]("orders", "t", Source(_read), _plan, (trigger,))
        names = connections or ("shop",)
        self.paces = {name: pace_of(self.clock, system=name) for name in names}
        self.ledger = Ledger(self.tables, self.clock, DIGESTS)
        self.refused = RefusedKeys(self.tables, self.clock)
        queue: Any = self.queue
        self.engine = Engine(
            flows={"orders": self.flow}, sub_flows={}, open_systems=self._opened,
            connections=dict.fromkeys(names, SETTINGS),
            intake=Intake(JoinedSends(queue), self.clock, self.refused, {}),
            ledger=self.ledger, tables=self.tables,
            documents=DocumentCopies(self.tables, Folded(), self.clock),
            flow_pauses=FlowPauses(self.tables, self.clock),
            ahead=ReadingAhead(queue, self.clock), clock=self.clock, worker="w",
        )  # fmt: skip
        self.polling = Polling(self.engine)

    async def _until(self, _: Any) -> datetime:
        return self.clock.now()

    async def _opened(self, name: str) -> Any:
        return SimpleNamespace(name=name, settings=SETTINGS, paces=(self.paces[name],))

    async def timer(self, runs: int) -> list[int]:
        """The timer of every minute: what it finds due runs side by side, a run that is still going
        is not run beside itself, and the host stops what lasts too long."""
        found = []
        for _ in range(runs):
            begun = self.clock.now()
            due = await self.polling.due(nearest_minute(begun))
            async with asyncio.timeout(FUNCTION_TIMEOUT.total_seconds()):
                polls = [self.polling.poll(*pair, due=nearest_minute(begun)) for pair in due]
                found.append(sum(await asyncio.gather(*polls)))
            left = MINUTE - (self.clock.now() - begun) % MINUTE
            await asyncio.sleep(left.total_seconds())
        return found

    async def mark(self, connection: str = "shop") -> Watermark:
        """How far a connection's poll is."""
        return Watermark.of(await self.tables.get(WATERMARKS, connection, "orders"))


async def _read(key: str, systems: Any) -> Any:
    return key


async def _plan(record: Any, delivery: Any) -> Skipped:
    return Skipped("nobody delivers here")


def a_list(
    rows: int, stamp: Callable[[int], datetime], *, page_s: float = 0.5, positions: bool = True
) -> Changed:
    """A list of so many changed records, in the order of their stamps and numbers, read in pages of
    100 that take their time."""

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        for number in range(int(after) + 1 if after else 0, rows):
            if number % 100 == 0:
                await asyncio.sleep(page_s)
            at = stamp(number)
            if since <= at <= until:
                yield Change(f"{number:09}@1", at, position=str(number) if positions else "")

    return changed


@in_virtual_time
async def test_changes_of_one_second_that_no_run_gets_through_are_all_enqueued_once() -> None:
    start = START - timedelta(hours=1)
    polled = Polled(a_list(60_000, lambda _: start))
    runs = await polled.timer(12)
    assert polled.queue.sent == len(polled.queue.keys["shop"]) == 60_000
    assert sum(1 for found in runs if found) > 2
    assert max(runs) <= MOST + 300


@pytest.mark.long
@in_virtual_time
async def test_a_million_orders_of_a_week_without_polls_drain() -> None:
    start = START - timedelta(days=6)
    changed = a_list(1_000_000, lambda n: start + timedelta(seconds=n // 2), page_s=0.1)
    polled = Polled(changed)
    polled.queue.remembers = False
    runs = 0
    while not runs or (await polled.mark()).is_behind:
        await polled.timer(1)
        runs += 1
    assert polled.queue.sent == 1_000_000
    assert polled.tables.calls < 1_000_000 / 50


@in_virtual_time
@pytest.mark.parametrize("row_s", [0.5, 5.0])
async def test_a_list_that_is_read_slowly_and_holds_little_is_read_through(row_s: float) -> None:
    """A window may hold thousands of records that have to be looked at, few of which are ours. F&O
    compares with no number that has a `*`: no run ends after it."""

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        for number in range(int(after) + 1 if after else 0, 1_500):
            await asyncio.sleep(row_s)
            at = START - timedelta(hours=1) + timedelta(seconds=number)
            is_other = number % 500 != 0
            position = f"*{number}" if number % 100 < 50 else str(number)
            yield Change(str(number), at, position=position, is_passed=is_other)

    polled, runs = Polled(changed), 0
    while runs < 60 and (not runs or (await polled.mark()).is_behind):
        await polled.timer(1)
        runs += 1
    assert polled.queue.keys["shop"] == {"0", "500", "1000"}
    assert polled.queue.sent == 3
    assert not (await polled.mark()).is_behind
    assert (await polled.mark()).listed == 3


@in_virtual_time
async def test_a_pause_ends_a_poll_that_is_under_way_and_the_next_run_goes_on() -> None:
    start = START - timedelta(hours=1)
    polled = Polled(a_list(6_000, lambda number: start + timedelta(seconds=number / 10)))
    pause = polled.paces["shop"].paused(Paused("shop", after=timedelta(minutes=3)))
    asyncio.get_running_loop().call_later(5, asyncio.ensure_future, pause)
    await polled.timer(3)
    meanwhile = polled.queue.sent
    await polled.timer(3)
    assert 0 < meanwhile < 3_000
    assert polled.queue.sent == len(polled.queue.keys["shop"]) == 6_000


@in_virtual_time
async def test_changes_that_only_their_time_tells_apart_are_read_on_by_time() -> None:
    start = START - timedelta(hours=3)
    polled = Polled(
        a_list(25_000, lambda n: start + timedelta(seconds=n // 4), positions=False, page_s=0)
    )
    await polled.timer(1)
    assert (await polled.mark()).window is not None
    await polled.timer(2)
    assert len(polled.queue.keys["shop"]) == 25_000
    assert polled.queue.sent <= 25_000 + 300


def test_claims_of_a_page_are_read_together() -> None:
    async def play() -> int:
        polled = Polled(a_list(300, lambda _: START - MINUTE, page_s=0))
        await polled.timer(1)
        return polled.tables.calls

    assert virtually(play()) < 10


class Broken(Exception):
    """Any surprise."""


def test_the_trouble_of_one_connection_is_not_that_of_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        if systems.name == "broken":
            raise Broken("a name and a street")
        if systems.name == "hangs":
            await asyncio.sleep(86_400)
        if systems.name == "long":
            async for change in long(systems, since, until, after):
                yield change
        else:
            yield Change(f"{until.isoformat()}@1", until)

    async def play() -> Polled:
        polled = Polled(changed, "hangs", "broken", "long", "well")
        await polled.timer(3)
        return polled

    long = a_list(100_000, lambda _: START - timedelta(hours=2))
    polled = virtually(play())
    assert len(polled.queue.keys["well"]) >= 3
    assert len(polled.queue.keys["long"]) >= 20_000
    assert "poll_failed connection=broken error=Broken" in caplog.text
    assert "poll_failed connection=hangs error=TimeoutError" in caplog.text
    assert "street" not in caplog.text


def test_a_page_is_enqueued_before_the_watermark_says_so() -> None:
    """Killed at any write of the watermark or of the queue, nothing is passed over."""

    async def play(dies_at: int) -> set[str]:
        start = START - timedelta(hours=1)
        polled = Polled(a_list(1_000, lambda n: start + timedelta(seconds=n // 7), page_s=0))
        steps = iter(range(10_000))

        def dying(step: Callable[..., Any]) -> Callable[..., Any]:
            async def once(*given: Any, **named: Any) -> Any:
                if next(steps) == dies_at:
                    raise Broken
                return await step(*given, **named)

            return once

        polled.queue.send = dying(polled.queue.send)  # type: ignore[method-assign]
        polled.tables.upsert = dying(polled.tables.upsert)  # type: ignore[method-assign]
        await polled.timer(8)
        return polled.queue.keys["shop"]

    for dies_at in range(15):
        assert len(virtually(play(dies_at))) == 1_000, dies_at


@in_virtual_time
async def test_a_sweep_that_no_run_gets_through_goes_on_in_the_next_and_stops_no_poll() -> None:
    listed: list[Change] = []

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        for number, change in enumerate(listed):
            if since <= change.changed_at <= until and (not after or number > int(after)):
                yield Change(change.key, change.changed_at, position=str(number))

    polled = Polled(changed)
    begin = polled.clock.now()
    await polled.timer(1)
    await asyncio.sleep(86_400 - 300)
    await polled.timer(1)
    late = begin + timedelta(hours=1)
    listed.extend(Change(f"late {n:06}", late) for n in range(45_000))
    for _ in range(10):
        await polled.timer(1)
        if (await polled.mark()).sweep is not None:
            break
    else:
        pytest.fail("no sweep has begun within ten minutes of the day's end")
    listed.append(Change("new", polled.clock.now()))
    await polled.timer(6)
    assert not (await polled.mark()).is_behind
    assert len(polled.queue.keys["shop"]) == 45_001
    assert polled.queue.sent <= 45_002


def test_a_watermark_of_an_earlier_version_is_gone_on_from() -> None:
    async def play() -> Polled:
        polled = Polled(a_list(3, lambda n: START - timedelta(minutes=20 * n)))
        at = polled.clock.now() - timedelta(minutes=30)
        old = Watermark(at=at, polled=at, first=at - timedelta(days=7), swept=at)
        row = old.row("shop", "orders")
        assert set(row.values) == {"at", "polled", "first", "swept"}
        await polled.tables.upsert(WATERMARKS, row)
        await polled.timer(1)
        return polled

    assert virtually(play()).queue.keys["shop"] == {"000000000@1", "000000001@1"}


@in_virtual_time
async def test_claims_far_apart_are_found_as_well_as_those_that_lie_together() -> None:
    polled = Polled(a_list(0, lambda _: START))
    for number in range(0, 200, 2):
        claim, _ = await polled.ledger.take("shop", "orders", f"{number:03}", "w")
        await polled.ledger.release(claim, state=State.DELIVERED)
    wanted = ["000", "001", "050", "051", "100", "198", "199"]
    found = await claims_of(polled.tables, "shop", "orders", wanted)
    assert list(found) == wanted
    states = {key: claim.state for key, claim in found.items()}
    assert {key for key, state in states.items() if state is State.DELIVERED} == {
        "000", "050", "100", "198",
    }  # fmt: skip


def test_a_key_that_no_table_can_hold_is_listed_once_and_stops_nothing() -> None:
    bad = ["", " ", "a\x00b", "half \ud800", "x" * 201, "\U0001f600" * 60]

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        for key in ("first", *bad, "last"):
            yield Change(key, until)

    async def play() -> Polled:
        polled = Polled(changed)
        await polled.timer(6)
        assert {told.origin async for told in polled.refused.all()} == {"poll"}
        assert len([told async for told in polled.refused.all()]) == len(bad)
        assert all([told.key.isascii() and told.reason async for told in polled.refused.all()])
        await tidying(polled.engine.documents, polled.tables, polled.clock).run(None)
        assert [told async for told in polled.refused.all()]
        await asyncio.sleep(KEEP.total_seconds())
        await tidying(polled.engine.documents, polled.tables, polled.clock).run(None)
        assert not [told async for told in polled.refused.all()]
        return polled

    assert virtually(play()).queue.keys["shop"] == {"first", "last"}


@given(key=st.text(max_size=220))
def test_a_key_that_the_intake_takes_is_a_key_of_every_table(key: str) -> None:
    if not key_fault(key):
        check_key("trail", f"{'c' * 31}|{'f' * 20}|{key}", key)


BEHIND = timedelta(seconds=2)
LAG = timedelta(seconds=5)
STAMP = START - 2 * MINUTE
WAITS = {"state": State.NEW, "retry_at": START + MINUTE}


class BehindOurs(Polled):
    """Of an owner whose clock is behind ours, and which is read up to a little before it."""

    async def _until(self, _: Any) -> datetime:
        return self.clock.now() - BEHIND - LAG


@pytest.mark.parametrize(
    ("read_after", "seen", "claimed", "is_read_again"),
    [
        (1.0, "as listed", {}, False),
        (0.5, "as listed", {}, True),
        (0.5, "as listed", WAITS, False),
        (1.0, "as listed", {"state": State.SKIPPED}, False),
        (1.0, "as listed", {"state": State.POSTING}, True),
        (1.0, "as listed", {"state": State.VANISHED}, True),
        (1.0, "as listed", {**WAITS, "retry_at": START - MINUTE}, True),
        (50.0, "otherwise", {}, True),
        (50.0, "otherwise", WAITS, True),
        (50.0, "", {}, True),
        (65.0, "otherwise", {}, True),
        (65.0, "", {}, False),
        (700.0, "as listed", {}, True),
        (700.0, "", {}, True),
    ],
)
def test_what_was_read_as_it_is_listed_is_not_read_again_once_its_second_is_over(
    read_after: float, seen: str, claimed: dict[str, Any], is_read_again: bool
) -> None:
    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        yield Change("1@1", STAMP, position="1", listed="as listed")

    async def play() -> int:
        polled = BehindOurs(changed, lag=LAG)
        claim, _ = await polled.ledger.take("shop", "orders", "1@1", "w")
        read_at = STAMP + BEHIND + timedelta(seconds=read_after)
        await polled.ledger.release(
            claim, **{"state": State.DELIVERED, "read_at": read_at, "seen": seen, **claimed}
        )
        await polled.timer(1)
        return polled.queue.sent

    assert virtually(play()) == is_read_again


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        (Change("1", START, position="7"), Window(START, START, "7")),
        (Change("1", START, "digest", "7"), Window(START, START, "7")),
        (Change("1", START + MINUTE), Window(START + MINUTE, START)),
        (Change("1", START), Window(START, START)),
        (Change("1", START + MINUTE, "digest"), Window(START, START)),
    ],
)
def test_a_window_moves_only_where_a_change_tells_a_place(change: Change, moved: Window) -> None:
    assert Window(START, START).moved_to(change) == moved


def test_clocks_that_were_a_day_ahead_hold_up_no_poll_and_hide_no_change() -> None:
    stamp, ahead = START - MINUTE, START + timedelta(days=1)

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        if since <= stamp <= until:
            yield Change("1@1", stamp, position="1")

    async def play() -> dict[str, set[str]]:
        polled = Polled(changed)
        mark = Watermark(at=ahead, polled=ahead, first=START - timedelta(days=7), swept=START)
        await polled.tables.upsert(WATERMARKS, mark.row("shop", "orders"))
        await polled.timer(1)
        return polled.queue.keys

    assert virtually(play()) == {"shop": {"1@1"}}


OVERLAP = Poll[Any](a_list(0, lambda _: START), BehindOurs._until, lambda _: 5).overlap  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("late", "within"),
    [
        (LAG, timedelta(minutes=5)),
        (OVERLAP + LAG - timedelta(seconds=1), timedelta(minutes=5)),
        (timedelta(hours=23), SWEEP_EVERY + timedelta(minutes=10)),
    ],
)
@pytest.mark.parametrize("read_after", [None, 90.0])
@in_virtual_time
async def test_a_change_that_is_committed_later_than_its_stamp_is_found_soon_after(
    late: timedelta, within: timedelta, read_after: float | None
) -> None:
    """`read_after`: seconds after the stamp at which something else had the record read, as it was
    before."""
    stamp, polled = START + timedelta(seconds=7), list[BehindOurs]()

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        if since <= stamp <= until and polled[0].clock.now() >= stamp + late:
            yield Change("1@1", stamp, position="1", listed="as it is now")

    polled.append(BehindOurs(changed, lag=LAG))
    if read_after is not None:
        claim, _ = await polled[0].ledger.take("shop", "orders", "1@1", "w")
        read_at = stamp + timedelta(seconds=read_after)
        held = {"state": State.DELIVERED, "read_at": read_at, "seen": "as it was"}
        await polled[0].ledger.release(claim, **held)
    await polled[0].timer((late + within + MINUTE) // MINUTE)
    assert polled[0].queue.keys == {"shop": {"1@1"}}
