"""Joining sends: what several callers send at the same time goes in one call.

Uses the running loop's turns and nothing else, so a loop with virtual time drives it. Leaves no
task behind once `aclose` has returned.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sync.core.errors import Later, Unknown
from sync.pacing.coalescer import read_error_of

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False)
class _Group(Generic[T, R]):
    """What one caller sends; it stays together."""

    items: Sequence[T]
    sent: asyncio.Future[R]


class Batcher(Generic[T, R]):
    """Sends, joined: one call at a time, each with as many callers' items as came meanwhile, up to
    `most`.

    One caller's items go in one call, in their order, also when they are more than `most`. Nobody
    waits for company: a call starts at the loop's next turn, with what is there by then; what comes
    during a call goes with the next. So calls grow with the load, and a single send takes as long
    as its call.
    """

    def __init__(self, send: Callable[[Sequence[T]], Awaitable[R]], *, most: int) -> None:
        if most < 1:
            raise ValueError(f"at least one item per call, not {most}")
        self._send = send
        self._most = most
        self._waiting: deque[_Group[T, R]] = deque()
        self._turn: asyncio.Handle | None = None
        self._call: asyncio.Task[R] | None = None
        self._closed = False

    async def send(self, *items: T) -> R:
        """Returns what the joined call returned, raises what it raised.

        Cancelled before its call began, the items are not sent. Raises `Unknown` when the call was
        interrupted.
        """
        if self._closed:
            raise Later("the process is stopping")
        loop = asyncio.get_running_loop()
        group = _Group[T, R](items, loop.create_future())
        self._waiting.append(group)
        if self._call is None and self._turn is None:
            self._turn = loop.call_soon(self._start)
        try:
            return await group.sent
        except asyncio.CancelledError:
            read_error_of(group.sent)
            raise

    async def aclose(self) -> None:
        """Send what waits, then stop. Returns when nothing is on the way."""
        self._closed = True
        self._start()
        while self._call is not None:
            await asyncio.wait([self._call])

    def _start(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._call is None and (groups := self._next()):
            items = [item for group in groups for item in group.items]
            self._call = asyncio.get_running_loop().create_task(self._run(items))
            self._call.add_done_callback(lambda call: self._settle(groups, call))

    async def _run(self, items: Sequence[T]) -> R:
        return await self._send(items)

    def _next(self) -> list[_Group[T, R]]:
        """The groups of the next call, without those whose caller has gone."""
        groups: list[_Group[T, R]] = []
        size = 0
        while self._waiting:
            group = self._waiting[0]
            if not group.sent.done():
                if groups and size + len(group.items) > self._most:
                    break
                groups.append(group)
                size += len(group.items)
            self._waiting.popleft()
        return groups

    def _settle(self, groups: Sequence[_Group[T, R]], call: asyncio.Task[R]) -> None:
        """Also runs when the call was cancelled before its first step, so nobody waits forever."""
        self._call = None
        interrupted = Unknown("a joined send was interrupted") if call.cancelled() else None
        error = interrupted or call.exception()
        for group in groups:
            if group.sent.done():
                continue
            if error is None:
                group.sent.set_result(call.result())
            else:
                group.sent.set_exception(error)
        self._start()
