"""A hand clock that goes with the loop of virtual time (`tests/virtual_time.py`)."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.contracts.hand_clock import HandClock
from tests.virtual_time import virtually as run

__all__ = ["START", "LoopClock", "run"]

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class LoopClock(HandClock):
    """`Clock` of the running virtual loop."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())
