"""Dead letters reach their function, with why, and are forgotten once it has taken them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from azure.functions.servicebus import ServiceBusMessage

from sync.adapters.sqlite.queue import SqliteQueue
from sync.core.message_queue import DeadLetter, Outgoing
from sync.hosts.dead_letters import LOOK, DeadLetters
from sync.hosts.registered import DeadLetterFunction
from tests.virtual_time import LoopClock, in_virtual_time, virtually

Handler = Callable[[ServiceBusMessage], Awaitable[None]]


class Grave(SqliteQueue):
    """The embedded queue; looking at dead letters fails for as many times as `faults` says."""

    faults = 0

    def __init__(self) -> None:
        super().__init__(":memory:", LoopClock(), timedelta(minutes=1))

    async def gives_up(self, *names: str) -> None:
        await self.send([Outgoing("orders", name.encode(), name) for name in names])
        for taken in await self.receive("orders", most=100, wait=timedelta()):
            await self.dead_letter(taken, reason="MaxDeliveryCountExceeded", description="25 times")

    async def left(self) -> list[str]:
        return [letter.id async for letter in super().dead_letters("orders")]

    def dead_letters(self, queue: str) -> AsyncIterator[DeadLetter]:
        if self.faults:
            self.faults -= 1
            raise OSError("a text that must not be logged")
        return super().dead_letters(queue)


async def looked_at(queue: Grave, handler: Handler, looks: int) -> None:
    """The function's host runs for so many looks."""
    stop = asyncio.Event()
    function = DeadLetterFunction("park_orders", "message", handler, "orders")
    running = asyncio.create_task(DeadLetters(function, queue).run(stop))
    await asyncio.sleep(LOOK.total_seconds() * (looks - 0.5))
    stop.set()
    await running


@in_virtual_time
async def test_a_dead_letter_reaches_its_function_with_why_and_is_forgotten() -> None:
    queue, taken = Grave(), []

    async def park_dead_letter(message: ServiceBusMessage) -> None:
        why = (message.dead_letter_reason, message.dead_letter_error_description)
        taken.append((message.message_id, message.get_body(), *why))

    await queue.gives_up("a", "b")
    await looked_at(queue, park_dead_letter, looks=2)
    assert sorted(taken) == [
        (n, n.encode(), "MaxDeliveryCountExceeded", "25 times") for n in ("a", "b")
    ]
    assert await queue.left() == []
    queue.close()


def test_a_letter_whose_function_fails_stays_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        queue, calls = Grave(), []

        async def park_dead_letter(message: ServiceBusMessage) -> None:
            calls.append(message.message_id)
            if message.message_id == "a" and len(calls) < 4:
                raise OSError("a text that must not be logged")

        await queue.gives_up("a", "b")
        await looked_at(queue, park_dead_letter, looks=2)
        assert await queue.left() == ["a"]
        await looked_at(queue, park_dead_letter, looks=2)
        assert await queue.left() == []
        queue.close()

    virtually(story())
    assert "park_orders.abandoned id=a" in caplog.text
    assert "must not be logged" not in caplog.text


def test_a_queue_in_trouble_is_looked_at_again(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        queue, calls = Grave(), []

        async def park_dead_letter(message: ServiceBusMessage) -> None:
            calls.append(message.message_id)

        await queue.gives_up("a")
        queue.faults = 1
        await looked_at(queue, park_dead_letter, looks=2)
        assert calls == ["a"]
        queue.close()

    virtually(story())
    assert "queue.not_looked queue=orders" in caplog.text


@in_virtual_time
async def test_after_a_stop_no_further_letter_is_begun() -> None:
    queue, calls = Grave(), []
    stop = asyncio.Event()

    async def park_dead_letter(message: ServiceBusMessage) -> None:
        calls.append(message.message_id)
        stop.set()

    await queue.gives_up("a", "b")
    await DeadLetters(
        DeadLetterFunction("park_orders", "message", park_dead_letter, "orders"), queue
    ).run(stop)
    assert len(calls) == 1
    queue.close()
