"""How one process calls one system: how many requests at once and in which order, and whether it
may be called now.

Everybody who calls the system asks for a turn here, for each request that is sent. So a pause holds
for what waits already, an outage costs one request at a time, and no turn is waited for without
end.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final

from sync.core.errors import Later, Paused
from sync.core.ports import Clock
from sync.pacing.budget import Budget
from sync.pacing.limiter import Limiter, Slot
from sync.pacing.outages import Outages
from sync.pacing.pauses import Pauses, Standing
from sync.pacing.priority import current

log = logging.getLogger("sync.pacing.pace")

READY_WITHIN: Final = timedelta(seconds=10)
"""A delivery begins when its requests can be expected to wait no longer than this for a turn."""
LONGEST_DELAY: Final = timedelta(seconds=30)
"""What cannot begin for want of turns is looked at again after this at the latest."""
SOONEST: Final = timedelta(seconds=2)
"""What is put off comes again no sooner."""
DEFAULT: Final = timedelta(seconds=30)
"""How long a pause is whose length nobody named."""
TRIED_EVERY: Final = timedelta(seconds=1)
"""How often a process begins a delivery that may find out that a system is back."""
EVERY: Final = timedelta(milliseconds=10)
"""What is put off comes again after the pause, a hundred a second of each share: more than a system
takes, and so few that a long queue is not handed round for the whole of an outage."""
SPREAD: Final = 20.0
"""Seconds over which messages come again while a system is away: with the time between two requests
that find out, everything is back half a minute after the system is."""


class Pace:
    """One system's. `system` is its name for operators ("Dynamics at host"); `pauses` are shared
    with other processes, and so is `budget`, where there are others.

    `limiter` and what is known of answers belong to this process.
    """

    def __init__(
        self,
        system: str,
        limiter: Limiter,
        pauses: Pauses,
        clock: Clock,
        budget: Budget | None = None,
    ) -> None:
        self.system = system
        self.limiter = limiter
        self._pauses = pauses
        self._clock = clock
        self._budget = budget
        self._outages = Outages(clock)
        self._is_away = False
        self._tried_at: datetime | None = None
        self._at_work = 0
        self._last_comes_at: dict[str, tuple[datetime, datetime]] = {}
        self._heard: datetime | None = None

    def turn(self, what: str = "a request", not_after: datetime | None = None) -> "Turn":
        """The right to send one request, for the length of the block, in the order of priorities
        (`priority.current`). `what` is asked for, in words for an operator.

        Raises, each time without using up a try and before anything is sent: `Paused` while nobody
        may call the system, also for who waits already when that begins; `NoTurn`; `Later` when
        `not_after` has passed.
        """
        return Turn(self, what, not_after)

    async def take_turn(self, what: str, not_after: datetime | None) -> Slot:
        """What `turn` does first. The slot is to be left."""
        await self._require_leave()
        if self._budget is not None:
            await self._budget.wanted()
        slot = await self.limiter.enter(current())
        try:
            await self._require_leave(finds_out=True)
            self._require_time(what, not_after)
        except BaseException:
            self.limiter.leave(slot, is_answered=False)
            raise
        return slot

    async def answered(self) -> None:
        """The system answered somebody, be it with a refusal: it is not away."""
        self._outages.answered()
        if self._is_away:
            self._is_away = False
            log.info("pacing.back system=%s", self.system)
            await self._pauses.back(self.system)

    async def failed(self, error: Exception) -> None:
        """Judge how a request that was sent ended. A pause is written down for everybody, and so is
        an outage, whose errors then use up no try; everything but an outage is an answer."""
        if not isinstance(error, Later) or not error.is_outage:
            await self.answered()
        if isinstance(error, Paused):
            await self.paused(error)
        quiet = self._outages.judged(error)
        if quiet is not None:
            log.warning("pacing.away system=%s s=%d", self.system, quiet.total_seconds())
            await self._pauses.away(self.system, quiet, str(error))
            await self._standing()

    async def paused(self, error: Paused) -> None:
        """Nobody calls the system for as long as `error` says; who waits for a turn hears it."""
        await self._pauses.pause(self.system, error.after or DEFAULT, error.reason)
        found = await self._pauses.standing(self.system)
        if found is not None:
            self._heard = found.since
            if self._budget is not None:
                await self._budget.fell(found.since.isoformat())
        self.limiter.refuse_waiting(error)

    async def not_before(self) -> datetime | None:
        """When a delivery or a poll may begin that calls this system; None: now. It may not while
        nobody calls the system, and not when its turns would come too late. While the system is
        away, one in a while may begin, to find out."""
        now = self._clock.now()
        found = await self._standing()
        if found is not None:
            if found.until > now:
                return found.until
            if self._tried_at is not None and timedelta() <= now - self._tried_at < TRIED_EVERY:
                return now + SOONEST
            self._tried_at = now
        wait = self.limiter.wait_of(self._at_work + 1)
        return now + min(wait, LONGEST_DELAY) if wait > READY_WITHIN else None

    def comes_again(self, until: datetime, share: str) -> datetime:
        """When a message comes again that may not begin before `until`: spread, so that what was
        put off comes back in a steady stream. Nobody waits for the burst of another share."""
        now = self._clock.now()
        begun, last = self._last_comes_at.get(share, (now, until - EVERY))
        comes_at = max(until, last + EVERY) if begun <= now else until  # no clock was set back
        self._last_comes_at[share] = now, comes_at
        apart = self._clock.between(0, SPREAD) if self._is_away else 0
        return comes_at + timedelta(seconds=apart)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """For the length of a delivery that may call this system."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

    async def close(self) -> None:
        """Give back what is lent. Safe to repeat."""
        if self._budget is not None:
            await self._budget.close()

    async def _require_leave(self, *, finds_out: bool = False) -> None:
        """Raise `Paused` while nobody may call the system. Of those that may find out whether it is
        back, one of all processes goes on."""
        found = await self._standing()
        if found is None:
            return
        if found.until > self._clock.now():
            raise self._paused(found)
        if finds_out and not await self._pauses.may_find_out(found):
            raise self._paused(found)

    def _require_time(self, what: str, not_after: datetime | None) -> None:
        if not_after is not None and self._clock.now() > not_after:
            raise Later(f"{what}: its turn came too late, nothing was sent", counts=False)

    async def _standing(self) -> Standing | None:
        """What holds now. Who waits for a turn hears of it too."""
        found = await self._pauses.standing(self.system)
        self._is_away = found is not None and found.is_away
        self._share_the_fall(found)
        if found is not None and found.until > self._clock.now() and self.limiter.waiting:
            self.limiter.refuse_waiting(self._paused(found))
        return found

    def _share_the_fall(self, found: Standing | None) -> None:
        """A pause that another process was asked for says that all of us together ask too much:
        without this, each goes on as before once it is over. Once per pause."""
        if found is None or found.is_away or found.since == self._heard:
            return
        self._heard = found.since
        self.limiter.halve()

    def _paused(self, found: Standing) -> Paused:
        after = max(found.until - self._clock.now(), SOONEST)
        why = (
            f"{self.system} gives no answer since {found.since:%Y-%m-%d %H:%M:%S} UTC"
            if found.is_away
            else f"{self.system} asked for a pause"
        )
        again = f"it is asked again from {found.until:%H:%M:%S} on"
        return Paused(self.system, after=after, reason=f"{why}; {again}")


class Turn:
    """One request's turn; a class, since a generator that is closed with its task inside a turn
    would leave the turn taken."""

    def __init__(self, pace: Pace, what: str, not_after: datetime | None) -> None:
        self._pace = pace
        self._asked = what, not_after

    async def __aenter__(self) -> Slot:
        self._slot = await self._pace.take_turn(*self._asked)
        return self._slot

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pace.limiter.leave(self._slot, is_answered=kind is None)


async def may_begin(paces: Sequence[Pace]) -> bool:
    """Whether work may begin now that calls these systems."""
    return not [pace for pace in paces if await pace.not_before() is not None]


async def comes_again_at(paces: Sequence[Pace], share: str) -> datetime | None:
    """When a message of a share comes again whose delivery may not begin now, spread; None: it
    may."""
    ends = [(at, pace) for pace in paces if (at := await pace.not_before()) is not None]
    if not ends:
        return None
    until, pace = max(ends, key=lambda end: end[0])
    return pace.comes_again(until, share)


@contextmanager
def at_work(paces: Sequence[Pace]) -> Iterator[None]:
    """For the length of a delivery that may call these systems."""
    with ExitStack() as stack:
        for pace in paces:
            stack.enter_context(pace.at_work())
        yield
