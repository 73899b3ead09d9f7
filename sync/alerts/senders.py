"""How alerts reach people: a webhook, and mail."""

import asyncio
import smtplib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Final, Protocol

import httpx

from sync.alerts.alert import Alert
from sync.config.connections import Alerts, Mail
from sync.config.file.url_rules import is_loopback
from sync.core.errors import Later, Never
from sync.core.ports import Secrets
from sync.mails.smtp import MailServerTalk

PATIENCE: Final = 10.0
"""Seconds for which a receiver may take its time."""
MARKS: Final = {"critical": "\N{LARGE RED CIRCLE}", "warning": "\N{LARGE YELLOW CIRCLE}"}


@dataclass(frozen=True)
class Notice:
    """What one look tells: alerts that are new, and alerts that are over."""

    at: datetime
    fired: tuple[Alert, ...] = ()
    resolved: tuple[Alert, ...] = ()

    @property
    def title(self) -> str:
        """One line for all of it."""
        parts = [alert.title for alert in self.fired]
        parts += [f"Resolved: {alert.title}" for alert in self.resolved]
        return parts[0] if len(parts) == 1 else f"{parts[0]}, and {len(parts) - 1} more"

    @property
    def lines(self) -> list[str]:
        """All of it as text, one paragraph per alert."""
        told = [
            f"{MARKS[alert.severity]} {alert.title}\n{alert.text}\nWhat to do: {alert.remedy}"
            for alert in self.fired
        ]
        return told + [f"Resolved: {alert.title}" for alert in self.resolved]


class Sender(Protocol):
    """Takes a notice to people."""

    name: str

    async def send(self, notice: Notice) -> None:
        """Raises `Later` or `Never` where it did not get there."""
        ...

    async def reach(self) -> str:
        """Whom it would tell. Sends nothing. Raises `Later` or `Never` where it could not."""
        ...


def senders_of(settings: Alerts, secrets: Secrets) -> list[Sender]:
    """Everybody who is told."""
    found: list[Sender] = []
    if settings.webhook:
        found.append(Webhook(settings.webhook, BODIES[settings.format], secrets))
    if settings.mail:
        found.append(MailServer(settings.mail, secrets))
    return found


def plain_body(notice: Notice) -> dict[str, Any]:
    """`{"at", "title", "fired": [alert], "resolved": [alert]}`."""
    fired, resolved = ([asdict(one) for one in part] for part in (notice.fired, notice.resolved))
    at = notice.at.isoformat()
    return {"at": at, "title": notice.title, "fired": fired, "resolved": resolved}


def teams_body(notice: Notice) -> dict[str, Any]:
    """A message with one Adaptive Card (learn.microsoft.com, "Create incoming webhooks with
    Workflows")."""
    block = {"type": "TextBlock", "wrap": True}
    texts = [{**block, "text": part.replace("\n", "\n\n")} for part in notice.lines]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{**block, "text": notice.title, "weight": "bolder", "size": "medium"}, *texts],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


BODIES: Final[dict[str, Callable[[Notice], dict[str, Any]]]] = {
    "plain": plain_body,
    "teams": teams_body,
}


class Webhook:
    """Posts JSON to the address that a secret holds."""

    def __init__(
        self, secret: str, body: Callable[[Notice], dict[str, Any]], secrets: Secrets
    ) -> None:
        self.name = "webhook"
        self._secret, self._body, self._secrets = secret, body, secrets

    async def send(self, notice: Notice) -> None:
        """Post it. No redirect is followed; the address is in no error text."""
        url = await self._address()
        async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False) as http:
            try:
                answer = await http.post(url, json=self._body(notice))
            except httpx.HTTPError as error:
                reason = f"the webhook for alerts did not answer: {type(error).__name__}"
                raise Later(reason) from None
        if not answer.is_success:
            raise Later(f"the webhook for alerts answered {answer.status_code}")

    async def reach(self) -> str:
        """The host takes a connection, under its own certificate."""
        url = await self._address()
        port, is_open = url.port or (443 if url.scheme == "https" else 80), url.scheme == "http"
        try:
            async with asyncio.timeout(PATIENCE):
                _, writer = await asyncio.open_connection(url.host, port, ssl=not is_open)
        except (OSError, TimeoutError) as error:
            what = f"the webhook's host {url.host} takes no connection: {type(error).__name__}"
            raise Later(what) from None
        writer.close()
        return f"the webhook at {url.host}"

    async def _address(self) -> httpx.URL:
        try:
            url = httpx.URL((await self._secrets.get(self._secret)).strip())
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme == "https" or (url.scheme == "http" and is_loopback(str(url))):
            return url
        what = f"the secret {self._secret} holds no https address"
        raise Never(what, remedy="Store the webhook's whole URL under that name.")


class MailServer:
    """Sends mail over SMTP."""

    def __init__(self, settings: Mail, secrets: Secrets) -> None:
        self.name = "mail"
        self._settings, self._talk = settings, MailServerTalk(settings, secrets)

    async def send(self, notice: Notice) -> None:
        """Send it to everybody at once, from a thread of its own."""
        message = message_of(notice, self._settings.sender, self._settings.to)
        await self._spoken(lambda server: server.send_message(message))

    async def reach(self) -> str:
        """The server takes us, with TLS and password as they are set."""
        await self._spoken(lambda server: server.noop())
        return f"mail by {self._settings.server} to {len(self._settings.to)} of [alerts] mail.to"

    async def _spoken(self, say: Callable[[smtplib.SMTP], Any]) -> None:
        try:
            await self._talk(say)
        except (smtplib.SMTPException, OSError) as error:
            raise Later(f"the mail server did not take an alert: {type(error).__name__}") from None


def message_of(notice: Notice, sender: str, to: Sequence[str]) -> EmailMessage:
    """The mail."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = notice.title, sender, ", ".join(to)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(notice.lines))
    return message
