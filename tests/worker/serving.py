"""A worker of the embedded edition, and its home directory seen from beside it."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sandbox.commerce.signing import public_pem
from sandbox.demo.home import CONFIG, write_home
from sandbox.terms import COMPANY, Ready
from sync.adapters.system_clock import SystemClock
from sync.app.embedded import open_embedded
from sync.app.services import Services
from sync.config.connections import NumberMode
from sync.config.file.reading import read_connections
from sync.core.message_queue import Received
from sync.engine.jobs import Job
from tests.worker.inputs import http
from tests.worker.process import Worker, running

CONNECTION: Final = "shop"
EVENTS: Final = f'[connections.{CONNECTION}.commerce.events]\nclient_id = "client"\n'
SOON: Final = timedelta(seconds=30)
"""Far more than a message needs to come due that was just notified."""


@dataclass(frozen=True)
class Serving:
    """The worker, and the engine over the same directory, which only looks, and takes what is
    queued."""

    worker: Worker
    beside: Services

    async def queued(self, queue: str = "documents") -> int:
        """How many messages are in a queue, due or not."""
        depth = await self.beside.edition_parts.queue.depth(queue)
        return depth.due + depth.scheduled + depth.locked + depth.dead

    async def next(self, queue: str = "documents") -> Received:
        """The queue's next message, under a lock, when it comes due."""
        (message,) = await self.beside.edition_parts.queue.receive(queue, most=1, wait=SOON)
        return message


def poll_of_orders() -> bytes:
    """The message by which the timer has the orders polled."""
    return Job("poll", SystemClock().now(), "orders", CONNECTION).outgoing().body


def home_of(place: Path, ready: Ready) -> dict[str, str]:
    """Make a home in `place` with one connection to the systems named; the settings that name
    it."""
    home = place / "home"
    write_home(home, {CONNECTION: ready}, {})
    with (home / CONFIG).open("a", encoding="utf-8") as config:
        config.write(EVENTS)
    return {
        "SYNC_EDITION": "embedded",
        "SYNC_HOME": str(home),
        "SYNC_CONNECTIONS": str(home / CONFIG),
    }


@asynccontextmanager
async def serving(package: Path, place: Path, ready: Ready) -> AsyncIterator[Serving]:
    """A worker with a home of its own, which logs all it can."""
    settings = home_of(place, ready)
    async with running(
        package, place / "log", {**settings, "SYNC_LOG": "debug"}, package=package
    ) as worker:
        await worker.init(package)
        await worker.invoke(
            "health", http("GET", "health")
        )  # opens the app: no hook waits for that
        beside = await open_embedded(
            Path(settings["SYNC_HOME"]), read_connections(Path(settings["SYNC_CONNECTIONS"]))
        )
        try:
            yield Serving(worker, beside)
        finally:
            await beside.close()


@contextmanager
def nobody_listens() -> Iterator[Ready]:
    """Two systems that refuse every connection: their ports are taken, and nobody answers there."""
    with socket.socket() as shop, socket.socket() as ledger:
        for taken in (shop, ledger):
            taken.bind(("127.0.0.1", 0))
        urls = [f"http://127.0.0.1:{taken.getsockname()[1]}" for taken in (shop, ledger)]
        names = ("consumer-key", "consumer-secret", "token", "token-secret", "bearer")
        credentials = {
            **dict.fromkeys(names, "x" * 32),
            "webhook-key": public_pem("webhooks").decode(),
        }
        yield Ready(urls[0], urls[1], COMPANY, NumberMode.THEIRS, credentials)
