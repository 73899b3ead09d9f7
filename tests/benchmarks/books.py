"""A harness whose operations are counted: everything that somebody bills, or that weighs on one of
the two systems."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sync.adapters.cipher import Cipher
from sync.adapters.key_files import new_key
from sync.app.services import Services
from sync.core.message_queue import Received
from sync.core.ports import Row, Value
from sync.engine.jobs import SCHEDULE
from sync.engine.queues import DELIVERIES, POLLS
from sync.flows import FLOWS
from sync.hosts.ncrontab import schedule
from tests.benchmarks.counted import CountedQueue, CountedTables
from tests.flows.finance import Finance

Doing = Callable[[], Awaitable[object]]

LINES: Final = 5
PIECES: Final = Decimal(2)
KEPT: Final = ("claims", "trail", "documents", "watermarks", "mappings")
"""Tables that grow with the business."""


class CountingHarness(Finance):
    """A harness whose stores, systems, functions and log are counted; copies of documents are
    sealed as in production."""

    queues = (*DELIVERIES, POLLS)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.counts: Counter[str] = Counter()
        super().__init__(settings)

    def _opened(self, tables: Any) -> Services:
        queue: Any = CountedQueue(self.systems.queue, self.counts)
        counted: Any = CountedTables(tables, self.counts)
        edition_parts = self.systems.edition_parts(queue=queue, tables=counted)
        return Services(
            self.systems.connections, FLOWS, replace(edition_parts, sealer=Cipher([new_key()]))
        )

    def basket(self, **wishes: Any) -> StoredOrder:
        """An order of five lines."""
        wants = tuple(Want(product, PIECES) for product in self.commerce.catalogue.products[:LINES])
        return self.place(wants=wants, **wishes)

    async def hook(self, flow: str, payload: Mapping[str, Any]) -> None:
        self.counts["functions hooks"] += 1
        await super().hook(flow, payload)

    async def _delivered(self, message: Received) -> None:
        """In production the host receives and completes; no delivery here lasts until a lock must
        be renewed."""
        kind = "polls" if message.queue == POLLS else "deliveries"
        self.counts.update((f"functions {kind}", "bus receives", "bus completes"))
        await super()._delivered(message)

    async def processes(self, span: timedelta, coming: Sequence[Doing] = ()) -> None:
        """So long, with the timer; in its first half what is coming comes in evenly."""
        begun, until = self.clock.now(), self.clock.now() + span
        left = [
            (begun + span * number / (2 * len(coming)), doing)
            for number, doing in enumerate(coming)
        ]
        timer = schedule(SCHEDULE)
        due = timer.after(begun)
        while (moment := self._next([due, *(due for due, _ in left[:1])])) <= until:
            await self._sleeps_until(moment)
            if due <= self.clock.now():
                self.counts["functions timers"] += 1
                await self.services.tick()
                due = timer.after(self.clock.now())
            while left and left[0][0] <= self.clock.now():
                await left.pop(0)[1]()
            await self.works_off_what_is_due()
        await self._sleeps_until(until)

    def _next(self, dues: Sequence[datetime]) -> datetime:
        message: datetime | None = self._next_due()
        return min([*dues, *([message] if message is not None else [])])

    async def _sleeps_until(self, moment: datetime) -> None:
        await asyncio.sleep(max((moment - self.clock.now()).total_seconds(), 0))

    async def so_far(self) -> Counter[str]:
        """Everything counted until now: the systems' requests, and what is stored, included."""
        found = Counter(self.counts)
        for systems in self.services.systems_pool.counts().values():
            for name, count in systems.items():
                found[name.replace("_", " ", 1)] += count
        for table in KEPT:
            found["stored bytes"] += sum([size async for size in self._sizes(table)])
        return found

    async def _sizes(self, table: str) -> AsyncIterator[int]:
        async for partition in self.systems.tables.partitions(table):
            async for row in self.systems.tables.query(table, partition):
                yield size_of(row)


def size_of(row: Row) -> int:
    """Bytes of a row as Table Storage bills them: keys and names in UTF-16, the time stamp
    beside."""
    cells = sum(8 + 2 * len(name) + _size(value) for name, value in row.values.items())
    return 4 + 2 * (len(row.partition) + len(row.key)) + 8 + cells


def _size(value: Value) -> int:
    if isinstance(value, str):
        return 4 + 2 * len(value)
    if isinstance(value, bytes):
        return 4 + len(value)
    return 1 if isinstance(value, bool) else 8


class _Reported(logging.Handler):
    def __init__(self, into: Counter[str]) -> None:
        super().__init__(logging.INFO)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into["log lines"] += 1
        self._into["log bytes"] += len(record.getMessage())


@contextmanager
def log_counted(into: Counter[str]) -> Iterator[None]:
    """What is logged inside the block at the level that Azure keeps."""
    log = logging.getLogger("sync")
    level, reported = log.level, _Reported(into)
    log.setLevel(logging.INFO)
    log.addHandler(reported)
    try:
        yield
    finally:
        log.removeHandler(reported)
        log.setLevel(level)
