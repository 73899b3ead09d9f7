"""How many requests all processes together may have under way at one system: a whole that is
written down in the tables and lent to processes in parts.

Each process writes down how many it wants, by priority, and takes what is free, up to its fair
share: nobody gets more than it wants, documents go before master data before the catalogue, and
what is short is divided evenly. Who has more than its share gives back when it next writes. A
process that dies gives back nothing; what it was lent comes free when its
lease is over. One row for each system, changed only over the state that was read: so the parts
never come to more than the whole. The whole begins small, is halved when the system asks any
process for a pause, and grows slowly: what is too much is learned by all at once.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sync.core.errors import Later, Never
from sync.core.ports import Clock, Conflict, Row, Tables
from sync.pacing.limiter import Limiter
from sync.pacing.parts import BUDGETS, NOTHING, Part, Wants, Whole, cells_of, parts_of, shared
from sync.pacing.priority import Priority, current

LEASE: Final = timedelta(seconds=60)
"""How long parts stay lent without a sign of life; about as long as a request may take."""
RENEWED_EVERY: Final = timedelta(seconds=5)
"""How often a process that is at work says what it wants; one that is not gives all back then."""
GIVEN_BACK_EVERY: Final = timedelta(seconds=1)
"""The same, while requests are under way on parts that are others' share by now, for those who use
them as for those who wait for them."""
TURNS_EVERY: Final = 30
"""Seconds after which others come first, where there are more processes than parts."""


class Budget:
    """One process's part of a system's `whole`, which it lends to its `limiter`. `begins`: how much
    of the whole is there while nothing is known of the system. `worker` is this process's name.
    Close it when done."""

    def __init__(
        self,
        tables: Tables,
        clock: Clock,
        system: str,
        limiter: Limiter,
        *,
        whole: int,
        begins: int,
        worker: str,
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._system = system
        self._limiter = limiter
        self._whole = whole
        self._begins = begins
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

    async def fell(self, pause: str) -> None:
        """The system asked for a pause: from now on all processes together ask for half of what is
        lent. Once for each pause, from whichever process; safe to repeat and to race."""
        async with self._writing:
            while True:
                row, parts = await self._read()
                now = self._clock.now()
                whole = self._learned(row, now)
                if whole.fell_for == pause:
                    return
                lent = sum(part.has for part in parts.values())
                if await self._stored(row, parts, whole.fallen(lent, pause, now)):
                    return

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
            wanted = {**{name: part.wants for name, part in others.items()}, self._worker: wants}
            in_all = sum(map(sum, wanted.values()))
            whole = self._learned(row, now).risen(in_all, self._whole, now)
            free = whole.most - sum(part.has for part in others.values())
            shares = shared(whole.most, wanted, int(now.timestamp()) // TURNS_EVERY)
            share = shares[self._worker]
            may = max(min(share, free), 0)
            if may < self._limiter.lent:
                self._limiter.lend(may)  # before it is written: no request begins beyond it
            has = max(may, self._limiter.in_use if self._worker in parts else 0)
            part = Part(has, wants, now + LEASE)
            if await self._stored(row, {**others, self._worker: part}, whole):
                break
        self._until, self._is_short = part.until, may < sum(wants)
        self._limiter.lend(may)
        self._start_timer(RENEWED_EVERY if has == may == share else GIVEN_BACK_EVERY)

    async def _given_back(self) -> None:
        self._limiter.lend(0)
        self._until = None
        while True:
            row, parts = await self._read()
            whole = self._learned(row, self._clock.now())
            if parts.pop(self._worker, None) is None or await self._stored(row, parts, whole):
                return

    def _learned(self, row: Row | None, now: datetime) -> Whole:
        return Whole.of(row, self._begins, self._whole, now)

    async def _read(self) -> tuple[Row | None, dict[str, Part]]:
        """The row, and the parts in it that are still lent."""
        return await parts_of(self._tables, self._system, self._clock.now())

    async def _stored(self, row: Row | None, parts: Mapping[str, Part], whole: Whole) -> bool:
        values = cells_of(parts, whole)
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
