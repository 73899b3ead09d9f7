"""A clock that is set by hand, secrets by name, and a network that loses what it is told to
lose."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx

from sync.core.errors import Never

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


class HandClock:
    """Stands still until it is moved; never draws the same text twice."""

    def __init__(self, start: datetime = START) -> None:
        self.at = start
        self._drawn = 0

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return self.at.timestamp()

    def unique(self) -> str:
        self._drawn += 1
        return f"{self._drawn:032x}"

    def between(self, low: float, high: float) -> float:
        return (low + high) / 2

    def move(self, by: timedelta) -> None:
        self.at += by


class FixedNonce(HandClock):
    """Draws one text for ever: for signatures computed elsewhere."""

    def __init__(self, start: datetime, nonce: str) -> None:
        super().__init__(start)
        self._nonce = nonce

    def unique(self) -> str:
        return self._nonce


class KnownSecrets:
    """Secrets from a dictionary that a test may change."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    async def get(self, name: str) -> str:
        if name not in self.values:
            raise Never(f"there is no secret {name!r}", remedy=f"Store the secret {name!r}.")
        return self.values[name]


class Network(httpx.AsyncBaseTransport):
    """Carries requests to an ASGI app. `before` and `after` hold errors to raise, one per request,
    None for none: before the app has seen the request, or after it has worked it off."""

    def __init__(self, app: httpx.AsyncBaseTransport) -> None:
        self._app = app
        self.before: list[Exception | None] = []
        self.after: list[Exception | None] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.before and (error := self.before.pop(0)) is not None:
            raise error
        response = await self._app.handle_async_request(request)
        if self.after and (error := self.after.pop(0)) is not None:
            raise error
        return response
