"""What reconciling takes: very many orders that agree, with some that F&O lacks, and very many
payment lines.

Both systems answer from text that is made as it is asked for, and the time that they take is left
out.
"""

import re
import resource
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import process_time
from typing import Any, Final
from urllib.parse import parse_qs

import httpx

from sync.app.services import Services
from sync.flows import FLOWS
from sync.reconcile.difference import Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import kinds_of, reconcile
from tests.systems import CONNECTION, SystemsUnderTest
from tests.virtual_time import LoopClock

LINES: Final = 3
"""Of each order."""
PAGE: Final = 10_000
"""Rows of F&O's largest page."""
SETTINGS: Final[Mapping[str, Any]] = {
    "flows": ("orders", "invoices"), "commerce": {"page_size": 300},
    "invoices": {"banks": {"*": "BANK"}},
}  # fmt: skip
JSON: Final = {"content-type": "application/json"}
MOMENT: Final = "2026-03-02 09:00:00"
DYNAMICS: Final = {
    "SalesOrderHeadersV4": (
        '{{"SalesOrderNumber":"S-{n:09}","CustomersOrderReference":"1-{n:09}",'
        '"OrderCreationDateTime":"2026-03-02T09:00:00Z","CurrencyCode":"USD",'
        '"SalesOrderStatus":"Backorder","ArePricesIncludingSalesTax":"No"}}'
    ),
    "SalesOrderLinesV3": '{{"SalesOrderNumber":"S-{n:09}","LineAmount":10.00}}',
    "CustomerPaymentJournalLines": (
        '{{"JournalBatchNumber":"J","LineNumber":{n}.0,"PaymentReference":"1-I{n:09}",'
        '"CurrencyCode":"USD","TransactionDate":"2026-03-02T12:00:00Z","CreditAmount":32.40}}'
    ),
}  # fmt: skip
COMMERCE: Final = {
    "orders": (
        '{{"entity_id":{n},"increment_id":"{n:09}","store_id":1,"state":"new","status":"pending",'
        f'"created_at":"{MOMENT}","updated_at":"{MOMENT}","order_currency_code":"USD",'
        '"grand_total":32.4,"tax_amount":2.4,"total_paid":0,"payment":{{"method":"checkmo"}}}}'
    ),
    "invoices": (
        '{{"entity_id":{n},"increment_id":"{n:09}","store_id":1,"order_id":{n},"state":2,'
        f'"created_at":"{MOMENT}","updated_at":"{MOMENT}","order_currency_code":"USD",'
        '"grand_total":32.4,"tax_amount":2.4}}'
    ),
}  # fmt: skip


@dataclass
class Wire:
    """Both systems, with so many documents of each kind."""

    documents: int
    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        began = process_time()
        name, query = request.url.path.rpartition("/")[2], parse_qs(request.url.query.decode())
        self.requests[name] += 1
        if name == "storeViews":
            return httpx.Response(200, json=[{"id": 1}])
        page = (
            self._of_commerce(name, query) if name in COMMERCE else self._of_dynamics(name, query)
        )
        answer = httpx.Response(200, content=page.encode(), headers=JSON)
        self.seconds += process_time() - began
        return answer

    def _of_commerce(self, name: str, query: Mapping[str, list[str]]) -> str:
        values = {
            key[:-7]: (query[f"{key[:-7]}[field]"][0], found[0])
            for key, found in query.items()
            if key.endswith("[value]")
        }
        asked = dict(values.values())
        numbers = asked.get("entity_id", "0")
        if "," in numbers or "created_at" not in asked:
            rows = [int(one) for one in numbers.split(",")]
            left = len(rows)
        else:
            first = int(numbers) + 1
            rows = [*range(first, min(first + 300, self.documents + 1))]
            left = self.documents - first + 1
        return _joined(COMMERCE[name], rows, "items", f',"total_count":{left}')

    def _of_dynamics(self, name: str, query: Mapping[str, list[str]]) -> str:
        template, where = DYNAMICS[name], query.get("$filter", [""])[0]
        stretch = re.findall(r"SalesOrderNumber [gl]e 'S-(\d+)'", where)
        first, last = map(int, stretch) if stretch else (1, self.documents)
        times = LINES if "Lines" in name and "Journal" not in name else 1
        start = int(query.get("$skip", ["0"])[0])
        numbers = (
            [n for n in range(first, last + 1) for _ in range(times)]
            if stretch
            else [*range(first + start, min(first + start + PAGE, last + 1))]
        )
        more = (
            ""
            if stretch or start + PAGE >= last
            else (f',"@odata.nextLink":"http://localhost/data/{name}?$skip={start + PAGE}"')
        )
        return _joined(template, numbers, "value", more)


def _joined(template: str, numbers: list[int], name: str, more: str) -> str:
    rows = ",".join(template.format(n=number) for number in numbers)
    return f'{{"{name}":[{rows}]{more}}}'


@dataclass(frozen=True)
class Reconciled:
    """One kind. `rows`: of F&O; `seconds`: our own."""

    kind: str
    documents: int
    rows: int
    seconds: float
    requests: int
    differences: int

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind, "documents": self.documents, "rows": self.rows,
            "seconds": round(self.seconds, 2), "requests": self.requests,
            "differences": self.differences,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip

    def line(self) -> str:
        """As it is printed."""
        return "  " + ", ".join(f"{name} {value}" for name, value in self.facts().items())


async def measured_reconciling(rows: int) -> list[Reconciled]:
    """So many rows a side: of orders with three lines each, then of payments."""
    return [one async for one in _measured(rows)]


async def _measured(rows: int) -> Any:
    for kind, documents in (("orders", rows // LINES), ("payments", rows)):
        wire, systems = Wire(documents), SystemsUnderTest(LoopClock(), SETTINGS)

        def client(_: object, wire: Wire = wire) -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=httpx.MockTransport(wire.answer))

        parts = replace(systems.edition_parts(), commerce_http=client, dynamics_http=client)
        services = Services(systems.connections, FLOWS, parts)
        opened = await services.systems_pool.open(CONNECTION)
        connected = await Connected.of(opened, services.ledger, services.documents)
        now, found, began = systems.clock.now(), list[Difference](), process_time()
        window = Window(now - timedelta(days=1), now)
        await reconcile(connected, window, kinds_of(connected, [kind]), found.append)
        own = process_time() - began - wire.seconds
        yield Reconciled(kind, documents, rows, own, sum(wire.requests.values()), len(found))
        await services.close()
        systems.close()


def lines(found: list[Reconciled]) -> Iterator[str]:
    """As text."""
    for one in found:
        yield from ("", f"Reconciling {one.kind}:", one.line())
