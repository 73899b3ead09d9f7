"""Joining what concurrent deliveries ask for within a few milliseconds, as a data loader does.

`Coalescer` joins reads by key, which are worth waiting a moment for; `Batcher` joins sends, for
which somebody waits. Both use the running loop's timers and turns and nothing else, so a loop with
virtual time drives them; both leave no task behind once nobody waits and `aclose` has returned.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from sync.core.errors import Later, Unknown

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")
R = TypeVar("R")

PATIENCE: Final = timedelta(milliseconds=250)
"""How much longer a read waits for one that is on its way, to be joined with others."""


def _overtaken(future: asyncio.Future[Any]) -> None:
    """An error that arrived together with the cancellation is read by nobody: that is no fault
    to report."""
    if future.done() and not future.cancelled():
        future.exception()


@dataclass(eq=False)
class _Round(Generic[K, V]):
    """The keys asked for within one window, each with everybody who waits for it."""

    timer: asyncio.TimerHandle
    is_due: bool = False
    waiters: dict[K, list[asyncio.Future[V | None]]] = field(default_factory=dict)
    task: asyncio.Task[Mapping[K, V]] | None = None

    def wanted(self) -> list[K]:
        """The keys that somebody still waits for, in the order they were first asked for."""
        return [
            key
            for key, futures in self.waiters.items()
            if any(not future.done() for future in futures)
        ]

    def stop(self) -> None:
        """Nobody waits any more, or nobody may: no timer and no task go on."""
        self.timer.cancel()
        if self.task is not None:
            self.task.cancel()

    def fail(self, error: BaseException) -> None:
        for futures in self.waiters.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error)

    def answer(self, found: Mapping[K, V]) -> None:
        for key, futures in self.waiters.items():
            for future in futures:
                if not future.done():
                    future.set_result(found.get(key))


class Coalescer(Generic[K, V]):
    """Reads by key, joined: gets within `window` of the first become one `load`, of at most `most`
    distinct keys.

    While a load is on its way, what comes gathers until one ends, at most `patience` longer: so a
    system that is slow, or busy, is asked seldom and for much. A get never joins a load that is on
    the way already: what that answers may be older than the question.
    """

    def __init__(
        self,
        load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        window: timedelta,
        most: int,
        patience: timedelta = PATIENCE,
    ) -> None:
        if most < 1:
            raise ValueError(f"at least one key per load, not {most}")
        self._load = load
        self._window = window.total_seconds()
        self._patience = patience.total_seconds()
        self._most = most
        self._gathering: _Round[K, V] | None = None
        self._running: set[asyncio.Task[Mapping[K, V]]] = set()
        self._closed = False

    async def get(self, key: K) -> V | None:
        """What `load` found for `key`, None when it found nothing. Raises what `load` raised.

        Raises `Unknown` when the load is interrupted. A cancelled get disturbs no other; the last
        one ends the load.
        """
        return (await self.get_all([key]))[key]

    async def get_all(self, keys: Iterable[K]) -> dict[K, V | None]:
        """As `get`, for several keys at once."""
        if self._closed:
            raise Later("the process is stopping")
        asked = {key: self._ask(key) for key in keys}
        try:
            return {key: await future for key, (_, future) in asked.items()}
        finally:
            for round_, future in asked.values():
                self._leave(round_, future)

    def _ask(self, key: K) -> tuple[_Round[K, V], asyncio.Future[V | None]]:
        round_ = self._open_round()
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        round_.waiters.setdefault(key, []).append(future)
        if len(round_.waiters) >= self._most:
            self._start()
        return round_, future

    def _leave(self, round_: _Round[K, V], future: asyncio.Future[V | None]) -> None:
        """Having the answer, or no longer wanting it: a round that nobody waits for ends."""
        _overtaken(future)
        future.cancel()
        if not (round_.task and round_.task.done()) and not round_.wanted():
            self._drop(round_)

    async def aclose(self) -> None:
        """Stop: waiting callers get `Later`; returns when no load runs any more."""
        self._closed = True
        if self._gathering is not None:
            self._gathering.fail(Later("the process is stopping"))
            self._drop(self._gathering)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _open_round(self) -> _Round[K, V]:
        if self._gathering is None:
            self._gathering = _Round[K, V](
                asyncio.get_running_loop().call_later(self._window, self._come_due)
            )
        return self._gathering

    def _come_due(self) -> None:
        """The window is over: start, unless it is better to wait for a load that is on its way."""
        assert self._gathering is not None, "a timer lives as long as its round gathers"
        if self._running and self._patience:
            self._gathering.is_due = True
            self._gathering.timer = asyncio.get_running_loop().call_later(
                self._patience, self._start
            )
        else:
            self._start()

    def _drop(self, round_: _Round[K, V]) -> None:
        round_.stop()
        if self._gathering is round_:
            self._gathering = None

    def _start(self) -> None:
        round_, self._gathering = self._gathering, None
        assert round_ is not None, "a timer lives as long as its round gathers"
        round_.timer.cancel()
        task = round_.task = asyncio.get_running_loop().create_task(self._run(round_.wanted()))
        self._running.add(task)
        task.add_done_callback(lambda done: self._settle(round_, done))

    async def _run(self, keys: Sequence[K]) -> Mapping[K, V]:
        return await self._load(keys)

    def _settle(self, round_: _Round[K, V], task: asyncio.Task[Mapping[K, V]]) -> None:
        """Also runs when the task was cancelled before its first step, so nobody waits forever."""
        self._running.discard(task)
        if self._gathering is not None and self._gathering.is_due and not self._closed:
            self._start()
        if task.cancelled():
            round_.fail(Unknown("a joined request was interrupted"))
        elif (error := task.exception()) is not None:
            round_.fail(error)
        else:
            round_.answer(task.result())


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
            _overtaken(group.sent)
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
