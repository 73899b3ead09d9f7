"""What needs a person, by what monitoring saw: each cause, within its bound and beyond."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.alerts.alert import Alert
from sync.alerts.conditions import alerts_of
from sync.alerts.findings import Checkouts, Differing, Expiry, Finding, Unreported
from sync.config.connections import Alerts, Connection
from sync.config.connections.credit import Gate
from sync.core.message_queue import Depth
from sync.engine.flow_pauses import FlowPause
from sync.engine.monitoring import FlowReading, Readings, Waiting
from sync.preview.example import example_connection

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NONE = Waiting()
FIVE = timedelta(minutes=5)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def found(
    *flows: FlowReading,
    depths: dict[str, Depth] | None = None,
    stopped: tuple[dict[str, Any], ...] = (),
    others: tuple[Finding, ...] = (),
    freshness: dict[str, int] | None = None,
    settings: Alerts | None = None,
) -> list[Alert]:
    shop: Connection = example_connection().model_copy(update={"freshness": freshness or {}})
    return alerts_of(
        Readings(NOW, depths or {}, list(flows)), stopped, others,
        connections={"bikes": shop}, settings=settings or Alerts(),
    )  # fmt: skip


def reading(**parts: Any) -> FlowReading:
    return FlowReading(**{"connection": "bikes", "flow": "orders", "parked": NONE, **parts})


def test_where_all_is_well_nothing_is_told() -> None:
    depth = Depth(3, 0, 0, 0, ago(minutes=29))
    pause = FlowPause("bikes", "invoices", "ann", "closing", ago(hours=11))
    quiet = {"system": "D", "since": ago(minutes=14), "is_away": True, "reason": "503"}
    assert not found(
        reading(behind=timedelta(minutes=30), every=FIVE), reading(flow="invoices", pause=pause),
        depths={"documents": depth}, stopped=(quiet,),
        others=(Expiry("bikes", "certificate", NOW + timedelta(days=31)),),
    )  # fmt: skip


def test_parked_records_are_one_alert_with_the_oldest_and_what_to_do() -> None:
    waiting = Waiting(3, ago(hours=2), "the sku X is not mapped", "Map it.")
    (alert,) = found(reading(parked=waiting))
    assert (alert.cause, alert.severity) == ("parked|bikes|orders", "warning")
    assert alert.title == "3 records of orders of bikes wait for a person"
    assert alert.text == "The oldest since 2026-03-02 07:30 UTC: the sku X is not mapped"
    assert alert.remedy == "Map it. All of them: python -m sync parked"


@pytest.mark.parametrize(
    ("freshness", "minutes", "is_told"),
    [({}, 30, False), ({}, 31, True), ({"orders": 60}, 60, False), ({"orders": 2}, 3, True)],
)
def test_a_flow_is_behind_beyond_its_own_freshness_or_three_polls(
    freshness: dict[str, int], minutes: int, is_told: bool
) -> None:
    alerts = found(reading(behind=timedelta(minutes=minutes), every=FIVE), freshness=freshness)
    assert [alert.cause for alert in alerts] == ["behind|bikes|orders"] * is_told
    assert all(alert.severity == "critical" for alert in alerts)


def test_each_other_cause_is_told_beyond_its_bound() -> None:
    pause = FlowPause("bikes", "orders", "ann", "closing", ago(hours=13))
    away = {"system": "Commerce at s", "since": ago(minutes=16), "is_away": True, "reason": "503"}
    asks = {"system": "Dynamics at d", "since": ago(days=1), "is_away": False, "reason": "429"}
    alerts = found(
        reading(pause=pause),
        depths={"documents": Depth(7, 0, 0, 2, ago(minutes=31))},
        stopped=(away, asks),
        others=(
            Expiry("bikes", "certificate for F&O", NOW + timedelta(days=6)),
            Expiry("bikes", "client secret for F&O", NOW - timedelta(hours=1)),
            Expiry("boats", "certificate for F&O", NOW + timedelta(days=8)),
        ),
    )
    told = {alert.cause: (alert.severity, alert.title) for alert in alerts}
    assert told == {
        "waiting|documents": ("critical", "Messages wait in the queue documents"),
        "dead|documents": ("warning", "The queue documents has given up messages"),
        "paused|bikes|orders": ("warning", "orders of bikes has been paused for 13 h 0 min"),
        "away|Commerce at s": ("critical", "Commerce at s gives no answer"),
        "away|Dynamics at d": ("critical", "Dynamics at d asks for quiet"),
        "expiring|bikes|certificate for F&O": (
            "critical", "The certificate for F&O of bikes ends soon",
        ),
        "expiring|bikes|client secret for F&O": (
            "critical", "The client secret for F&O of bikes has ended",
        ),
        "expiring|boats|certificate for F&O": (
            "warning", "The certificate for F&O of boats ends soon",
        ),
    }  # fmt: skip
    assert all(alert.text and alert.remedy for alert in alerts)


def test_books_that_differ_are_one_alert_a_connection_with_what_to_run() -> None:
    (alert,) = found(others=(Differing("bikes", 3, NOW.date()),))
    assert (alert.cause, alert.severity) == ("differs|bikes", "warning")
    assert alert.title == "The books of bikes differ about 3 records"
    assert alert.remedy.endswith("reconcile --from 2026-03-02 --connection bikes")


@pytest.mark.parametrize(
    ("figures_at", "undecided_at", "told"),
    [
        (ago(minutes=15), None, []),
        (ago(minutes=16), None, ["stale"]),
        (None, None, ["stale"]),
        (NOW, ago(minutes=30), []),
        (NOW, ago(minutes=29), ["undecided"]),
    ],
)
def test_checkouts_without_figures_are_told(
    figures_at: datetime | None, undecided_at: datetime | None, told: list[str]
) -> None:
    fresh, policy = timedelta(minutes=15), Gate().policy
    one = Checkouts("bikes", figures_at, fresh, policy, 7, undecided_at, "TimeoutError")
    alerts = found(others=(one,))
    assert [alert.cause for alert in alerts] == [f"gate|bikes|{what}" for what in told]
    assert all("what costs less than 500 may be bought on account" in one.text for one in alerts)


@pytest.mark.parametrize(
    ("hours", "bound", "is_told"), [(50, 50, False), (51, 50, True), (51, 0, False)]
)
def test_reports_that_are_not_built_night_after_night_are_told(
    hours: int, bound: int, is_told: bool
) -> None:
    since, settings = ago(hours=hours), Alerts(report_hours=bound)
    failed = Unreported(since, ago(hours=3), "orders|bikes: is refused")
    for one, text in ((failed, "orders|bikes: is refused"), (Unreported(since), "None has ended")):
        alerts = found(others=(one,), settings=settings)
        assert [alert.cause for alert in alerts] == ["report|build"] * is_told
        assert all(text in alert.text and "2 d 3 h" in alert.title for alert in alerts)
