"""A process that publishes all products from a home directory until nothing is left to do: to be
killed.

Its clock is so many hours ahead, as that of a process that starts when all that a dead one held is
over, and jumps to what is scheduled next.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sync.adapters.system_clock import SystemClock
from sync.app.embedded import open_embedded, queue_of
from sync.app.services import Services
from sync.config.connections import Connections
from sync.core.message_queue import Received
from sync.engine.publication import EVERYTHING
from sync.engine.queues import DELIVERIES
from sync.flows import FLOWS

AT_ONCE = 16
CONNECTIONS = "connections.json"
"""The file in the home directory."""


class Ahead(SystemClock):
    """The machine's clock, so far ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return super().now() + self.ahead


async def works(services: Services, clock: Ahead) -> None:
    """Work off what is due and what is scheduled."""
    queue = services.edition_parts.queue

    async def delivered(message: Received) -> None:
        await services.take(message.queue, message.body, message.id, message.deliveries)
        await queue.complete(message)

    while True:
        waiting = [await queue.depth(name) for name in DELIVERIES]
        if not any(one.due for one in waiting):
            scheduled = [one.next for one in waiting if one.next]
            if not scheduled:
                return
            clock.ahead += max(min(scheduled) - clock.now(), timedelta())
        for name in DELIVERIES:
            taken = await queue.receive(name, most=AT_ONCE, wait=timedelta())
            await asyncio.gather(*(delivered(message) for message in taken))


async def loads(home: Path, hours: int) -> None:
    """Run after run, as a timer would: masters wait for their variants."""
    clock = Ahead(timedelta(hours=hours))
    connections = Connections.model_validate_json((home / CONNECTIONS).read_text())
    opened = await open_embedded(home, connections, serves=True)
    queue = queue_of(home, clock, connections)
    services = Services(connections, FLOWS, replace(opened.edition_parts, queue=queue, clock=clock))
    for _ in range(2):
        (connection,) = connections.connections
        await services.intake.accept("products", connection, [EVERYTHING], "poll")
        await works(services, clock)
    queue.close()
    await services.close()


if __name__ == "__main__":
    asyncio.run(loads(Path(sys.argv[1]), int(sys.argv[2])))
