"""One conversation with a mail server (RFC 5321)."""

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any, Final

from sync.config.connections.mail_server import MailServer
from sync.core.errors import Later, Never, Unknown
from sync.core.ports import Clock, Mail, Secrets

PATIENCE: Final = 10.0
"""Seconds for which a server may take its time over each answer."""
REFUSED: Final = 500
"""Replies from here on are for good (RFC 5321, 4.2.1)."""
TAKEN: Final = 250


class MailServerTalk:
    """Speaks to a mail server from a thread of its own; each conversation is a new connection."""

    def __init__(self, settings: MailServer, secrets: Secrets) -> None:
        self._settings, self._secrets = settings, secrets

    async def __call__(self, say: Callable[[smtplib.SMTP], Any]) -> None:
        """Sign in and say it. Raises as `smtplib` does, and `OSError`."""
        secret = self._settings.password
        password = await self._secrets.get(secret) if secret else ""
        await asyncio.to_thread(self._speak, say, password)

    def _speak(self, say: Callable[[smtplib.SMTP], Any], password: str) -> None:
        settings, place = self._settings, (self._settings.server, self._settings.port)
        context = None if settings.security == "none" else ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(*place, timeout=PATIENCE, context=context)
            if settings.security == "tls"
            else smtplib.SMTP(*place, timeout=PATIENCE)
        ) as server:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, password)
            say(server)


class SmtpMailer:
    """Mails to people, each in a conversation of its own."""

    def __init__(self, settings: MailServer, secrets: Secrets, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._talk = MailServerTalk(settings, secrets)

    async def send(self, mail: Mail, *, not_after: datetime) -> None:
        """As `Mailer` has it. A server that is gone before it was given the text has not taken it;
        one that is gone afterwards may have."""
        if self._clock.now() > not_after:
            raise Later("the mail was not sent in time")
        reached = list[str]()

        def say(server: smtplib.SMTP) -> None:
            _envelope(server, parseaddr(self._settings.sender)[1], mail.to)
            reached.append("text")
            _text(server, message_of(mail, self._settings.sender))
            reached.append("end")

        try:
            await self._talk(say)
        except (smtplib.SMTPException, OSError) as error:
            what = f"the mail server: {type(error).__name__}"
            if not reached:
                raise Later(what) from None
            if "end" not in reached:
                raise Unknown(what) from None

    async def reach(self) -> None:
        """The server takes us, with TLS and password as they are set. Raises `Later`."""
        try:
            await self._talk(lambda server: server.noop())
        except (smtplib.SMTPException, OSError) as error:
            raise Later(f"the mail server does not take us: {type(error).__name__}") from None


def _envelope(server: smtplib.SMTP, sender: str, to: str) -> None:
    server.ehlo_or_helo_if_needed()
    _require(server.mail(sender), "the sender", "Let the server send for mails.sender.")
    _require(server.rcpt(to), "the buyer's address", "Correct the address in Commerce.")


def _text(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        reply = server.data(message.as_bytes(policy=SMTP))
    except smtplib.SMTPDataError as error:
        reply = error.smtp_code, b""
    _require(reply, "the mail", "Ask who runs the mail server why.")


def _require(reply: tuple[int, bytes], what: str, remedy: str) -> None:
    """Raises `Never` and `Later` by the server's own answer, which it gave: nothing is unknown."""
    code = reply[0]
    if code in (TAKEN, TAKEN + 1):
        return
    if code >= REFUSED:
        raise Never(f"the mail server refuses {what}: {code}", remedy=remedy)
    raise Later(f"the mail server does not take {what} now: {code}")


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The mail. Its Message-ID is the same whenever it is sent, so that a server may tell a
    repeat."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = mail.subject, sender, mail.to
    host = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{mail.name}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message
