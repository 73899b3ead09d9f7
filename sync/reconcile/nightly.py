"""Reconciles each night, a day of Commerce's documents a run: the newest days, and older ones that
had differences. So each run is short, and goes on after whatever has stopped the one before."""

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sync.core.errors import Later, Never
from sync.engine.engine import Engine
from sync.reconcile.difference import Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import kinds_of, reconcile
from sync.reconcile.stored import Reconciliations

log = logging.getLogger("sync.reconcile.nightly")

AT_ONCE, AGAIN = timedelta(minutes=1), timedelta(minutes=15)
"""After which time the next day is looked at, and the same one after a failure."""
DAY: Final = timedelta(days=1)


class Nightly:
    """The nights of one connection."""

    def __init__(self, name: str, engine: Engine) -> None:
        self._name, self._engine, self._clock = name, engine, engine.clock
        self._settings = engine.connections[name]
        self._stored = Reconciliations(engine.ledger.tables)
        self._zone = self._settings.time_zone(self._settings.legal_entity)

    async def run(self, last: datetime | None) -> timedelta | None:
        """Look at the next day of this night; returns after which time it is due again, None where
        it never is. The first night is that after the start."""
        if not self._settings.reconcile.days:
            return None
        now = self._clock.now().astimezone(self._zone)
        night = now.date().isoformat()
        begun, left = await self._stored.left(self._name)
        if begun != night:
            if last is None or now.hour < self._settings.reconcile.hour:
                return self._until_next(now)
            left = await self._days(now.date())
        await self._stored.went_on(self._name, night, left[1:])  # a look may end its process
        if left:
            try:
                await self._look(left[0], now.date() - DAY)
                left = left[1:]
            except (Later, Never) as trouble:
                log.warning("reconcile.stopped connection=%s why=%s", self._name, trouble.reason)
                return AGAIN
            finally:
                await self._stored.went_on(self._name, night, left)
        return AT_ONCE if left else self._until_next(now)

    async def _days(self, today: date) -> list[date]:
        """Yesterday first. Older ones as long as something of them is open."""
        newest = [today - DAY * back for back in range(1, self._settings.reconcile.days + 1)]
        days = [one async for one in self._stored.days(self._name)]
        older = [one.day for one in reversed(days) if one.unexplained and one.day < newest[-1]]
        return [*newest, *older]

    async def _look(self, day: date, newest: date) -> None:
        """What is of now is looked at with the newest day."""
        systems = await self._engine.open_systems(self._name)
        connected = await Connected.of(systems, self._engine.ledger, self._engine.documents)
        begins, ends = (self._midnight(one) for one in (day, day + DAY))
        found: list[Difference] = []
        window = Window(begins, ends)
        kinds = [one for one in kinds_of(connected) if day == newest or not one.is_of_now]
        summary = await reconcile(connected, window, kinds, found.append)
        await self._stored.save(self._name, day, (summary, found), self._clock.now())
        log.info("reconcile.day connection=%s day=%s", self._name, day.isoformat())
        if summary.unexplained:
            log.error(
                "reconcile.differs connection=%s day=%s unexplained=%d",
                self._name, day.isoformat(), summary.unexplained,
            )  # fmt: skip

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone).astimezone(UTC)

    def _until_next(self, now: datetime) -> timedelta:
        hour = time(self._settings.reconcile.hour)
        next_ = datetime.combine(now.date(), hour, self._zone)
        if next_ <= now:
            next_ = datetime.combine(now.date() + DAY, hour, self._zone)
        return next_.astimezone(UTC) - now.astimezone(UTC)
