"""Receivers of this process that wait for a message, and how a sender wakes them."""

import asyncio


class WaitingReceivers:
    """Who waits at which queue. All in one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[asyncio.Future[None], None]] = {}

    async def nap(self, queue: str, seconds: float) -> None:
        """Sleep until something was sent to the queue, at most so long."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting.setdefault(queue, {})
        waiting[woken] = None
        timer = loop.call_later(seconds, _finish, woken)
        try:
            await woken
        finally:
            timer.cancel()
            del waiting[woken]

    def wake(self, queue: str) -> None:
        """Let everybody who waits at the queue look again."""
        for woken in self._waiting.get(queue, ()):
            _finish(woken)


def _finish(woken: "asyncio.Future[None]") -> None:
    if not woken.done():
        woken.set_result(None)
