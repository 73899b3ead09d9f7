"""A host of the gate in a process of its own, as a machine has it: `python -m
tests.benchmarks.gate_host COMPANIES KEY`. It prints its address, serves until its input ends, and
then prints how many seconds of a processor it took."""

import asyncio
import json
import sys
import time
from datetime import timedelta

from sync.app.services import Services
from sync.hosts.azure import build_app
from sync.hosts.http import HostKeys, http_app
from sync.hosts.registered import HttpFunction, registered
from sync.hosts.server import listen, serve, url_of
from tests.benchmarks.gate import opened


async def served(companies: int, key: str) -> None:
    """Serve until the input ends."""
    stop, ready, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    async with opened(companies, key) as services:

        async def runtime() -> Services:
            return services

        functions = [f for f in registered(build_app(runtime)) if isinstance(f, HttpFunction)]
        app, listener = http_app(functions, HostKeys()), listen("127.0.0.1", 0)
        serving = asyncio.create_task(serve(app, listener, stop, ready.set, grace=timedelta()))
        await ready.wait()
        began = time.process_time()
        _says(url=url_of(listener))
        await loop.run_in_executor(None, sys.stdin.read)
        _says(seconds=time.process_time() - began)
        stop.set()
        await serving
        listener.close()


def _says(**facts: str | float) -> None:
    print(json.dumps(facts), flush=True)  # noqa: T201 - its caller reads it


if __name__ == "__main__":
    asyncio.run(served(int(sys.argv[1]), sys.argv[2]))
