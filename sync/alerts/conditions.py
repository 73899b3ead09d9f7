"""What needs a person, by what monitoring saw: one alert per cause."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sync.alerts.alert import Alert, length, moment, records
from sync.alerts.findings import Finding
from sync.config.connections import Alerts, Connection
from sync.core.message_queue import Depth
from sync.engine.monitoring import FlowReading, Readings
from sync.engine.traffic import Silence


def alerts_of(
    readings: Readings,
    stopped: Iterable[Mapping[str, Any]],
    found: Iterable[Finding],
    *,
    connections: Mapping[str, Connection],
    settings: Alerts,
) -> list[Alert]:
    """Everything that needs a person now. `stopped`: the systems that nobody may call (`Paces`)."""
    now = readings.at
    return [
        *(alert for name, depth in readings.depths.items()
          for alert in _queue(name, depth, now, settings)),
        *(alert for seen in readings.flows
          for alert in _flow(seen, now, connections[seen.connection], settings)),
        *(alert for system in stopped for alert in _system(system, now, settings)),
        *(alert for one in found for alert in one.alerts(now, settings)),
    ]  # fmt: skip


def _queue(name: str, depth: Depth, now: datetime, settings: Alerts) -> Iterator[Alert]:
    waited = now - depth.oldest if depth.oldest else timedelta()
    if waited > timedelta(minutes=settings.waiting_minutes):
        yield Alert(
            f"waiting|{name}", "critical", f"Messages wait in the queue {name}",
            f"{depth.due} messages are due; the oldest has waited {length(waited)}.",
            "Run: python -m sync health. It shows whether a system is away or a flow is paused.",
        )  # fmt: skip
    if depth.dead:
        yield Alert(
            f"dead|{name}", "warning", f"The queue {name} has given up messages",
            f"{depth.dead} messages are dead letters that nothing has parked yet.",
            f"They are parked within minutes. Where they are not, the log of park_{name} says why.",
        )  # fmt: skip


def _flow(
    seen: FlowReading, now: datetime, connection: Connection, settings: Alerts
) -> Iterator[Alert]:
    place, cause = f"{seen.flow} of {seen.connection}", f"{seen.connection}|{seen.flow}"
    if seen.parked.count:
        one = seen.parked
        yield Alert(
            f"parked|{cause}", "warning", f"{records(one.count)} of {place} wait for a person",
            f"The oldest since {moment(one.since)}: {one.reason}" if one.since else one.reason,
            f"{one.remedy} All of them: python -m sync parked".strip(),
        )  # fmt: skip
    paused = now - seen.pause.at if seen.pause else timedelta()
    if seen.pause is not None and paused > timedelta(hours=settings.paused_hours):
        yield Alert(
            f"paused|{cause}", "warning", f"{place} has been paused for {length(paused)}",
            f"By {seen.pause.by or 'the product itself'}: {seen.pause.why}",
            f"Run: python -m sync resume --flow {seen.flow} --connection {seen.connection}",
        )  # fmt: skip
    if seen.silence is not None and settings.silence:
        yield _silent(cause, place, seen.silence)
    if seen.behind is not None and seen.every is not None:
        objective = objective_of(connection, seen.flow, seen.every)
        if seen.behind > objective:
            yield Alert(
                f"behind|{cause}", "critical", f"{place} is behind by {length(seen.behind)}",
                f"Its changes should be seen within {length(objective)}.",
                "Run: python -m sync health. The log's lines .poll_failed say what stops the poll.",
            )  # fmt: skip


def _silent(cause: str, place: str, silence: Silence) -> Alert:
    return Alert(
        f"silent|{cause}", "warning", f"{place}: nothing since {moment(silence.since)}",
        f"In these hours of each of the last weeks at least {silence.usual} changes came.",
        "Is it a holiday? Then it ends with the next change. Else look whether the source goes on,"
        " and run: python -m sync check",
    )  # fmt: skip


def objective_of(connection: Connection, flow: str, every: timedelta) -> timedelta:
    """How old a flow's last look for changes may be."""
    minutes = connection.freshness.get(flow)
    return timedelta(minutes=minutes) if minutes else 3 * every + timedelta(minutes=15)


def _system(system: Mapping[str, Any], now: datetime, settings: Alerts) -> Iterator[Alert]:
    since: datetime = system["since"]
    if now - since > timedelta(minutes=settings.away_minutes):
        does = "gives no answer" if system["is_away"] else "asks for quiet"
        yield Alert(
            f"away|{system['system']}", "critical", f"{system['system']} {does}",
            f"Since {moment(since)}: {system['reason']}. Nothing is lost.",
            "Everything goes on by itself once it answers. Ask who runs it.",
        )  # fmt: skip
