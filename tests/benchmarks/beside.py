"""How much orders are slowed by a publication beside them, in one process, and how long a notified
change of stock takes. Both systems answer after a while, as real ones do; the figures are the time
of an order, beside and alone by turns, so that other work on the machine slows both alike, and of a
change."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final

import httpx
from typing_extensions import override

from sync.app.services import Services
from sync.engine.message import Message
from sync.engine.publication import EVERYTHING
from sync.flows import FLOWS
from tests.benchmarks.stock import ROWS, SETTINGS, Wire
from tests.harness import Harness
from tests.systems import CONNECTION

SHOP, LEDGER, PAGE = 0.1, 0.2, 1.0
"""Seconds until the shop, the ledger and a page of ten thousand rows answer."""
SKUS: Final = 20_000
HttpClient = Callable[[Any], httpx.AsyncClient]


@dataclass
class Slow(httpx.AsyncBaseTransport):
    """Both systems, for one of the two clients: the catalogue's requests are answered from pages
    that were made before, all others by the sandbox."""

    inner: httpx.AsyncBaseTransport
    wire: Callable[[httpx.Request], httpx.Response]
    seconds: float
    publishes: asyncio.Event

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name, query = request.url.path.rpartition("/")[2], request.url.query.decode()
        is_catalogue = name == "source-items" or (name == "products" and "type_id" in query)
        is_page = name in ROWS and "ItemNumber+eq" not in query.replace("%20", "+")
        await asyncio.sleep(PAGE if is_page else self.seconds)
        if name in ROWS or is_catalogue:
            await self.publishes.wait()
            return self.wire(request)
        return await self.inner.handle_async_request(request)


@dataclass(frozen=True)
class Beside:
    """Seconds of an order, at the median, alone and beside a publication; rows that it published
    meanwhile."""

    alone: float
    beside: float
    orders: int
    rows: int

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "orders": self.orders, "alone_ms": round(self.alone * 1000),
            "beside_ms": round(self.beside * 1000), "rows": self.rows,
            "slowed_percent": round(100 * (self.beside / self.alone - 1), 1),
        }  # fmt: skip

    def line(self) -> str:
        """As it is printed."""
        return "  " + ", ".join(f"{name} {value}" for name, value in self.facts().items())


@dataclass(frozen=True)
class Notified:
    """Seconds from the delivery of a notification until the shop shows the change, sorted."""

    seconds: list[float]

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "changes": len(self.seconds), "median_ms": round(1000 * median(self.seconds)),
            "worst_ms": round(1000 * self.seconds[-1]),
        }  # fmt: skip

    def line(self) -> str:
        """As it is printed."""
        return "  " + ", ".join(f"{name} {value}" for name, value in self.facts().items())


class Both(Harness):
    """A harness whose systems take their time. While `publishing` is not set, publications wait."""

    @override
    def _opened(self, tables: Any) -> Services:
        self.wire, self.publishing = wire, publishing = Wire(SKUS), asyncio.Event()
        publishing.set()
        parts = self.systems.edition_parts(tables=tables)
        pages = dict[httpx.URL, httpx.Response]()

        def answer(request: httpx.Request) -> httpx.Response:
            if request.method != "GET" or "source-items" in request.url.path:
                return wire.answer(request)
            if request.url not in pages:
                pages[request.url] = wire.answer(request)
            return pages[request.url]

        def after(seconds: float, made: HttpClient) -> HttpClient:
            def client(settings: Any) -> httpx.AsyncClient:
                inner = made(settings)
                return httpx.AsyncClient(
                    transport=Slow(inner._transport, answer, seconds, publishing)
                )

            return client

        shop, ledger = after(SHOP, parts.commerce_http), after(LEDGER, parts.dynamics_http)
        parts = replace(parts, commerce_http=shop, dynamics_http=ledger)
        return Services(self.systems.connections, FLOWS, parts)

    async def deliver(self, flow: str, key: str) -> float:
        """One record; the seconds that it took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        message = Message(flow, CONNECTION, key, "webhook", self.clock.now())
        await self.services.runner.deliver(message)
        return loop.time() - began

    async def order(self) -> float:
        """A new one; the seconds that it took."""
        row = self.place().row
        return await self.deliver("orders", f"{row['increment_id']}@{row['store_id']}")

    async def by_turns(self, count: int) -> tuple[list[float], list[float]]:
        """So many new ones, alone and beside what is being published."""
        alone, beside = list[float](), list[float]()
        for _ in range(count):
            for found in (alone, beside):
                (self.publishing.clear if found is alone else self.publishing.set)()
                found.append(await self.order())
        return alone, beside

    async def publishes(self) -> None:
        """Everything, again and again."""
        mirror, partition = self.services.ledger.mirror, f"{CONNECTION}|stock"
        while True:
            await mirror.doubt(partition, list(await mirror.whole(partition)))
            await self.deliver("stock", EVERYTHING)


async def measured_notified(changes: int) -> Notified:
    """Single SKUs whose stock changes, one after the other."""
    harness = Both(SETTINGS)
    try:
        found = list[float]()
        for number in range(changes):
            harness.wire.quantity[number] = 1000 + number
            found.append(await harness.deliver("stock", f"SKU-{number:06}"))
            assert harness.wire.shown[3 * number] == 1000 + number
        return Notified(sorted(found))
    finally:
        await harness.close()


async def measured_beside(orders: int) -> Beside:
    """Orders one after the other, alone and beside publications of everything."""
    harness = Both(SETTINGS)
    try:
        await harness.deliver("stock", EVERYTHING)
        for _ in range(3):
            await harness.order()
        gc.freeze()  # as a host does
        harness.wire.requests.clear()
        publishing = asyncio.create_task(harness.publishes())
        try:
            alone, beside = await harness.by_turns(orders)
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
        rows = harness.wire.requests["source items"]
        return Beside(median(alone), median(beside), orders, rows)
    finally:
        await harness.close()
