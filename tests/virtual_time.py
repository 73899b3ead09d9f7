"""A loop whose time is virtual: when nothing can run, it jumps to the next timer. And a clock that
goes with a loop.

With a seed the loop also draws the order in which ready callbacks run, and each worker of a
simulation its own chance.
"""

import asyncio
import heapq
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import wraps
from random import Random
from typing import Any, TypeVar

from sync.core.ports import Clock

T = TypeVar("T")
START = datetime(2026, 3, 2, 11, 58, 30, tzinfo=UTC)


PATIENCE = 5.0
"""Seconds of the world outside for which a thread is waited for at a time."""


class Stuck(RuntimeError):
    """Everything waits for something that nothing will do."""


class _Jumping(selectors.SelectSelector):
    """Waits for threads alone: where a real selector would sleep, time jumps. `threads`: how many
    are at work, each of which wakes the selector when it is done."""

    seconds = 0.0
    threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.threads and timeout != 0:
            return super().select(PATIENCE)
        found = super().select(0) if timeout is None or timeout > 0 else []
        if found:
            return found
        if timeout is None:
            raise Stuck("everything waits for something that nothing will do")
        self.seconds += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time. `random`: draws the order of what is ready; without it, first come first
    served."""

    def __init__(self, random: Random | None = None) -> None:
        self._jumping = _Jumping()
        self._chance = random
        self._ready: deque[asyncio.Handle]
        self._scheduled: list[asyncio.TimerHandle]
        self._stopping: bool
        self._clock_resolution: float
        self._process_events: Callable[[object], None]
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.seconds

    def _run_once(self) -> None:
        """As asyncio does it, but for what costs time and has no use here: sockets are looked at
        when nothing else can run."""
        ready, scheduled = self._ready, self._scheduled
        while scheduled and scheduled[0]._cancelled:
            self._due_next()
        if not ready and not self._stopping:
            left = max(0.0, scheduled[0].when() - self._jumping.seconds) if scheduled else None
            self._process_events(self._jumping.select(left))
        ends = self._jumping.seconds + self._clock_resolution
        while scheduled and scheduled[0].when() < ends:
            ready.append(self._due_next())
        running = list(ready)
        ready.clear()
        if self._chance is not None and len(running) > 1:
            self._chance.shuffle(running)
        for handle in running:
            if not handle._cancelled:
                handle._run()

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Time stands still while the thread is at work."""
        self._jumping.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_is_done)
        return future

    def _thread_is_done(self, _: object) -> None:
        self._jumping.threads -= 1

    async def shutdown_default_executor(self, *timeout: Any) -> None:
        """A thread of its own does that."""
        self._jumping.threads += 1
        await super().shutdown_default_executor(*timeout)
        self._jumping.threads -= 1

    def _due_next(self) -> asyncio.TimerHandle:
        handle = heapq.heappop(self._scheduled)
        handle._scheduled = False  # type: ignore[attr-defined]
        return handle

    def _timer_handle_cancelled(self, _: asyncio.TimerHandle) -> None:
        """It is dropped when its time has come, which is soon."""


class LoopClock:
    """`Clock` that goes with the running loop's time, from a moment on; its chance is seeded."""

    def __init__(self, start: datetime = START, random: Random | None = None) -> None:
        self._start = start
        self._random = random or Random(7)
        self._known = (0.0, start)

    def now(self) -> datetime:
        """Aware UTC."""
        seconds = asyncio.get_running_loop().time()
        if seconds != self._known[0]:
            self._known = (seconds, self._start + timedelta(seconds=seconds))
        return self._known[1]

    def unique(self) -> str:
        """32 hexadecimal characters."""
        return f"{self._random.getrandbits(128):032x}"

    def between(self, low: float, high: float) -> float:
        """Drawn evenly."""
        return self._random.uniform(low, high)


class Skewed:
    """A clock that is wrong by so many seconds, until it is set."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self.is_set(seconds)

    def is_set(self, seconds: float) -> None:
        """So many seconds ahead of the other clock."""
        self._by = timedelta(seconds=seconds)

    def now(self) -> datetime:
        """Aware UTC, by this clock."""
        return self._clock.now() + self._by

    def unique(self) -> str:
        """As the other clock's."""
        return self._clock.unique()

    def between(self, low: float, high: float) -> float:
        """As the other clock's."""
        return self._clock.between(low, high)


def virtually(work: Coroutine[Any, Any, T], random: Random | None = None) -> T:
    """Run `work` to its end in virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(random)) as runner:
        return runner.run(work)


def in_virtual_time(story: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is played in virtual time; takes what the story takes."""

    @wraps(story)
    def test(*given: Any, **named: Any) -> None:
        virtually(story(*given, **named))

    return test
