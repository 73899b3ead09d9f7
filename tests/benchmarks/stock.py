"""What publishing stock takes: a run that finds nothing changed, one that finds some, a single SKU;
beside them the naive way of one GET and one PUT per SKU.

Both systems make what they answer as they are asked; the time that this takes is left out.
"""

import asyncio
import json
import re
import resource
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import process_time
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

import httpx

from sync.app.services import Services
from sync.engine.claim import State
from sync.engine.message import Message
from sync.engine.publication import EVERYTHING
from sync.flows import FLOWS
from tests.benchmarks.counted import CountedTables
from tests.systems import CONNECTION, SystemsUnderTest
from tests.virtual_time import LoopClock

WAREHOUSES: Final = {"13": "north", "24": "south", "35": "west"}
ON_HAND, PRODUCTS = 10_000, 300
"""Rows of a page: F&O's largest, and the shop's."""
CHANGED: Final = 50
"""One SKU in so many changes."""
SETTINGS: Final[Mapping[str, Any]] = {
    "flows": ("orders", "stock"), "stock": {"sources": WAREHOUSES, "most_changed_percent": 100},
}  # fmt: skip
PLACES: Final = tuple(WAREHOUSES)
SOURCES: Final = tuple(WAREHOUSES.values())
WRITES: Final = ("source-items", "base-prices", "tier-prices", "tier-prices-delete")
AT: Final = "http://localhost/data/"
JSON: Final = {"content-type": "application/json"}


@dataclass
class Wire:
    """Both systems. `seconds`: how long they took; `requests`: by kind; `to`: how many to F&O
    (`dynamics`) and to the shop; `shown`: quantities by SKU and source, -1 where there is none."""

    rows: ClassVar[Mapping[str, tuple[Callable[..., str], int]]]
    skus: int
    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    to: Counter[str] = field(default_factory=Counter)
    quantity: dict[int, int] = field(default_factory=dict)
    shown: "array[int]" = field(init=False)

    def __post_init__(self) -> None:
        self.shown = array("q", [-1]) * (self.skus * len(WAREHOUSES))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        began = process_time()
        self.to["dynamics" if request.url.path.startswith("/data/") else "commerce"] += 1
        try:
            return self._answer(request)
        finally:
            self.seconds += process_time() - began

    def _answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        self.requests[f"{request.method} {name}"] += 1
        query = parse_qs(request.url.query.decode())
        if name == "products":
            field = query.get("searchCriteria[filter_groups][0][filters][0][field]", [""])[0]
            if field == "updated_at":
                return httpx.Response(200, json={"items": [], "total_count": 0})
            if field == "sku":
                found = [{"sku": query["searchCriteria[filter_groups][0][filters][0][value]"][0],
                          "type_id": "simple"}]  # fmt: skip
                return httpx.Response(200, json={"items": found, "total_count": 1})
            first = (int(query["searchCriteria[currentPage]"][0]) - 1) * PRODUCTS
            numbers = range(first, min(first + PRODUCTS, self.skus))
            items = [{"sku": _sku(number), "type_id": "simple"} for number in numbers]
            return httpx.Response(200, json={"items": items, "total_count": self.skus})
        if name == "source-items":
            return self._source_items(request, query)
        if name in self.rows:
            return self._of_dynamics(name, query)
        return httpx.Response(200, json={"items": [], "total_count": 0, "value": []})

    def _of_dynamics(self, name: str, query: Mapping[str, list[str]]) -> httpx.Response:
        """A page, made when it is asked for."""
        asked = re.search(r"ItemNumber eq '([^']+)'", query.get("$filter", [""])[0])
        make, each = self.rows[name]
        first, most = int(query.get("$skip", ["0"])[0]), self.skus * each
        if asked is not None:
            first = int(asked[1].partition("-")[2]) * each
            most = first + each
        end = min(first + ON_HAND, most)
        rows = [make(self, *divmod(at, each)) for at in range(first, end)]
        more = "" if end == most else f',"@odata.nextLink":"{AT}{name}?$skip={end}"'
        text = f'{{"value":[{",".join(rows)}]{more}}}'
        return httpx.Response(200, content=text.encode(), headers=JSON)

    def released(self, number: int, _: int) -> str:
        """A released product."""
        units = '"ProductNumber":"","InventoryUnitSymbol":"ea","SalesUnitSymbol":"ea"'
        return f'{{"ItemNumber":"{_sku(number)}",{units}}}'

    def on_hand(self, number: int, at: int) -> str:
        """What a warehouse has of an item."""
        quantity = self.quantity.get(number, (7 * number + 31 * at) % 997)
        return (
            f'{{"ItemNumber":"{_sku(number)}","ProductColorId":"","ProductSizeId":"",'
            '"ProductStyleId":"","ProductConfigurationId":"","ProductVersionId":"",'
            f'"InventorySiteId":"1","InventoryWarehouseId":"{PLACES[at]}",'
            f'"AvailableOnHandQuantity":{quantity},"OnOrderQuantity":0,'
            '"ReservedOrderedQuantity":0}'
        )

    def _source_items(
        self, request: httpx.Request, query: Mapping[str, list[str]]
    ) -> httpx.Response:
        if request.method == "POST":
            sent = json.loads(request.content)["sourceItems"]
            self.requests["source items"] += len(sent)
            for one in sent:
                self.shown[_place(one["sku"], one["source_code"])] = one["quantity"]
            return httpx.Response(200, json=[])
        skus = query["searchCriteria[filter_groups][1][filters][0][value]"][0].split(",")
        found = [
            {"sku": sku, "source_code": source, "quantity": quantity, "status": int(quantity > 0)}
            for sku in skus for source in WAREHOUSES.values()
            if (quantity := self.shown[_place(sku, source)]) >= 0
        ]  # fmt: skip
        return httpx.Response(200, json={"items": found, "total_count": len(found)})


def _place(sku: str, source: str) -> int:
    return int(sku.partition("-")[2]) * len(WAREHOUSES) + SOURCES.index(source)


def _sku(number: int) -> str:
    return f"SKU-{number:06}"


RELEASED: Final = "ReleasedProductsV2"
ROWS: Final = {
    RELEASED: (Wire.released, 1), "WarehousesOnHandV2": (Wire.on_hand, len(WAREHOUSES)),
}  # fmt: skip
"""How a row is made, and how many there are of a SKU."""
Wire.rows = ROWS


@dataclass(frozen=True)
class Ran:
    """One run. `rows`: that F&O answered of what is published; `seconds`: our own; `sent`: what the
    shop's rows are called that were written."""

    title: str
    skus: int
    rows: int
    seconds: float
    requests: Counter[str]
    to: Counter[str]
    tables: Counter[str]
    sent: str

    def facts(self) -> dict[str, Any]:
        """As JSON. The naive way: one GET and one PUT per SKU. `writes`: requests that write."""
        sent, made = self.requests[self.sent], sum(self.to.values())
        return {
            "title": self.title, "skus": self.skus, "rows": self.rows,
            "seconds": round(self.seconds, 3), "rows_a_second": round(self.rows / self.seconds),
            "requests": made, "naive_requests": 2 * self.skus,
            "requests_over_naive": round(made / (2 * self.skus), 5),
            "to_dynamics": self.to["dynamics"], "to_commerce": self.to["commerce"], "sent": sent,
            "writes": sum(self.requests[f"POST {name}"] for name in WRITES),
            "table_operations": sum(self.tables.values()),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip

    def line(self) -> str:
        """As it is printed."""
        named = (f"{name.replace('_', ' ')} {value}" for name, value in self.facts().items())
        return "  " + ", ".join(list(named)[1:])


@dataclass
class Bench:
    """One process of the product over the wire. `counted`: operations of tables; `flow` is run, and
    the shop's rows are called `sent`."""

    wire: Wire
    systems: SystemsUnderTest
    services: Services
    counted: Counter[str]
    flow: str
    sent: str
    found: list[Ran] = field(default_factory=list)

    @classmethod
    def over(
        cls, wire: Wire, settings: Mapping[str, Any] = SETTINGS, flow: str = "stock",
        sent: str = "source items",
    ) -> "Bench":  # fmt: skip
        """A new one."""
        systems, counted = SystemsUnderTest(LoopClock(), settings), Counter[str]()
        parts = systems.edition_parts(tables=CountedTables(systems.tables, counted))

        def client(_: object) -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=httpx.MockTransport(wire.answer))

        parts = replace(parts, commerce_http=client, dynamics_http=client)
        services = Services(systems.connections, FLOWS, parts)
        return cls(wire, systems, services, counted, flow, sent)

    async def run(self, title: str, key: str = EVERYTHING, rows: int = 0) -> None:
        """One run to its end, measured."""
        wire, ledger = self.wire, self.services.ledger
        wire.requests.clear()
        wire.to.clear()
        self.counted.clear()
        wire.seconds, began = 0.0, process_time()
        while True:
            message = Message(self.flow, CONNECTION, key, "poll", self.systems.clock.now())
            await self.services.runner.deliver(message)
            claim, queue = await ledger.claim(CONNECTION, self.flow, key), self.systems.queue
            if not (await queue.depth("catalogue")).scheduled:
                break
            await asyncio.sleep(2)
            for taken in await queue.receive("catalogue", most=100, wait=timedelta()):
                await queue.complete(taken)
        assert claim.state in (State.DELIVERED, State.SKIPPED), claim.reason
        own = process_time() - began - wire.seconds
        read = rows or wire.skus * (sum(each for _, each in wire.rows.values()) - 1)
        counts = (wire.requests.copy(), wire.to.copy(), self.counted.copy())
        self.found.append(Ran(title, wire.skus, read, own, *counts, self.sent))


async def measured_stock(skus: int) -> list[Ran]:
    """The first load, nothing changed, some changed, and one SKU that is notified."""
    wire = Wire(skus)
    bench = Bench.over(wire)
    try:
        await bench.run("first load")
        await bench.run("nothing changed")
        wire.quantity |= {number: 1000 + number for number in range(0, skus, CHANGED)}
        await bench.run(f"one in {CHANGED} changed")
        wire.quantity[0] = 5
        await bench.run("one SKU notified", "SKU-000000", 3)
    finally:
        await bench.services.close()
        bench.systems.close()
    assert wire.shown[0] == 5
    return bench.found
