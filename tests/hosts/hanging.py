"""A host process whose one function takes a message, says so, and never ends: to be killed."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import azure.functions as func

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.hosts.local import LocalHost, run_until_signalled

LOCK = timedelta(seconds=1)


def app() -> func.FunctionApp:
    registering = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

    @registering.function_name("deliver_orders")
    @registering.service_bus_queue_trigger(
        arg_name="message", queue_name="orders", connection="SERVICE_BUS"
    )
    async def deliver(message: func.ServiceBusMessage) -> None:
        sys.stdout.write(f"took {message.message_id}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()

    return registering


def main(folder: Path) -> None:
    clock = SystemClock()
    queue = SqliteQueue(folder / "queue.sqlite", clock, LOCK)
    asyncio.run(
        run_until_signalled(
            LocalHost(app(), queue, SqliteTables(folder / "tables.sqlite"), clock), lambda _: None
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
