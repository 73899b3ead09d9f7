"""A turn is waited for within bounds, a pause holds for who waits already, and of a system that is
away one request finds out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import wraps

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.errors import Later, Never, Paused
from sync.pacing.limiter import LONGEST_WAIT, Limiter, NoTurn
from sync.pacing.outages import IN_A_ROW, QUIET
from sync.pacing.pace import EVERY, SOONEST, Pace, comes_again_at, may_begin
from sync.pacing.pauses import ASKED_AGAIN, FRESH, Pauses
from tests.contracts.hand_clock import HandClock
from tests.pacing.paces import pace_of
from tests.virtual_time import LoopClock, virtually

SYSTEM = "Dynamics at bikes.operations.dynamics.com"
SECOND = timedelta(seconds=1)


class Site:
    """A system, and processes that call it."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.tables = SqliteTables(":memory:")
        self.takes = 0.2
        self.is_away = False
        self.asked: list[float] = []
        self.longest = 0.0

    def process(self, limit: int = 8) -> Pace:
        return Pace(SYSTEM, Limiter(limit), Pauses(self.tables, self.clock), self.clock)

    async def call(self, pace: Pace) -> None:
        """One request, as a client makes it. Raises `Later` while the system is away."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with pace.turn("read"):
                self.asked.append(loop.time())
                await asyncio.sleep(self.takes)
                if self.is_away:
                    error = Later("502", is_outage=True)
                    await pace.failed(error)
                    raise error
        finally:
            self.longest = max(self.longest, loop.time() - begun)
        await pace.answered()

    async def silence(self, pace: Pace) -> None:
        """The system has gone, and the process knows."""
        self.is_away = True
        await asyncio.sleep(QUIET.total_seconds())
        for _ in range(IN_A_ROW):
            with pytest.raises(Later, match="502"):
                await self.call(pace)


def at_site(test: Callable[[Site], Awaitable[None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        async def whole() -> None:
            site = Site()
            await test(site)
            site.tables.close()

        virtually(whole())

    run.__dict__.pop("__wrapped__")
    return run


@at_site
async def test_in_a_brownout_nobody_waits_longer_than_the_bound_and_no_try_is_used(
    site: Site,
) -> None:
    site.takes = 300.0
    pace, ends = site.process(1), list[Later]()

    async def delivery() -> None:
        while asyncio.get_running_loop().time() < 3600:
            try:
                await site.call(pace)
            except NoTurn as error:
                ends.append(error)

    await asyncio.gather(*(delivery() for _ in range(16)))
    assert ends
    assert not any(error.counts for error in ends)
    assert site.longest <= site.takes + LONGEST_WAIT.total_seconds()
    assert pace.limiter.waiting == pace.limiter.in_use == 0


@at_site
async def test_no_more_deliveries_begin_than_their_turns_can_serve_in_time(site: Site) -> None:
    pace = site.process(2)
    begun = 0
    site.takes = 20.0
    for _ in range(10):
        await asyncio.gather(site.call(pace), site.call(pace))
    pace.limiter.limit = 2
    with ExitStack() as at_work:
        while await may_begin([pace]):
            at_work.enter_context(pace.at_work())
            begun += 1
            assert begun < 4, "twenty seconds an answer, two at once: the fourth would wait so long"
        assert begun >= 2
        due = await comes_again_at([pace], "shop|orders")
        assert due is not None
        assert due > site.clock.now()
    assert await may_begin([pace])


@at_site
async def test_neither_a_fast_system_nor_one_without_work_keeps_anybody_out(site: Site) -> None:
    pace = site.process(8)
    for _ in range(10):
        await site.call(pace)
    pace.limiter.took, pace.limiter.lent = 60.0, 0
    assert await may_begin([pace]), "nothing is lent before somebody asks"
    pace.limiter.took, pace.limiter.lent = 0.2, 8
    with ExitStack() as at_work:
        for _ in range(200):
            assert await may_begin([pace])
            at_work.enter_context(pace.at_work())


@at_site
async def test_a_pause_is_heard_by_those_who_wait_for_a_turn(site: Site) -> None:
    pace, other = site.process(1), site.process(1)
    site.takes = 5.0
    calls = [asyncio.create_task(site.call(pace)) for _ in range(6)]
    await asyncio.sleep(1)
    await other.failed(Paused(SYSTEM, after=timedelta(seconds=60)))
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), *[Paused] * 5]
    assert len(site.asked) == 1
    assert not any(end.counts for end in ends if isinstance(end, Paused))


@at_site
async def test_who_hears_a_429_tells_those_who_wait_at_once(site: Site) -> None:
    pace = site.process(1)
    site.takes = 5.0
    calls = [asyncio.create_task(site.call(pace)) for _ in range(3)]
    await asyncio.sleep(1)
    await pace.failed(Paused(SYSTEM, after=timedelta(seconds=60)))
    await asyncio.sleep(0)
    assert [call.done() for call in calls] == [False, True, True]
    await asyncio.gather(*calls, return_exceptions=True)


@at_site
async def test_each_process_asks_for_half_as_much_once_any_of_them_was_asked_for_a_pause(
    site: Site,
) -> None:
    told, other = site.process(), site.process()
    slot = await told.limiter.enter()
    slot.overloaded()
    told.limiter.leave(slot, is_answered=False)
    await told.failed(Paused(SYSTEM, after=timedelta(seconds=5)))
    late = await other.limiter.enter()
    for _ in range(3):
        for pace in (told, other):
            assert await pace.not_before() is not None
    late.overloaded()
    other.limiter.leave(late, is_answered=False)
    assert [told.limiter.limit, other.limiter.limit] == [4, 4]
    await asyncio.sleep(6)
    await other.failed(Paused(SYSTEM, after=timedelta(seconds=5)))
    assert await told.not_before() is not None
    assert told.limiter.limit == 2


@at_site
async def test_of_a_system_that_is_away_one_request_of_all_processes_finds_out(
    site: Site,
) -> None:
    processes = [site.process() for _ in range(10)]
    for pace in processes:
        await site.call(pace)
    await site.silence(processes[0])
    site.asked.clear()

    async def works(pace: Pace) -> None:
        while asyncio.get_running_loop().time() < QUIET.total_seconds() + 600:
            if await may_begin([pace]):
                with pytest.raises(Later):
                    await site.call(pace)
            await asyncio.sleep(0.5)

    await asyncio.gather(*(works(pace) for pace in processes))
    assert 600 / ASKED_AGAIN.total_seconds() * 0.8 <= len(site.asked)
    assert len(site.asked) <= 600 / ASKED_AGAIN.total_seconds() + 1
    gaps = [late - soon for soon, late in zip(site.asked, site.asked[1:], strict=False)]
    assert min(gaps) >= ASKED_AGAIN.total_seconds()


@at_site
async def test_the_first_answer_lets_everybody_in_again(site: Site) -> None:
    here, there = site.process(), site.process()
    await site.call(there)
    await site.silence(here)
    await asyncio.sleep(600)
    site.is_away = False
    await asyncio.sleep(ASKED_AGAIN.total_seconds())
    assert await may_begin([here])
    await site.call(here)
    await asyncio.sleep(FRESH.total_seconds())
    assert await may_begin([there])
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(site.call(there))


@at_site
async def test_a_refusal_is_an_answer(site: Site) -> None:
    pace = site.process()
    await site.silence(pace)
    await asyncio.sleep(ASKED_AGAIN.total_seconds())
    async with pace.turn("read"):
        await pace.failed(Never("no such item", remedy="Map it."))
    assert await may_begin([pace])
    site.is_away = False
    await site.call(pace)


@at_site
async def test_what_comes_again_after_a_pause_is_a_steady_stream(site: Site) -> None:
    pace = site.process()
    await pace.paused(Paused(SYSTEM, after=timedelta(minutes=5)))
    end = site.clock.now() + timedelta(minutes=5)
    dues = [await comes_again_at([pace], "shop|orders") for _ in range(1000)]
    assert dues == [end + number * EVERY for number in range(1000)]
    assert await comes_again_at([pace], "another|orders") == end


async def test_once_a_clock_is_set_right_nothing_waits_for_what_it_said_when_it_was_ahead() -> None:
    clock = HandClock()
    pace = pace_of(clock)
    for _ in range(2):
        for kind in (
            Paused(SYSTEM, after=SECOND),
            Later("maintenance", is_outage=True, counts=False),
        ):
            await pace.failed(kind)
            assert await comes_again_at([pace], "shop|orders") is not None
            clock.at += 60 * SECOND
    await pace.not_before()
    clock.at -= 3600 * SECOND
    assert await may_begin([pace])
    await pace.paused(Paused(SYSTEM, after=SECOND))
    assert await comes_again_at([pace], "shop|orders") == clock.at + SECOND


@at_site
async def test_an_error_of_a_pause_says_since_when_and_why(site: Site) -> None:
    pace = site.process()
    await site.silence(pace)
    with pytest.raises(Paused, match="gives no answer since 2026-03-02") as caught:
        await site.call(pace)
    assert caught.value.after is not None
    assert caught.value.after >= SOONEST
