"""What parts of the product have found, each by itself, and what of it needs a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from sync.alerts.alert import Alert, length, moment, records
from sync.config.connections import Alerts

TOLD_OF: Final = timedelta(minutes=30)
"""How long questions that were not decided stay an alert."""
SOON: Final = timedelta(days=7)
"""What ends within this time is critical."""


class Finding(Protocol):
    """Something that was found."""

    def alerts(self, now: datetime, settings: Alerts, /) -> Iterator[Alert]:
        """What of it needs a person now."""
        ...


@dataclass(frozen=True)
class Expiry:
    """A secret of a connection that ends. `what`: for people."""

    connection: str
    what: str
    at: datetime

    def alerts(self, now: datetime, settings: Alerts) -> Iterator[Alert]:
        """What of it needs a person now."""
        left = self.at - now
        if left < timedelta(days=settings.expiring_days):
            word = "has ended" if left < timedelta() else "ends soon"
            yield Alert(
                f"expiring|{self.connection}|{self.what}", "critical" if left < SOON else "warning",
                f"The {self.what} of {self.connection} {word}",
                f"It is valid until {moment(self.at)}.",
                "Renew it as docs/rotating-keys.md says, before that day.",
            )  # fmt: skip


@dataclass(frozen=True)
class Lacking:
    """A connection of whose systems one has lost, or changed, what the mapping uses. `count`: of
    findings; `what` and `cure`: of the first."""

    connection: str
    count: int
    what: str
    cure: str

    def alerts(self, _now: datetime, _settings: Alerts) -> Iterator[Alert]:
        """What of it needs a person now."""
        more = f" And {self.count - 1} more." if self.count > 1 else ""
        yield Alert(
            f"schema|{self.connection}", "critical",
            f"The systems of {self.connection} have lost what the mapping uses",
            f"{self.what}.{more}",
            f"{self.cure} All of it: python -m sync check".strip(),
        )  # fmt: skip


@dataclass(frozen=True)
class Differing:
    """A connection whose books differ. `count`: of differences that somebody has to do something
    about; `day`: that of the oldest."""

    connection: str
    count: int
    day: date

    def alerts(self, _now: datetime, _settings: Alerts) -> Iterator[Alert]:
        """What of it needs a person now."""
        name, plural = self.connection, "s" if self.count > 1 else ""
        yield Alert(
            f"differs|{name}", "warning", f"The books of {name} differ about {records(self.count)}",
            f"{self.count} difference{plural}; the oldest is of {self.day.isoformat()}.",
            f"Run: python -m sync reconcile --from {self.day.isoformat()} --connection {name}",
        )  # fmt: skip


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

    def alerts(self, now: datetime, _settings: Alerts) -> Iterator[Alert]:
        """What of it needs a person now."""
        name = self.connection
        if self.figures_at is None or now - self.figures_at > self.fresh:
            yield Alert(
                f"gate|{name}|stale", "critical",
                f"Checkouts of {name} have no fresh credit figures",
                f"They are of {moment(self.figures_at)}. Until then the policy decides:"
                f" {self.policy}.",
                "Run: python -m sync health. Is F&O or Commerce away, or the flow credit paused?",
            )  # fmt: skip
        if self.undecided_at is not None and now - self.undecided_at < TOLD_OF:
            yield Alert(
                f"gate|{name}|undecided", "critical",
                f"Checkouts of {name} were not decided in time",
                f"{self.undecided} until {moment(self.undecided_at)}: {self.reason}. The policy"
                f" decided: {self.policy}.",
                "Look whether tables and vault answer: python -m sync health. The log's lines"
                " gate.undecided and gate.failed say more.",
            )  # fmt: skip


@dataclass(frozen=True)
class Unreported:
    """Reports, of which no build has read all there is since `whole_at`. `tried_at`: when the last
    one ended, if any did; `reason`: what it could not read."""

    whole_at: datetime
    tried_at: datetime | None = None
    reason: str = ""

    def alerts(self, now: datetime, settings: Alerts) -> Iterator[Alert]:
        """What of it needs a person now."""
        old, most = now - self.whole_at, timedelta(hours=settings.report_hours)
        if most and old > most:
            tried = f"One ended on {moment(self.tried_at)}: {self.reason}"
            yield Alert(
                "report|build", "warning", f"No report was built whole for {length(old)}",
                tried if self.reason else "None has ended since: its log says why.",
                "Run: python -m sync report build. On Azure look at the job's log"
                " (docs/reporting.md). Where reports are built by hand alone: alerts.report_hours"
                " = 0.",
            )  # fmt: skip
