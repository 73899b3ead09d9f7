import asyncio
import gc
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from sync.core.errors import Later, Never, Unknown
from sync.pacing.batcher import Batcher
from tests.virtual_time import virtually


def cancel(waiter: asyncio.Task[Any], _done: asyncio.Task[Any]) -> None:
    waiter.cancel()


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


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
