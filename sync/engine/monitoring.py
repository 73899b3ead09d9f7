"""How far behind the business is, logged at a steady beat: what alerts read, on every
edition.

One line per queue and one per flow and connection. Silence is a finding too: while the lines come,
the app lives. What cannot be looked at hides nothing else: it has a line of its own, and in the end
monitoring fails.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.message_queue import Depth, Queue
from sync.core.ports import Clock, Tables
from sync.core.telemetry import SILENT, Telemetry
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.flow_pauses import FlowPause, FlowPauses
from sync.engine.ledger import PARKED
from sync.engine.samples import Sample
from sync.engine.samples import keep as keep_sample
from sync.engine.watermarks import WATERMARKS

log = logging.getLogger("sync.engine.monitoring")

MOST_COUNTED: Final = 10_000
MINUTES: Final = 5
"""How often monitoring looks: in every minute that is a multiple of this."""


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
) -> None:
    """Log what waits in every queue, and since when no poll has looked.

    `oldest_s`: how long the oldest due message has waited. `behind_s`: how far the poll's watermark
    is behind; `every_s`: how often the connection asked to be polled. Telemetry, where there is
    any, hears the latter too, and how many records are parked. A flow that stands still is said to
    be paused, and not to be behind. Changes nothing but the samples of the last day. Raises an
    `ExceptionGroup` of what it could not look at, after the rest.
    """
    now = clock.now()
    troubles = [trouble async for trouble in _report_depths(queues, queue, now)]
    for flow, name in product(flows, connections):
        settings = connections[name]
        if flow.name not in settings.flows:
            continue
        try:
            await _look_at(
                flow, name, settings, tables, pauses=pauses, now=now, telemetry=telemetry
            )
        except Exception as error:  # noqa: BLE001 - raised when the others have been looked at
            _unreadable(flow.name, name, error)
            troubles.append(error)
    if troubles:
        raise ExceptionGroup("monitoring could not look at everything", troubles)


def _unreadable(flow: str, connection: str, error: Exception) -> None:
    log.error(
        "monitoring.flow_unreadable flow=%s connection=%s error=%s",
        flow, connection, type(error).__name__,
    )  # fmt: skip


async def _report_depths(
    queues: Sequence[str], queue: Queue, now: datetime
) -> AsyncIterator[Exception]:
    """Yields why a queue cannot be looked at."""
    for name in queues:
        try:
            _report_depth(name, await queue.depth(name), now)
        except Exception as error:  # noqa: BLE001 - raised when the others have been looked at
            log.error("monitoring.queue_unreadable queue=%s error=%s", name, type(error).__name__)  # noqa: TRY400
            yield error


async def _look_at(
    flow: DocumentFlow[Any],
    name: str,
    settings: Connection,
    tables: Tables,
    *,
    pauses: FlowPauses,
    now: datetime,
    telemetry: Telemetry,
) -> None:
    """How far behind one flow of one connection is, and how much of it waits for a person; kept as
    the sample of this hour."""
    behind, parked = 0, await count_parked(name, flow.name, tables)
    if (pause := await pauses.over(name, flow.name)) is not None:
        _report_paused(flow.name, name, pause, now)
    elif (poll := flow.trigger(Poll)) is not None:
        every = poll.every_minutes(settings)
        behind = await _report_behind(
            flow.name, name, settings, minutes=every, tables=tables, now=now
        )
        telemetry.behind(flow.name, name, behind)
    telemetry.parked(flow.name, name, parked)
    await keep_sample(tables, name, flow.name, Sample(now, behind, parked))


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


async def _report_behind(
    flow: str, name: str, connection: Connection, *, minutes: int, tables: Tables, now: datetime
) -> int:
    mark = await tables.get(WATERMARKS, name, flow)
    stands = mark.values.get("at") if mark else None
    behind = _seconds(now - stands if isinstance(stands, datetime) else _never(connection))
    every = _seconds(timedelta(minutes=minutes))
    log.info(
        "monitoring.flow flow=%s connection=%s behind_s=%d every_s=%d", flow, name, behind, every
    )
    return behind


async def count_parked(connection: str, flow: str, tables: Tables) -> int:
    """How many records wait for a person; beyond `MOST_COUNTED` nobody counts on."""
    rows = tables.query(PARKED, f"{connection}|{flow}", limit=MOST_COUNTED)
    return sum([1 async for _ in rows])


def _never(connection: Connection) -> timedelta:
    """Nothing has been polled yet: as far behind as the first poll will look, at least a day."""
    return timedelta(days=max(connection.commerce.first_poll_days, 1))


def _seconds(length: timedelta) -> int:
    return max(int(length.total_seconds()), 0)
