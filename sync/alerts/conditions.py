"""What needs a person, by what monitoring saw: one alert per cause."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from sync.config.connections import Alerts, Connection
from sync.core.message_queue import Depth
from sync.engine.monitoring import FlowReading, Readings
from sync.engine.traffic import Silence

Severity = Literal["critical", "warning"]
"""`critical`: records do not flow. `warning`: a person is needed in working hours."""
TOLD_OF: Final = timedelta(minutes=30)
"""How long questions that were not decided stay an alert."""
SOON: Final = timedelta(days=7)
"""What ends within this time is critical."""


@dataclass(frozen=True)
class Alert:
    """Something that needs a person. `cause` names it: the same cause is the same alert, whatever
    the text says by now."""

    cause: str
    severity: Severity
    title: str
    text: str
    remedy: str

    @property
    def kind(self) -> str:
        """The first word of its cause, as the runbook has it."""
        return self.cause.partition("|")[0]


@dataclass(frozen=True)
class Expiry:
    """A secret of a connection that ends. `what`: for people."""

    connection: str
    what: str
    at: datetime


@dataclass(frozen=True)
class Lacking:
    """A connection of whose systems one has lost, or changed, what the mapping uses. `count`: of
    findings; `what` and `cure`: of the first."""

    connection: str
    count: int
    what: str
    cure: str


@dataclass(frozen=True)
class Differing:
    """A connection whose books differ. `count`: of differences that somebody has to do something
    about; `day`: that of the oldest."""

    connection: str
    count: int
    day: date


@dataclass(frozen=True)
class Checkouts:
    """A connection whose checkouts ask. `figures_at`: of when the figures are; None for never;
    `fresh`: how old they may be. `undecided_at`: when the policy last decided `undecided` questions
    because nothing could be known in time, for `reason`. `policy`: what it then says."""

    connection: str
    figures_at: datetime | None
    fresh: timedelta
    policy: str
    undecided: int = 0
    undecided_at: datetime | None = None
    reason: str = ""


def alerts_of(
    readings: Readings,
    stopped: Iterable[Mapping[str, Any]],
    expiries: Iterable[Expiry],
    differing: Iterable[Differing] = (),
    lacking: Iterable[Lacking] = (),
    *,
    checkouts: Iterable[Checkouts] = (),
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
        *(alert for expiry in expiries for alert in _expiring(expiry, now, settings)),
        *(_differing(one) for one in differing),
        *(_lacking(one) for one in lacking),
        *(alert for one in checkouts for alert in _checkouts(one, now)),
    ]  # fmt: skip


def _queue(name: str, depth: Depth, now: datetime, settings: Alerts) -> Iterator[Alert]:
    waited = now - depth.oldest if depth.oldest else timedelta()
    if waited > timedelta(minutes=settings.waiting_minutes):
        yield Alert(
            f"waiting|{name}", "critical", f"Messages wait in the queue {name}",
            f"{depth.due} messages are due; the oldest has waited {_length(waited)}.",
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
            f"parked|{cause}", "warning", f"{_records(one.count)} of {place} wait for a person",
            f"The oldest since {_moment(one.since)}: {one.reason}" if one.since else one.reason,
            f"{one.remedy} All of them: python -m sync parked".strip(),
        )  # fmt: skip
    paused = now - seen.pause.at if seen.pause else timedelta()
    if seen.pause is not None and paused > timedelta(hours=settings.paused_hours):
        yield Alert(
            f"paused|{cause}", "warning", f"{place} has been paused for {_length(paused)}",
            f"By {seen.pause.by or 'the product itself'}: {seen.pause.why}",
            f"Run: python -m sync resume --flow {seen.flow} --connection {seen.connection}",
        )  # fmt: skip
    if seen.silence is not None and settings.silence:
        yield _silent(cause, place, seen.silence)
    if seen.behind is not None and seen.every is not None:
        objective = objective_of(connection, seen.flow, seen.every)
        if seen.behind > objective:
            yield Alert(
                f"behind|{cause}", "critical", f"{place} is behind by {_length(seen.behind)}",
                f"Its changes should be seen within {_length(objective)}.",
                "Run: python -m sync health. The log's lines .poll_failed say what stops the poll.",
            )  # fmt: skip


def _silent(cause: str, place: str, silence: Silence) -> Alert:
    return Alert(
        f"silent|{cause}", "warning", f"{place}: nothing since {_moment(silence.since)}",
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
            f"Since {_moment(since)}: {system['reason']}. Nothing is lost.",
            "Everything goes on by itself once it answers. Ask who runs it.",
        )  # fmt: skip


def _expiring(expiry: Expiry, now: datetime, settings: Alerts) -> Iterator[Alert]:
    left = expiry.at - now
    if left < timedelta(days=settings.expiring_days):
        word = "has ended" if left < timedelta() else "ends soon"
        yield Alert(
            f"expiring|{expiry.connection}|{expiry.what}", "critical" if left < SOON else "warning",
            f"The {expiry.what} of {expiry.connection} {word}",
            f"It is valid until {_moment(expiry.at)}.",
            "Renew it as docs/rotating-keys.md says, before that day.",
        )  # fmt: skip


def _differing(one: Differing) -> Alert:
    name, plural = one.connection, "s" if one.count > 1 else ""
    return Alert(
        f"differs|{name}", "warning", f"The books of {name} differ about {_records(one.count)}",
        f"{one.count} difference{plural}; the oldest is of {one.day.isoformat()}.",
        f"Run: python -m sync reconcile --from {one.day.isoformat()} --connection {name}",
    )  # fmt: skip


def _lacking(one: Lacking) -> Alert:
    more = f" And {one.count - 1} more." if one.count > 1 else ""
    return Alert(
        f"schema|{one.connection}", "critical",
        f"The systems of {one.connection} have lost what the mapping uses",
        f"{one.what}.{more}",
        f"{one.cure} All of it: python -m sync check".strip(),
    )  # fmt: skip


def _checkouts(one: Checkouts, now: datetime) -> Iterator[Alert]:
    name = one.connection
    if one.figures_at is None or now - one.figures_at > one.fresh:
        yield Alert(
            f"gate|{name}|stale", "critical", f"Checkouts of {name} have no fresh credit figures",
            f"They are of {_moment(one.figures_at)}. Until then the policy decides: {one.policy}.",
            "Run: python -m sync health. Is F&O or Commerce away, or the flow credit paused?",
        )  # fmt: skip
    if one.undecided_at is not None and now - one.undecided_at < TOLD_OF:
        yield Alert(
            f"gate|{name}|undecided", "critical", f"Checkouts of {name} were not decided in time",
            f"{one.undecided} until {_moment(one.undecided_at)}: {one.reason}. The policy decided:"
            f" {one.policy}.",
            "Look whether tables and vault answer: python -m sync health. The log's lines"
            " gate.undecided and gate.failed say more.",
        )  # fmt: skip


def _records(count: int) -> str:
    return f"{count} record{'s' if count > 1 else ''}"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def _length(span: timedelta) -> str:
    """As people say it: two units at most."""
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
