"""What must hold for `alerts`, and for the freshness that a connection asks of its flows."""

from collections.abc import Iterator, Mapping
from typing import Any

from sync.config.connections import FLOW_NAMES, Alerts, Mail
from sync.config.file.breaches import Breach, sound
from sync.config.file.faults import closest
from sync.config.file.secret_rules import leaked, looks_like_a_secret
from sync.config.file.toml_lines import Path
from sync.config.file.url_rules import is_loopback

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
    for name, value in (("server", mail.server), ("sender", mail.sender)):
        if not value.strip():
            yield Breach((*path, name), f'"{name}" is empty', f'Write {name} = "…".')
    if not mail.to or not all("@" in address for address in mail.to):
        remedy = 'Write to = ["erp-team@example.com"].'
        yield Breach((*path, "to"), "alerts need at least one mail address", remedy)
    if bool(mail.user) != bool(mail.password):
        remedy = 'Write user = "…" and password = "…", the name of the secret in the vault.'
        yield Breach((*path, "user"), "a user and a password belong together", remedy)
    if looks_like_a_secret(mail.password):
        yield leaked((*path, "password"))
    if mail.security == "none" and not is_loopback(f"http://{mail.server}"):
        what = 'security "none" is for a mail server on this machine'
        yield Breach((*path, "security"), what, 'Write "starttls" or "tls".')


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
