"""How many requests a system takes at once, learned while working: additive up, multiplicative
down.

F&O meters its own load and answers 429 at any request rate when it is hot, whatever causes the
load; so the number of parallel requests is found by trying. It rises by one after as many good
answers as it is high, only while it is what holds work up, and halves when the system says it is
too much (`Slot.overloaded`). Near what was too much it rises slowly. The cap stays below the 52
parallel requests that F&O once enforced per user (Microsoft, service-protection-api-limits,
2026-01-20).

Nobody waits for a turn longer than `LONGEST_WAIT`: a request that comes too late helps nobody, and
a delivery that waits holds a claim, a message and a place.
"""

import asyncio
import heapq
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sync.core.errors import Later
from sync.pacing.priority import Priority

MOST: Final = 51
FAIR: Final = 8
"""Each so many turns, who has waited longest is next, whatever the priority."""
LONGEST_WAIT: Final = timedelta(seconds=30)
"""Beside a request's own time (60 s, a list 120 s) this stays far below a lease (5 min)."""
NEAR: Final = 0.75
"""From which part of what was too much the last time on it rises slowly: each time that it is too
much costs a pause of some seconds."""
SLOWLY: Final = 12
"""So many times as many good answers it takes there."""
NEWEST: Final = 0.2
"""Weight of the newest answer in the mean time of answers."""


def is_near(more: int, too_many: int) -> bool:
    """Whether so many would be near what was too much, and no more than that."""
    return NEAR * too_many < more <= too_many


class NoTurn(Later):
    """No turn came within the longest wait; nothing was sent. Uses up no try."""


@dataclass(eq=False)
class Slot:
    """The right to have one request on the way. `age` tells an old complaint from a new one;
    `begun`: by the loop's clock."""

    age: int
    begun: float
    priority: Priority = Priority.DOCUMENTS
    complained: bool = False

    def overloaded(self) -> None:
        """The system said, or showed by a timeout, that it has too much to do."""
        self.complained = True


class Limiter:
    """Slots for requests to one system. Lower priorities go first, first come first served within a
    priority; each eighth slot goes to who has waited longest, so that nobody starves.

    `lent`: how many of the slots that all processes share are this one's (`budget`). `demand`: how
    many have a slot or want one, by priority. Deterministic: the same calls in the same order give
    the same limits. Belongs to one event loop.
    """

    def __init__(self, start: int, cap: int = MOST) -> None:
        if not 1 <= start <= cap <= MOST:
            given = f"start {start} and cap {cap}"
            raise ValueError(f"1 <= start <= cap <= {MOST} expected, not {given}")
        self.limit = start
        self.cap = cap
        self.lent = cap
        self.in_use = 0
        self.too_many = 0
        self.took = 0.0
        self.demand = Counter[Priority]()
        self._age = 0
        self._served = 0
        self._arrivals = 0
        self._turns = 0
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many want a slot and have none."""
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many may be under way at once, by what was learned and by what is lent."""
        return min(self.limit, self.lent)

    def wait_of(self, many: int) -> timedelta:
        """How long the last of `many` requests that come at once would wait, by recent answers. A
        first one never does: what it needs is lent when it asks."""
        room = max(self.room, 1)
        return timedelta(seconds=self.took * max(many - room, 0) / room)

    async def enter(self, priority: Priority = Priority.DOCUMENTS) -> Slot:
        """Wait for a turn; do not ask for a second one before `leave`. Raises `NoTurn`, and what
        `refuse_waiting` is given. Cancelled while waiting, the turn goes to the next."""
        self.demand[priority] += 1
        try:
            await self._turn_of(priority)
        except BaseException:
            self.demand[priority] -= 1
            raise
        return Slot(self._age, asyncio.get_running_loop().time(), priority)

    def leave(self, slot: Slot, *, is_answered: bool) -> None:
        """Give the turn to the next. `is_answered`: a good answer came, which raises the limit."""
        self.demand[slot.priority] -= 1
        if slot.complained:
            self._note_time(slot.begun)
            self._fall(slot)
        elif is_answered:
            self._note_time(slot.begun)
            self._rise()
        self._free()

    def lend(self, parts: int) -> None:
        """From now on `parts` of what all processes share are this one's."""
        self.lent = parts
        self._call()

    def halve(self) -> None:
        """The system has too much to do. What is under way complains about the
        limit of before."""
        self._age += 1
        self._served = 0
        self.too_many, self.limit = self.limit, max(1, self.limit // 2)

    def refuse_waiting(self, error: Later) -> None:
        """Nobody who waits for a turn gets one now: all of them hear `error`."""
        waiting, self._waiting = self._waiting, []
        for _, _, turn in waiting:
            if not turn.done():  # one that is cancelled has not stepped out yet
                turn.set_exception(error)

    async def _turn_of(self, priority: Priority) -> None:
        if self.in_use < self.room and not self._waiting:
            self.in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        place = (priority, self._arrivals, turn)
        heapq.heappush(self._waiting, place)
        try:
            async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
                await turn
        except (asyncio.CancelledError, TimeoutError) as ended:
            self._step_out(place)
            if isinstance(ended, TimeoutError):
                raise self._no_turn() from None
            raise

    def _step_out(self, place: tuple[Priority, int, asyncio.Future[None]]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
            heapq.heapify(self._waiting)
        elif not place[2].cancelled() and place[2].exception() is None:
            self._free()  # the turn had come already: pass it on

    def _no_turn(self) -> NoTurn:
        seconds = LONGEST_WAIT.total_seconds()
        return NoTurn(
            f"no turn came within {seconds:.0f} s, nothing was sent: {self.in_use} requests are"
            f" under way, {len(self._waiting)} wait",
            after=max(self.wait_of(len(self._waiting)), timedelta(seconds=10)),
            counts=False,
        )

    def _free(self) -> None:
        self.in_use -= 1
        self._call()

    def _call(self) -> None:
        """Give free slots to those who wait. A called one holds its slot from now on, not from when
        it wakes up."""
        while self._waiting and self.in_use < self.room:
            _, _, turn = self._next()
            if not turn.done():
                self.in_use += 1
                turn.set_result(None)

    def _next(self) -> tuple[Priority, int, asyncio.Future[None]]:
        """Whose turn it is: the most urgent one's, and each eighth time who has waited longest."""
        self._turns += 1
        if self._turns % FAIR:
            return heapq.heappop(self._waiting)
        oldest = min(self._waiting, key=lambda waiting: waiting[1])
        self._waiting.remove(oldest)
        heapq.heapify(self._waiting)
        return oldest

    def _note_time(self, begun: float) -> None:
        took = asyncio.get_running_loop().time() - begun
        self.took += NEWEST * (took - self.took)

    def _rise(self) -> None:
        if self.limit >= self.cap or self.in_use < self.limit:
            return
        self._served += 1
        times = SLOWLY if is_near(self.limit + 1, self.too_many) else 1
        if self._served >= times * self.limit:
            self._served = 0
            self.limit += 1

    def _fall(self, slot: Slot) -> None:
        """Halve once per wave: what was on the way at the last fall complains about the limit of
        then."""
        if slot.age == self._age:
            self.halve()
