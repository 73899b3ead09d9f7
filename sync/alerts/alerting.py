"""Which alerts stand, who has been told, and when one is over.

One row per cause. An alert is told once it has lasted, and its end once it has been gone as long:
what comes and goes within that time is told to nobody. What could not be sent is sent at the next
look; a crash between sending and storing sends it twice.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.alerts.alert import Alert, Severity
from sync.alerts.senders import Notice, Sender
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Row, Tables
from sync.engine.cell_text import clipped

log = logging.getLogger("sync.alerts")

ALERTS: Final = "alerts"
STANDING, ENDED = "standing", "ended"
"""The partitions: alerts that stand, and those that are over."""
KEEP: Final = timedelta(days=90)
"""How long one that is over stays listed."""


@dataclass(frozen=True)
class Standing:
    """An alert that stands. `since`: when it was first seen; `told_at`: when somebody was told of
    it; `gone_at`: since when it has not been seen."""

    alert: Alert
    since: datetime
    told_at: datetime | None = None
    gone_at: datetime | None = None

    @classmethod
    def of(cls, row: Row) -> "Standing":
        """From its row."""
        cell: dict[str, Any] = dict(row.values)
        texts = {name: str(cell.get(name) or "") for name in ("title", "text", "remedy")}
        severity: Severity = "critical" if cell.get("severity") == "critical" else "warning"
        alert = Alert(str(cell["cause"]), severity, **texts)
        return cls(alert, cell["since"], cell.get("told_at"), cell.get("gone_at"))

    def row(self) -> Row:
        """As it is stored."""
        cells: dict[str, Any] = {name: clipped(text) for name, text in asdict(self.alert).items()}
        moments = {"since": self.since, "told_at": self.told_at, "gone_at": self.gone_at}
        known = {name: at for name, at in moments.items() if at is not None}
        return Row(STANDING, self.alert.cause, {**cells, **known})


async def standing_alerts(tables: Tables) -> list[Standing]:
    """The alerts that stand, the oldest first."""
    rows = [row async for row in tables.query(ALERTS, STANDING)]
    return sorted((Standing.of(row) for row in rows), key=lambda one: one.since)


class Alerting:
    """Keeps the list of alerts, and tells of what is new and what is over."""

    def __init__(
        self, tables: Tables, clock: Clock, senders: Sequence[Sender], after: timedelta
    ) -> None:
        self._tables, self._clock = tables, clock
        self.senders, self._after = senders, after

    async def standing(self) -> list[Standing]:
        """The alerts that stand, the oldest first."""
        return await standing_alerts(self._tables)

    async def look(self, seen: Sequence[Alert]) -> None:
        """Store what stands now; tell of what has lasted, and of what is over. Safe to repeat."""
        now = self._clock.now()
        known = {one.alert.cause: one for one in await self.standing()}
        for alert in seen:
            before = known.get(alert.cause)
            known[alert.cause] = Standing(
                alert, before.since if before else now, before.told_at if before else None
            )
        causes = {alert.cause for alert in seen}
        gone = [
            Standing(one.alert, one.since, one.told_at, one.gone_at or now)
            for cause, one in known.items() if cause not in causes
        ]  # fmt: skip
        here = [known[cause] for cause in causes]
        await self._keep([*here, *gone])
        lasting = [one for one in here if now - one.since >= self._after]
        for alert in (one.alert for one in lasting):  # at each look: Azure Monitor reads it
            log.info("alerts.stands severity=%s kind=%s cause=%s", *_facts(alert))
        fired = [one for one in lasting if not one.told_at]
        over = [one for one in gone if one.gone_at and now - one.gone_at >= self._after]
        resolved = [one for one in over if one.told_at]
        if not (fired or resolved) or await self._sent(fired, resolved, now):
            await self._keep([Standing(one.alert, one.since, now) for one in fired])
            await self._end(over, now)

    async def _keep(self, standing: Sequence[Standing]) -> None:
        for one in standing:
            await self._tables.upsert(ALERTS, one.row())

    async def _end(self, over: Sequence[Standing], now: datetime) -> None:
        for one in over:
            cells = one.row().having(ended_at=now).values
            key = f"{now.isoformat()}|{one.alert.cause}"
            await self._tables.upsert(ALERTS, Row(ENDED, key, cells))
            await self._tables.delete(ALERTS, STANDING, one.alert.cause)

    async def _sent(
        self, fired: Sequence[Standing], resolved: Sequence[Standing], now: datetime
    ) -> bool:
        """Whether everybody could be told; the log is, in any case."""
        for word, changed in (("fired", fired), ("resolved", resolved)):
            for one in changed:
                log.warning("alerts.%s cause=%s title=%s", word, one.alert.cause, one.alert.title)
        notice = Notice(now, tuple(one.alert for one in fired), tuple(o.alert for o in resolved))
        return all([await self._told(sender, notice) for sender in self.senders])

    async def _told(self, sender: Sender, notice: Notice) -> bool:
        try:
            await sender.send(notice)
        except (Later, Never) as error:
            log.error("alerts.not_sent to=%s reason=%s", sender.name, error.reason)  # noqa: TRY400
            return False
        return True


def _facts(alert: Alert) -> tuple[str, str, str]:
    return alert.severity, alert.kind, alert.cause
