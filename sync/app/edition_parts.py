"""What an edition provides; the engine takes everything from outside through here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from sync.app.settings import ConsoleSignIn
from sync.config.connections import Commerce, Dynamics
from sync.config.connections.mail_server import MailServer
from sync.core.message_queue import Queue
from sync.core.ports import Clock, Mailer, Secrets, Tables
from sync.core.telemetry import SILENT, Telemetry
from sync.dynamics.auth import TokenPool
from sync.engine.copies import KEEP_MONTHS, Sealer
from sync.engine.message import CLOCKS_APART
from sync.mails.smtp import SmtpMailer


@dataclass(frozen=True)
class EditionParts:
    """What an edition provides. `email_key`: at least 16 bytes, never changed. `keep_months`:
    as `Documents` has it. `takes_turns`: whether the queue lets connections take turns.
    `clocks_apart`: how far the queue's clock may be from ours. `console`: who lets people into it.
    `report_command` builds reports; empty where nothing here does.

    `compact` leaves nothing of what was deleted in our own files; services delete by themselves.
    `commerce_http` and `dynamics_http` make the HTTP clients; `tokens` gives Entra tokens;
    `mailer` speaks to a mail server.
    """

    queue: Queue
    tables: Tables
    secrets: Secrets
    sealer: Sealer
    email_key: bytes
    clock: Clock
    tokens: TokenPool
    commerce_http: Callable[[Commerce], httpx.AsyncClient]
    dynamics_http: Callable[[Dynamics], httpx.AsyncClient]
    mailer: Callable[[MailServer, Secrets, Clock], Mailer] = SmtpMailer
    is_alone: bool = False
    takes_turns: bool = False
    clocks_apart: timedelta = CLOCKS_APART
    keep_months: int = KEEP_MONTHS
    console: ConsoleSignIn = ConsoleSignIn.OFF
    telemetry: Telemetry = SILENT
    compact: Callable[[], None] = lambda: None
    report_command: tuple[str, ...] = ()
    close: Callable[[], Awaitable[None]] | None = None
