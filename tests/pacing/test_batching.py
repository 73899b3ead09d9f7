import asyncio
import gc
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from sync.core.errors import Later, Never, Unknown
from sync.pacing.batching import Batcher, Coalescer
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


class Post:
    """Takes parcels, one van at a time; the van number is the answer."""

    def __init__(self) -> None:
        self.vans: list[list[str]] = []
        self.left: asyncio.Queue[None] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()
        self.driving = 0

    async def send(self, parcels: Sequence[str]) -> int:
        self.driving += 1
        assert self.driving == 1, "two vans at once"
        self.vans.append(list(parcels))
        self.left.put_nowait(None)
        try:
            await self.open.wait()
            if "bomb" in parcels:
                raise Never("refused", remedy="Send another")
            return len(self.vans)
        finally:
            self.driving -= 1


async def test_concurrent_sends_are_one_call_and_everybody_gets_its_answer() -> None:
    post = Post()
    batcher = Batcher(post.send, most=10)
    assert list(await asyncio.gather(batcher.send("a", "b"), batcher.send("c"))) == [1, 1]
    assert post.vans == [["a", "b", "c"]]
    assert not others()


def test_a_send_waits_for_no_company() -> None:
    post = Post()

    async def sent() -> float:
        loop, batcher = asyncio.get_running_loop(), Batcher(post.send, most=10)
        begun = loop.time()
        await batcher.send("a")
        await batcher.send("b")
        return loop.time() - begun

    assert virtually(sent()) == 0
    assert post.vans == [["a"], ["b"]]


async def test_one_callers_items_stay_together_and_calls_follow_one_another() -> None:
    post = Post()
    batcher = Batcher(post.send, most=3)
    sends = [
        batcher.send("a", "b"),
        batcher.send("c", "d"),
        batcher.send("e"),
        batcher.send(*"fghij"),
    ]
    assert list(await asyncio.gather(*sends)) == [1, 2, 2, 3]
    assert post.vans == [["a", "b"], ["c", "d", "e"], list("fghij")]


async def test_what_comes_during_a_call_goes_with_the_next() -> None:
    post = Post()
    post.open.clear()
    batcher = Batcher(post.send, most=10)
    first = asyncio.create_task(batcher.send("a"))
    await post.left.get()
    rest: list[asyncio.Task[int]] = []
    for name in "bc":
        rest.append(asyncio.create_task(batcher.send(name)))
        await asyncio.sleep(0)
    assert post.vans == [["a"]]
    post.open.set()
    assert list(await asyncio.gather(first, *rest)) == [1, 2, 2]
    assert post.vans == [["a"], ["b", "c"]]


async def test_an_error_reaches_the_senders_of_that_call_alone() -> None:
    post = Post()
    batcher = Batcher(post.send, most=2)
    answers = await asyncio.gather(
        *(batcher.send(name) for name in ["a", "bomb", "c", "d"]), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Never, Never, int, int]


async def test_a_sender_that_leaves_before_the_call_takes_its_items_along() -> None:
    post = Post()
    batcher = Batcher(post.send, most=10)
    gone, stays = (
        asyncio.create_task(batcher.send("gone")),
        asyncio.create_task(batcher.send("stays")),
    )
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 1
    assert post.vans == [["stays"]]


async def test_a_call_on_the_way_goes_on_when_its_sender_leaves() -> None:
    post = Post()
    post.open.clear()
    batcher = Batcher(post.send, most=2)
    sends = [asyncio.create_task(batcher.send(name)) for name in "ab"]
    await post.left.get()
    sends[0].cancel()
    post.open.set()
    assert await sends[1] == 1


async def test_an_interrupted_call_is_unknown_to_its_senders_and_the_next_one_starts() -> None:
    post = Post()
    post.open.clear()
    batcher = Batcher(post.send, most=1)
    first, second = asyncio.create_task(batcher.send("a")), asyncio.create_task(batcher.send("b"))
    await post.left.get()
    (call,) = others() - {first, second}
    call.cancel()
    post.open.set()
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unknown, int]


async def test_closing_sends_what_waits() -> None:
    post = Post()
    batcher = Batcher(post.send, most=2)
    sends = [asyncio.create_task(batcher.send(name)) for name in "abc"]
    await asyncio.sleep(0)
    await batcher.aclose()
    assert list(await asyncio.gather(*sends)) == [1, 1, 2]
    with pytest.raises(Later):
        await batcher.send("d")
    assert not others()


async def test_a_send_that_fails_as_its_sender_leaves_is_reported_to_nobody() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: complaints.append(context)
    )
    batcher = Batcher(Post().send, most=1)
    send = asyncio.create_task(batcher.send("bomb"))
    for _ in range(2):
        await asyncio.sleep(0)
    (call,) = others() - {send}
    call.add_done_callback(partial(cancel, send))
    await asyncio.wait([send])
    assert send.cancelled()
    del send, call
    gc.collect()
    assert complaints == []


@pytest.mark.parametrize("most", [0, -1])
def test_at_least_one_item_goes_in_a_call(most: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Batcher(Post().send, most=most)
    with pytest.raises(ValueError, match="at least one"):
        Coalescer(Shelf().load, window=WINDOW, most=most)


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
