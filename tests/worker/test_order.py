"""Orders all the way, in Microsoft's worker code: the shop's own webhook, a timer, messages, and an
F&O behind a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serve import Sandbox
from sandbox.terms import UNIT, Ready, item_numbers
from sync.adapters.system_clock import SystemClock
from sync.core.encoding import from_json
from sync.hosts.server import listen, serve, url_of
from sync.mapping_tables.tables import ItemMapping
from tests.azure_path.test_whole import both_systems, sandbox_orders
from tests.worker.inputs import http, service_bus
from tests.worker.process import DONE, Worker
from tests.worker.serving import CONNECTION, Serving, poll_of_orders, serving

STORE: Final = "default"
"""Its prices are without tax, so F&O's lines are, too."""


@asynccontextmanager
async def reachable(worker: Worker, function: str) -> AsyncIterator[str]:
    """The address at which an HTTP function of a worker is called, as its binding says; without the
    route."""
    (trigger, _) = [json.loads(binding) for binding in worker.functions[function]["raw_bindings"]]

    async def take(request: Request) -> Response:
        given = http(
            request.method, request.url.path.removeprefix("/api/"), headers=dict(request.headers),
            body=await request.body(), route=request.path_params, query=dict(request.query_params),
        )  # fmt: skip
        outcome = await worker.invoke(function, given)
        return Response(outcome.body, outcome.status, {"content-type": outcome.content_type})

    app = Starlette(routes=[Route(f"/api/{trigger['route']}", take, methods=trigger["methods"])])
    stop, up = asyncio.Event(), asyncio.Event()
    with listen("127.0.0.1", 0) as listener:
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(app, listener, stop, up.set, grace=timedelta(seconds=1)))
            await up.wait()
            yield f"{url_of(listener)}/api"
            stop.set()


class ShopsClock(SystemClock):
    """It can be set back."""

    behind = timedelta()

    def now(self) -> datetime:
        return super().now() - self.behind


async def works_off(there: Serving) -> None:
    """What the Functions host does with the documents' queue, from its next message until it is
    empty."""
    while True:
        message = await there.next()
        given = service_bus(message.body, message.id, deliveries=message.deliveries)
        outcome = await there.worker.invoke("deliver_documents", given)
        assert outcome.succeeded, outcome.said
        await there.beside.edition_parts.queue.complete(message)
        if not await there.queued():
            return


async def books(client: httpx.AsyncClient, ready: Ready) -> Mapping[str, Mapping[str, Any]]:
    """The shop's orders with their money, by number."""
    answer = from_json((await client.get(f"{ready.commerce}/sandbox/books")).content)
    return {order["increment_id"]: order for order in answer}


async def test_orders_go_from_the_shop_to_the_ledger_by_webhook_and_by_timer(
    package: Path, tmp_path: Path
) -> None:
    clock = ShopsClock()
    sandbox = Sandbox(clock, seed=5)
    clock.behind = timedelta(hours=1)
    (missed,) = sandbox.shop.place_new(
        visible_in=timedelta(), store=sandbox.shop.catalogue.store(STORE)
    )
    clock.behind = timedelta()
    async with (
        both_systems(sandbox) as ready,
        serving(package, tmp_path, ready) as there,
        reachable(there.worker, "receive_webhook") as url,
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
    ):
        systems = await there.beside.systems_pool.open(CONNECTION)
        await systems.items.put_many(
            [ItemMapping(sku, number, unit=UNIT) for sku, number in item_numbers().items()]
        )
        hook = {
            "url": f"{url}/webhooks/{CONNECTION}/orders",
            "events": ["sales_order_save_commit_after"],
        }
        assert (
            await client.post(f"{ready.commerce}/sandbox/webhooks", json=hook)
        ).status_code == 200
        (reported,) = (
            await client.post(f"{ready.commerce}/sandbox/orders", json={"store": STORE})
        ).json()
        await works_off(there)
        assert posted(sandbox, ready) == [reported["increment_id"]]
        assert await there.worker.invoke("run_poll", service_bus(poll_of_orders(), "1")) == DONE
        await works_off(there)
        sold = await books(client, ready)
    assert posted(sandbox, ready) == [reported["increment_id"], missed.row["increment_id"]]
    for row in sandbox_orders(sandbox, ready.company):
        order = sold[row["CustomersOrderReference"].partition("-")[2]]
        total = sandbox.ledger.order_total(ready.company, row["SalesOrderNumber"])
        assert total + order["tax"] - order["paid"] == order["grand_total"]


def posted(sandbox: Sandbox, ready: Ready) -> list[str]:
    """The shop's numbers of the sales orders in F&O."""
    return [
        row["CustomersOrderReference"].partition("-")[2]
        for row in sandbox_orders(sandbox, ready.company)
    ]
