"""A loop whose time is virtual: when nothing can run, it jumps to the next timer. And clocks that follow a loop."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 3, 1, 11, 58, 30, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time. A wait that nothing can ever end is an error."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._seconds

    def jump(self, seconds: float) -> None:
        self._seconds += seconds


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found:
            return found
        if timeout is None:
            raise RuntimeError("everything waits for something that nothing will do")
        self._loop.jump(timeout)
        return found


class LoopClock:
    """`Clock` that goes with the running loop's time, from a moment on."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._drawn = 0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    def unique(self) -> str:
        self._drawn += 1
        return f"{self._drawn:032x}"

    def between(self, low: float, high: float) -> float:
        return (low + high) / 2


def virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
