"""Orders under load, against an F&O that can do a stated amount of work (`sandbox/capacity.py`):
how much of it becomes orders, how many requests that takes, and how long an order waits. Time is
virtual, so the figures are the same on every machine; CPU time alone is not.

Beside it, in the same run, the integration that most projects write: for each order a look-up, a
header and a line at a time, eight orders at once, each request tried four times. And a plain OData
client from PyPI as its documentation shows it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from time import process_time
from typing import Any, Final

from sandbox.capacity import Capacity, UserLimits
from sandbox.commerce.records import StoredOrder
from sync.adapters.sqlite.tables import SqliteTables
from sync.engine.publication import EVERYTHING
from tests.benchmarks.lasting import in_a_file, multiply
from tests.benchmarks.load_results import Load, Loaded, Recovered
from tests.benchmarks.loading import LINES, NOTHING, Loading
from tests.benchmarks.read_one_by_one import OneByOne
from tests.harness import key_of
from tests.in_process import InProcess
from tests.systems import CONNECTION
from tests.virtual_time import virtually

WINDOW: Final = 30
LONGER: Final = 5
"""So many times as many orders for several instances, which find out together how much F&O takes.
"""
GOOD: Final = 0.9
STOCK: Final[Mapping[str, Any]] = {
    "flows": ("orders", "stock"),
    "stock": {"sources": {"13": "default"}, "most_changed_percent": 100},
}  # fmt: skip
"""Stock of every SKU of the sandbox."""
LOSSES: Final[Mapping[str, float]] = {"lost_rate": 0.02}
"""Of fifty answers one is lost, after the request has taken effect."""


@dataclass(eq=False)
class Way:
    """How orders come and are worked on. `publishes`: stock is published meanwhile, again and
    again; `before`: tables in a file hold so many delivered orders already."""

    what: str
    orders: int
    numbers: str = "theirs"
    processes: int = 1
    a_minute: float = 0.0
    capacity: Callable[[], Capacity] = Capacity
    faults: Mapping[str, float] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    publishes: bool = False
    before: int | None = None

    def play(self) -> Loaded:
        """In virtual time."""
        return virtually(self._play())

    async def _play(self) -> Loaded:
        with nullcontext(None) if self.before is None else in_a_file() as tables:
            harness = Loading(
                self.capacity(), numbers=self.numbers, processes=self.processes,
                settings=STOCK if self.publishes else NOTHING,
                tables=tables or SqliteTables(":memory:"),
            )  # fmt: skip
            try:
                await harness.warms_up()
                if self.before and tables is not None:
                    multiply(tables._store.path, harness.first, self.before)
                harness.ledger_dials.turn(self.faults)
                return await self._measured(harness)
            finally:
                await harness.close()

    async def _measured(self, harness: Loading) -> Loaded:
        loop, orders = asyncio.get_running_loop(), list[StoredOrder]()
        sandbox, cpu = harness.timed.seconds, process_time()
        written = harness.capacity.written
        began = loop.time()
        await harness.works(self._coming(harness, orders))
        own = process_time() - cpu - (harness.timed.seconds - sandbox)
        took, counts = loop.time() - began, harness.ledger_dials.counts
        lost, doubled = harness.found(orders)
        tables, queue = (harness.operations(one) / len(orders) for one in ("tables", "bus"))
        return Loaded(
            self.what, len(orders), took / 60,
            share(harness.capacity, len(orders), harness.capacity.written - written, took),
            counts["throttle"] / counts["arrived"],
            harness.asked.commerce / len(orders), harness.asked.dynamics / len(orders),
            await harness.waited(orders, self.begun), 1000 * own / len(orders), lost, doubled,
            tables, queue,
        )  # fmt: skip

    async def _coming(self, harness: Loading, orders: list[StoredOrder]) -> None:
        """All at once, or one after the other; then until all are there."""
        for _ in range(self.orders):
            order = harness.basket()
            orders.append(order)
            self.begun[key_of(order)] = harness.clock.now().timestamp()
            await harness.hooks(order)
            if self.a_minute:
                await asyncio.sleep(60 / self.a_minute)
        publishing = asyncio.create_task(self._published(harness))
        await harness.until_delivered(orders)
        publishing.cancel()
        await asyncio.wait({publishing})

    async def _published(self, harness: Loading) -> None:
        """All stock, whenever a run is over."""
        while self.publishes:
            await harness.services.intake.accept("stock", CONNECTION, [EVERYTHING], "poll")
            await asyncio.sleep(1)


def share(capacity: Capacity, orders: int, written: float, seconds: float) -> float:
    """Of all the work that could have been done in that time, how much these orders need at least:
    the seconds of what was `written`, in one batch each."""
    return (written + orders * capacity.batch) / (capacity.workers * seconds)


Poster = Callable[[Any, Callable[[StoredOrder], str]], Any]
LINE_BY_LINE, PACKAGE = "line by line", "python-odata"
OTHERS: Final = (LINE_BY_LINE, PACKAGE)
"""What orders are posted with beside ours."""


def by_others(way: Way, other: str = LINE_BY_LINE) -> Loaded:
    """The same orders by one of the others."""
    poster: Poster = OneByOne
    if other == PACKAGE:
        poster = import_module("tests.benchmarks.odata_package").ODataPackage
    return virtually(_by_others(f"{way.what}; {other}", poster, way))


async def _by_others(what: str, other: Poster, way: Way) -> Loaded:
    count, capacity = way.orders, way.capacity()
    harness = Loading(capacity)
    try:
        await harness.warms_up()
        harness.ledger_dials.turn(way.faults)
        orders = [harness.basket() for _ in range(count)]
        transport = InProcess(harness.systems.apps, harness.asked.of_dynamics)
        loop = asyncio.get_running_loop()
        began = loop.time()
        waited = await other(transport, harness.order_reference).posts(orders)
        took, counts = loop.time() - began, harness.ledger_dials.counts
        lost, doubled = harness.found(orders)
        return Loaded(
            what, count, took / 60,
            share(
                capacity, count - lost, (count - lost) * (1 + LINES) * capacity.write, took
            ), counts["throttle"] / counts["arrived"],
            0.0, harness.asked.dynamics / count, sorted(waited), 0.0, lost, doubled,
        )  # fmt: skip
    finally:
        await harness.close()


def recovered(orders_a_minute: float, minutes: float) -> Recovered:
    """F&O is away while orders come, then comes back."""
    return virtually(_recovered(orders_a_minute, minutes))


async def _recovered(a_minute: float, minutes: float) -> Recovered:
    harness = Loading(Capacity())
    try:
        await harness.warms_up()
        orders = [harness.basket() for _ in range(round(a_minute * minutes))]
        found = list[Recovered]()
        await harness.works(_away(harness, orders, a_minute, found))
        return found[0]
    finally:
        await harness.close()


async def _away(
    harness: Loading, orders: Sequence[StoredOrder], a_minute: float, found: list[Recovered]
) -> None:
    dials, loop, before = harness.ledger_dials, asyncio.get_running_loop(), harness.posted()
    dials.error_before_rate, harness.asked.dynamics = 1.0, 0
    for order in orders:
        await harness.hooks(order)
        await asyncio.sleep(60 / a_minute)
    asked = harness.asked.dynamics / (len(orders) / a_minute)
    dials.error_before_rate, back = 0.0, loop.time()
    full, least = -1.0, harness.capacity.batch + harness.capacity.write * harness.writes
    can_do = harness.capacity.workers * WINDOW / least
    past = [(back, harness.posted())]
    while harness.posted() < before + len(orders):
        await asyncio.sleep(1)
        past.append((loop.time(), harness.posted()))
        recent = past[-1][1] - next(n for at, n in past if at >= loop.time() - WINDOW)
        if full < 0 and recent >= GOOD * can_do:
            full = loop.time() - back - WINDOW
    drained = round(loop.time() - back)
    await harness.until_delivered(orders)
    lost, doubled = harness.found(orders)
    seconds = max(round(full), 0) if full > -1 else None
    found.append(Recovered(len(orders), asked, seconds, drained, lost, doubled))


def measured_load(orders: int) -> Load:
    """Everything, so many orders of each kind; F&O is away for an hour."""
    return Load(
        [way.play() for way in ways(orders)],
        [by_others(way, other) for other in OTHERS for way in usual(orders)],
        recovered(orders / 60, 60),
    )  # fmt: skip


def ways(orders: int) -> list[Way]:
    """What is measured of ours."""
    return [
        Way("60 orders a minute", orders, a_minute=60),
        Way("all at once", orders),
        Way("all at once, numbers are ours", orders, "ours"),
        Way("all at once, F&O of half the size", orders, capacity=partial(Capacity, workers=4)),
        Way("all at once, limits per user", orders, capacity=_limited),
        Way("all at once, 2 % of answers lost", orders, faults=LOSSES),
        Way("all at once, stock is published", orders, publishes=True),
        Way("all at once, 4 instances", LONGER * orders, processes=4),
        Way("all at once, 40 instances", LONGER * orders, processes=40),
    ]


def usual(orders: int) -> list[Way]:
    """What is measured of the usual integration."""
    return [
        Way("all at once", orders),
        Way("all at once, limits per user", orders, capacity=_limited),
        Way("all at once, 2 % of answers lost", orders, faults=LOSSES),
    ]


def _limited() -> Capacity:
    return Capacity(user=UserLimits())
