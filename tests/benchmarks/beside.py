"""How much orders are slowed by a publication beside them, in one process, and how long a notified
change of stock takes. Both systems answer after a while, as real ones do; the figures are the time
of an order, beside and alone, and of a change."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter
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

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name, query = request.url.path.rpartition("/")[2], request.url.query.decode()
        is_catalogue = name == "source-items" or (name == "products" and "type_id" in query)
        is_page = name in ROWS and "ItemNumber+eq" not in query.replace("%20", "+")
        await asyncio.sleep(PAGE if is_page else self.seconds)
        if name in ROWS or is_catalogue:
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
    """A harness whose systems take their time."""

    @override
    def _opened(self, tables: Any) -> Services:
        self.wire = wire = Wire(SKUS)
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
                return httpx.AsyncClient(transport=Slow(inner._transport, answer, seconds))

            return client

        shop, ledger = after(SHOP, parts.commerce_http), after(LEDGER, parts.dynamics_http)
        parts = replace(parts, commerce_http=shop, dynamics_http=ledger)
        return Services(self.systems.connections, FLOWS, parts)

    async def deliver(self, flow: str, key: str) -> float:
        """One record; the seconds that it took."""
        began = perf_counter()
        message = Message(flow, CONNECTION, key, "webhook", self.clock.now())
        await self.services.runner.deliver(message)
        return perf_counter() - began

    async def orders(self, count: int) -> float:
        """So many new ones, one after the other; the seconds of one, at the median."""
        found = list[float]()
        for _ in range(count):
            row = self.place().row
            found.append(await self.deliver("orders", f"{row['increment_id']}@{row['store_id']}"))
        return median(found)

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
        await harness.orders(3)
        alone = await harness.orders(orders)
        harness.wire.requests.clear()
        publishing = asyncio.create_task(harness.publishes())
        try:
            beside = await harness.orders(orders)
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
        return Beside(alone, beside, orders, harness.wire.requests["source items"])
    finally:
        await harness.close()
