"""Whether mails to buyers would be taken. Nothing is sent."""

from collections.abc import AsyncIterator
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok
from sync.core.errors import Later
from sync.mails.smtp import SmtpMailer

CURE: Final = (
    "Correct server, port, security, user or the secret of mails in connections.toml, or let the"
    " server take connections from here."
)


async def mails_would_be_taken(probe: Probe) -> AsyncIterator[Finding]:
    """The mail server takes us, with TLS and password as they are set."""
    settings = probe.settings.mails
    if settings is None or "mails" not in probe.settings.flows:
        return
    try:
        await SmtpMailer(settings, probe.secrets, probe.clock).reach()
    except Later as error:
        yield fault(error.reason, CURE)
    else:
        yield ok(f"mails to buyers go by {settings.server}")
