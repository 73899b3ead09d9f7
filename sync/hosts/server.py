"""The web server of the local host: uvicorn, on a socket bound here, ended by an event and not by
signals."""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp

from sync.hosts.connection import LARGEST_HEAD, Connection, Limits

NO_LINES: Final = Limits()
KEPT_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs (ours 30 s). A server
that closes first can close under a request that was just sent, whose outcome nobody knows then."""
UVICORN_LOG_LEVEL: Final = "error"
"""uvicorn warns of every request that is no HTTP: strangers would fill the log."""


class CannotListen(Exception):
    """The address is taken or not this machine's; the message says which."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises `CannotListen`.

    Its connections send at once: asyncio sees to that only where a socket names its protocol, which
    this one does not, and an answer in two pieces would wait 40 ms for the other side to
    acknowledge the first.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another port"
        ) from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where the socket is reached, with the real port."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    ready: Callable[[], None],
    *,
    grace: timedelta,
    limits: Limits = NO_LINES,
) -> None:
    """Answer requests until `stop`; then take no more and let those that run finish within `grace`.

    `ready` is called once connections are taken. Cancelled, it ends at once. The socket is the
    caller's to close.
    """
    server = _Server(app, ready, grace, limits)
    try:
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(server.end_at(stop))
            await server.serve(sockets=[listener])
            ending.cancel()
    except asyncio.CancelledError:
        await server.end_now(listener)
        raise


class _Server(uvicorn.Server):
    def __init__(
        self, app: ASGIApp, ready: Callable[[], None], grace: timedelta, limits: Limits
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=cast("Any", partial(Connection, limits)),
                h11_max_incomplete_event_size=LARGEST_HEAD,
                lifespan="off",
                log_config=None,
                log_level=UVICORN_LOG_LEVEL,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_keep_alive=KEPT_ALIVE,
                timeout_graceful_shutdown=max(1, round(grace.total_seconds())),
            )
        )
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the caller who runs the host."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def end_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.should_exit = True

    async def end_now(self, listener: socket.socket) -> None:
        if self.started:
            self.force_exit = True
            for task in self.server_state.tasks:
                task.cancel()
            await self.shutdown([listener])
