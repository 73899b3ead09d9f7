"""Flows that stand still until somebody says otherwise: one flow, one connection, or everything.

A row says who paused what, when and why. Intake goes on storing notifications; deliveries and polls
wait until the row is gone. No try is used up, and nothing is lost: what waits is delivered later,
and a poll goes on at its watermark.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from sync.config.old_names import present_name
from sync.core.errors import Later
from sync.core.ports import Clock, Conflict, Row, Tables

log = logging.getLogger("sync.engine.flow_pauses")

FLOW_PAUSES: Final = "flowpauses"
STANDING, ENDED = "standing", "ended"
"""The partitions: what is paused now, and the pauses that have ended."""
EVERY: Final = "*"
"""Stands for every connection or every flow in a row's key; none can be called so."""
FRESH: Final = timedelta(seconds=1)
"""How long a process trusts what it last read."""
SOONEST, LATEST = timedelta(seconds=30), timedelta(minutes=5)
"""When a message of a paused flow is looked at again: the longer the pause has lasted, the later.
After `resume` everything flows within the latter."""


@dataclass(frozen=True)
class FlowPause:
    """One pause. An empty `connection` or `flow` means every one. `by`: who paused it."""

    connection: str
    flow: str
    by: str
    why: str
    at: datetime

    @property
    def key(self) -> str:
        """What names it."""
        return f"{self.connection or EVERY}|{self.flow or EVERY}"

    def covers(self, connection: str, flow: str) -> bool:
        """Whether this flow of this connection stands still because of it."""
        return self.connection in ("", connection) and self.flow in ("", flow)

    def row(self) -> Row:
        """As it is stored."""
        cells = {"connection": self.connection, "flow": self.flow, "by": self.by, "why": self.why}
        return Row(STANDING, self.key, {**cells, "at": self.at})

    @classmethod
    def of(cls, row: Row) -> Self:
        """From its row."""
        connection, flow, by, why = (
            str(row.values.get(name) or "") for name in ("connection", "flow", "by", "why")
        )
        at = row.values["at"]
        assert isinstance(at, datetime)
        return cls(connection, present_name(flow), by, why, at)


class FlowPauses:
    """The pauses, as every process of the product sees them within `FRESH`."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._known: tuple[FlowPause, ...] = ()
        self._read_at: datetime | None = None

    async def standing(self) -> tuple[FlowPause, ...]:
        """All that stand now, at most `FRESH` old; read again where a clock was set back."""
        now = self._clock.now()
        if self._read_at is None or not timedelta() <= now - self._read_at < FRESH:
            rows = self._tables.query(FLOW_PAUSES, STANDING)
            self._known = tuple([FlowPause.of(row) async for row in rows])
            self._read_at = now
        return self._known

    async def over(self, connection: str, flow: str) -> FlowPause | None:
        """The pause that this flow of this connection stands still for; None where it may go on."""
        return covering(await self.standing(), connection, flow)

    async def pause(
        self, connection: str = "", flow: str = "", *, by: str, why: str
    ) -> tuple[FlowPause, bool]:
        """The pause as it stands, and whether it is new. The first word stays: who pauses what is
        paused already changes nothing. Safe to repeat and to race."""
        wanted = FlowPause(connection, flow, by, why, self._clock.now())
        self._read_at = None
        try:
            await self._tables.insert(FLOW_PAUSES, wanted.row())
        except Conflict:
            row = await self._tables.get(FLOW_PAUSES, STANDING, wanted.key)
            if row is not None:
                return FlowPause.of(row), False
            return await self.pause(connection, flow, by=by, why=why)
        log.warning(
            "flows.paused connection=%s flow=%s by=%s why=%s",
            connection or EVERY, flow or EVERY, by, why,
        )  # fmt: skip
        return wanted, True

    async def resume(self, connection: str = "", flow: str = "", *, by: str) -> FlowPause | None:
        """End exactly this pause; returns it, or None where none of that name stood. What it was is
        kept, with who ended it."""
        key = FlowPause(connection, flow, "", "", self._clock.now()).key
        rows = [row async for row in self._tables.query(FLOW_PAUSES, STANDING)]
        row = next((row for row in rows if FlowPause.of(row).key == key), None)
        self._read_at = None
        if row is None:
            return None
        now = self._clock.now()
        ended = row.having(resumed_by=by, resumed_at=now)
        await self._tables.upsert(FLOW_PAUSES, Row(ENDED, f"{now.isoformat()}|{key}", ended.values))
        await self._tables.delete(FLOW_PAUSES, STANDING, row.key)
        log.warning(
            "flows.resumed connection=%s flow=%s by=%s", connection or EVERY, flow or EVERY, by
        )
        return FlowPause.of(row)

    async def require_none(self, connection: str, flow: str) -> None:
        """Raise `Later`, which uses up no try, while this flow of this connection stands still."""
        pause = await self.over(connection, flow)
        if pause is not None:
            after = self.look_again_at(pause) - self._clock.now()
            raise Later(f"{flow} is paused: {pause.why}", after=after, counts=False)

    def look_again_at(self, pause: FlowPause) -> datetime:
        """When a message of a paused flow is looked at again; spread, so that what waits does not
        come back at once."""
        now = self._clock.now()
        usual = min(max((now - pause.at) / 4, SOONEST), LATEST).total_seconds()
        return now + timedelta(seconds=self._clock.between(0.8 * usual, usual))


def covering(pauses: Sequence[FlowPause], connection: str, flow: str) -> FlowPause | None:
    """The first of these pauses that covers this flow of this connection."""
    return next((one for one in pauses if one.covers(connection, flow)), None)
