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
FAIR: Final = 10
"""Each so many turns, who has waited longest is next, whatever the priority: a favour, where others
are more urgent. Favours come to no more than this part of the slots, and of the slots' time: a page
of the catalogue may take as long as ten orders do."""
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
    `begun`: by the loop's clock. `is_favour`: more urgent ones waited when it was given."""

    age: int
    begun: float
    priority: Priority = Priority.DOCUMENTS
    is_favour: bool = False
    complained: bool = False

    def overloaded(self) -> None:
        """The system said, or showed by a timeout, that it has too much to do."""
        self.complained = True


Place = tuple[Priority, int, asyncio.Future[bool]]
"""Who waits for a turn, with the number of its arrival; the turn says whether it is a favour."""


class Limiter:
    """Slots for requests to one system. Lower priorities go first, first come first served within a
    priority; a tenth goes to who has waited longest, so that nobody starves.

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
        self._favours = 0
        self._owed = 0.0
        self._waiting: list[Place] = []

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
            is_favour = await self._turn_of(priority)
        except BaseException:
            self.demand[priority] -= 1
            raise
        return Slot(self._age, asyncio.get_running_loop().time(), priority, is_favour)

    def leave(self, slot: Slot, *, is_answered: bool) -> None:
        """Give the turn to the next. `is_answered`: a good answer came, which raises the limit."""
        self.demand[slot.priority] -= 1
        took = asyncio.get_running_loop().time() - slot.begun
        self._owed = max(self._owed + took * (FAIR if slot.is_favour else -1), 0.0)
        if slot.complained or is_answered:
            self.took += NEWEST * (took - self.took)
        if slot.complained:
            self._fall(slot)
        elif is_answered:
            self._rise()
        self._free(is_favour=slot.is_favour)

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

    async def _turn_of(self, priority: Priority) -> bool:
        """Whether it is a favour."""
        if self.in_use < self.room and not self._waiting:
            self.in_use += 1
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        place = (priority, self._arrivals, turn)
        heapq.heappush(self._waiting, place)
        try:
            async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
                return await turn
        except (asyncio.CancelledError, TimeoutError) as ended:
            self._step_out(place)
            if isinstance(ended, TimeoutError):
                raise self._no_turn() from None
            raise

    def _step_out(self, place: Place) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
            heapq.heapify(self._waiting)
        elif not place[2].cancelled() and place[2].exception() is None:
            self._free(is_favour=place[2].result())  # the turn had come already: pass it on

    def _no_turn(self) -> NoTurn:
        seconds = LONGEST_WAIT.total_seconds()
        return NoTurn(
            f"no turn came within {seconds:.0f} s, nothing was sent: {self.in_use} requests are"
            f" under way, {len(self._waiting)} wait",
            after=max(self.wait_of(len(self._waiting)), timedelta(seconds=10)),
            counts=False,
        )

    def _free(self, *, is_favour: bool) -> None:
        self.in_use -= 1
        self._favours -= is_favour
        self._call()

    def _call(self) -> None:
        """Give free slots to those who wait. A called one holds its slot from now on, not from when
        it wakes up."""
        while self._waiting and self.in_use < self.room:
            turn, is_favour = self._next()
            if not turn.done():
                self.in_use += 1
                self._favours += is_favour
                turn.set_result(is_favour)

    def _next(self) -> tuple[asyncio.Future[bool], bool]:
        """Whose turn it is, and whether it is a favour."""
        self._turns += 1
        place = self._waiting[0]
        if self._turns % FAIR == 0 and self._may_favour():
            place = min(self._waiting, key=lambda waiting: waiting[1])
        is_favour = place[0] > self._waiting[0][0]
        self._waiting.remove(place)
        heapq.heapify(self._waiting)
        return place[2], is_favour

    def _may_favour(self) -> bool:
        return self._favours < max(self.room // FAIR, 1) and not self._owed

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
