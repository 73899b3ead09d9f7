"""Everything a process works with, put together from its outside: queue, tables, secrets, clock, HTTP clients.

`assemble` knows no edition: the embedded one, the tests and the simulation hand in their own parts.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from sync.coalescer import Coalescer
from sync.commerce.client import CommerceClient
from sync.commerce.companies import Companies
from sync.commerce.event_keys import PublicKeys
from sync.connections import Commerce, Connection, Connections, Dynamics
from sync.desk import Desk
from sync.documents import Documents, Sealer
from sync.dynamics.auth import TokenPool
from sync.dynamics.client import DynamicsClient
from sync.edge import Answer, Edge
from sync.edge_business_events import BUSINESS_EVENTS, BusinessEventsEdge
from sync.encoding import to_json
from sync.errors import Never, Paused
from sync.flow import Flow
from sync.flows import INNER
from sync.limiter import Limiter
from sync.mappings import AccountMappings, ItemMappings, email_digest
from sync.pauses import Pauses
from sync.ports import Clock, Queue, Secrets, Tables
from sync.runner import WATERMARKS, Engine, Runner
from sync.sending import JoinedSends
from sync.watch import watch

log = logging.getLogger("sync.services")

WINDOW = timedelta(milliseconds=10)
"""Reads asked for within this become one request."""
MOST_KEYS = 40
"""Keys in one search: the URL stays well below 8 KB and the page light."""


@dataclass(frozen=True)
class Outside:
    """What an edition provides. `email_key`: at least 16 bytes, the same for ever.

    `commerce_http` and `dynamics_http` make the HTTP clients; `tokens` gives Entra tokens.
    """

    queue: Queue
    tables: Tables
    secrets: Secrets
    sealer: Sealer
    email_key: bytes
    clock: Clock
    tokens: TokenPool
    commerce_http: Callable[[Commerce], httpx.AsyncClient]
    dynamics_http: Callable[[Dynamics], httpx.AsyncClient]
    is_alone: bool = False
    close: Callable[[], Awaitable[None]] | None = None


class Services:
    """One process's engine. Answers what the hosts ask (`sync.hosts.azure.Runtime`). Close it when done."""

    def __init__(self, connections: Connections, flows: Sequence[Flow[Any]], outside: Outside) -> None:
        self.connections: Mapping[str, Connection] = connections.connections
        self.flows = {flow.name: flow for flow in flows}
        self.inner = {inner.name: inner for inner in INNER}
        self.outside = outside
        self.documents = Documents(outside.tables, outside.sealer)
        self._desks: dict[str, Desk] = {}
        self._limiters: dict[str, Limiter] = {}
        self._https: list[httpx.AsyncClient] = []
        self._keys: dict[str, PublicKeys] = {}
        self._opening = asyncio.Lock()
        self.pauses = Pauses(outside.tables, outside.clock)
        self.sends = JoinedSends(outside.queue)
        self.runner = Runner(self._engine())
        self.edge = Edge(
            self.runner, self.flows, self.connections, outside.secrets, outside.tables, outside.clock, self._public_keys
        )

        self.business_events = BusinessEventsEdge(
            self.runner, self.flows, self.connections, outside.tables, outside.clock
        )

    def _engine(self) -> Engine:
        return Engine(
            flows=self.flows,
            inner=self.inner,
            open_desk=self.desk,
            connections=self._with_flow,
            queue=self.sends,
            tables=self.outside.tables,
            documents=self.documents,
            pauses=self.pauses,
            clock=self.outside.clock,
            worker=self.outside.clock.unique(),
            is_alone=self.outside.is_alone,
        )

    def _with_flow(self, flow: str) -> list[str]:
        return [name for name, connection in self.connections.items() if flow in connection.flows]

    async def desk(self, name: str) -> Desk:
        """The connection, opened once per process. Raises `Never` for one that is not configured."""
        settings = self.connections.get(name)
        if settings is None:
            raise Never(
                f"connection {name} is not configured",
                remedy=f"Add [connections.{name}] to connections.toml again, or drop its parked records.",
            )
        async with self._opening:
            if name not in self._desks:
                self._desks[name] = self._opened(name, settings)
        return self._desks[name]

    def _opened(self, name: str, settings: Connection) -> Desk:
        outside = self.outside
        commerce = self._commerce(settings.commerce)
        dynamics, system = self._dynamics(settings.dynamics)

        def by_increment(path: str) -> Coalescer[str, list[dict[str, Any]]]:
            async def load(keys: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
                found = await commerce.by_increment(path, keys)
                return {key: [row for row in found if str(row.get("increment_id")) == key] for key in keys}

            return Coalescer(load, window=WINDOW, most=MOST_KEYS)

        async def orders_by_id(ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
            return {int(row["entity_id"]): row for row in await commerce.orders_by_ids(ids)}

        async def customers(ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
            return {int(row["id"]): row for row in await commerce.customers_by_ids(ids)}

        read_orders, read_invoices, read_memos = map(by_increment, ("orders", "invoices", "creditmemos"))
        read_by_id = Coalescer(orders_by_id, window=WINDOW, most=MOST_KEYS)
        read_customers = Coalescer(customers, window=WINDOW, most=MOST_KEYS)
        companies = Companies(commerce, window=WINDOW, most=MOST_KEYS)
        locks: dict[str, asyncio.Lock] = {}

        async def close() -> None:
            for reads in (read_orders, read_invoices, read_memos, read_by_id, read_customers, companies):
                await reads.aclose()
            await dynamics.aclose()

        return Desk(
            name=name,
            settings=settings,
            commerce=commerce,
            dynamics=dynamics,
            items=ItemMappings(outside.tables, name, settings.items, outside.clock),
            accounts=AccountMappings(outside.tables, name, outside.clock),
            clock=outside.clock,
            orders=read_orders,
            orders_by_id=read_by_id,
            invoices=read_invoices,
            creditmemos=read_memos,
            customers=read_customers,
            companies=companies,
            one_at_a_time=lambda key: locks.setdefault(key, asyncio.Lock()),
            digest_of=lambda text: email_digest(text, outside.email_key),
            systems=(commerce.system, system),
            close=close,
        )

    def _commerce(self, settings: Commerce) -> CommerceClient:
        http = self._kept(self.outside.commerce_http(settings))

        async def pause(asked: Paused) -> None:
            await self.pauses.pause(client.system, asked.after or timedelta(seconds=30))

        client = CommerceClient(
            settings, secrets=self.outside.secrets, http=http, clock=self.outside.clock, on_pause=pause
        )
        return client

    def _dynamics(self, settings: Dynamics) -> tuple[DynamicsClient, str]:
        system = f"Dynamics at {settings.url.split('://', 1)[-1].rstrip('/')}"

        async def pause(length: timedelta) -> None:
            await self.pauses.pause(system, length)

        limiter = self._limiters.setdefault(settings.url, Limiter(start=settings.concurrency, cap=51))
        client = DynamicsClient(
            settings.url,
            http=self._kept(self.outside.dynamics_http(settings)),
            tokens=self.outside.tokens.tokens(settings),
            limiter=limiter,
            clock=self.outside.clock,
            on_pause=pause,
            write_timeout=timedelta(seconds=settings.write_timeout_seconds),
            documents_per_batch=settings.documents_per_batch,
        )
        return client, system

    def _kept(self, http: httpx.AsyncClient) -> httpx.AsyncClient:
        if http not in self._https:
            self._https.append(http)
        return http

    def _public_keys(self, host: str) -> PublicKeys:
        if host not in self._keys:
            http = self._kept(httpx.AsyncClient(timeout=5.0, follow_redirects=False))
            self._keys[host] = PublicKeys(host, http=http, clock=self.outside.clock)
        return self._keys[host]

    def counts(self) -> dict[str, dict[str, int]]:
        """Requests sent so far, per connection: what an order costs."""
        return {
            name: {f"commerce_{kind}": n for kind, n in desk.commerce.counts.items()}
            | {f"dynamics_{kind}": n for kind, n in desk.dynamics.counts.items()}
            for name, desk in self._desks.items()
        }

    async def accept_webhook(self, connection: str, flow: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A Commerce webhook."""
        return await self.edge.webhook(connection, flow, headers, body)

    async def accept_events(
        self, connection: str, method: str, headers: Mapping[str, str], params: Mapping[str, str], body: bytes
    ) -> Answer:
        """Adobe I/O Events."""
        return await self.edge.events(connection, method, headers, params, body)

    async def accept_business_event(self, connection: str, body: bytes) -> Answer:
        """A D365 business event by HTTPS."""
        return await self.business_events.take(connection, body)

    async def take_business_event(self, body: bytes) -> None:
        """A D365 business event from the queue."""
        await self.business_events.from_queue(body)

    async def poll(self, flow_name: str) -> None:
        """Find what hints missed, in every connection."""
        await self.runner.poll(flow_name)

    async def deliver(self, flow_name: str, body: bytes, message_id: str, deliveries: int) -> None:
        """One message of a queue."""
        log.debug("%s.received id=%s deliveries=%d", flow_name, message_id, deliveries)
        await self.runner.deliver(body)

    async def health(self) -> Answer:
        """Queue and tables answer; per flow how much waits and when its poll last looked. 503 when one does not."""
        flows: dict[str, Any] = {}
        try:
            for name, flow in self.flows.items():
                depth = await self.outside.queue.depth(flow.queue)
                marks = {c: await self.outside.tables.get(WATERMARKS, c, name) for c in self._with_flow(name)}
                flows[name] = {
                    "due": depth.due, "scheduled": depth.scheduled, "locked": depth.locked, "dead": depth.dead,
                    "oldest": depth.oldest, "polled_until": {c: row.values.get("at") if row else None for c, row in marks.items()},
                }  # fmt: skip
        except Exception as error:  # the page that tells what is broken must not break with it
            log.exception("health.broken error=%s", type(error).__name__)
            return Answer(503, to_json({"status": "broken", "error": type(error).__name__, "flows": flows}))
        return Answer(200, to_json({"status": "ok", "counts": self.counts(), "flows": flows}))

    async def watch(self) -> None:
        """Tell the log how far behind queues and polls are."""
        outside, flows = self.outside, tuple(self.flows.values())
        queues = (*(flow.queue for flow in flows), BUSINESS_EVENTS)
        await watch(queues, flows, self.connections, queue=outside.queue, tables=outside.tables, clock=outside.clock)

    async def close(self) -> None:
        """Close clients, token sources and stores. Safe to repeat."""
        for desk in self._desks.values():
            await desk.close()
        self._desks.clear()
        for http in self._https:
            await http.aclose()
        self._https.clear()
        await self.sends.aclose()
        await self.outside.tokens.close()
        if self.outside.close is not None:
            await self.outside.close()
