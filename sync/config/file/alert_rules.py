"""What must hold for `alerts`, and for the freshness that a connection asks of its flows."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections import FLOW_NAMES, Alerts, Mail
from sync.config.file.breaches import Breach, sound
from sync.config.file.faults import closest
from sync.config.file.mail_rules import server_breaches
from sync.config.file.secret_rules import leaked, looks_like_a_secret
from sync.config.file.toml_lines import Path

HERE: Path = ("alerts",)


def alert_breaches(written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `alerts` of the file."""
    alerts = sound(Alerts, written.get("alerts", {}))
    if alerts is None:
        return
    if looks_like_a_secret(alerts.webhook):
        yield leaked((*HERE, "webhook"))
    if alerts.mail is not None:
        yield from _mail((*HERE, "mail"), alerts.mail)


def _mail(path: Path, mail: Mail) -> Iterator[Breach]:
    yield from server_breaches(path, mail)
    if not mail.to or not all("@" in address for address in mail.to):
        remedy = 'Write to = ["erp-team@example.com"].'
        yield Breach((*path, "to"), "alerts need at least one mail address", remedy)


def freshness_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `freshness` of the connection at `path`."""
    freshness = written.get("freshness")
    for flow, minutes in freshness.items() if isinstance(freshness, Mapping) else ():
        here = (*path, "freshness", flow)
        if flow not in FLOW_NAMES:
            remedy = f"{closest(flow, sorted(FLOW_NAMES))}Known: {', '.join(FLOW_NAMES)}."
            yield Breach(here, f'"{flow[:40]}" is not a flow', remedy)
        elif isinstance(minutes, int) and minutes < 1:
            yield Breach(here, "the minutes are below 1", "Write 1 or more minutes.")
