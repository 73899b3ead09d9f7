"""The local host: runs the functions of a `FunctionApp` without the Functions host, in one process
on one loop.

HTTP functions on a port, queue functions from the `Queue` port, timers in UTC. All that must last
is in the queue and the tables, so the process may be killed at any moment: what was not finished is
delivered again.
"""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import Final

import azure.functions as func

from sync.core.message_queue import Queue
from sync.core.ports import Clock, Tables
from sync.hosts.connection import Limits
from sync.hosts.dead_letters import DeadLetters
from sync.hosts.http import BODY_LIMIT, HostKeys, RefusedUnread, http_app, nothing_refused
from sync.hosts.pump import Pump
from sync.hosts.registered import (
    DeadLetterFunction,
    HttpFunction,
    QueueFunction,
    TimerFunction,
    registered,
)
from sync.hosts.server import listen, serve, url_of
from sync.hosts.timers import Timer
from sync.intake_http.answers import RefusalLines

CONCURRENT_CALLS: Final = 16
"""Messages of one queue at once where nothing else is said; host.json says the same
(`maxConcurrentCalls`)."""

GRACE: Final = timedelta(seconds=30)


class LocalHost:
    """The functions of one app, hosted here. Reads the app's functions once, so give each host its
    own app.

    `keys`: what opens functions that are not anonymous. `refused_unread`: what need not be read is
    answered by it. `grace`: how long running functions may take to finish after a stop; then they
    are cancelled and their messages given back. Raises `CannotHost` or `NotASchedule` where the app
    registers what cannot run here.
    """

    def __init__(
        self,
        app: func.FunctionApp,
        queue: Queue,
        tables: Tables,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: HostKeys | None = None,
        body_limit: int = BODY_LIMIT,
        grace: timedelta = GRACE,
        refused_unread: RefusedUnread = nothing_refused,
        limits: Limits | None = None,
    ) -> None:
        functions = registered(app)
        http = [each for each in functions if isinstance(each, HttpFunction)]
        self._http = http_app(
            http, keys or HostKeys(), body_limit=body_limit, refused_unread=refused_unread
        )
        self._limits = limits or Limits(RefusalLines(clock))
        self._background: list[Pump | DeadLetters | Timer] = []
        for each in functions:
            if isinstance(each, QueueFunction):
                self._background.append(Pump(each, queue, clock, most=CONCURRENT_CALLS))
            elif isinstance(each, DeadLetterFunction):
                self._background.append(DeadLetters(each, queue))
            elif isinstance(each, TimerFunction):
                self._background.append(Timer(each, tables, clock))
        self._address = (host, port)
        self._grace = grace

    async def run(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serve HTTP and work, until `stop`. `ready` is called with the URL once requests are
        taken.

        Returns when all has ended well. Cancelled, it ends at once. Raises `CannotListen`.
        """
        with listen(*self._address) as listener:
            tell = partial(ready, url_of(listener))
            serving = serve(
                self._http, listener, stop, tell, grace=self._grace, limits=self._limits
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(serving)
                group.create_task(self.work(stop))

    async def work(self, stop: asyncio.Event) -> None:
        """Queues and timers alone, without HTTP; needs no socket, so a loop with virtual time can
        drive it."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run(stop)) for each in self._background]
            await stop.wait()
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=self._grace.total_seconds())
                for task in late:
                    task.cancel()


async def run_until_signalled(host: LocalHost, ready: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM, then stop gracefully; a second signal ends it at once. For the
    main thread."""
    stop = asyncio.Event()
    running = asyncio.create_task(host.run(stop, ready))
    with _signals(lambda: running.cancel() if stop.is_set() else stop.set()):
        try:
            await running
        except asyncio.CancelledError:
            if not stop.is_set():
                raise


@contextmanager
def _signals(call: Callable[[], object]) -> Generator[None, None, None]:
    """Have `call` called on the loop at each signal. `signal.signal`, because Windows loops have no
    handlers."""
    loop = asyncio.get_running_loop()

    def arrived(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)

    before = {number: signal.signal(number, arrived) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
