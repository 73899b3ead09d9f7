"""Orders under load, against an F&O that bears a stated amount of work (`sandbox/capacity.py`): how
much of it becomes orders, how many requests that takes, and how long an order waits. Time is
virtual, so the figures are the same on every machine; but for the CPU time.

Beside it, in the same run, the integration that most projects write: for each order a look-up, a
header and a line at a time, eight orders at once, each request tried four times.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from time import process_time
from typing import Any, Final

import httpx

from sandbox.capacity import Capacity, UserLimits
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.app import dynamics_app
from sync.app.services import Services
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from tests.benchmarks.own_time import Timed
from tests.benchmarks.read_one_by_one import OneByOne
from tests.harness import Harness, key_of
from tests.in_process import InProcess
from tests.systems import COMPANY, LEDGER_HOST, SHOP_HOST
from tests.virtual_time import virtually

LINES: Final = 5
PIECES: Final = Decimal(2)
SHOP_SECONDS: Final = (0.05, 0.08)
"""One order of Commerce: half of the answers come within 52 ms, all but one in a hundred within 70
(measured on a live 2.4.8)."""
WIRE_SECONDS: Final = (0.02, 0.04)
LONGEST: Final = timedelta(hours=6)
WINDOW: Final = 30
GOOD: Final = 0.9


@dataclass(frozen=True)
class Loaded:
    """What came of some orders. `share`: of the work that F&O could have done meanwhile, how much
    it takes at least to create them, a header and its lines in one batch. `seconds`: from the
    notification until the order was there, sorted. `own_ms`: CPU time of ours per order, without
    the sandbox's; `lost` and `doubled`: orders that are not there, or are there twice."""

    what: str
    orders: int
    minutes: float
    share: float
    throttled: float
    ours: float
    theirs: float
    seconds: Sequence[float] = ()
    own_ms: float = 0.0
    lost: int = 0
    doubled: int = 0

    def percentile(self, hundredths: int) -> float:
        """What so many of a hundred stayed below."""
        last = len(self.seconds) - 1
        return self.seconds[min(len(self.seconds) * hundredths // 100, last)] if last >= 0 else 0.0

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "what": self.what, "orders": self.orders,
            "orders_a_minute": round(self.orders / self.minutes, 1),
            "share_of_capacity": round(self.share, 3), "share_of_429": round(self.throttled, 4),
            "commerce_requests": round(self.ours, 2), "dynamics_requests": round(self.theirs, 2),
            **{f"p{each}_s": round(self.percentile(each), 2) for each in (50, 95, 99)},
            "own_cpu_ms": round(self.own_ms, 2), "lost": self.lost, "doubled": self.doubled,
        }  # fmt: skip


@dataclass(frozen=True)
class Recovered:
    """After F&O was away. `asked`: requests a minute meanwhile; `seconds`: until a window of 30 s
    did 90 % of what F&O bears; `drained`: until all that had waited was there."""

    orders: int
    asked: float
    seconds: float
    drained: float
    lost: int
    doubled: int

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "orders": self.orders, "requests_a_minute_while_away": round(self.asked, 1),
            "seconds_until_90_percent": self.seconds, "seconds_until_drained": self.drained,
            "lost": self.lost, "doubled": self.doubled,
        }  # fmt: skip


@dataclass
class Asked:
    """Requests that left for each system."""

    commerce: int = 0
    dynamics: int = 0

    def of_commerce(self, _: httpx.Request) -> None:
        """One to the shop."""
        self.commerce += 1

    def of_dynamics(self, _: httpx.Request) -> None:
        """One to F&O."""
        self.dynamics += 1


class Loading(Harness):
    """A harness whose F&O bears so much, worked on by so many processes."""

    def __init__(self, capacity: Capacity, *, numbers: str = "theirs", processes: int = 1) -> None:
        self.capacity, self.asked, self.timed = capacity, Asked(), Timed()
        self._is_alone, self.writes = processes == 1, 0
        mode = {"numbers": numbers}
        super().__init__({"orders": mode, "customers": mode})
        self.shop_dials.latency_low, self.shop_dials.latency_high = SHOP_SECONDS
        self.ledger_dials.latency_low, self.ledger_dials.latency_high = WIRE_SECONDS
        apps = self.systems.apps
        apps[LEDGER_HOST] = dynamics_app(self.dynamics, self.ledger_dials, capacity)
        for host in (SHOP_HOST, LEDGER_HOST):
            apps[host] = self.timed.app(apps[host])
        others = [self._opened(self.systems.tables) for _ in range(processes - 1)]
        self.all_services = [self.services, *others]

    def _opened(self, tables: Any) -> Services:
        parts = self.systems.edition_parts(
            tables=tables, is_alone=self._is_alone,
            asked=self.asked.of_dynamics, shop_asked=self.asked.of_commerce,
        )  # fmt: skip
        return Services(self.systems.connections, FLOWS, parts)

    async def close(self) -> None:
        for services in self.all_services[1:]:
            await services.close()
        await super().close()

    def basket(self) -> StoredOrder:
        """An order of five lines."""
        wants = tuple(Want(product, PIECES) for product in self.commerce.catalogue.products[:LINES])
        return self.place(wants=wants)

    def posted(self) -> int:
        """How many sales orders there are."""
        return len(self.dynamics.store.table("SalesTable").records)

    def found(self, orders: Sequence[StoredOrder]) -> tuple[int, int]:
        """How many of these are not there, and how many are there twice."""
        counts = [
            len(self.dynamics.orders_for(self.order_reference(one), COMPANY)) for one in orders
        ]
        return counts.count(0), sum(count > 1 for count in counts)

    async def warms_up(self) -> None:
        """Two orders; what the second one writes, every other one will. Counting begins after
        them."""
        await self.delivers(self.basket())
        before = self.capacity.written
        await self.delivers(self.basket())
        self.writes = round((self.capacity.written - before) / self.capacity.write)
        self.ledger_dials.counts.clear()
        self.asked.commerce = self.asked.dynamics = 0

    async def works(self, doing: Coroutine[Any, Any, None]) -> None:
        """Every process works until `doing` has come to its end."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for services in self.all_services:
                group.create_task(self._host(services).work(stop))
            await doing
            stop.set()

    def _host(self, services: Services) -> LocalHost:
        async def ready() -> Services:
            return services

        queue = services.edition_parts.queue
        return LocalHost(build_app(ready), queue, self.systems.tables, self.clock)

    async def until_posted(self, count: int) -> None:
        """Wait until so many are there. Raises `TimeoutError` after hours."""
        async with asyncio.timeout(LONGEST.total_seconds()):
            while self.posted() < count:
                await asyncio.sleep(0.1)

    async def waited(self, orders: Sequence[StoredOrder], begun: Mapping[str, float]) -> list[float]:
        """Seconds from each notification to its order."""
        found = list[float]()
        for order in orders:
            posted = next((one for one in await self.trail(order) if one.number), None)
            if posted is not None:
                found.append(posted.at.timestamp() - begun[key_of(order)])
        return sorted(found)


@dataclass
class Way:
    """How orders come and are worked on."""

    what: str
    orders: int
    numbers: str = "theirs"
    processes: int = 1
    a_minute: float = 0.0
    capacity: Callable[[], Capacity] = Capacity
    begun: dict[str, float] = field(default_factory=dict)

    def play(self) -> Loaded:
        """In virtual time."""
        return virtually(self._play())

    async def _play(self) -> Loaded:
        harness = Loading(self.capacity(), numbers=self.numbers, processes=self.processes)
        try:
            await harness.warms_up()
            return await self._measured(harness)
        finally:
            await harness.close()

    async def _measured(self, harness: Loading) -> Loaded:
        loop, orders = asyncio.get_running_loop(), list[StoredOrder]()
        sandbox, cpu = harness.timed.seconds, process_time()
        began = loop.time()
        await harness.works(self._coming(harness, orders))
        own = process_time() - cpu - (harness.timed.seconds - sandbox)
        took, counts = loop.time() - began, harness.ledger_dials.counts
        lost, doubled = harness.found(orders)
        return Loaded(
            self.what, len(orders), took / 60, share(harness.capacity, len(orders), harness.writes, took),
            counts["throttle"] / counts["arrived"],
            harness.asked.commerce / len(orders), harness.asked.dynamics / len(orders),
            await harness.waited(orders, self.begun), 1000 * own / len(orders), lost, doubled,
        )  # fmt: skip

    async def _coming(self, harness: Loading, orders: list[StoredOrder]) -> None:
        """All at once, or one after the other; then until all are there."""
        before = harness.posted()
        for _ in range(self.orders):
            order = harness.basket()
            orders.append(order)
            self.begun[key_of(order)] = harness.clock.now().timestamp()
            await harness.hooks(order)
            if self.a_minute:
                await asyncio.sleep(60 / self.a_minute)
        await harness.until_posted(before + self.orders)


def share(capacity: Capacity, orders: int, writes: int, seconds: float) -> float:
    """Of all the work that could have been done in that time, how much these orders need at least:
    so many `writes` each, in one batch."""
    least = capacity.batch + capacity.write * writes
    return orders * least / (capacity.workers * seconds)


def one_by_one(orders: int, capacity: Callable[[], Capacity] = Capacity) -> Loaded:
    """The usual integration, over the same orders."""
    return virtually(_one_by_one(orders, capacity()))


async def _one_by_one(count: int, capacity: Capacity) -> Loaded:
    harness = Loading(capacity)
    try:
        await harness.warms_up()
        orders = [harness.basket() for _ in range(count)]
        transport = InProcess(harness.systems.apps, harness.asked.of_dynamics)
        loop = asyncio.get_running_loop()
        began = loop.time()
        waited = await OneByOne(transport, harness.order_reference).posts(orders)
        took, counts = loop.time() - began, harness.ledger_dials.counts
        lost, doubled = harness.found(orders)
        return Loaded(
            "one request per line, fixed retries", count, took / 60,
            share(capacity, count - lost, 1 + LINES, took), counts["throttle"] / counts["arrived"],
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
    full, least = 0.0, harness.capacity.batch + harness.capacity.write * harness.writes
    bears = harness.capacity.workers * WINDOW / least
    past = [(back, harness.posted())]
    while harness.posted() < before + len(orders):
        await asyncio.sleep(1)
        past.append((loop.time(), harness.posted()))
        recent = past[-1][1] - next(n for at, n in past if at >= loop.time() - WINDOW)
        if not full and recent >= GOOD * bears:
            full = loop.time() - back - WINDOW
    lost, doubled = harness.found(orders)
    drained = round(loop.time() - back)
    found.append(Recovered(len(orders), asked, round(full), drained, lost, doubled))


def ways(orders: int) -> list[Way]:
    """What is measured."""
    worst = lambda: Capacity(user=UserLimits())  # noqa: E731 - made anew for each
    four = lambda: Capacity(workers=4)  # noqa: E731 - made anew for each
    return [
        Way("60 orders a minute", orders, a_minute=60),
        Way("all at once", orders),
        Way("all at once, numbers are ours", orders, "ours"),
        Way("all at once, 4 workers", orders, capacity=four),
        Way("all at once, limits per user", orders, capacity=worst),
        Way("all at once, 4 instances", orders, processes=4),
        Way("all at once, 40 instances", orders, processes=40),
    ]  # fmt: skip
