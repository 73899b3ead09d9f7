"""Bytes on a connection of the local host, before which a real engine stands."""

import asyncio
import logging
import re
from functools import lru_cache
from typing import Final

import h11
import uvicorn
from uvicorn.server import ServerState

from sync.hosts.connection import LARGEST_HEAD, Connection, Limits
from tests.fuzz.edge import engine
from tests.intake_http.harness import Harness
from tests.intake_http.hosted import hosted

STATUSES: Final = {100, 200, 400, 401, 403, 404, 405, 408, 413, 415, 431}
PIECE: Final = 1000
TURNS: Final = 50
_STATUS: Final = re.compile(rb"(?:^|\r\n|})HTTP/1\.1 (\d{3})")


class Sink(asyncio.Transport):
    """The other end: keeps what was said."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.said = bytearray()
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self._is_closing
        self.said += data

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        return

    def resume_reading(self) -> None:
        return


class Errors(logging.Handler):
    """What the host calls an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.getMessage()}{record.exc_info or ''}")


def wire(data: bytes) -> None:
    """What a caller sends before it hangs up."""
    harness, errors = engine().harness(), Errors()
    logging.getLogger().addHandler(errors)
    try:
        said = engine().run(_sent(harness, data))
    finally:
        logging.getLogger().removeHandler(errors)
    assert not errors.messages, errors.messages
    assert not said or said.startswith(b"HTTP/1.1 ")
    assert {int(status) for status in _STATUS.findall(said)} <= STATUSES


_hosted = lru_cache(maxsize=1)(hosted)


async def _sent(harness: Harness, data: bytes) -> bytes:
    config = uvicorn.Config(
        _hosted(harness), lifespan="off", log_config=None, ws="none", access_log=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )  # fmt: skip
    state, sink = ServerState(), Sink()
    connection = Connection(Limits(), config=config, server_state=state, app_state={})
    connection.connection_made(sink)
    for start in range(0, len(data), PIECE):
        if not sink.is_closing():
            connection.data_received(data[start : start + PIECE])
            await _until_idle(state)
    connection.connection_lost(None)
    while state.tasks:
        await asyncio.wait(state.tasks)
    assert connection.conn.our_state is not h11.SEND_BODY
    return bytes(sink.said)


async def _until_idle(state: ServerState) -> None:
    """Until no request is worked on, or what is worked on waits for more."""
    for _ in range(TURNS):
        if not state.tasks:
            return
        await asyncio.sleep(0)
