"""How many requests all processes together may have under way at one system: a whole that is
written down in the tables and lent to processes in parts.

Each process writes down how many it wants, by priority, and takes what is free, up to its fair
share: nobody gets more than it wants, documents go before master data before the catalogue, and
what is short is divided evenly. Who has more than its share gives back when it next writes. A
process that dies gives back nothing; what it was lent comes free when its
lease is over. One row for each system, changed only over the state that was read: so the parts
never come to more than the whole.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Conflict, Row, Tables, Value
from sync.pacing.limiter import FAIR, Limiter
from sync.pacing.priority import Priority, current

BUDGETS: Final = "budgets"
LEASE: Final = timedelta(seconds=60)
"""How long parts stay lent without a sign of life; about as long as a request may take."""
RENEWED_EVERY: Final = timedelta(seconds=5)
"""How often a process that is at work says what it wants; one that is not gives all back then."""
GIVEN_BACK_EVERY: Final = timedelta(seconds=1)
"""The same, while requests are under way on parts that are others' share by now, for those who use
them as for those who wait for them."""
CLOCKS_APART: Final = timedelta(seconds=5)
"""How much longer than their lease parts are left to another process, whose clock may be behind."""
TURNS_EVERY: Final = 30
"""Seconds after which others come first, where there are more processes than parts."""

Wants = tuple[int, ...]
"""How many, by priority."""
NOTHING: Final[Wants] = (0,) * len(Priority)


@dataclass(frozen=True)
class Part:
    """What one process has, how many it wants, and until when it has it."""

    has: int
    wants: Wants
    until: datetime


class Budget:
    """One process's part of a system's `whole`, which it lends to its `limiter`. `worker` is this
    process's name. Close it when done."""

    def __init__(
        self,
        tables: Tables,
        clock: Clock,
        system: str,
        limiter: Limiter,
        *,
        whole: int,
        worker: str,
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._system = system
        self._limiter = limiter
        self._whole = whole
        self._worker = worker
        self._writing = asyncio.Lock()
        self._until: datetime | None = None
        self._peak = NOTHING
        self._is_short = False
        self._timer: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None
        limiter.lend(0)

    async def wanted(self) -> None:
        """One more request is to be sent: see to it that something is lent to this process, and
        more where more is wanted. Raises what the tables raise while nothing is lent."""
        self._peak = tuple(map(max, self._peak, self._demand(current())))
        if self._is_enough():
            return
        async with self._writing:
            if not self._is_enough():
                await self._write()

    async def close(self) -> None:
        """Give everything back. Safe to repeat; where the tables are away, the lease runs out."""
        self._stop_timer()
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})
        if self._until is not None:
            async with self._writing:
                await self._given_back()

    def _is_enough(self) -> bool:
        """Whether nothing is to be written now: what is lent is enough, or no more was free
        lately."""
        return self._is_lent() and (self._is_short or sum(self._wants()) <= self._limiter.lent)

    def _is_lent(self) -> bool:
        return self._until is not None and self._clock.now() < self._until

    def _demand(self, another: Priority | None = None) -> Wants:
        return tuple(self._limiter.demand[one] + (one is another) for one in Priority)

    def _wants(self) -> Wants:
        """No more than may be under way, the most urgent first."""
        most = min(self._limiter.limit, self._whole)
        before = [sum(self._peak[:number]) for number in range(len(self._peak))]
        return tuple(
            min(one, max(most - more, 0)) for one, more in zip(self._peak, before, strict=True)
        )

    async def _write(self) -> None:
        """Say what is wanted and take what is free of it."""
        while True:
            row, parts = await self._read()
            now, wants = self._clock.now(), self._wants()
            others = {name: part for name, part in parts.items() if name != self._worker}
            free = self._whole - sum(part.has for part in others.values())
            shares = shared(
                self._whole,
                {**{name: part.wants for name, part in others.items()}, self._worker: wants},
                int(now.timestamp()) // TURNS_EVERY,
            )
            share = shares[self._worker]
            may = max(min(share, free), 0)
            if may < self._limiter.lent:
                self._limiter.lend(may)  # before it is written: no request begins beyond it
            has = max(may, self._limiter.in_use if self._worker in parts else 0)
            part = Part(has, wants, now + LEASE)
            if await self._stored(row, {**others, self._worker: part}):
                break
        self._until, self._is_short = part.until, may < sum(wants)
        self._limiter.lend(may)
        self._start_timer(RENEWED_EVERY if has == may == share else GIVEN_BACK_EVERY)

    async def _given_back(self) -> None:
        self._limiter.lend(0)
        self._until = None
        while True:
            row, parts = await self._read()
            if parts.pop(self._worker, None) is None or await self._stored(row, parts):
                return

    async def _read(self) -> tuple[Row | None, dict[str, Part]]:
        """The row, and the parts in it that are still lent."""
        return await parts_of(self._tables, self._system, self._clock.now())

    async def _stored(self, row: Row | None, parts: Mapping[str, Part]) -> bool:
        rows = {
            name: [one.has, sum(one.wants), one.until.isoformat()] for name, one in parts.items()
        }
        by_priority = {name: one.wants for name, one in parts.items()}
        values: dict[str, Value] = {
            "parts": to_json(rows).decode(), "by_priority": to_json(by_priority).decode(),
        }  # fmt: skip
        try:
            if row is None:
                await self._tables.insert(BUDGETS, Row(self._system, "parts", values))
            else:
                await self._tables.replace(BUDGETS, replace(row, values=values))
        except Conflict:
            return False
        return True

    def _start_timer(self, after: timedelta) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(
            after.total_seconds(), self._begin_renewal
        )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _begin_renewal(self) -> None:
        self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        """Say again what is wanted; give all back where nothing was wanted since the last time."""
        async with self._writing:
            self._is_short = False
            is_idle = self._demand() == self._peak == NOTHING
            try:
                await (self._given_back() if is_idle else self._write())
            except (Later, Never):  # our tables are away: what is lent is so until its time is over
                if not self._is_lent():
                    self._limiter.lend(0)
                self._start_timer(RENEWED_EVERY)
            self._peak = self._demand()


async def parts_of(
    tables: Tables, system: str, now: datetime
) -> tuple[Row | None, dict[str, Part]]:  # fmt: skip
    """The row of a system, and the parts in it that are still lent, by process."""
    row = await tables.get(BUDGETS, system, "parts")
    cells = row.values if row is not None else {}
    rows, by_priority = (from_json(str(cells.get(one) or "{}")) for one in ("parts", "by_priority"))
    parts = {
        name: Part(int(has), _wants_in(by_priority.get(name), wants), _time(until))
        for name, (has, wants, until) in rows.items()
    }
    return row, {name: one for name, one in parts.items() if now < one.until + CLOCKS_APART}


def _wants_in(by_priority: Any, wants: int) -> Wants:
    """As they are written down. An earlier release knows no priorities: its wants are urgent."""
    is_known = isinstance(by_priority, list) and len(by_priority) == len(NOTHING)
    return tuple(map(int, by_priority)) if is_known else (int(wants), *NOTHING[1:])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shared(whole: int, wants: Mapping[str, Wants], turn: int) -> dict[str, int]:
    """How many of `whole` each gets. Nobody gets more than it wants. What is more urgent goes
    first, except an eighth of what is left, so that nothing stands still. What is short is divided
    evenly; what cannot be divided goes to others from `turn` to `turn`."""
    got, left = dict.fromkeys(wants, 0), whole
    for priority in range(len(NOTHING)):
        behind = sum(sum(one[priority + 1 :]) for one in wants.values())
        kept = min(behind, max(left // FAIR, 1)) if left > 1 else 0
        of_these = {name: one[priority] for name, one in wants.items()}
        for name, many in _divided(left - kept, of_these, turn).items():
            got[name] += many
            left -= many
    return got


def _divided(whole: int, wants: Mapping[str, int], turn: int) -> dict[str, int]:
    names = sorted(wants)
    first = turn * whole % len(names) if names else 0
    order = names[first:] + names[:first]
    got = dict.fromkeys(wants, 0)
    left = whole
    while left and (open_ := [name for name in order if got[name] < wants[name]]):
        each = max(min(left // len(open_), *(wants[name] - got[name] for name in open_)), 1)
        for name in open_[:left]:
            got[name] += each
            left -= each
    return got
