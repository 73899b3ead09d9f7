"""The machine's clock and chance. The one place where the engine meets either."""

import random
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """`Clock` on the real thing."""

    def now(self) -> datetime:
        """Aware UTC, to the microsecond. May step back when the machine's clock is set."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """By the machine's steady clock."""
        return time.monotonic()

    def unique(self) -> str:
        """A random UUID's 32 hexadecimal characters."""
        return uuid.uuid4().hex

    def between(self, low: float, high: float) -> float:
        """A number drawn evenly from `low` to `high`."""
        return random.uniform(low, high)
