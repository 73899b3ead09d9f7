import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.functions.servicebus import ServiceBusMessage

from sync.adapters.sqlite.queue import SqliteQueue
from sync.core.errors import Later
from sync.core.message_queue import Depth, Outgoing, Received
from sync.hosts.pump import FUNCTION_TIMEOUT, TROUBLE_WAIT, Pump
from sync.hosts.registered import QueueFunction
from tests.virtual_time import LoopClock, in_virtual_time, virtually

LOCK = timedelta(minutes=1)
CLOCK = LoopClock()

Handler = Callable[[ServiceBusMessage], Awaitable[None]]


class Watched(SqliteQueue):
    """The embedded queue, counting renewals; out of order for as many calls as `faults` says."""

    renewed = 0
    faults = 0
    unsettling = False

    def __init__(self) -> None:
        super().__init__(":memory:", CLOCK, LOCK, most_deliveries=3)

    def broken(self) -> None:
        if self.faults:
            self.faults -= 1
            raise OSError("a text that must not be logged")

    async def receive(self, queue: str, *, most: int, wait: timedelta) -> list[Received]:
        self.broken()
        return await super().receive(queue, most=most, wait=wait)

    async def complete(self, message: Received) -> None:
        if self.unsettling:
            raise OSError("a text that must not be logged")
        await super().complete(message)

    async def renew(self, message: Received) -> Received:
        self.renewed += 1
        self.broken()
        return await super().renew(message)


@pytest.fixture
def queue() -> Iterator[Watched]:
    opened = Watched()
    yield opened
    opened.close()


def pump(queue: Watched, handler: Handler, most: int = 2) -> Pump:
    return Pump(
        QueueFunction("deliver_orders", "message", handler, "orders"), queue, CLOCK, most=most
    )


async def send(queue: Watched, *names: str) -> None:
    await queue.send([Outgoing("orders", name.encode(), name) for name in names])


async def depth(queue: Watched) -> Depth:
    return await queue.depth("orders")


async def settled(queue: Watched) -> None:
    """Until no message is left to be had, now or later."""
    while (found := await depth(queue)).due + found.locked + found.scheduled:  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(1)


def pumping(queue: Watched, handler: Handler, *names: str, most: int = 2) -> None:
    """Send, pump until everything is settled, stop."""

    async def story() -> None:
        stop = asyncio.Event()
        await send(queue, *names)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(queue, handler, most).run(stop))
            await settled(queue)
            stop.set()

    virtually(story())


def test_a_message_is_completed_when_its_function_returns(queue: Watched) -> None:
    seen: list[tuple[Any, ...]] = []

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append((message.get_body(), message.message_id, message.delivery_count))

    pumping(queue, deliver, "a", "b")
    assert sorted(seen) == [(b"a", "a", 1), (b"b", "b", 1)]


def test_at_most_so_many_functions_run_at_once_and_as_many_as_may(queue: Watched) -> None:
    running, most = 0, 0

    async def deliver(message: ServiceBusMessage) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(10)
        running -= 1

    pumping(queue, deliver, *"abcdefgh", most=3)
    assert most == 3


def test_a_slow_message_holds_up_nobody_but_itself(queue: Watched) -> None:
    finished: list[str] = []

    async def deliver(message: ServiceBusMessage) -> None:
        await asyncio.sleep(100 if message.message_id == "slow" else 1)
        finished.append(message.message_id)

    pumping(queue, deliver, "slow", "a", "b", "c")
    assert finished == ["a", "b", "c", "slow"]


def test_a_message_goes_back_when_its_function_raises_and_comes_again_one_delivery_more(
    queue: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int | None] = []

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append(message.delivery_count)
        if message.delivery_count == 1:
            raise ValueError("Jane Doe, 1 High Street")

    pumping(queue, deliver, "a")
    assert seen == [1, 2]
    assert "deliver_orders.abandoned id=a deliveries=1 cause=ValueError at " in caplog.text
    assert "Jane" not in caplog.text


def test_a_message_that_always_fails_becomes_a_dead_letter_and_the_rest_flows(
    queue: Watched,
) -> None:
    async def deliver(message: ServiceBusMessage) -> None:
        if message.message_id == "poison":
            raise Later("not today")

    pumping(queue, deliver, "poison", "a", "b")
    assert virtually(depth(queue)).dead == 1


def test_the_lock_is_renewed_for_as_long_as_the_function_runs(queue: Watched) -> None:
    seen: list[int | None] = []

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append(message.delivery_count)
        await asyncio.sleep(5 * LOCK.total_seconds())

    pumping(queue, deliver, "a")
    assert seen == [1]
    assert queue.renewed >= 5


def test_a_failed_renewal_is_tried_again_while_the_lock_lasts(queue: Watched) -> None:
    seen: list[int | None] = []

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append(message.delivery_count)
        queue.faults = 2
        await asyncio.sleep(2 * LOCK.total_seconds())

    pumping(queue, deliver, "a", most=1)
    assert seen == [1]


def test_a_lost_lock_leaves_the_message_to_whoever_has_it_now(
    queue: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int | None] = []

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append(message.delivery_count)
        if message.delivery_count == 1:
            queue.faults = 1000
            await asyncio.sleep(2 * LOCK.total_seconds())
            queue.faults = 0
            await asyncio.sleep(LOCK.total_seconds())

    pumping(queue, deliver, "a")
    assert seen == [1, 2]
    assert "queue.lock_lost queue=orders id=a" in caplog.text


def test_a_function_that_hangs_is_stopped_and_its_message_given_back(
    queue: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    async def deliver(message: ServiceBusMessage) -> None:
        if message.delivery_count == 1:
            await asyncio.sleep(2 * FUNCTION_TIMEOUT.total_seconds())

    pumping(queue, deliver, "a")
    assert "deliver_orders.abandoned id=a deliveries=1 cause=TimeoutError" in caplog.text


def test_a_queue_in_trouble_is_asked_again_and_named_in_the_log_once(
    queue: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    queue.faults = 3

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append(message.message_id)

    async def story() -> float:
        pumping = asyncio.create_task(pump(queue, deliver).run(stop := asyncio.Event()))
        await send(queue, "a")
        await settled(queue)
        stop.set()
        await pumping
        return asyncio.get_running_loop().time()

    assert virtually(story()) >= 3 * TROUBLE_WAIT.total_seconds()
    assert seen == ["a"]
    assert caplog.text.count("queue.not_received queue=orders cause=OSError") == 1
    assert caplog.text.count("queue.received_again queue=orders") == 1
    assert "must not be logged" not in caplog.text


@in_virtual_time
async def test_a_stop_lets_the_running_function_finish_and_takes_nothing_more(
    queue: Watched,
) -> None:
    finished: list[str] = []

    async def deliver(message: ServiceBusMessage) -> None:
        await asyncio.sleep(90)
        finished.append(message.message_id)

    stop = asyncio.Event()
    await send(queue, "a", "b")
    async with asyncio.TaskGroup() as group:
        group.create_task(pump(queue, deliver, most=1).run(stop))
        await asyncio.sleep(30)
        stop.set()
    left = await depth(queue)
    assert finished == ["a"]
    assert (left.due, left.locked) == (1, 0)


def test_an_idle_pump_stops_at_once(queue: Watched) -> None:
    async def deliver(message: ServiceBusMessage) -> None:
        raise AssertionError("there is no message")

    async def story() -> float:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(queue, deliver).run(stop))
            await asyncio.sleep(30)
            stop.set()
        return asyncio.get_running_loop().time()

    assert virtually(story()) == pytest.approx(30)


def test_a_cancelled_pump_gives_back_what_it_was_working_on(
    queue: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    async def deliver(message: ServiceBusMessage) -> None:
        await asyncio.sleep(90)

    async def story() -> Depth:
        await send(queue, "a", "b")
        running = asyncio.create_task(pump(queue, deliver).run(asyncio.Event()))
        await asyncio.sleep(1)
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()
        return await depth(queue)

    with caplog.at_level(logging.INFO):
        left = virtually(story())
    assert (left.due, left.locked) == (2, 0)


def test_no_room_for_any_message_is_refused_at_start(queue: Watched) -> None:
    async def deliver(message: ServiceBusMessage) -> None:
        raise AssertionError("there is no message")

    with pytest.raises(ValueError, match="deliver_orders: at least one"):
        pump(queue, deliver, most=0)


def test_a_message_that_cannot_be_settled_comes_again(
    queue: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int | None] = []

    async def deliver(message: ServiceBusMessage) -> None:
        seen.append(message.delivery_count)
        queue.unsettling = message.delivery_count == 1

    pumping(queue, deliver, "a")
    assert seen == [1, 2]
    assert "queue.not_settled id=a cause=OSError at " in caplog.text


def test_a_small_shop_does_not_wait_behind_the_burst_of_another(queue: Watched) -> None:
    """3,000 orders of one connection, a second each at 16 at once, are three minutes of work."""
    sent, waited, done = dict[str, float](), dict[str, float](), set[str]()

    async def handler(message: ServiceBusMessage) -> None:
        await asyncio.sleep(1)
        name = message.get_body().decode()
        done.add(name)
        if name.startswith("small"):
            waited[name] = asyncio.get_running_loop().time() - sent[name]

    async def play() -> int:
        stop = asyncio.Event()
        burst = [Outgoing("orders", f"big {n}".encode(), f"b{n}", share="big") for n in range(3000)]
        await queue.send(burst)
        running = asyncio.create_task(pump(queue, handler, most=16).run(stop))
        await asyncio.sleep(10)
        for n in range(30):
            name = f"small {n}"
            sent[name] = asyncio.get_running_loop().time()
            await queue.send([Outgoing("orders", name.encode(), f"s{n}", share="small")])
        await asyncio.sleep(30)
        before_the_rest = len(done)
        await asyncio.sleep(200)
        stop.set()
        await running
        return before_the_rest

    assert 600 < virtually(play()) <= 650
    assert max(waited.values()) <= 6
    assert len(done) == 3030
