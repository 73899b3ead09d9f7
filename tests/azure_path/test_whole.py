"""The emulated edition whole: real webhooks to the real host, over AMQP and tables, to an F&O
behind a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sandbox.demo.home import CONFIG, write_home
from sandbox.serve import Sandbox
from sandbox.terms import UNIT, Ready, item_numbers
from sync.adapters.system_clock import SystemClock
from sync.app.services import Services
from sync.app.settings import Edition, Settings
from sync.app.wiring import open_services
from sync.engine.queues import QUEUES
from sync.hosts.azure import build_app
from sync.hosts.http import HostKeys
from sync.hosts.local import LocalHost
from sync.mapping_tables.tables import ItemMapping
from tests.azure_path.harness import RULES
from tests.doubles.amqp.server import ServiceBusDouble

KEY = "open sesame"


@dataclass
class Received:
    """The engine; `delivered` is set when a message of the first queue has been worked off."""

    services: Services
    delivered: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.services, name)

    async def open(self) -> Any:
        return self

    async def take(
        self,
        queue: str,
        body: bytes,
        message_id: str,
        deliveries: int,
        *,
        trace_parent: str = "",
    ) -> None:
        await self.services.take(queue, body, message_id, deliveries, trace_parent=trace_parent)
        if queue == "documents":
            self.delivered.set()


@asynccontextmanager
async def both_systems(sandbox: Sandbox) -> AsyncIterator[Ready]:
    """On ports of their own, inside the block."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(sandbox.run(stop, ready.set_result))
        yield await ready
        stop.set()


@asynccontextmanager
async def hosted(received: Received) -> AsyncIterator[str]:
    """The address of a host of this engine, inside the block."""
    edition_parts, stop = received.services.edition_parts, asyncio.Event()
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = build_app(received.open)
    host = LocalHost(
        app,
        edition_parts.queue,
        edition_parts.tables,
        edition_parts.clock,
        keys=HostKeys(function=KEY),
        refused_unread=received.services.edge.refused_unread,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(host.run(stop, url.set_result))
        yield await url
        stop.set()


def settings(home: Path, bus: ServiceBusDouble, account: str) -> Settings:
    """As the environment would say it."""
    return Settings.from_environment(
        {
            "SYNC_HOME": str(home),
            "SYNC_CONNECTIONS": str(home / CONFIG),
            "SERVICE_BUS": bus.connection_string,
            "TABLES_CONNECTION": account,
            "SYNC_LOG": "warning",
        }
    )


async def test_an_order_goes_from_the_shops_webhook_to_the_ledger(
    account: str, tmp_path: Path, own_logging: None
) -> None:
    sandbox = Sandbox(SystemClock(), seed=5)
    async with ServiceBusDouble(RULES) as bus, both_systems(sandbox) as ready:
        for name in QUEUES:
            bus.create_queue(name)
        write_home(tmp_path, {"shop": ready}, {})
        found = settings(tmp_path, bus, account)
        assert found.edition is Edition.EMULATED
        received = Received(await open_services(found))
        systems = await received.services.systems_pool.open("shop")
        await systems.items.put_many(
            [ItemMapping(sku, number, unit=UNIT) for sku, number in item_numbers().items()]
        )
        async with (
            hosted(received) as url,
            httpx.AsyncClient(trust_env=False, timeout=30) as client,
        ):
            hook = {
                "url": f"{url}/api/webhooks/shop/orders",
                "events": ["sales_order_save_commit_after"],
            }
            assert (
                await client.post(f"{ready.commerce}/sandbox/webhooks", json=hook)
            ).status_code == 200
            placed = (
                await client.post(f"{ready.commerce}/sandbox/orders", json={"count": 1})
            ).json()
            await received.delivered.wait()
            health = await client.get(f"{url}/api/health", headers={"x-functions-key": KEY})
        await received.services.close()
    assert health.json()["status"] == "ok"
    references = [row["CustomersOrderReference"] for row in sandbox_orders(sandbox, ready.company)]
    assert references == [f"{order['store_id']}-{order['increment_id']}" for order in placed]


def sandbox_orders(sandbox: Sandbox, company: str) -> list[dict[str, Any]]:
    """The sales orders in F&O."""
    rows = sandbox.ledger.store.table("SalesTable").records.values()
    return [dict(row.values) for row in rows if row.values.get("dataAreaId", company) == company]
