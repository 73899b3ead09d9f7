"""A Service Bus and the adapter that uses it, shared by the tests of a module; each test has a
queue of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from azure.servicebus.aio import ServiceBusClient

from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.core.message_queue import DeadLetter, Outgoing, Received
from tests.doubles.amqp.entity import Entity, Rules
from tests.doubles.amqp.server import ServiceBusDouble

RULES = Rules(lock=timedelta(seconds=30), most_deliveries=4, duplicate_window=timedelta(minutes=5))
LONG, SHORT = timedelta(seconds=60), timedelta(seconds=1)
"""Patience of a sender that must succeed however slow the machine is, and of one that must fail."""


@dataclass
class Bus:
    """One queue of a service. `queue` is patient, `hasty` is not."""

    service: ServiceBusDouble
    queue: ServiceBusQueue
    hasty: ServiceBusQueue
    name: str

    @property
    def entity(self) -> Entity:
        return self.service.namespace.entity(self.name)

    @property
    def stored(self) -> list[str]:
        """Ids of what lies in the queue, in any state, as the service knows it."""
        return [str(stored.message.id) for stored in self.entity.messages.values()]

    def message(self, key: str, body: bytes = b"{}") -> Outgoing:
        return Outgoing(self.name, body, key)

    async def send(self, *ids: str, by: ServiceBusQueue | None = None) -> None:
        await (by or self.queue).send([self.message(key) for key in ids])

    async def take(self, count: int) -> list[Received]:
        taken: list[Received] = []
        while len(taken) < count:
            taken += await self.queue.receive(
                self.name, most=count - len(taken), wait=timedelta(seconds=10)
            )
        return taken

    async def look(self) -> list[Received]:
        """One short look, which also opens the link."""
        return await self.queue.receive(self.name, most=5, wait=timedelta())

    async def set_aside(self, count: int) -> None:
        """Dead letters 000, 001, … of 1 KB each."""
        names = [f"{number:03}" for number in range(count)]
        await self.queue.send([self.message(name, bytes(1_000)) for name in names])
        while taken := self.entity.take():
            self.entity.dead_letter(taken[0], "Test", "")

    async def dead(self) -> list[DeadLetter]:
        return [letter async for letter in self.queue.dead_letters(self.name)]


class Terminal:
    """A service in which queues are made as they are needed."""

    def __init__(self, service: ServiceBusDouble) -> None:
        text = service.connection_string
        self.service = service
        self.patient, self.hasty = (
            ServiceBusQueue(
                ServiceBusClient.from_connection_string(text, retry_total=0), patience=patience
            )
            for patience in (LONG, SHORT)
        )
        self._numbers = count()

    def bus(self) -> Bus:
        name = f"orders-{next(self._numbers)}"
        self.service.create_queue(name)
        return Bus(self.service, self.patient, self.hasty, name)


@asynccontextmanager
async def a_terminal() -> AsyncIterator[Terminal]:
    async with ServiceBusDouble(RULES) as service:
        terminal = Terminal(service)
        yield terminal
        await terminal.patient.close()
        await terminal.hasty.close()
