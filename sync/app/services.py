"""One process's engine, put together from its outside: queue, tables, secrets, clock, HTTP clients.

It knows no edition: the embedded one, the tests and the simulation hand in their own parts.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sync.app.edition_parts import EditionParts
from sync.app.health import health
from sync.app.paces import Paces
from sync.app.public_keys import PublicKeyHosts
from sync.app.queue_work import QueueWork
from sync.app.report_nights import ReportNights
from sync.app.systems_pool import SystemsPool
from sync.app.tidying import repairing, tidying
from sync.app.watch import Watch
from sync.checks.finding import Own, Probe, probe_of
from sync.checks.schema_watch import SchemaWatch
from sync.config.connections import Connection, Connections
from sync.engine.batched_sends import JoinedSends
from sync.engine.copies import DocumentCopies
from sync.engine.dead_letters import DeadLetterParking
from sync.engine.digests import KeyedDigests
from sync.engine.engine import Engine
from sync.engine.erasure import Erasure
from sync.engine.flow import DocumentFlow
from sync.engine.flow_pauses import FlowPauses
from sync.engine.intake import Intake
from sync.engine.jobs import Housekeeping, Jobs, nearest_minute
from sync.engine.ledger import Ledger
from sync.engine.monitoring import MINUTES
from sync.engine.old_flow_names import OldFlowNames
from sync.engine.old_queues import OldQueues
from sync.engine.polling import Polling
from sync.engine.reading_ahead import ReadingAhead
from sync.engine.refused_keys import RefusedKeys
from sync.engine.repair import Repair
from sync.engine.run_leases import RunLeases
from sync.engine.runner import Runner
from sync.engine.systems import Systems
from sync.engine.troubles import Troubles
from sync.engine.turns import Turns
from sync.flows import SUB_FLOWS
from sync.intake_http.answers import HttpAnswer, RefusalLines
from sync.intake_http.business_events import BusinessEventsEdge
from sync.intake_http.gate import Gate
from sync.intake_http.webhooks import Edge
from sync.pacing.pauses import Pauses
from sync.reconcile.nightly import Nightly

LONGEST_LOOK: Final = timedelta(seconds=50)
"""How long monitoring may look: the timer that lets it look fires again after a minute."""


class Services:
    """One process's engine. Answers what the hosts ask (`sync.hosts.runtime.Runtime`). Close it
    when done. `console`: its web console, once somebody has asked for a page of it; `portals`,
    `interests`: those of the connections, likewise."""

    console: Any = None
    portals: Any = None
    interests: Any = None

    def __init__(
        self,
        connections: Connections,
        flows: Sequence[DocumentFlow[Any]],
        edition_parts: EditionParts,
    ) -> None:
        self.connections: Mapping[str, Connection] = connections.connections
        self.flows = {flow.name: flow for flow in flows}
        self.sub_flows = {sub_flow.name: sub_flow for sub_flow in SUB_FLOWS}
        self.edition_parts, self.worker = edition_parts, edition_parts.clock.unique()
        parts, tables, clock = edition_parts, edition_parts.tables, edition_parts.clock
        self.documents = DocumentCopies(tables, parts.sealer, clock, keep_months=parts.keep_months)
        self.pauses, self.flow_pauses = Pauses(tables, clock), FlowPauses(tables, clock)
        digests = KeyedDigests(edition_parts.email_key)
        self.ledger = Ledger(tables, clock, digests, is_alone=edition_parts.is_alone)
        self.sends, self.public_keys = JoinedSends(edition_parts.queue), PublicKeyHosts(clock)
        self.refused_keys, apart = RefusedKeys(tables, clock), edition_parts.clocks_apart
        self.queues = {flow.name: flow.priority.queue for flow in flows}
        self.intake = Intake(self.sends, clock, self.refused_keys, self.queues, margin=apart)
        paces = Paces(self.connections, edition_parts, self.pauses, self.worker)
        self.systems_pool = SystemsPool(self.connections, edition_parts, paces)
        sharing = {} if parts.takes_turns else {n: c.flows for n, c in self.connections.items()}
        self.turns = Turns(clock, self.queues, sharing, connections.systems)
        engine = self.engine()
        self.runner, self.polling, self.repair = Runner(engine), Polling(engine), Repair(engine)
        self.troubles = Troubles(tables, clock, digests)
        self.dead_letter_parking = DeadLetterParking(engine, self.refused_keys, self.troubles)
        self.jobs = self._jobs(engine)
        self.watch = Watch(connections, self.flows, edition_parts, self.flow_pauses, paces)
        self.erasure = Erasure(tables, self.ledger, self.documents, self.refused_keys)
        known, refusals = (self.intake, self.flows, self.connections), RefusalLines(clock)
        self.edge = Edge(*known, parts.secrets, tables, clock, self.public_keys.of, refusals)
        ims_keys = self.public_keys.of_ims
        self.gate = Gate(self.connections, parts.secrets, tables, clock, refusals, ims_keys)
        self.business_events = BusinessEventsEdge(*known, tables, clock, refusals)
        self.queue_work = QueueWork(
            self.flows, self.runner, self.jobs, self.business_events, self.dead_letter_parking,
            self.turns, self.intake, edition_parts.telemetry,
        )  # fmt: skip

    def engine(self) -> Engine:
        """The parts that run flows."""
        parts = self.edition_parts
        return Engine(
            flows=self.flows, sub_flows=self.sub_flows, open_systems=self.systems_pool.open,
            connections=self.connections, intake=self.intake, ledger=self.ledger,
            tables=parts.tables, documents=self.documents, flow_pauses=self.flow_pauses,
            ahead=ReadingAhead(parts.queue, parts.clock), clock=parts.clock, worker=self.worker,
        )  # fmt: skip

    def _jobs(self, engine: Engine) -> Jobs:
        parts = self.edition_parts
        old = OldQueues(parts.queue, self.intake, self.dead_letter_parking, parts.clock)
        names = OldFlowNames(parts.tables, self.connections, parts.clock)
        tidy = tidying(self.documents, parts.tables, parts.clock)
        return Jobs(
            self.polling,
            (
                tidy, repairing(self.repair), Housekeeping("old-queues", old.move),
                Housekeeping("old-flow-names", names.move), *self._nights(engine),
                *self._schemas(engine), *self._reports(),
            ),
            tables=parts.tables, sends=self.sends, clock=parts.clock,
            leases=RunLeases(parts.tables, parts.clock, self.worker, is_alone=parts.is_alone),
        )  # fmt: skip

    def _nights(self, engine: Engine) -> Iterator[Housekeeping]:
        """Both books are compared each night."""
        for name in self.connections:
            yield Housekeeping(f"reconcile|{name}", Nightly(name, engine).run)

    def _reports(self) -> Iterator[Housekeeping]:
        """Reports are built each night, where an hour is named and something here builds."""
        parts, connections = self.edition_parts, [*self.connections.values()]
        nights = ReportNights(connections, parts.report_command, parts.clock)
        if nights.are_wanted:
            yield Housekeeping("reports", nights.run)

    def _schemas(self, engine: Engine) -> Iterator[Housekeeping]:
        """What the mapping uses of both systems is looked at each day."""
        parts = self.edition_parts
        own = Own(parts.queue, parts.tables)

        def probe(systems: Systems) -> Probe:
            return probe_of(systems, parts.secrets, own, self.connections)

        for name in self.connections:
            watch = SchemaWatch(name, engine.open_systems, probe, parts.tables)
            yield Housekeeping(f"schema|{name}", watch.run)

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

    async def accept_tracking(
        self, connection: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """What a carrier tells of parcels."""
        return await self.edge.carriers.take(connection, headers, body)

    async def ask_gate(
        self, connection: str, question: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """A checkout asks whether somebody may buy on account."""
        return await self.gate.ask(connection, question, headers, body)

    async def take(
        self, queue: str, body: bytes, message_id: str, deliveries: int, *, trace_parent: str = ""
    ) -> None:
        """One message of a queue."""
        await self.queue_work.take(queue, body, message_id, deliveries, trace_parent=trace_parent)

    async def park_dead_letter(
        self, queue: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        """One message that a queue has given up."""
        await self.queue_work.park_dead_letter(queue, body, message_id, reason, description)

    async def note_trouble(self, queue: str, body: bytes, reason: str) -> None:
        """Why a message is given back."""
        await self.troubles.note(queue, body, reason)

    async def tick(self) -> None:
        """Store what is due in this minute; every five minutes monitoring looks, also where nothing
        could be stored."""
        try:
            await self.jobs.enqueue_due()
        finally:
            if nearest_minute(self.edition_parts.clock.now()).minute % MINUTES == 0:
                async with asyncio.timeout(LONGEST_LOOK.total_seconds()):
                    await self.watch.look()

    async def health(self) -> HttpAnswer:
        """Queue and tables answer; what waits, when polls last looked, and what is paused."""
        parts = self.edition_parts
        return await health(
            self.flows, self.connections, self.systems_pool,
            queue=parts.queue, tables=parts.tables, pauses=self.flow_pauses,
        )  # fmt: skip

    async def close(self) -> None:
        """Close clients, token sources and stores. Safe to repeat."""
        await self.systems_pool.close()
        await self.public_keys.close()
        await self.sends.aclose()
        await self.edition_parts.tokens.close()
        if self.edition_parts.close is not None:
            await self.edition_parts.close()
