"""A queue trigger on this side of the wire: takes messages and calls the function, as the Functions
host does.

At most so many at once; a message's lock is renewed while its function runs; returning completes
it, raising gives it back at once with one delivery more. Nothing is remembered here: a message that
was not completed is still in the queue, whatever ended the process.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from azure.functions.servicebus import ServiceBusMessage

from sync.core.message_queue import LockLost, Queue, Received
from sync.core.ports import Clock
from sync.hosts.causes import cause
from sync.hosts.registered import QueueFunction

log = logging.getLogger(__name__)

FUNCTION_TIMEOUT: Final = timedelta(minutes=10)
"""A function that runs longer is stopped and its message given back; host.json says the same
(`functionTimeout`)."""

RECEIVE_WAIT: Final = timedelta(minutes=1)
TROUBLE_WAIT: Final = timedelta(seconds=5)
SHORTEST_RENEWAL: Final = timedelta(seconds=0.5)


class Pump:
    """One function and its queue."""

    def __init__(self, function: QueueFunction, queue: Queue, clock: Clock, *, most: int) -> None:
        if most < 1:
            raise ValueError(f"{function.name}: at least one message at once, not {most}")
        self._function = function
        self._queue = queue
        self._clock = clock
        self._most = most
        self._trouble = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Take messages until `stop`, then let running functions finish. Cancelled, it gives their
        messages back."""
        running: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            while not stop.is_set():
                if len(running) == self._most:
                    await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
                    continue
                receiving = group.create_task(self._receive(self._most - len(running)))
                for message in await _unless(stopping, receiving):
                    task = group.create_task(self._deliver(message))
                    running.add(task)
                    task.add_done_callback(running.discard)

    async def _receive(self, most: int) -> list[Received]:
        """Whatever is due. A queue in trouble is asked again: the host must outlive a full disk. A
        trouble is logged once, and when it is over."""
        queue = self._function.queue
        try:
            received = await self._queue.receive(queue, most=most, wait=RECEIVE_WAIT)
        except Exception as error:  # noqa: BLE001 - logged, and tried again after a pause
            if (what := cause(error)) != self._trouble:
                log.error("queue.not_received queue=%s cause=%s", queue, what)  # noqa: TRY400
            self._trouble = what
            await asyncio.sleep(TROUBLE_WAIT.total_seconds())
            return []
        if self._trouble:
            log.warning("queue.received_again queue=%s", queue)
            self._trouble = ""
        return received

    async def _deliver(self, message: Received) -> None:
        held = Held(message, self._queue, self._clock)
        try:
            async with held.while_running(), asyncio.timeout(FUNCTION_TIMEOUT.total_seconds()):
                given = {self._function.argument: service_bus_message(message)}
                await self._function.handler(**given)
        except asyncio.CancelledError:
            await held.settle(self._queue.abandon)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the message goes back and the line says so
            log.warning(
                "%s.abandoned id=%s deliveries=%d cause=%s",
                self._function.name, message.id, message.deliveries, cause(error),
            )  # fmt: skip
            await held.settle(self._queue.abandon)
        else:
            await held.settle(self._queue.complete)


class Held:
    """A message under its lock, which is renewed at half time for as long as its function runs."""

    def __init__(self, message: Received, queue: Queue, clock: Clock) -> None:
        self._message = message
        self._queue = queue
        self._clock = clock

    @asynccontextmanager
    async def while_running(self) -> AsyncIterator[None]:
        """Keep the lock inside the block. A renewal that is under way when the block ends is waited
        for."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew_until(done))
        try:
            yield
        finally:
            done.set()
            await renewing

    async def settle(self, how: Callable[[Received], Awaitable[None]]) -> None:
        """Complete or abandon. A lost lock is only logged: the message is being delivered again,
        which is safe."""
        try:
            await how(self._message)
        except LockLost:
            log.warning("queue.lock_lost queue=%s id=%s", self._message.queue, self._message.id)
        except Exception as error:  # noqa: BLE001 - the lock runs out and the message comes again
            log.error("queue.not_settled id=%s cause=%s", self._message.id, cause(error))  # noqa: TRY400

    async def _renew_until(self, done: asyncio.Event) -> None:
        """Renew at half time. Once the lock has run out, nothing is left to do but to let the
        function finish."""
        while (left := self._message.locked_until - self._clock.now()) > timedelta():
            try:
                async with asyncio.timeout(max(left / 2, SHORTEST_RENEWAL).total_seconds()):
                    await done.wait()
                    break
            except TimeoutError:
                await self._renew()

    async def _renew(self) -> None:
        try:
            self._message = await self._queue.renew(self._message)
        except Exception as error:  # noqa: BLE001 - tried again while there is time left
            log.warning("queue.not_renewed id=%s cause=%s", self._message.id, cause(error))


async def _unless(
    stopping: "asyncio.Task[bool]", receiving: "asyncio.Task[list[Received]]"
) -> list[Received]:
    """What was received, or nothing once `stopping` is done. What had already been locked then is
    still delivered."""
    await asyncio.wait({stopping, receiving}, return_when=asyncio.FIRST_COMPLETED)
    if not receiving.done():
        receiving.cancel()
        await asyncio.wait({receiving})
    return [] if receiving.cancelled() else receiving.result()


def service_bus_message(message: Received) -> ServiceBusMessage:
    """The message as a trigger hands it to a function."""
    return ServiceBusMessage(
        body=message.body,
        message_id=message.id,
        delivery_count=message.deliveries,
        enqueued_time_utc=message.enqueued_at,
        locked_until=message.locked_until,
        lock_token=message.token,
        application_properties={},
        user_properties={},
    )
