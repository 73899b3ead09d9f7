"""One connection of the local host, with limits on what strangers may hold: how many connections
there are, how long a request may take to arrive, how large its head may grow.

uvicorn limits none of these times: a sender of one byte a minute could keep its connection.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.intake_http.answers import RefusalLines

log = logging.getLogger(__name__)

LARGEST_HEAD: Final = 32 * 1024
"""Bytes of request line and headers; Kestrel, under the Functions host, takes as much."""

TIMED_OUT: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Limits:
    """What one host grants. `connections`: open at once; each may hold one body in memory.
    `head`, `body`: how long request line and headers, and then the body, may take to arrive.
    `lines`: which refusals are logged, by default none."""

    lines: RefusalLines | None = None
    connections: int = 128
    head: timedelta = timedelta(seconds=15)
    body: timedelta = timedelta(seconds=30)


class Connection(H11Protocol):
    """A connection that is closed when its request does not arrive in time, or when it waits for
    longer than all others and another needs its place.

    A request that has arrived whole is answered, whatever waits beside it: a caller who holds many
    connections open keeps nobody out who sends at once.
    """

    def __init__(self, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self._awaited: tuple[object, object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection; where all places are taken, the one that waited longest goes."""
        others = [
            each
            for each in self.connections
            if isinstance(each, Connection) and not each.transport.is_closing()
        ]
        super().connection_made(transport)
        self._time_what_is_awaited()
        if len(others) >= self._limits.connections:
            waiting = [each for each in others if each.is_waiting]
            min(waiting, key=lambda each: each._waits_since, default=self).transport.close()  # noqa: SLF001 - one of our own
            lines = self._limits.lines
            if lines is not None and lines.may_be_logged("connections"):
                log.warning("host.connections_full most=%d", self._limits.connections)

    @property
    def is_waiting(self) -> bool:
        """Whether the next step is the caller's: nobody works on a request of this connection."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY) or self.conn.our_state is h11.DONE

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time limit with the connection."""
        self._wait_for(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, then limit the time of what is still to come."""
        super().data_received(data)
        self._time_what_is_awaited()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP, where nothing has been said yet. The function of a request
        whose body breaks off so is not heard: uvicorn would log its answer as an error."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """A connection that is kept waits for its next head as long as uvicorn keeps it idle."""
        super().on_response_complete()
        self._time_what_is_awaited()

    def _time_what_is_awaited(self) -> None:
        """Start the time limit of a head or a body that has begun to be awaited. A byte that comes
        does not start it again."""
        theirs = self.conn.their_state
        has_begun = self.cycle is None or bool(self.conn.trailing_data[0])
        if theirs is h11.IDLE and has_begun:
            self._wait_for((theirs, self.cycle), self._limits.head)
        elif theirs is h11.SEND_BODY:
            self._wait_for((theirs, self.cycle), self._limits.body)
        else:
            self._wait_for(None)

    def _wait_for(
        self, awaited: tuple[object, object] | None, most: timedelta | None = None
    ) -> None:
        if awaited == self._awaited and awaited is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._awaited, self._waits_since = awaited, self.loop.time()
        self._timer = (
            None if most is None else self.loop.call_later(most.total_seconds(), self._too_slow)
        )

    def _too_slow(self) -> None:
        """Close; say why where nothing has been said yet."""
        if self.transport.is_closing():
            return
        has_begun = self.cycle is not None or bool(self.conn.trailing_data[0])
        if has_begun and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(TIMED_OUT)
        self.transport.close()
