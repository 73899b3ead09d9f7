"""Who is told when something needs a person, and when it is late enough to tell."""

from typing import Literal

from pydantic import Field

from sync.config.connections.mail_server import MailServer
from sync.config.connections.section import SecretName, Section, Whole, YesNo


class Mail(MailServer):
    """A mail server that takes alerts."""

    to: tuple[str, ...]


class Alerts(Section):
    """Where alerts go. Without `webhook` and `mail` they are only listed."""

    webhook: SecretName | None = None
    """The secret that holds the URL: who knows it can write there."""
    format: Literal["plain", "teams"] = "plain"
    """`plain`: JSON with `fired` and `resolved`. `teams`: a message with an Adaptive Card, as the
    Workflows webhook of Microsoft Teams takes it."""
    mail: Mail | None = None
    after_minutes: Whole = Field(default=10, ge=0, le=1440)
    """How long something lasts before it is told, and how long it is gone before that is told."""
    waiting_minutes: Whole = Field(default=30, ge=1, le=1440)
    """How long the oldest message of a queue may wait."""
    away_minutes: Whole = Field(default=15, ge=1, le=1440)
    """How long a system may give no answer, or ask for quiet."""
    paused_hours: Whole = Field(default=12, ge=1, le=720)
    """How long a flow may be paused."""
    expiring_days: Whole = Field(default=30, ge=1, le=365)
    """How long before its end a certificate or secret is told of."""
    report_hours: Whole = Field(default=50, ge=0, le=720)
    """How old the last report may be that could read everything; 0: nobody is told."""
    silence: YesNo = True
    """Whether a flow is told of to which nothing came for hours that always brought something."""
