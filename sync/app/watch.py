"""Looks at queues and flows at a steady beat, and tells people what needs them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sync.alerts.alerting import Alerting
from sync.alerts.conditions import alerts_of
from sync.alerts.expiries import Expiries
from sync.alerts.findings import Checkouts, Differing, Finding, Lacking, Unreported
from sync.alerts.senders import senders_of
from sync.app.edition_parts import EditionParts
from sync.app.paces import Paces
from sync.checks.schema_watch import last_seen
from sync.config.connections import Connections
from sync.credit.prepared import PreparedCredit
from sync.credit.undecided import last_undecided
from sync.engine.flow import DocumentFlow
from sync.engine.flow_pauses import FlowPauses
from sync.engine.monitoring import monitor
from sync.engine.queues import QUEUES
from sync.engine.report_builds import last_build
from sync.reconcile.stored import Reconciliations


class Watch:
    """Monitoring and alerts of one process."""

    def __init__(
        self,
        connections: Connections,
        flows: Mapping[str, DocumentFlow[Any]],
        parts: EditionParts,
        pauses: FlowPauses,
        paces: Paces,
    ) -> None:
        self._connections, self._settings = connections.connections, connections.alerts
        self._flows: Sequence[DocumentFlow[Any]] = tuple(flows.values())
        self._parts, self._pauses, self._paces = parts, pauses, paces
        self.expiries = Expiries(self._connections, parts.secrets, parts.clock)
        after = timedelta(minutes=self._settings.after_minutes)
        senders = senders_of(self._settings, parts.secrets)
        self.alerting = Alerting(parts.tables, parts.clock, senders, after)

    async def look(self) -> None:
        """Tell the log how far behind queues and polls are, and people what needs them. Raises an
        `ExceptionGroup` of what could not be looked at, after the rest."""
        parts = self._parts
        readings = await monitor(
            QUEUES, self._flows, self._connections,
            queue=parts.queue, tables=parts.tables, pauses=self._pauses, clock=parts.clock,
            telemetry=parts.telemetry,
        )  # fmt: skip
        seen = alerts_of(
            readings, await self._paces.stopped(), [one async for one in self._found()],
            connections=self._connections, settings=self._settings,
        )  # fmt: skip
        await self.alerting.look(seen)
        readings.raise_troubles()

    async def _found(self) -> AsyncIterator[Finding]:
        """All that was found by itself."""
        for expiry in await self.expiries.known():
            yield expiry
        for found in (self._differing(), self._lacking(), self._checkouts(), self._unreported()):
            async for one in found:
                yield one

    async def _differing(self) -> AsyncIterator[Differing]:
        """The connections whose books differ, as the nights have found them."""
        stored = Reconciliations(self._parts.tables)
        for name in self._connections:
            if (found := await stored.open(name)) is not None:
                yield Differing(name, found.count, found.day)

    async def _lacking(self) -> AsyncIterator[Lacking]:
        """The connections of whose systems one has lost what the mapping uses, as the last look has
        found them."""
        for name in self._connections:
            seen = await last_seen(self._parts.tables, name)
            if seen is not None and seen.findings:
                first = seen.findings[0]
                yield Lacking(name, len(seen.findings), str(first["what"]), str(first["cure"]))

    async def _checkouts(self) -> AsyncIterator[Checkouts]:
        """The connections whose checkouts ask, and what they were last told without figures."""
        tables = self._parts.tables
        for name, settings in self._connections.items():
            gate = settings.credit.gate
            if not gate.enabled:
                continue
            looked_at = await PreparedCredit(tables, name).looked_at()
            fresh, one = timedelta(minutes=gate.fresh_minutes), await last_undecided(tables, name)
            last = (one.count, one.at, one.reason) if one else ()
            yield Checkouts(name, looked_at, fresh, gate.policy, *last)

    async def _unreported(self) -> AsyncIterator[Unreported]:
        """Since when no report is whole, where any connection reports."""
        if any(one.reporting for one in self._connections.values()):
            last = await last_build(self._parts.tables, self._parts.clock.now())
            yield Unreported(last.whole_at, last.tried_at, last.reason)
