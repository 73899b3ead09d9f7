"""What an edition provides; the engine takes everything from outside through here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from sync.connections import Commerce, Dynamics
from sync.dynamics.auth import TokenPool
from sync.ports import Clock, Queue, Secrets, Tables
from sync.road.documents import KEEP_MONTHS, Sealer
from sync.telemetry import SILENT, Telemetry


@dataclass(frozen=True)
class Outside:
    """What an edition provides. `email_key`: at least 16 bytes, the same for ever. `keep_months`: as `Documents` has it.

    `commerce_http` and `dynamics_http` make the HTTP clients; `tokens` gives Entra tokens.
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
    is_alone: bool = False
    keep_months: int = KEEP_MONTHS
    telemetry: Telemetry = SILENT
    close: Callable[[], Awaitable[None]] | None = None
