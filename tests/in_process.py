"""HTTP without sockets: requests reach ASGI applications by host, and a client's death or
impatience does not reach them.

The server's side of a request is a task that belongs to nobody who calls: a cancelled or frozen
client leaves it running, as a real server would not notice either. Read timeouts hold, by the
loop's clock.
"""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.process import begin

Scope = MutableMapping[str, Any]


@dataclass
class _Exchange:
    """One request being answered."""

    body: bytes
    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.parts.append(message.get("body", b""))


class InProcess(httpx.AsyncBaseTransport):
    """A transport to `apps` by host name. `asked` is told of every request when it leaves. `pool`:
    how many requests may be on their way at once, as for httpx's own transport; None is all."""

    def __init__(
        self,
        apps: Mapping[str, Any],
        asked: Callable[[httpx.Request], None] = lambda _: None,
        *,
        pool: int | None = None,
    ) -> None:
        self._apps = apps
        self._asked = asked
        self._pool = asyncio.Semaphore(pool) if pool is not None else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises `httpx.ConnectError` for a host that nobody is, `httpx.PoolTimeout`,
        `httpx.ReadTimeout`, and whatever the application raises."""
        if self._pool is None:
            return await self._exchanged(request)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("pool")):
                await self._pool.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no connection in time", request=request) from None
        try:
            return await self._exchanged(request)
        finally:
            self._pool.release()

    async def _exchanged(self, request: httpx.Request) -> httpx.Response:
        app = self._apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError(f"no host {request.url.host}", request=request)
        self._asked(request)
        exchange = _Exchange(await request.aread())
        serving = begin(_served(app, _scope(request), exchange), None)
        serving.add_done_callback(_received)
        patience = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(patience):
                await asyncio.shield(serving)
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time", request=request) from None
        return httpx.Response(
            exchange.status, headers=exchange.headers, content=b"".join(exchange.parts)
        )


async def _served(app: Any, scope: Scope, exchange: _Exchange) -> None:
    await app(scope, exchange.receive, exchange.send)


def _received(serving: "asyncio.Task[None]") -> None:
    """An error that nobody waits for any more is nobody's fault."""
    if not serving.cancelled():
        serving.exception()


def _scope(request: httpx.Request) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
