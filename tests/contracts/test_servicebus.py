"""The queue's contract, on the Service Bus adapter: the real SDK over AMQP, against the double of
the service.

Service and adapter are shared by the tests of the class, each of which has two queues of its own.
The SDK needs half a second to open a link: the links of several tests are opened together, but not
of so many that a slow machine is late with their answers.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest
import pytest_asyncio

from sync.adapters.servicebus.queue import ServiceBusQueue
from tests.contracts.queue_contract import QueueContract
from tests.contracts.queue_under_test import QueueUnderTest
from tests.doubles.amqp.entity import Rules
from tests.doubles.amqp.server import ServiceBusDouble

RULES = Rules(lock=timedelta(seconds=30), most_deliveries=4, duplicate_window=timedelta(minutes=1))
QUIET = timedelta(seconds=0.25)
AT_ONCE = 5


@dataclass
class Namespace:
    """A service, the adapter that uses it, and names of fresh queues whose links are open."""

    service: ServiceBusDouble
    queue: ServiceBusQueue
    numbers: "count[int]" = field(default_factory=count)
    fresh: list[str] = field(default_factory=list)

    def new_queue(self) -> str:
        name = f"queue-{next(self.numbers)}"
        self.service.create_queue(name)
        return name

    async def open_queue(self) -> str:
        if not self.fresh:
            self.fresh = [self.new_queue() for _ in range(AT_ONCE)]
            await asyncio.gather(
                self.queue.open(self.fresh), *(self.queue.depth(name) for name in self.fresh)
            )
        return self.fresh.pop()


@pytest_asyncio.fixture(loop_scope="class", scope="class")
async def namespace() -> AsyncIterator[Namespace]:
    async with ServiceBusDouble(RULES) as service:
        queue = ServiceBusQueue.from_connection_string(service.connection_string)
        yield Namespace(service, queue)
        await queue.close()


@pytest.mark.asyncio(loop_scope="class")
class TestServiceBusQueue(QueueContract):
    @pytest_asyncio.fixture(loop_scope="class")
    async def q(self, namespace: Namespace) -> QueueUnderTest:  # type: ignore[override]
        service = namespace.service
        return QueueUnderTest(
            namespace.queue, await namespace.open_queue(), namespace.new_queue(), RULES.lock,
            RULES.most_deliveries, RULES.duplicate_window, service.pass_time, service.now,
            quiet=QUIET,
        )  # fmt: skip
