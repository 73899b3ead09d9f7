"""What the tests of the Commerce double share: a clock that is set by hand, recordings, and a
client."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sync.core.encoding import from_json

HERE = Path(__file__).parents[2] / "payloads"
ORDERS = "/rest/all/V1/orders"
NOW = datetime(2026, 11, 21, 18, 17, 10, tzinfo=UTC)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment
        self._drawn = 0

    def now(self) -> datetime:
        return self.moment

    def elapsed(self) -> float:
        return self.moment.timestamp()

    def unique(self) -> str:
        self._drawn += 1
        return f"{self._drawn:032x}"

    def between(self, low: float, high: float) -> float:
        return (low + high) / 2

    def pass_by(self, **spell: float) -> None:
        self.moment += timedelta(**spell)


@cache
def recordings(folder: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Name and content of every recording that the project ships. Read once: nobody changes
    them."""
    return tuple(
        (path.stem, from_json(path.read_bytes())) for path in sorted((HERE / folder).glob("*.json"))
    )


def client_of(app: ASGIApp, **settings: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://shop.test", **settings
    )


def criteria(*filters: tuple[str, str, str], **rest: str) -> str:
    """A query: one group per filter, further keys as they are."""
    parts = []
    for place, (name, condition, value) in enumerate(filters):
        start = f"searchCriteria[filter_groups][{place}][filters][0]"
        parts += [
            f"{start}[field]={name}",
            f"{start}[condition_type]={condition}",
            f"{start}[value]={quote(value)}",
        ]
    parts += [f"searchCriteria[{key}]={value}" for key, value in rest.items() if key != "fields"]
    parts += [f"fields={rest['fields']}"] if "fields" in rest else []
    return "&".join(parts) or "searchCriteria="


async def ids(shop: httpx.AsyncClient, *filters: tuple[str, str, str], **rest: str) -> list[int]:
    answer = await listing(shop, *filters, **rest)
    return [order["entity_id"] for order in answer["items"] or []]


async def listing(
    shop: httpx.AsyncClient, *filters: tuple[str, str, str], **rest: str
) -> dict[str, Any]:
    response = await shop.get(f"{ORDERS}?{criteria(*filters, **rest)}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = from_json(response.content)
    return found


URL = "http://shop.test/hooks"
"""Where a `Subscriber` listens."""


@dataclass
class Subscriber:
    """Keeps what it is sent; answers with the next status, 200 in the end."""

    received: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    second: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, request: Request) -> Response:
        self.received.append((await request.body(), dict(request.headers)))
        if len(self.received) == 2:
            self.second.set()
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)
