"""How a shop is reached."""

from dataclasses import dataclass

import httpx

from sync.config.connections import Commerce
from sync.core.ports import Clock, Secrets
from sync.pacing.pace import Pace


@dataclass(frozen=True)
class Access:
    """What a request to a shop takes: where the shop is, who we are to it, and its turn. `pace` is
    shared by all clients of the shop; `http` belongs to the caller, who closes it."""

    settings: Commerce
    secrets: Secrets
    http: httpx.AsyncClient
    clock: Clock
    pace: Pace
