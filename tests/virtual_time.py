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
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from functools import wraps
from random import Random
from types import CoroutineType
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
    is_looked_at = False
    """Whether there may be anything to see: sockets, or what threads have left."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.threads and timeout != 0:
            return super().select(PATIENCE)
        is_looked_at = timeout is None or (
            timeout > 0 and (self.is_looked_at or len(self.get_map()) > 1)
        )
        found = super().select(0) if is_looked_at else []
        if found:
            return found
        if timeout is None:
            raise Stuck("everything waits for something that nothing will do")
        self.seconds += timeout
        return found


class _Ready(asyncio.Handle):
    """asyncio's own, made in fewer steps: a world makes a hundred thousand."""

    __slots__ = ()

    def __init__(
        self, callback: Any, args: Any, loop: asyncio.AbstractEventLoop, context: Context | None
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop, self._callback, self._args = loop, callback, args
        self._cancelled, self._repr, self._source_traceback = False, None, None


class _Timer(asyncio.TimerHandle):
    """The same. One that is cancelled is dropped when its time has come, which is soon."""

    __slots__ = ()

    def __init__(
        self, when: float, callback: Any, args: Any, loop: Any, context: Context | None
    ) -> None:
        _Ready.__init__(self, callback, args, loop, context)  # type: ignore[arg-type]
        self._when, self._scheduled = when, True

    def cancel(self) -> None:
        self._cancelled, self._callback, self._args = True, None, ()


class _Due(float):
    """When a timer is due: a number, as a heap compares those without a call."""

    __slots__ = ("timer",)
    timer: _Timer


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time. `random`: draws the order of what is ready; without it, first come first
    served."""

    def __init__(self, random: Random | None = None) -> None:
        self._jumping = _Jumping()
        self._chance = random
        self._ready: deque[asyncio.Handle]
        self._scheduled: list[_Due]
        self._stopping: bool
        self._clock_resolution: float
        self._check_closed: Callable[[], None]
        self._process_events: Callable[[object], None]
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.seconds

    get_debug = bool
    """Never; asked whenever a future is made."""

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> _Ready:
        """As asyncio does."""
        self._check_closed()
        ready = _Ready(callback, args, self, context)
        self._ready.append(ready)
        return ready

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> _Timer:
        """As asyncio does."""
        return self.call_at(self._jumping.seconds + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> _Timer:
        """As asyncio does."""
        self._check_closed()
        due = _Due(when)
        timer = due.timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, due)
        return timer

    def _run_once(self) -> None:
        """As asyncio does it, but for what costs time and has no use here: sockets are looked at
        when nothing else can run."""
        ready, scheduled, jumping = self._ready, self._scheduled, self._jumping
        while scheduled and scheduled[0].timer._cancelled:
            heapq.heappop(scheduled)
        if not ready and not self._stopping:
            left = max(0.0, scheduled[0] - jumping.seconds) if scheduled else None
            self._process_events(jumping.select(left))
        ends = jumping.seconds + self._clock_resolution
        while scheduled and scheduled[0] < ends:
            ready.append(heapq.heappop(scheduled).timer)
        running = list(ready)
        ready.clear()
        if self._chance is not None and len(running) > 1:
            self._chance.shuffle(running)
        for handle in running:
            if not handle._cancelled:
                handle._run()

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        """As asyncio does, but what the generator of a dead coroutine still awaits is closed first,
        while the loop runs: `aclose` does not reach it (CPython 3.11)."""
        if isinstance(agen.ag_await, CoroutineType):
            agen.ag_await.close()
        super()._asyncgen_finalizer_hook(agen)  # type: ignore[misc]

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Time stands still while the thread is at work."""
        self._jumping.threads += 1
        self._jumping.is_looked_at = True
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_is_done)
        return future

    def _thread_is_done(self, _: object) -> None:
        self._jumping.threads -= 1

    async def shutdown_default_executor(self, *timeout: Any) -> None:
        """A thread of its own does that."""
        self._jumping.threads += 1
        self._jumping.is_looked_at = True
        await super().shutdown_default_executor(*timeout)
        self._jumping.threads -= 1


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

    def elapsed(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

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

    def elapsed(self) -> float:
        """As the other clock's."""
        return self._clock.elapsed()

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
