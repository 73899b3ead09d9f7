"""How much work an environment can do: so many requests at once, each for as long as it takes.

F&O throttles by how hot its web servers are, at any request rate of ours (429 with
Retry-After; Microsoft, service-protection-api-limits, 2026-01-20). Here it is hot while more
requests wait for a worker than `waiting`. The limits per user that it enforced until 10.0.36 are
the worst case (`UserLimits`): 6,000 requests and 1,200 seconds of work in 300 seconds, 52 at once.
A batch is one request; the time of all its parts counts.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from sandbox.dials import Arrival

PARTS: Final = re.compile(rb"^(GET|POST|PATCH|PUT|DELETE) ", re.MULTILINE)


class Hot(Exception):
    """The environment takes no more now; `seconds` is its Retry-After."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


@dataclass
class UserLimits:
    """What one user may ask for within `window` seconds: `requests`, `seconds` of work, and as many
    as `together` at once."""

    requests: int = 6000
    seconds: float = 1200.0
    together: int = 52
    window: float = 300.0
    _past: deque[tuple[float, float]] = field(default_factory=deque)

    def exceeded(self, now: float, running: int) -> int | None:
        """Seconds to stay away; None where the request is within the limits."""
        while self._past and self._past[0][0] <= now - self.window:
            self._past.popleft()
        worked = sum(seconds for _, seconds in self._past)
        if running >= self.together:
            return 1
        if len(self._past) >= self.requests or worked >= self.seconds:
            return max(1, round(self._past[0][0] + self.window - now))
        return None

    def add(self, now: float, seconds: float) -> None:
        """A request was taken, whose work takes so long."""
        self._past.append((now, seconds))


@dataclass
class Capacity:
    """So many `workers`; the seconds of a `read`, of a `write`, and what a batch takes beside its
    parts. `waiting`: how many requests may wait for a worker. `worked`: seconds of work done so
    far, `written` those of writes alone."""

    workers: int = 8
    read: float = 0.1
    write: float = 0.2
    batch: float = 0.05
    waiting: int = 16
    retry_after: int = 5
    user: UserLimits | None = None
    worked: float = 0.0
    written: float = 0.0
    _running: int = 0
    _free: asyncio.Semaphore | None = None

    def seconds(self, arrival: Arrival) -> tuple[float, float]:
        """How long the work of a request takes, and how much of it is for writes."""
        if not arrival.path.endswith("$batch"):
            is_read = arrival.method in {"GET", "HEAD"}
            return (self.read, 0.0) if is_read else (self.write, self.write)
        methods = PARTS.findall(arrival.body)
        written = self.write * sum(method != b"GET" for method in methods)
        return self.batch + written + self.read * methods.count(b"GET"), written

    @asynccontextmanager
    async def working_on(self, arrival: Arrival) -> AsyncIterator[None]:
        """Waits for a worker, then for the work to be done; the block is its end. Raises `Hot`."""
        self._free = self._free or asyncio.Semaphore(self.workers)
        now = asyncio.get_running_loop().time()
        if self._running >= self.workers + self.waiting:
            raise Hot(self.retry_after)
        seconds, written = self.seconds(arrival)
        if self.user is not None:
            away = self.user.exceeded(now, self._running)
            if away is not None:
                raise Hot(away)
            self.user.add(now, seconds)
        self._running += 1
        try:
            async with self._free:
                await asyncio.sleep(seconds)
                self.worked += seconds
                self.written += written
                yield
        finally:
            self._running -= 1
