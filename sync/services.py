"""One process's engine, put together from its outside: queue, tables, secrets, clock, HTTP clients.

It knows no edition: the embedded one, the tests and the simulation hand in their own parts.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from sync.commerce.event_keys import PublicKeys
from sync.connections import Connection, Connections
from sync.desks import Desks
from sync.edge.answers import Answer
from sync.edge.business_events import BUSINESS_EVENTS, BusinessEventsEdge
from sync.edge.webhooks import Edge
from sync.encoding import NotJson, to_json
from sync.flow import DocumentFlow
from sync.flows import INNER
from sync.outside import Outside
from sync.pauses import Pauses
from sync.road.burial import Burial
from sync.road.catch_up import WATERMARKS, CatchUp
from sync.road.documents import Documents
from sync.road.engine import Engine
from sync.road.hints import Hints
from sync.road.ledger import Ledger
from sync.road.message import Message
from sync.road.runner import Runner
from sync.road.sending import JoinedSends
from sync.road.watch import watch

log = logging.getLogger("sync.services")


class Services:
    """One process's engine. Answers what the hosts ask (`sync.hosts.runtime.Runtime`). Close it when done."""

    def __init__(self, connections: Connections, flows: Sequence[DocumentFlow[Any]], outside: Outside) -> None:
        self.connections: Mapping[str, Connection] = connections.connections
        self.flows = {flow.name: flow for flow in flows}
        self.inner = {inner.name: inner for inner in INNER}
        self.outside = outside
        self.documents = Documents(outside.tables, outside.sealer, outside.clock, keep_months=outside.keep_months)
        self._keys: dict[str, PublicKeys] = {}
        self._key_clients: list[httpx.AsyncClient] = []
        self.pauses = Pauses(outside.tables, outside.clock)
        self.ledger = Ledger(outside.tables, outside.clock, is_alone=outside.is_alone)
        self.sends = JoinedSends(outside.queue)
        self.hints = Hints(self.sends, outside.clock)
        self.desks = Desks(self.connections, outside, self.pauses)
        engine = self.engine()
        self.runner = Runner(engine)
        self.catch_up = CatchUp(engine)
        self.burial = Burial(engine)
        known = (self.hints, self.flows, self.connections)
        self.edge = Edge(*known, outside.secrets, outside.tables, outside.clock, self._public_keys)
        self.business_events = BusinessEventsEdge(*known, outside.tables, outside.clock)

    def engine(self) -> Engine:
        """The parts that run flows."""
        return Engine(
            flows=self.flows,
            inner=self.inner,
            open_desk=self.desks.open,
            connections=self._with_flow,
            hints=self.hints,
            ledger=self.ledger,
            tables=self.outside.tables,
            documents=self.documents,
            pauses=self.pauses,
            clock=self.outside.clock,
            worker=self.outside.clock.unique(),
        )

    def _with_flow(self, flow: str) -> list[str]:
        return [name for name, connection in self.connections.items() if flow in connection.flows]

    def _public_keys(self, host: str) -> PublicKeys:
        if host not in self._keys:
            http = httpx.AsyncClient(timeout=5.0, follow_redirects=False)
            self._key_clients.append(http)
            self._keys[host] = PublicKeys(host, http=http, clock=self.outside.clock)
        return self._keys[host]

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
        await self.catch_up.poll(flow_name)

    async def deliver(
        self, flow_name: str, body: bytes, message_id: str, deliveries: int, *, trace_parent: str = ""
    ) -> None:
        """One message of a queue."""
        log.debug("%s.received id=%s deliveries=%d within=%s", flow_name, message_id, deliveries, trace_parent[36:52])
        with self.outside.telemetry.delivery(flow_name, *_named(body), trace_parent=trace_parent):
            await self.runner.deliver(body)

    async def bury(self, flow_name: str, body: bytes, message_id: str, reason: str, description: str) -> None:
        """One message that a queue has given up."""
        await self.burial.bury(flow_name, body, message_id, reason, description)

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
        return Answer(200, to_json({"status": "ok", "counts": self.desks.counts(), "flows": flows}))

    async def watch(self) -> None:
        """Tell the log how far behind queues and polls are."""
        outside, flows = self.outside, tuple(self.flows.values())
        queues = (*(flow.queue for flow in flows), BUSINESS_EVENTS)
        await watch(
            queues, flows, self.connections,
            queue=outside.queue, tables=outside.tables, clock=outside.clock, telemetry=outside.telemetry,
        )  # fmt: skip

    async def tidy(self) -> None:
        """Forget copies of documents that are older than the policy."""
        await self.documents.forget_old()

    async def close(self) -> None:
        """Close clients, token sources and stores. Safe to repeat."""
        await self.desks.close()
        for http in self._key_clients:
            await http.aclose()
        self._key_clients.clear()
        await self.sends.aclose()
        await self.outside.tokens.close()
        if self.outside.close is not None:
            await self.outside.close()


def _named(body: bytes) -> tuple[str, str]:
    """Connection and key of a message, for telemetry; empty for what is none of ours."""
    try:
        message = Message.decode(body)
    except NotJson:
        return "", ""
    return message.connection, message.key
