"""A loop whose time is virtual: when nothing can run, it jumps to the next timer. And a clock that
goes with a loop.

With a seed the loop also draws the order in which ready callbacks run, and each worker of a
simulation its own chance.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from sync.core.ports import Clock

T = TypeVar("T")
START = datetime(2026, 3, 2, 11, 58, 30, tzinfo=UTC)


class Stuck(RuntimeError):
    """Everything waits for something that nothing will do."""


class _Jumping(selectors.SelectSelector):
    """Never waits: where a real selector would sleep, time jumps."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
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
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.seconds

    def _run_once(self) -> None:
        if self._chance is not None and len(self._ready) > 1:
            shuffled = list(self._ready)
            self._chance.shuffle(shuffled)
            self._ready.clear()
            self._ready.extend(shuffled)
        super()._run_once()  # type: ignore[misc]


class LoopClock:
    """`Clock` that goes with the running loop's time, from a moment on; its chance is seeded."""

    def __init__(self, start: datetime = START, random: Random | None = None) -> None:
        self._start = start
        self._random = random or Random(7)

    def now(self) -> datetime:
        """Aware UTC."""
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    def unique(self) -> str:
        """32 hexadecimal characters."""
        return f"{self._random.getrandbits(128):032x}"

    def between(self, low: float, high: float) -> float:
        """Drawn evenly."""
        return self._random.uniform(low, high)


class Skewed:
    """A clock that goes wrong by a constant."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._by = clock, timedelta(seconds=seconds)

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
