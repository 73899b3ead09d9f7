"""How far behind the business is, told to the log at a steady beat: what alerts read, on every edition.

One line per queue and one per flow and connection. Silence is a finding too: while the lines come, the app lives.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sync.connections import Connection
from sync.flow import Flow
from sync.ports import Clock, Queue, Tables
from sync.road.catch_up import WATERMARKS
from sync.road.ledger import PARKED
from sync.telemetry import SILENT, Telemetry

log = logging.getLogger("sync.road.watch")

SCHEDULE: Final = "20 */5 * * * *"
"""When the watch looks (NCRONTAB, UTC)."""


async def watch(
    queues: Sequence[str],
    flows: Sequence[Flow[Any]],
    connections: Mapping[str, Connection],
    *,
    queue: Queue,
    tables: Tables,
    clock: Clock,
    telemetry: Telemetry = SILENT,
) -> None:
    """Log what waits in every queue, and since when no poll has looked.

    `oldest_s`: how long the oldest due message has waited. `behind_s`: how far the poll's watermark is behind;
    `every_s`: how often the connection asked to be polled. Telemetry, where there is any,
    hears the latter too, and how many records are parked. Changes nothing. Raises what queue and tables raise.
    """
    now = clock.now()
    for name in queues:
        depth = await queue.depth(name)
        oldest = _seconds(now - depth.oldest) if depth.oldest else 0
        log.info("watch.queue queue=%s due=%d dead=%d oldest_s=%d", name, depth.due, depth.dead, oldest)
    for flow in flows:
        if flow.changed is None:
            continue
        for name, connection in connections.items():
            if flow.name in connection.flows:
                mark = await tables.get(WATERMARKS, name, flow.name)
                stands = mark.values.get("at") if mark else None
                behind = now - stands if isinstance(stands, datetime) else _never(connection)
                every = timedelta(minutes=flow.poll_minutes(connection))
                log.info("watch.flow flow=%s connection=%s behind_s=%d every_s=%d", flow.name, name, _seconds(behind), _seconds(every))  # fmt: skip
                telemetry.behind(flow.name, name, _seconds(behind))
    if telemetry is not SILENT:
        await _count_parked(flows, connections, tables, telemetry)


async def _count_parked(
    flows: Sequence[Flow[Any]], connections: Mapping[str, Connection], tables: Tables, telemetry: Telemetry
) -> None:
    """Tell how many records wait for a person."""
    for flow in flows:
        for name in (name for name, connection in connections.items() if flow.name in connection.flows):
            count = sum([1 async for _ in tables.query(PARKED, f"{name}|{flow.name}")])
            telemetry.parked(flow.name, name, count)


def _never(connection: Connection) -> timedelta:
    """Nothing has been polled yet: as far behind as the first poll will look, at least a day."""
    return timedelta(days=max(connection.commerce.first_poll_days, 1))


def _seconds(length: timedelta) -> int:
    return max(int(length.total_seconds()), 0)
