"""A Service Bus namespace on a port of this machine, in the test's own loop. The real
azure-servicebus talks to it.

It keeps the service's rules and answers whoever asks; it knows no test and no script. Its clock
runs with the loop, and ahead by whatever `pass_time` added. The broker's state outlives `kill`, as
the service's does.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Self

from tests.doubles.amqp.broker import Namespace
from tests.doubles.amqp.connection import Connection
from tests.doubles.amqp.entity import Entity, Rules

KEY_NAME = "RootManageSharedAccessKey"


class ServiceBusDouble:
    """The namespace. `unanswered`: so many of the next sends are stored, and the connection ends
    before the answer. `deaf`: connections stay, and what is said on them is lost, as behind a
    firewall that forgot them."""

    def __init__(
        self, rules: Rules | None = None, *, key: str = "a-key-of-this-machine", token: str = ""
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._began, self._from = loop.time(), datetime.now(UTC)
        self._ahead = timedelta()
        self._key = key
        self.namespace = Namespace(
            rules or Rules(), self.now, keys={KEY_NAME: key}, tokens=[token] if token else []
        )
        self.unanswered = 0
        self.deaf = False
        self.sends_stored = 0
        self.connections_made = 0
        self.port = 0
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> datetime:
        """The broker's time, aware UTC."""
        return self._from + timedelta(seconds=self._loop.time() - self._began) + self._ahead

    async def pass_time(self, span: timedelta) -> None:
        """Let time go on: locks run out, schedules come due, ids are forgotten."""
        self._ahead += span
        self._stir()

    async def start(self) -> None:
        """Listen: on a free port the first time, on the same one after `kill`."""
        self._server = await self._loop.create_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _connection(self) -> Connection:
        self.connections_made += 1
        return Connection(
            self.namespace, self._connections, self._on_stored, self._stir, lambda: self.deaf
        )

    async def kill(self) -> None:
        """Cut every connection and stop listening. What was stored stays."""
        for connection in list(self._connections):
            connection.cut()
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    @property
    def host(self) -> str:
        """Host and port, as a namespace is named."""
        return f"127.0.0.1:{self.port}"

    @property
    def connection_string(self) -> str:
        """What the SDK takes; the flag turns TLS off and keeps the port."""
        named = f"SharedAccessKeyName={KEY_NAME};SharedAccessKey={self._key}"
        return f"Endpoint=sb://{self.host};{named};UseDevelopmentEmulator=true;"

    def create_queue(self, name: str) -> Entity:
        """Set up a queue, as the deployment does."""
        return self.namespace.create(name)

    def _on_stored(self) -> bool:
        self.sends_stored += 1
        if self.unanswered <= 0:
            return True
        self.unanswered -= 1
        return False

    def _stir(self) -> None:
        """Bring the queues up to date, give receivers what there is, and look again when something
        is due."""
        coming: list[datetime] = []
        for entity in self.namespace.entities():
            entity.pass_time()
            entity.give()
            if (event := entity.next_event()) is not None:
                coming.append(event)
        for connection in list(self._connections):
            connection.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if coming and self._server is not None:
            self._timer = self._loop.call_later(
                max((min(coming) - self.now()).total_seconds(), 0.001), self._stir
            )
