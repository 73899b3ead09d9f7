import asyncio
import gc
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from sync.core.errors import Later, Never, Unknown
from sync.pacing.coalescer import Coalescer
from sync.pacing.priority import Priority, current, working_at
from tests.virtual_time import virtually

WINDOW = timedelta(milliseconds=2)


def cancel(waiter: asyncio.Task[Any], _done: asyncio.Task[Any]) -> None:
    waiter.cancel()


class Shelf:
    """Knows the squares of even numbers; can be held up, and out of order for one number."""

    def __init__(self) -> None:
        self.loads: list[list[int]] = []
        self.arrived: asyncio.Queue[None] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()

    async def load(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.loads.append(list(keys))
        self.arrived.put_nowait(None)
        await self.open.wait()
        if 666 in keys:
            raise Never("refused", remedy="Ask for another")
        return {key: key * key for key in keys if key % 2 == 0}


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_concurrent_gets_are_one_load_of_distinct_keys_in_the_order_asked() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=WINDOW, most=10)
    assert list(await asyncio.gather(*(joined.get(key) for key in [4, 2, 4, 3]))) == [
        16,
        4,
        16,
        None,
    ]
    assert shelf.loads == [[4, 2, 3]]
    assert not others()


async def test_more_keys_than_fit_are_several_loads_that_do_not_wait_for_the_window() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(hours=1), most=2)
    assert list(await asyncio.gather(*(joined.get(key) for key in [2, 4, 6, 8]))) == [4, 16, 36, 64]
    assert shelf.loads == [[2, 4], [6, 8]]


async def test_several_keys_of_one_caller_are_asked_together() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=WINDOW, most=3)
    found, other = await asyncio.gather(joined.get_all([2, 3, 2, 4, 6]), joined.get(8))
    assert found == {2: 4, 3: None, 4: 16, 6: 36}
    assert other == 64
    assert shelf.loads == [[2, 3, 4], [6, 8]]
    assert await joined.get_all([]) == {}


async def test_when_one_of_several_keys_fails_the_loads_of_the_others_end() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(hours=1), most=2)
    with pytest.raises(Never):
        await joined.get_all([666, 2, 4])
    assert shelf.loads == [[666, 2]]
    assert await joined.get_all([6, 8]) == {6: 36, 8: 64}
    assert not others()


async def test_a_get_does_not_join_a_load_that_is_on_the_way() -> None:
    shelf = Shelf()
    shelf.open.clear()
    joined = Coalescer(shelf.load, window=WINDOW, most=10)
    first = asyncio.create_task(joined.get(2))
    await shelf.arrived.get()
    second = asyncio.create_task(joined.get(2))
    await shelf.arrived.get()
    shelf.open.set()
    assert list(await asyncio.gather(first, second)) == [4, 4]


async def test_an_error_reaches_everybody_of_its_load_and_nobody_else() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(hours=1), most=2)
    answers = await asyncio.gather(
        *(joined.get(key) for key in [666, 2, 4, 6]), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Never, Never, int, int]
    assert not others()


async def test_a_cancelled_get_disturbs_no_other_of_the_same_key() -> None:
    shelf = Shelf()
    shelf.open.clear()
    joined = Coalescer(shelf.load, window=WINDOW, most=10)
    gets = [asyncio.create_task(joined.get(2)) for _ in range(3)]
    await shelf.arrived.get()
    gets[0].cancel()
    await asyncio.wait([gets[0]])
    shelf.open.set()
    assert list(await asyncio.gather(*gets[1:])) == [4, 4]


async def test_a_key_whose_only_asker_left_within_the_window_is_not_loaded() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=WINDOW, most=10)
    gone, stays = asyncio.create_task(joined.get(8)), asyncio.create_task(joined.get(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 4
    assert shelf.loads == [[2]]


async def test_when_everybody_left_neither_timer_nor_load_goes_on() -> None:
    shelf = Shelf()
    shelf.open.clear()
    joined = Coalescer(shelf.load, window=WINDOW, most=10)
    early = asyncio.create_task(joined.get(2))
    await asyncio.sleep(0)
    early.cancel()
    await asyncio.wait([early])
    late = asyncio.create_task(joined.get(4))
    await shelf.arrived.get()
    assert shelf.loads == [[4]]
    late.cancel()
    await asyncio.wait([late])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not others()


@pytest.mark.parametrize("begin", [False, True])
async def test_when_the_loading_task_is_cancelled_nobody_knows_what_it_did(begin: bool) -> None:
    shelf = Shelf()
    shelf.open.clear()
    joined = Coalescer(shelf.load, window=timedelta(hours=1), most=2)
    gets = [asyncio.create_task(joined.get(key)) for key in (2, 4)]
    for _ in range(3 if begin else 1):
        await asyncio.sleep(0)
    (loading,) = others() - set(gets)
    assert bool(shelf.loads) is begin
    loading.cancel()
    answers = await asyncio.gather(*gets, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unknown, Unknown]


async def test_closing_ends_what_waits_and_what_loads_with_later() -> None:
    shelf = Shelf()
    shelf.open.clear()
    joined = Coalescer(shelf.load, window=WINDOW, most=10)
    loading = asyncio.create_task(joined.get(2))
    await shelf.arrived.get()
    waiting = asyncio.create_task(joined.get(4))
    await asyncio.sleep(0)
    await joined.aclose()
    answers = await asyncio.gather(loading, waiting, joined.get(6), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unknown, Later, Later]
    assert shelf.loads == [[2]]
    assert not others()
    await joined.aclose()


async def test_an_error_that_meets_a_cancellation_is_reported_to_nobody() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: complaints.append(context)
    )
    joined = Coalescer(Shelf().load, window=timedelta(hours=1), most=1)
    get = asyncio.create_task(joined.get(666))
    await asyncio.sleep(0)
    (loading,) = others() - {get}
    loading.add_done_callback(partial(cancel, get))
    await asyncio.wait([get])
    assert get.cancelled()
    del get, loading
    gc.collect()
    assert complaints == []


async def test_what_is_asked_while_a_load_is_on_its_way_gathers_until_it_ends() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(), most=10, patience=timedelta(hours=1))
    shelf.open.clear()
    first = asyncio.create_task(joined.get(2))
    await shelf.arrived.get()
    others_ = [asyncio.create_task(joined.get(key)) for key in (4, 6)]
    await asyncio.sleep(0.01)
    assert shelf.loads == [[2]]
    shelf.open.set()
    assert await asyncio.gather(first, *others_) == [4, 16, 36]
    assert shelf.loads == [[2], [4, 6]]
    assert not others()


def test_what_slow_loads_are_waited_for_goes_together_and_a_lone_get_waits_for_nobody() -> None:
    """Forty take turns at looking something up, which takes a second, and at two seconds' work."""
    loads: list[int] = []
    took: list[float] = []

    async def load(keys: Sequence[int]) -> dict[int, int]:
        loads.append(len(keys))
        await asyncio.sleep(0.5 + len(loads) % 10 / 10)
        return {key: key for key in keys}

    async def works(joined: Coalescer[int, int], number: int) -> None:
        for round_ in range(5):
            await joined.get(100 * number + round_)
            await asyncio.sleep(1.5 + number % 10 / 10)

    async def play() -> None:
        joined = Coalescer(load, window=WINDOW, most=20, patience=timedelta(seconds=1.5))
        begun = asyncio.get_running_loop().time()
        await joined.get(-1)
        took.append(asyncio.get_running_loop().time() - begun)
        async with asyncio.TaskGroup() as group:
            for number in range(40):
                group.create_task(works(joined, number))

    virtually(play())
    assert took[0] == pytest.approx(0.6 + WINDOW.total_seconds())
    assert len(loads) <= 200 / 10


async def test_patience_with_a_load_that_hangs_ends() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(), most=10, patience=WINDOW)
    shelf.open.clear()
    first = asyncio.create_task(joined.get(2))
    await shelf.arrived.get()
    second = asyncio.create_task(joined.get(4))
    await shelf.arrived.get()
    assert shelf.loads == [[2], [4]]
    shelf.open.set()
    assert (await first, await second) == (4, 16)


async def test_a_full_load_does_not_wait_for_the_one_on_its_way() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(), most=2, patience=timedelta(hours=1))
    shelf.open.clear()
    first = asyncio.create_task(joined.get(2))
    await shelf.arrived.get()
    full = asyncio.create_task(joined.get_all([4, 6]))
    await shelf.arrived.get()
    assert shelf.loads == [[2], [4, 6]]
    shelf.open.set()
    assert (await first, await full) == (4, {4: 16, 6: 36})


async def test_closing_while_a_load_is_waited_for_starts_nothing_more() -> None:
    shelf = Shelf()
    joined = Coalescer(shelf.load, window=timedelta(), most=10, patience=timedelta(hours=1))
    shelf.open.clear()
    waiting = [asyncio.create_task(joined.get(2))]
    await shelf.arrived.get()
    waiting.append(asyncio.create_task(joined.get(4)))
    await asyncio.sleep(0.01)
    await joined.aclose()
    assert all(
        isinstance(end, Later) for end in await asyncio.gather(*waiting, return_exceptions=True)
    )
    assert shelf.loads == [[2]]
    assert not others()


@pytest.mark.parametrize("most", [0, -1])
def test_at_least_one_key_goes_in_a_load(most: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Coalescer(Shelf().load, window=WINDOW, most=most)


async def test_what_is_joined_is_as_urgent_as_the_most_urgent_who_waits_for_it() -> None:
    seen: list[Priority] = []

    async def load(keys: Sequence[int]) -> Mapping[int, int]:
        seen.append(current())
        return dict.fromkeys(keys, 0)

    joined = Coalescer(load, window=WINDOW, most=10)

    async def get(key: int, priority: Priority) -> None:
        with working_at(priority):
            await joined.get(key)

    await asyncio.gather(get(1, Priority.CATALOGUE), get(2, Priority.MASTER_DATA))
    await get(3, Priority.CATALOGUE)
    assert seen == [Priority.MASTER_DATA, Priority.CATALOGUE]
    assert current() is Priority.DOCUMENTS
