"""What the health page says: whether queues and tables answer, what waits, how far polls have
come, and what is paused."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from sync.alerts.alerting import Standing, standing_alerts
from sync.app.systems_pool import SystemsPool
from sync.config.connections import Connection
from sync.core.encoding import to_json
from sync.core.message_queue import Queue
from sync.core.ports import Tables
from sync.engine.flow import DocumentFlow, Poll
from sync.engine.flow_pauses import FlowPauses
from sync.engine.monitoring import parked_of
from sync.engine.queues import QUEUES
from sync.engine.watermarks import WATERMARKS
from sync.intake_http.answers import HttpAnswer

log = logging.getLogger("sync.app.health")

SAID_ABOVE: Final = frozenset({"parked", "dead", "away", "paused"})
"""Alerts about what the page counts anyway."""


async def health(
    flows: Mapping[str, DocumentFlow[Any]],
    connections: Mapping[str, Connection],
    pool: SystemsPool,
    *,
    queue: Queue,
    tables: Tables,
    pauses: FlowPauses,
) -> HttpAnswer:
    """Per queue how much waits, per flow when its polls last looked and how many records wait for a
    person; which alerts stand, which flows are paused, and which systems nobody may call. `status`
    is `attention` where something of that needs a person, which `attention` names. 503 when queue
    or tables do not answer."""
    found: dict[str, Any] = {"status": "ok", "counts": pool.counts(), "queues": {}, "flows": {}}
    try:
        found["paused"] = [asdict(pause) for pause in await pauses.standing()]
        found["systems"] = await pool.paces.stopped()
        for name in QUEUES:
            found["queues"][name] = asdict(await queue.depth(name))
        for name, flow in flows.items():
            if flow.trigger(Poll) is not None:
                found["flows"][name] = {"polled_until": await _polled(name, connections, tables)}
        found["alerts"] = [_alert(one) for one in await standing_alerts(tables)]
        found["parked"] = {name: await _parked(name, connections, tables) for name in flows}
    except Exception as error:  # the page that tells what is broken must not break with it
        log.exception("health.broken error=%s", type(error).__name__)
        broken = {"status": "broken", "error": type(error).__name__, "flows": found["flows"]}
        return HttpAnswer(503, to_json(broken))
    found["attention"] = [*_attention(found)]
    found["status"] = "attention" if found["attention"] else "ok"
    return HttpAnswer(200, to_json(found))


def _attention(found: Mapping[str, Any]) -> Iterator[str]:
    """What a person should look at, and by which command."""
    if parked := sum(found["parked"].values()):
        yield f"{parked} records wait for a person: parked"
    if dead := sum(queue["dead"] for queue in found["queues"].values()):
        yield f"{dead} messages were set aside: parked"
    for system in found["systems"]:
        if system["is_away"]:
            yield f"{system['system']} gives no answer: check"
    if found["paused"]:
        yield f"{len(found['paused'])} pauses stand: paused"
    for alert in found["alerts"]:
        if alert["cause"].partition("|")[0] not in SAID_ABOVE:
            yield f"{alert['title']}: alerts"


def _alert(one: Standing) -> dict[str, Any]:
    alert = one.alert
    said = {"cause": alert.cause, "severity": alert.severity, "title": alert.title}
    return {**said, "since": one.since}


async def _polled(
    flow: str, connections: Mapping[str, Connection], tables: Tables
) -> dict[str, Any]:
    names = [name for name, settings in connections.items() if flow in settings.flows]
    marks = {name: await tables.get(WATERMARKS, name, flow) for name in names}
    return {name: row.values.get("at") if row else None for name, row in marks.items()}


async def _parked(flow: str, connections: Mapping[str, Connection], tables: Tables) -> int:
    return sum([(await parked_of(name, flow, tables)).count for name in connections])
