"""Joining reads that concurrent deliveries ask for within milliseconds, as a data loader does.

Uses the running loop's timers and nothing else, so a loop with virtual time drives it. Leaves no
task behind once nobody waits and `aclose` has returned.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from sync.core.errors import Later, Unknown
from sync.pacing.priority import Priority, current, working_at

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")
R = TypeVar("R")

PATIENCE: Final = timedelta(milliseconds=250)
"""How much longer a read waits for one that is on its way, to be joined with others."""


def read_error_of(future: asyncio.Future[Any]) -> None:
    """Mark as read an error that arrived together with the caller's cancellation, so that asyncio
    does not report it."""
    if future.done() and not future.cancelled():
        future.exception()


@dataclass(eq=False)
class _Round(Generic[K, V]):
    """The keys asked for within one window, each with everybody who waits for it."""

    timer: asyncio.TimerHandle
    is_due: bool = False
    waiters: dict[K, list[asyncio.Future[V | None]]] = field(default_factory=dict)
    task: asyncio.Task[Mapping[K, V]] | None = None
    priority: Priority = Priority.CATALOGUE

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

    While a load is on its way, what comes gathers until none is, at most `patience` longer: so a
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
        round_.priority = min(round_.priority, current())
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        round_.waiters.setdefault(key, []).append(future)
        if len(round_.waiters) >= self._most:
            self._start()
        return round_, future

    def _leave(self, round_: _Round[K, V], future: asyncio.Future[V | None]) -> None:
        """Having the answer, or no longer wanting it: a round that nobody waits for ends."""
        read_error_of(future)
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
        with working_at(round_.priority):
            task = asyncio.get_running_loop().create_task(self._run(round_.wanted()))
        round_.task = task
        self._running.add(task)
        task.add_done_callback(lambda done: self._settle(round_, done))

    async def _run(self, keys: Sequence[K]) -> Mapping[K, V]:
        return await self._load(keys)

    def _settle(self, round_: _Round[K, V], task: asyncio.Task[Mapping[K, V]]) -> None:
        """Also runs when the task was cancelled before its first step, so nobody waits forever."""
        self._running.discard(task)
        is_idle = not self._running and not self._closed
        if is_idle and self._gathering is not None and self._gathering.is_due:
            self._start()
        if task.cancelled():
            round_.fail(Unknown("a joined request was interrupted"))
        elif (error := task.exception()) is not None:
            round_.fail(error)
        else:
            round_.answer(task.result())
