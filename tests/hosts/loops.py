"""Clocks that follow the loop with virtual time (`tests/virtual_time.py`), whose chance is no
chance at all."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.virtual_time import virtually

__all__ = ["START", "LoopClock", "virtually"]

START = datetime(2026, 3, 1, 11, 58, 30, tzinfo=UTC)


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
