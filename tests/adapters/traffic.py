"""A process that sends, records and completes on one file until it is killed, and tells what was
acknowledged.

Run as `python -m tests.adapters.traffic FILE NAME`. Every line it writes is a promise that the file
keeps.
"""

import asyncio
import os
import sys
from datetime import timedelta

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.core.message_queue import Outgoing
from sync.core.ports import Row, Upsert

LOCK = timedelta(seconds=1)


def body(key: str) -> bytes:
    return f"{key} ".encode() * 40


def acknowledge(what: str, key: str) -> None:
    os.write(1, f"{what} {key}\n".encode())


async def send(queue: SqliteQueue, who: str) -> None:
    for number in range(1_000_000):
        pair = [f"{who}-{number}-left", f"{who}-{number}-right"]
        await queue.send([Outgoing("orders", body(key), key) for key in pair])
        for key in pair:
            acknowledge("sent", key)


async def work(queue: SqliteQueue, tables: SqliteTables) -> None:
    while True:
        for message in await queue.receive("orders", most=3, wait=timedelta(seconds=1)):
            rows = [
                Row("p", f"{kind} {message.id}", {"body": message.body})
                for kind in ("claim", "trail")
            ]
            await tables.transact("work", [Upsert(row) for row in rows])
            await queue.complete(message)
            acknowledge("done", message.id)


async def main(path: str, name: str) -> None:
    queue = SqliteQueue(
        path, SystemClock(), LOCK, most_deliveries=1000, poll=timedelta(seconds=0.05)
    )
    tables = SqliteTables(path)
    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(send(queue, f"{name}-{number}"))
            tasks.create_task(work(queue, tables))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
