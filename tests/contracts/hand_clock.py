"""A clock that stands still until it is moved by hand."""

import random
from datetime import UTC, datetime, timedelta


class HandClock:
    """`Clock` whose time passes when a test says so; its chance is seeded."""

    def __init__(self, at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self.at = at
        self._random = random.Random(7)

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return self.at.timestamp()

    def unique(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def between(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    async def pass_by(self, span: timedelta) -> None:
        self.at += span
