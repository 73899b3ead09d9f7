"""Links to Service Bus that are opened when first used, kept, and opened again after trouble.

Opening takes half a second and more, so a link is kept for the life of the process. The broker ends
idle links after ten minutes and moves namespaces between machines: that a kept link is dead shows
when it is used, and then the same work is done again on a new one. Work must therefore be safe to
repeat. The SDK's own retries are off: waits are here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Final, Generic, TypeVar

from azure.servicebus.aio import ServiceBusReceiver, ServiceBusSender

from sync.adapters.servicebus.errors import HARMLESS, TROUBLE, reported
from sync.core.errors import Later

log = logging.getLogger(__name__)

Link = TypeVar("Link", ServiceBusSender, ServiceBusReceiver)
R = TypeVar("R")

PAUSE: Final = 0.25
"""Seconds between two tries."""
CLOSING: Final = 5.0
"""Seconds that closing a link may take; the SDK needs one for its own timer."""


class Aside:
    """Links that are no longer used, while they close."""

    def __init__(self) -> None:
        self._closing: set[asyncio.Task[None]] = set()

    def put(self, link: ServiceBusSender | ServiceBusReceiver) -> None:
        """Close a link without waiting for it. What it had received and not handed out goes back to
        the queue."""
        task = asyncio.get_running_loop().create_task(self._close(link))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, link: ServiceBusSender | ServiceBusReceiver) -> None:
        try:
            async with asyncio.timeout(CLOSING):
                await link.close()
        except Exception as error:  # noqa: BLE001 - a dead link may fail in any way; it is given up all the same
            log.info("servicebus.not_closed error=%s", type(error).__name__)

    async def closed(self) -> None:
        """Return when every link is closed."""
        while self._closing:
            await asyncio.wait(set(self._closing))


class Line(Generic[Link]):
    """One link to one queue. Concurrent work shares it; `alone` work goes one after the other.

    `patience`: from the first trouble until the caller hears of it.
    """

    def __init__(
        self, queue: str, make: Callable[[], Link], aside: Aside, *, patience: timedelta
    ) -> None:
        self.queue = queue
        self._make: Callable[[], Link] = make
        self._aside = aside
        self._patience = patience.total_seconds()
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._closed = False

    async def use(
        self,
        work: Callable[[Link], Awaitable[R]],
        *,
        answer: float,
        most: float,
        alone: bool = False,
    ) -> R:
        """Do `work` on the open link, again on a new one after trouble, and give up in time.

        `answer`: seconds that one try may take on an open link. `most`: seconds for everything,
        with opening and waiting for one's turn; after trouble only its patience is left. Raises
        `Later`, `Never`, `LockLost` or `ValueError`.
        """
        loop = asyncio.get_running_loop()
        trouble: Exception = Later(
            f"queue {self.queue}: Service Bus did not answer in {most:g} s", counts=False
        )
        try:
            async with asyncio.timeout(most) as limit, self._turn if alone else nullcontext():
                while True:
                    try:
                        return await self._once(work, answer, alone=alone)
                    except TROUBLE as error:
                        trouble = reported(error, self.queue)
                    if not isinstance(trouble, Later) or trouble.after is not None:
                        break
                    limit.reschedule(min(limit.when() or loop.time(), loop.time() + self._patience))
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            log.info("servicebus.gave_up queue=%s reason=%s", self.queue, trouble)
        raise trouble from None

    async def _once(self, work: Callable[[Link], Awaitable[R]], answer: float, *, alone: bool) -> R:
        link = await self._open()
        try:
            async with asyncio.timeout(answer):
                return await work(link)
        except HARMLESS:
            raise
        except BaseException as error:
            is_shared = isinstance(error, asyncio.CancelledError) and not alone
            if self._link is link and not is_shared:
                self._link = None  # what was half written must not be gone on with
            raise
        finally:
            if self._link is not link:
                # Also for work that outlived the link: the SDK may have opened it again.
                self._aside.put(link)

    async def _open(self) -> Link:
        async with self._opening:
            if self._closed:
                raise Later("the process is stopping", counts=False)
            if self._link is None:
                link = self._make()
                await link.__aenter__()
                self._link = link
            return self._link

    async def close(self) -> None:
        """Let the link close aside. Safe to repeat; using the line later raises `Later`."""
        async with self._opening:
            self._closed = True
            link, self._link = self._link, None
            if link is not None:
                self._aside.put(link)
