"""Where F&O is the bottleneck, documents overtake master data and master data the catalogue: in
the queue, and among the requests that wait."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import mean
from typing import Any, Final

import httpx

from sync.app.services import Services
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Source
from sync.pacing.priority import Priority
from tests.harness import Harness, in_harness
from tests.systems import COMPANY, CONNECTION

EACH: Final = 30
"""Few enough for F&O to stay the bottleneck: with good answers a process asks for more at once."""


@dataclass
class Wire:
    """The keys of the records that F&O is asked for, in the order of the requests."""

    asked: list[str] = field(default_factory=list)

    def note(self, request: httpx.Request) -> None:
        """One request leaves."""
        path = request.url.path
        self.asked += [p.name for p in Priority if f"'{p.name}" in path]


def flow_at(priority: Priority) -> DocumentFlow[str]:
    """A flow whose every record takes one request to F&O."""

    async def read(key: str, _: Any) -> str:
        return key

    async def plan(record: str, delivery: Delivery) -> Skipped:
        key = {"dataAreaId": COMPANY, "CustomerAccount": record}
        await delivery.systems.dynamics.get("CustomersV3", key)
        return Skipped("it was only asked for")

    return DocumentFlow(priority.queue.replace("-", ""), "Toys", Source(read), plan, (), priority)


@in_harness(dynamics={"concurrency": 1})
async def test_documents_overtake_master_data_and_that_the_catalogue_and_nobody_starves(
    harness: Harness,
) -> None:
    wire, flows = Wire(), [flow_at(priority) for priority in Priority]
    names = tuple(flow.name for flow in flows)
    connection = harness.systems.connection.model_copy(update={"flows": names})
    connections = harness.systems.connections.model_copy(
        update={"connections": {CONNECTION: connection}}
    )
    parts = harness.systems.edition_parts(asked=wire.note)
    harness.services = Services(connections, flows, parts)
    harness.ledger_dials.turn({"latency_low": 1.0, "latency_high": 1.0})
    before = 0

    async def notify(flow: DocumentFlow[str]) -> None:
        keys = [f"{flow.priority.name}{number}" for number in range(EACH)]
        await harness.services.intake.accept(flow.name, CONNECTION, keys, "webhook")

    async def documents_come_late() -> None:
        nonlocal before
        await asyncio.sleep(4)
        before = len(wire.asked)
        await notify(flows[Priority.DOCUMENTS])

    await notify(flows[Priority.CATALOGUE])
    await notify(flows[Priority.MASTER_DATA])
    await asyncio.gather(documents_come_late(), harness.runs_host(timedelta(minutes=5)))
    assert 0 < before < EACH
    assert len(wire.asked) == len(Priority) * EACH
    places = {
        p: [place for place, name in enumerate(wire.asked[before:]) if name == p.name]
        for p in Priority
    }
    documents, master_data, catalogue = (mean(places[p]) for p in Priority)
    assert documents < master_data < catalogue
    last = max(places[Priority.DOCUMENTS])
    others = sum(place < last for p in Priority for place in places[p]) - EACH
    assert 0 < others < EACH / 2
