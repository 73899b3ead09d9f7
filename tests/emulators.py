"""`python -m tests.emulators COMMAND...` runs a command with a Service Bus and tables beside it,
which its settings name.

Azurite for the tables, our double for Service Bus, with the queues that a deployment sets up. Both
begin empty and end with the command, whose exit status is this one's.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.app.embedded import LOCK, MOST_DELIVERIES
from tests.azurite import server
from tests.doubles.amqp.entity import Rules
from tests.doubles.amqp.server import ServiceBusDouble
from tests.infra.queues import GOLDEN


@asynccontextmanager
async def emulators(tables: str) -> AsyncIterator[dict[str, str]]:
    """The settings that name a namespace of its own and the account `tables`, inside the block."""
    async with ServiceBusDouble(Rules(lock=LOCK, most_deliveries=MOST_DELIVERIES)) as bus:
        for queue in json.loads(GOLDEN.read_text(encoding="utf-8")):
            bus.create_queue(queue["name"])
        yield {"SERVICE_BUS": bus.connection_string, "TABLES_CONNECTION": tables}


async def beside(command: Sequence[str], tables: str) -> int:
    """Run the command; its exit status. Ctrl+C reaches it by itself, SIGTERM is handed on."""
    async with emulators(tables) as settings:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **settings})
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        loop.add_signal_handler(signal.SIGTERM, process.terminate)
        return await process.wait()


def main() -> int:
    """Status 2 where there is no command, or no Azurite."""
    if not sys.argv[1:] or not server.is_installed():
        sys.stderr.write(f"{__doc__}\n" if server.is_installed() else f"{server.MISSING}\n")
        return 2
    with TemporaryDirectory() as place, server.running(Path(place)) as port:
        status = asyncio.run(beside(sys.argv[1:], server.connection_string(port)))
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
