"""A harness whose F&O can do a stated amount of work, worked on by one process or several."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import httpx

from sandbox.capacity import Capacity
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.app import dynamics_app
from sync.app.services import Services
from sync.engine.claim import Claim
from sync.engine.digests import KeyedDigests
from sync.engine.ledger import Ledger
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from tests.benchmarks.counted import CountedQueue, CountedTables
from tests.benchmarks.own_time import Timed
from tests.harness import Harness, key_of
from tests.systems import COMPANY, CONNECTION, LEDGER_HOST, SHOP_HOST

LINES: Final = 5
PIECES: Final = Decimal(2)
SHOP_SECONDS: Final = (0.05, 0.08)
"""One order of Commerce: half of the answers come within 52 ms, all but one in a hundred within 70
(measured on a live 2.4.8)."""
WIRE_SECONDS: Final = (0.02, 0.04)
LONGEST: Final = timedelta(hours=6)
TENTH: Final = 0.1
NOTHING: Final[Mapping[str, Any]] = {}


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
    """A harness whose F&O can do so much, worked on by so many processes."""

    def __init__(
        self,
        capacity: Capacity,
        *,
        numbers: str = "theirs",
        processes: int = 1,
        settings: Mapping[str, Any] = NOTHING,
        **systems: Any,
    ) -> None:
        self.capacity, self.asked, self.timed = capacity, Asked(), Timed()
        self.counts = Counter[str]()
        self._is_alone, self.writes = processes == 1, 0
        mode = {"numbers": numbers}
        super().__init__({"orders": mode, "customers": mode, **settings}, **systems)
        self.shop_dials.latency_low, self.shop_dials.latency_high = SHOP_SECONDS
        self.ledger_dials.latency_low, self.ledger_dials.latency_high = WIRE_SECONDS
        apps = self.systems.apps
        apps[LEDGER_HOST] = dynamics_app(self.dynamics, self.ledger_dials, capacity)
        for host in (SHOP_HOST, LEDGER_HOST):
            apps[host] = self.timed.app(apps[host])
        for dials in (self.shop_dials, self.ledger_dials):
            self.timed.tasks_of(dials)
        self._watching = Ledger(self.systems.tables, self.clock, KeyedDigests(b"k" * 32))
        others = [self._opened(self.systems.tables) for _ in range(processes - 1)]
        self.all_services = [self.services, *others]

    def _opened(self, tables: Any) -> Services:
        counted: Any = CountedTables(tables, self.counts)
        queue: Any = CountedQueue(self.systems.queue, self.counts)
        parts = self.systems.edition_parts(
            tables=counted, queue=queue, is_alone=self._is_alone,
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
        return self.timed.call(lambda: self.place(wants=wants))

    def posted(self) -> int:
        """How many sales orders there are."""
        return len(self.dynamics.store.table("SalesTable").records)

    def forget(self) -> None:
        """Both systems know of no order any more, so that what memory grows by is not theirs."""
        self.commerce.orders.clear()
        for name in ("SalesTable", "SalesLine"):
            table = self.dynamics.store.table(name)
            table.records.clear()
            table.indexes.clear()

    def found(self, orders: Sequence[StoredOrder]) -> tuple[int, int]:
        """How many of these are not there with all their lines, and how many are there twice."""
        lines = [[self._lines_of(row) for row in self.headers(one)] for one in orders]
        lost = sum(not any(count >= LINES for count in each) for each in lines)
        return lost, sum(len(each) > 1 for each in lines)

    def _lines_of(self, header: Mapping[str, Any]) -> int:
        return len([*self.dynamics.lines(COMPANY, header["SalesOrderNumber"])])

    async def warms_up(self) -> None:
        """Two orders; what the second one writes, every other one will. Counting begins after
        them."""
        self.first = self.basket()
        await self.delivers(self.first)
        before = self.capacity.written
        await self.delivers(self.basket())
        self.writes = round((self.capacity.written - before) / self.capacity.write)
        self.ledger_dials.counts.clear()
        self.asked.commerce = self.asked.dynamics = 0
        self.counts.clear()

    def operations(self, store: str) -> int:
        """Of the tables (`tables `) or the queue (`bus `), as they are billed."""
        calls = "bus send calls"
        return sum(n for name, n in self.counts.items() if name.startswith(store) and name != calls)

    async def claim(self, record: StoredOrder | str, flow: str = "orders") -> Claim:
        """As the harness, but uncounted."""
        return await self._watching.claim(CONNECTION, flow, key_of(record))

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

    async def until_delivered(self, orders: Sequence[StoredOrder]) -> None:
        """Wait until all are in F&O, and we know it. Raises `TimeoutError` after hours."""
        async with asyncio.timeout(LONGEST.total_seconds()):
            for order in orders:
                while not (await self.claim(order)).number:  # noqa: ASYNC110 - time is virtual
                    await asyncio.sleep(TENTH)

    async def waited(
        self, orders: Sequence[StoredOrder], begun: Mapping[str, float]
    ) -> list[float]:
        """Seconds from each notification to its order."""
        found = list[float]()
        for order in orders:
            posted = next((one for one in await self.trail(order) if one.number), None)
            if posted is not None:
                found.append(posted.at.timestamp() - begun[key_of(order)])
        return sorted(found)
