"""One process's engine, put together from its outside: queue, tables, secrets, clock, HTTP clients.

It knows no edition: the embedded one, the tests and the simulation hand in their own parts.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import httpx

from sync.app.edition_parts import EditionParts
from sync.app.paces import Paces
from sync.app.systems_pool import SystemsPool
from sync.app.tidying import tidy
from sync.commerce.event_keys import PublicKeys
from sync.config.connections import Connection, Connections
from sync.core.encoding import to_json
from sync.core.errors import Later
from sync.engine.batched_sends import JoinedSends
from sync.engine.copies import DocumentCopies
from sync.engine.dead_letters import DeadLetterParking
from sync.engine.digests import KeyedDigests
from sync.engine.engine import Engine
from sync.engine.erasure import Erasure
from sync.engine.flow import DocumentFlow
from sync.engine.flow_pauses import FlowPauses
from sync.engine.intake import Intake
from sync.engine.ledger import Ledger
from sync.engine.message import Message, message_in
from sync.engine.monitoring import monitor
from sync.engine.polling import Polling
from sync.engine.reading_ahead import ReadingAhead
from sync.engine.refused_keys import RefusedKeys
from sync.engine.repair import Repair
from sync.engine.runner import Runner
from sync.engine.turns import Turns
from sync.engine.watermarks import WATERMARKS
from sync.flows import SUB_FLOWS
from sync.intake_http.answers import HttpAnswer, RefusalLines
from sync.intake_http.business_events import BUSINESS_EVENTS, BusinessEventsEdge
from sync.intake_http.webhooks import Edge
from sync.pacing.pauses import Pauses

log = logging.getLogger("sync.app.services")


class Services:
    """One process's engine. Answers what the hosts ask (`sync.hosts.runtime.Runtime`). Close it
    when done."""

    def __init__(
        self,
        connections: Connections,
        flows: Sequence[DocumentFlow[Any]],
        edition_parts: EditionParts,
    ) -> None:
        self.connections: Mapping[str, Connection] = connections.connections
        self.flows = {flow.name: flow for flow in flows}
        self.sub_flows = {sub_flow.name: sub_flow for sub_flow in SUB_FLOWS}
        self.edition_parts = edition_parts
        tables, clock = edition_parts.tables, edition_parts.clock
        sealer, months = edition_parts.sealer, edition_parts.keep_months
        self.documents = DocumentCopies(tables, sealer, clock, keep_months=months)
        self._keys: dict[str, PublicKeys] = {}
        self._key_clients: list[httpx.AsyncClient] = []
        self.pauses = Pauses(tables, clock)
        self.flow_pauses = FlowPauses(tables, clock)
        digests = KeyedDigests(edition_parts.email_key)
        self.ledger = Ledger(tables, clock, digests, is_alone=edition_parts.is_alone)
        self.sends = JoinedSends(edition_parts.queue)
        self.refused_keys, apart = RefusedKeys(tables, clock), edition_parts.clocks_apart
        self.intake = Intake(self.sends, clock, self.refused_keys, margin=apart)
        self.worker = clock.unique()
        paces = Paces(self.connections, edition_parts, self.pauses, self.worker)
        self.systems_pool = SystemsPool(self.connections, edition_parts, paces)
        self.turns = Turns(clock, self._is_shared)
        engine = self.engine()
        self.runner, self.polling, self.repair = Runner(engine), Polling(engine), Repair(engine)
        self.dead_letter_parking = DeadLetterParking(engine)
        self.erasure = Erasure(tables, self.ledger, self.documents, self.refused_keys)
        known, refusals = (self.intake, self.flows, self.connections), RefusalLines(clock)
        self.edge = Edge(*known, edition_parts.secrets, tables, clock, self._public_keys, refusals)
        self.business_events = BusinessEventsEdge(*known, tables, clock, refusals)

    def engine(self) -> Engine:
        """The parts that run flows."""
        return Engine(
            flows=self.flows,
            sub_flows=self.sub_flows,
            open_systems=self.systems_pool.open,
            connections=self._with_flow,
            intake=self.intake,
            ledger=self.ledger,
            tables=self.edition_parts.tables,
            documents=self.documents,
            flow_pauses=self.flow_pauses,
            ahead=ReadingAhead(self.edition_parts.queue, self.edition_parts.clock),
            clock=self.edition_parts.clock,
            worker=self.worker,
        )

    def _with_flow(self, flow: str) -> list[str]:
        return [name for name, connection in self.connections.items() if flow in connection.flows]

    def _is_shared(self, flow: str) -> bool:
        return not self.edition_parts.takes_turns and len(self._with_flow(flow)) > 1

    def _public_keys(self, host: str) -> PublicKeys:
        if host not in self._keys:
            http = httpx.AsyncClient(timeout=5.0, follow_redirects=False)
            self._key_clients.append(http)
            self._keys[host] = PublicKeys(host, http=http, clock=self.edition_parts.clock)
        return self._keys[host]

    async def accept_webhook(
        self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """A Commerce webhook."""
        return await self.edge.webhook(connection, flow, headers, body)

    async def accept_events(
        self,
        connection: str,
        method: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer:
        """Adobe I/O Events."""
        return await self.edge.events(connection, method, headers, params, body)

    async def accept_business_event(self, connection: str, body: bytes) -> HttpAnswer:
        """A D365 business event by HTTPS."""
        return await self.business_events.take(connection, body)

    async def take_business_event(self, body: bytes) -> None:
        """A D365 business event from the queue."""
        await self.business_events.from_queue(body)

    async def poll(self, flow_name: str) -> None:
        """Find what notifications missed, in every connection."""
        await self.polling.poll(flow_name)

    async def deliver(
        self,
        flow_name: str,
        body: bytes,
        message_id: str,
        deliveries: int,
        *,
        trace_parent: str = "",
    ) -> None:
        """One message of a queue."""
        log.debug(
            "%s.received id=%s deliveries=%d within=%s",
            flow_name,
            message_id,
            deliveries,
            trace_parent[36:52],
        )
        message = message_in(body)
        if message is not None and await self._gave_back(message):
            return
        named = (message.connection, message.key) if message else ("", "")
        with (
            self.edition_parts.telemetry.delivery(flow_name, *named, trace_parent=trace_parent),
            self.turns.taken(message) if message else nullcontext(),
        ):
            await self.runner.deliver(body)

    async def _gave_back(self, message: Message) -> bool:
        """Whether the message was put off because its connection has its share already. One that
        cannot be put off is delivered."""
        if (due := self.turns.beyond_its_share(message)) is None:
            return False
        try:
            await self.intake.reschedule(message, due)
        except Later:
            return False
        return True

    async def park_dead_letter(
        self, flow_name: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        """One message that a queue has given up."""
        await self.dead_letter_parking.park_dead_letter(
            flow_name, body, message_id, reason, description
        )

    async def health(self) -> HttpAnswer:
        """Queue and tables answer; per flow how much waits and when its poll last looked; which
        flows are paused, and which systems nobody may call. 503 when one does not."""
        flows: dict[str, Any] = {}
        try:
            paused = [asdict(pause) for pause in await self.flow_pauses.standing()]
            stopped = await self.systems_pool.paces.stopped()
            for name, flow in self.flows.items():
                depth = await self.edition_parts.queue.depth(flow.queue)
                marks = {
                    c: await self.edition_parts.tables.get(WATERMARKS, c, name)
                    for c in self._with_flow(name)
                }
                flows[name] = {
                    "due": depth.due,
                    "scheduled": depth.scheduled,
                    "locked": depth.locked,
                    "dead": depth.dead,
                    "oldest": depth.oldest,
                    "polled_until": {
                        c: row.values.get("at") if row else None for c, row in marks.items()
                    },
                }
        except Exception as error:  # the page that tells what is broken must not break with it
            log.exception("health.broken error=%s", type(error).__name__)
            return HttpAnswer(
                503, to_json({"status": "broken", "error": type(error).__name__, "flows": flows})
            )
        counts = self.systems_pool.counts()
        found = {"paused": paused, "systems": stopped, "counts": counts, "flows": flows}
        return HttpAnswer(200, to_json({"status": "ok", **found}))

    async def monitor(self) -> None:
        """Tell the log how far behind queues and polls are; mend a page of claims."""
        parts, flows = self.edition_parts, tuple(self.flows.values())
        queues = (*(flow.queue for flow in flows), BUSINESS_EVENTS)
        try:
            await monitor(
                queues, flows, self.connections, queue=parts.queue, tables=parts.tables,
                clock=parts.clock, telemetry=parts.telemetry,
            )  # fmt: skip
        finally:
            await self.repair.run()

    async def tidy(self) -> None:
        """Forget what is older than it is kept."""
        await tidy(self.documents, self.edition_parts.tables, self.edition_parts.clock)

    async def close(self) -> None:
        """Close clients, token sources and stores. Safe to repeat."""
        await self.systems_pool.close()
        for http in self._key_clients:
            await http.aclose()
        self._key_clients.clear()
        await self.sends.aclose()
        await self.edition_parts.tokens.close()
        if self.edition_parts.close is not None:
            await self.edition_parts.close()
