"""What shoppers look at, as the script on the shop's pages tells it: `/api/interest/{connection}`.

    {"visitor": "<a random name>", "consent": true, "skus": ["A-1"], "token": "<of the shop>"}

Nothing is kept without consent, and what was kept of a visitor who takes it back is forgotten.
Nobody is known until the shop has signed who is signed in. One request costs at most six calls of
the tables, however often it comes; bots, strange pages, long bodies and floods cost none.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sync.app.edition_parts import EditionParts
from sync.buying.heard import next_hour
from sync.buying.interest import InterestRows, customer, visitor
from sync.buying.kept import KeptAccounts
from sync.config.connections.tasks import Interest, Tasks
from sync.core.encoding import NotJson, from_json
from sync.intake_http.answers import refused
from sync.portal.rate import Rate, TooMany, address_in
from sync.portal.signed_customers import signed_customer

log = logging.getLogger("sync.portal.interest")

NOT_KEPT: Final = refused(
    503, "the look could not be kept", "Look at the health of the tables and the secrets."
)
LARGEST: Final = 4096
"""Bytes of a body."""
BOT: Final = re.compile(
    r"bot|crawl|spider|slurp|preview|headless|monitor|lighthouse|curl|wget|python|java/|scan",
    re.IGNORECASE,
)
"""User agents that say of themselves that nobody looks."""


@dataclass(frozen=True)
class Answer:
    """A status with its headers. There is a body only where nothing could be kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Sku = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]


class Told(BaseModel):
    """What a body says; other fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    visitor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{16,64}$")]
    consent: bool
    skus: Annotated[list[Sku], Field(max_length=20)] = []
    token: Annotated[str, StringConstraints(max_length=2000)] = ""


class InterestEdge:
    """Takes what one connection's pages tell."""

    def __init__(
        self, connection: str, tasks: Tasks, interest: Interest, parts: EditionParts
    ) -> None:
        tables, secrets, clock = parts.tables, parts.secrets, parts.clock
        self._connection, self._tasks, self._interest = connection, tasks, interest
        self._rows = InterestRows(tables, connection)
        self._kept = KeptAccounts(tables, connection)
        self._secrets, self._clock = secrets, clock
        self._rate = Rate(interest.requests_per_minute)

    async def take(self, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Names of headers are lower case. 204 for all that was understood, kept or not; 503 where
        tables or secrets do not answer: that look is lost, and the shop's page does not care."""
        origin = headers.get("origin", "").casefold()
        if origin not in self._interest.origins:
            return Answer(403, {})
        answer = Answer(204, {}) if method == "OPTIONS" else await self._told(headers, body)
        return Answer(answer.status, {**answer.headers, **_cors(origin)}, answer.body)

    async def _told(self, headers: Mapping[str, str], body: bytes) -> Answer:
        agent, now = headers.get("user-agent", ""), self._clock.now()
        if not agent or BOT.search(agent):
            return Answer(204, {})
        if len(body) > LARGEST:
            return Answer(413, {})
        try:
            self._rate.take(address_in(headers), now)
            told = Told.model_validate(from_json(body))
        except TooMany as many:
            return Answer(429, {"Retry-After": str(many.seconds)})
        except (NotJson, ValueError):
            return Answer(400, {})
        try:
            await self._keep(told, now)
        except Exception as error:  # noqa: BLE001 - whatever the store's trouble is, it says so
            name = type(error).__name__
            log.warning("interest.not_kept connection=%s error=%s", self._connection, name)
            return Answer(503, {"Content-Type": NOT_KEPT.content_type}, NOT_KEPT.body)
        return Answer(204, {})

    async def _keep(self, told: Told, now: datetime) -> None:
        if not told.consent:
            await self._rows.forget(visitor(told.visitor))
            return
        number = await self._customer(told.token, now)
        if number is None:
            await self._rows.add(visitor(told.visitor), told.skus, now)
            return
        is_news = [
            await self._rows.signed_in(told.visitor, number, now),
            await self._rows.add(customer(number), told.skus, now),
        ]
        if any(is_news) and "interest" in self._tasks.rules:
            await self._kept.look_at(customer(number), next_hour(now))

    async def _customer(self, token: str, now: datetime) -> int | None:
        if not token:
            return None
        key = await self._secrets.get(self._interest.key)
        return signed_customer(token, key, self._connection, now)


def _cors(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Allow-Methods": "POST", "Access-Control-Max-Age": "600", "Vary": "Origin",
        "Cache-Control": "no-store",
    }  # fmt: skip
