"""How many requests a system takes at once, learned while working: additive up, multiplicative
down.

F&O meters its own load and answers 429 at any request rate when it is hot, whatever causes the
load; so the number of parallel requests is found by trying. It rises by one after as many good
answers as it is high, only while it is what holds work up, and halves when the system says it is
too much (`Slot.overloaded`). The cap stays below the 52 parallel requests that F&O once enforced
per user (Microsoft, service-protection-api-limits, 2026-01-20).
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sync.pacing.priority import Priority

MOST: Final = 51


@dataclass(eq=False)
class Slot:
    """The right to have one request on the way. `age` tells an old complaint from a new one."""

    age: int
    complained: bool = False

    def overloaded(self) -> None:
        """The system said, or showed by a timeout, that it has too much to do."""
        self.complained = True


class Limiter:
    """Slots for requests to one system. Lower priorities go first, first come first served within a
    priority.

    Deterministic: the same calls in the same order give the same limits. Belongs to one event loop.
    """

    def __init__(self, start: int, cap: int = MOST) -> None:
        if not 1 <= start <= cap <= MOST:
            raise ValueError(
                f"1 <= start <= cap <= {MOST} expected, not start {start} and cap {cap}"
            )
        self.limit = start
        self.cap = cap
        self.in_use = 0
        self._age = 0
        self._served = 0
        self._arrivals = 0
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many want a slot and have none."""
        return sum(1 for _, _, turn in self._waiting if not turn.done())

    @asynccontextmanager
    async def slot(self, priority: Priority = Priority.DOCUMENTS) -> AsyncIterator[Slot]:
        """Wait for a turn and hold it for the length of the block; do not ask for a second one
        inside.

        Leaving normally counts as a good answer, leaving by an exception as none. Cancelled while
        waiting or inside, the turn goes to the next.
        """
        await self._enter(priority)
        slot = Slot(self._age)
        try:
            yield slot
            if not slot.complained:
                self._rise()
        finally:
            if slot.complained:
                self._fall(slot)
            self._leave()

    async def _enter(self, priority: Priority) -> None:
        if self.in_use < self.limit and not self.waiting:
            self.in_use += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (priority, self._arrivals, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the turn had come already: pass it on
            raise

    def _leave(self) -> None:
        self.in_use -= 1
        self._call()

    def _call(self) -> None:
        """Give free slots to those who wait. A called one holds its slot from now on, not from when
        it wakes up."""
        while self._waiting and self.in_use < self.limit:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self.in_use += 1
                turn.set_result(None)

    def _rise(self) -> None:
        if self.limit >= self.cap or self.in_use < self.limit:
            return
        self._served += 1
        if self._served >= self.limit:
            self._served = 0
            self.limit += 1

    def _fall(self, slot: Slot) -> None:
        """Halve once per wave: what was on the way at the last fall complains about the limit of
        then."""
        if slot.age == self._age:
            self._age += 1
            self._served = 0
            self.limit = max(1, self.limit // 2)
