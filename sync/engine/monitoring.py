"""How far behind the business is, logged at a steady beat: what alerts read, on every
edition.

One line per queue and one per flow and connection. Silence is a finding too: while the lines come,
the app lives. What cannot be looked at hides nothing else: it has a line of its own, and in the end
monitoring fails.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.message_queue import Depth, Queue
from sync.core.ports import Clock, Tables
from sync.core.telemetry import SILENT, Telemetry
from sync.engine.claim import PARKED
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.flow_pauses import FlowPause, FlowPauses
from sync.engine.samples import Sample
from sync.engine.samples import keep as keep_sample
from sync.engine.traffic import Silence, keep_traffic, silence_of
from sync.engine.watermarks import WATERMARKS, Watermark

log = logging.getLogger("sync.engine.monitoring")

MINUTES: Final = 5
"""How often monitoring looks: in every minute that is a multiple of this."""


@dataclass(frozen=True)
class Waiting:
    """The records of a flow and connection that wait for a person: how many, since when, and what
    the one that waits longest needs."""

    count: int = 0
    since: datetime | None = None
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class FlowReading:
    """One flow of one connection. `behind`: how far its poll is behind, `every`: how often it is to
    look; None for a flow that is paused, or does not poll. `silence`: since when nothing has
    changed where there was always traffic."""

    connection: str
    flow: str
    parked: Waiting
    pause: FlowPause | None = None
    behind: timedelta | None = None
    every: timedelta | None = None
    silence: Silence | None = None


@dataclass(frozen=True)
class Readings:
    """What monitoring saw. `troubles`: why it could not look at the rest."""

    at: datetime
    depths: dict[str, Depth] = field(default_factory=dict)
    flows: list[FlowReading] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def raise_troubles(self) -> None:
        """Raise an `ExceptionGroup` of what could not be looked at; nothing where all could."""
        if self.troubles:
            raise ExceptionGroup("monitoring could not look at everything", self.troubles)


async def monitor(
    queues: Sequence[str],
    flows: Sequence[DocumentFlow[Any]],
    connections: Mapping[str, Connection],
    *,
    queue: Queue,
    tables: Tables,
    pauses: FlowPauses,
    clock: Clock,
    telemetry: Telemetry = SILENT,
) -> Readings:
    """Log what waits in every queue, and since when no poll has looked; returns what it saw.

    `oldest_s`: how long the oldest due message has waited. `behind_s`: how far the poll's watermark
    is behind; `every_s`: how often the connection asked to be polled. Telemetry, where there is
    any, hears the latter too, and how many records are parked. A flow that stands still is said to
    be paused, and not to be behind. Changes nothing but samples: of the last day, and of each hour
    of the week.
    """
    readings = Readings(clock.now())
    await _read_depths(queues, queue, readings)
    for flow, name in product(flows, connections):
        if flow.name not in connections[name].flows:
            continue
        try:
            pause = await pauses.over(name, flow.name)
            parked = await parked_of(name, flow.name, tables)
            seen = FlowReading(name, flow.name, parked, pause)
            if pause is None:
                seen = await _behind(seen, flow, connections[name], tables, readings.at)
            behind = _seconds(seen.behind or timedelta())
            sample = Sample(readings.at, behind, seen.parked.count)
            await keep_sample(tables, name, flow.name, sample)
        except Exception as error:  # noqa: BLE001 - raised when the others have been looked at
            _unreadable(flow.name, name, error)
            readings.troubles.append(error)
        else:
            readings.flows.append(seen)
            _report(seen, readings.at, telemetry)
    return readings


def _unreadable(flow: str, connection: str, error: Exception) -> None:
    log.error(
        "monitoring.flow_unreadable flow=%s connection=%s error=%s",
        flow, connection, type(error).__name__,
    )  # fmt: skip


async def _read_depths(queues: Sequence[str], queue: Queue, readings: Readings) -> None:
    for name in queues:
        try:
            readings.depths[name] = await queue.depth(name)
        except Exception as error:  # noqa: BLE001 - raised when the others have been looked at
            log.error("monitoring.queue_unreadable queue=%s error=%s", name, type(error).__name__)  # noqa: TRY400
            readings.troubles.append(error)
        else:
            _report_depth(name, readings.depths[name], readings.at)


async def _behind(
    seen: FlowReading,
    flow: DocumentFlow[Any],
    settings: Connection,
    tables: Tables,
    now: datetime,
) -> FlowReading:
    """With how far behind its poll is, where it has one, and whether what it polls is silent."""
    poll = flow.trigger(Poll)
    if poll is None:
        return seen
    mark = Watermark.of(await tables.get(WATERMARKS, seen.connection, flow.name))
    behind = now - mark.at if mark.at is not None else _never(settings)
    every = timedelta(minutes=poll.every_minutes(settings))
    place = (tables, seen.connection, flow.name, mark)
    await keep_traffic(*place, now)
    silence = await silence_of(*place)
    return replace(seen, behind=behind, every=every, silence=silence)


def _report(seen: FlowReading, now: datetime, telemetry: Telemetry) -> None:
    telemetry.parked(seen.flow, seen.connection, seen.parked.count)
    if seen.pause is not None:
        _report_paused(seen.flow, seen.connection, seen.pause, now)
    elif seen.behind is not None and seen.every is not None:
        telemetry.behind(seen.flow, seen.connection, _seconds(seen.behind))
        log.info(
            "monitoring.flow flow=%s connection=%s behind_s=%d every_s=%d",
            seen.flow, seen.connection, _seconds(seen.behind), _seconds(seen.every),
        )  # fmt: skip


def _report_depth(name: str, depth: Depth, now: datetime) -> None:
    """Where nobody knows how long the oldest has waited, that is said too: `oldest_s=0` says that
    nothing waits."""
    oldest = _seconds(now - depth.oldest) if depth.oldest else 0
    log.info(
        "monitoring.queue queue=%s due=%d dead=%d oldest_s=%d", name, depth.due, depth.dead, oldest
    )
    if depth.is_cut and depth.oldest:
        log.info(
            "monitoring.queue_longer queue=%s due=%d scheduled=%d", name, depth.due, depth.scheduled
        )
    elif depth.is_cut:
        log.warning(
            "monitoring.queue_not_seen_through queue=%s scheduled=%d", name, depth.scheduled
        )


def _report_paused(flow: str, connection: str, pause: FlowPause, now: datetime) -> None:
    log.info(
        "monitoring.flow_paused flow=%s connection=%s paused_s=%d by=%s",
        flow, connection, _seconds(now - pause.at), pause.by,
    )  # fmt: skip


async def parked_of(connection: str, flow: str, tables: Tables) -> Waiting:
    """What waits for a person."""
    count, first = 0, None
    async for row in tables.query(PARKED, f"{connection}|{flow}"):
        count += 1
        at = row.values.get("at")
        if isinstance(at, datetime) and (first is None or at < first[0]):
            first = at, row
    if first is None:
        return Waiting(count)
    cell = first[1].values
    return Waiting(count, first[0], str(cell.get("reason") or ""), str(cell.get("remedy") or ""))


def _never(connection: Connection) -> timedelta:
    """Nothing has been polled yet: as far behind as the first poll will look, at least a day."""
    return timedelta(days=max(connection.commerce.first_poll_days, 1))


def _seconds(length: timedelta) -> int:
    return max(int(length.total_seconds()), 0)
