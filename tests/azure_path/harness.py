"""The harness of the flows' tests on what Azure has: Service Bus over AMQP, tables over HTTP, any
number of processes.

Both SDKs are the real ones, on sockets; so time is real. Waits that the product asks for are not
waited out: the broker's time is moved on, and everybody's clock goes by the broker's.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.adapters.system_clock import SystemClock
from sync.adapters.table_storage.tables import AzureTables
from sync.app.services import Services
from sync.engine.queues import DELIVERIES, QUEUES
from sync.flows import FLOWS
from tests.doubles.amqp.entity import Rules
from tests.doubles.amqp.server import ServiceBusDouble
from tests.harness import AT_ONCE, LOCK, LONGEST, Harness
from tests.systems import SystemsUnderTest

RULES: Final = Rules(lock=LOCK, most_deliveries=3)
PATIENT: Final = timedelta(minutes=5)
"""How long a hook may take here: the machine may be a slow one. That a shop never waits longer than
it listens is shown in virtual time."""
STEP: Final = timedelta(milliseconds=10)
"""How far beyond the moment when something comes due time is moved."""


class BrokersClock(SystemClock):
    """The machine's chance, and the broker's time."""

    def __init__(self, service: ServiceBusDouble) -> None:
        self._service = service

    def now(self) -> datetime:
        return self._service.now()

    def elapsed(self) -> float:
        return self.now().timestamp()


class CloudHarness(Harness):
    """A harness of one process of many. `bus` is the broker, to be killed and started, and its time
    to be moved on."""

    def __init__(self, bus: ServiceBusDouble, account: str, settings: Mapping[str, Any]) -> None:
        self.bus = bus
        self.queue = ServiceBusQueue.from_connection_string(bus.connection_string)
        self.tables = AzureTables.from_connection_string(account)
        clock: Any = BrokersClock(bus)
        self.clock = clock
        self.systems = SystemsUnderTest(clock, settings, message_lock=LOCK)
        self.commerce, self.dynamics = self.systems.commerce, self.systems.dynamics
        self.shop_dials, self.ledger_dials = self.systems.shop_dials, self.systems.ledger_dials
        self.services = self._opened(self.tables)
        self._processes = []

    def _opened(self, tables: Any) -> Services:
        edition_parts = self.systems.edition_parts(is_alone=False, queue=self.queue, tables=tables)
        services = Services(self.systems.connections, FLOWS, edition_parts)
        services.edge = replace(services.edge, budget=PATIENT)
        return services

    async def close(self) -> None:
        await super().close()
        await self.queue.close()
        await self.tables.close()

    async def time_passes(self, span: timedelta) -> None:
        """For everybody."""
        await self.bus.pass_time(span)

    async def works_until_idle(self) -> None:
        until = self.clock.now() + LONGEST
        while (due := self._next_due()) is not None:
            assert due < until, f"still waiting for {due}"
            if due > self.clock.now():
                await self.time_passes(due - self.clock.now() + STEP)
            await self.works_off_what_is_due()

    async def works_off_what_is_due(self) -> None:
        for queue in DELIVERIES:
            if self._due(queue):
                taken = await self.queue.receive(queue, most=AT_ONCE, wait=timedelta(seconds=5))
                await asyncio.gather(*(self._delivered(message) for message in taken))

    def _due(self, queue: str) -> list[datetime]:
        """When each message of a queue is or was due."""
        stored = self.bus.namespace.entity(queue).messages.values()
        now = self.clock.now()
        return [one.scheduled_for or now for one in stored if (one.scheduled_for or now) <= now]

    def _next_due(self) -> datetime | None:
        queues = [self.bus.namespace.entity(name) for name in DELIVERIES]
        dues = [
            one.scheduled_for or self.clock.now()
            for queue in queues
            for one in queue.messages.values()
        ]
        return min(dues, default=None)

    async def _delivered(self, message: Any) -> None:
        await self.services.take(message.queue, message.body, message.id, message.deliveries)
        await self.queue.complete(message)


@asynccontextmanager
async def a_cloud_harness(account: str, **settings: Any) -> AsyncIterator[CloudHarness]:
    """A harness with queues as the deployment sets them up, over tables that nobody has written
    to."""
    async with ServiceBusDouble(RULES) as bus:
        for name in QUEUES:
            bus.create_queue(name)
        harness = CloudHarness(bus, account, settings)
        try:
            yield harness
        finally:
            await harness.close()
