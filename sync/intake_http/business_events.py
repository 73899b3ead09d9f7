"""D365 business events on their way in: by HTTPS with a function key, or from the queue that F&O
writes to itself.

Every event is kept (id, kind, company, times; never its fields), known or not, so that nothing is
dropped unseen; what a flow knows becomes a notification. Repeats are told apart by EventId.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.encoding import NotJson, to_json
from sync.core.ports import Clock, Row, Tables, Value
from sync.dynamics.business_events import BadBusinessEvent, BusinessEvent, business_event
from sync.engine.flow import BusinessEvents, DocumentFlow
from sync.engine.intake import Intake
from sync.engine.results import NoKey
from sync.intake_http.answers import (
    NOT_STORED,
    HttpAnswer,
    RefusalLines,
    refused,
    unknown_connection,
)

log = logging.getLogger("sync.dynamics.business_events")

TABLE = "businessevents"
NOBODY = "-"
"""Stands for the connection where an event's legal entity is that of none; no connection can be
called so."""
STALE = timedelta(days=1)
"""An event older than this is taken all the same, and said: F&O may have held it in its error
log."""

SEND_AS_IT_IS: Final = "Send F&O's business event as it is."


@dataclass(frozen=True)
class BusinessEventsEdge:
    """Takes envelopes, stores that they came, and notifications the flows that know them."""

    intake: Intake
    flows: Mapping[str, DocumentFlow[Any]]
    connections: Mapping[str, Connection]
    tables: Tables
    clock: Clock
    refusals: RefusalLines

    async def take(self, connection: str, body: bytes) -> HttpAnswer:
        """One envelope by HTTPS. 200 once stored (F&O tries three times, then waits for a person),
        400 for junk."""
        settings = self.connections.get(connection)
        if settings is None:
            return unknown_connection(connection, "Correct the endpoint's URL in F&O.")
        try:
            event = business_event(body)
        except (NotJson, BadBusinessEvent) as fault:
            if self.refusals.may_be_logged("business event"):
                log.warning("business_events.unreadable connection=%s reason=%s", connection, fault)
            return refused(400, f"the body cannot be used: {fault}", SEND_AS_IT_IS)
        if event.is_test:
            log.info("business_events.tested connection=%s event=%s", connection, event.event)
            return HttpAnswer(200, to_json({"taken": False, "test": True}))
        return await self._taken(connection, settings, event)

    async def _taken(
        self, connection: str, settings: Connection, event: BusinessEvent
    ) -> HttpAnswer:
        try:
            taken = await self._store(connection, settings, event)
        except Exception as error:
            # Whatever the store's trouble is, F&O must hear that nothing is stored.
            name = type(error).__name__
            log.exception("business_events.not_stored connection=%s error=%s", connection, name)
            return NOT_STORED
        return HttpAnswer(200, to_json({"taken": taken, "test": False}))

    async def from_queue(self, body: bytes) -> None:
        """One envelope from the queue: for every connection of its legal entity. Raises `NotJson`,
        `BadBusinessEvent`."""
        event = business_event(body)
        if event.is_test:
            log.info("business_events.tested event=%s", event.event)
            return
        meant = [
            name
            for name, settings in self.connections.items()
            if event.company in settings.legal_entities
        ]
        for name in meant:
            await self._store(name, self.connections[name], event)
        if not meant:
            await self._remember(NOBODY, event, [])

    async def _store(self, connection: str, settings: Connection, event: BusinessEvent) -> bool:
        """Notification first, then remember the event: a crash between repeats the notification,
        which changes nothing."""
        if await self.tables.get(TABLE, connection, event.id) is not None:
            log.info("business_events.repeated connection=%s id=%s", connection, event.id)
            return False
        is_meant = event.company in ("", *settings.legal_entities)
        flows = self._meant_for(event, settings) if is_meant else []
        for flow, trigger in flows:
            await self._notification(flow.name, trigger, connection, event)
        await self._remember(connection, event, [flow.name for flow, _ in flows])
        return True

    def _meant_for(
        self, event: BusinessEvent, settings: Connection
    ) -> list[tuple[DocumentFlow[Any], BusinessEvents]]:
        """The connection's flows that know this kind of event; one event may concern several."""
        flows = [flow for name, flow in self.flows.items() if name in settings.flows]
        triggers = [(flow, flow.trigger(BusinessEvents)) for flow in flows]
        return [
            (flow, found)
            for flow, found in triggers
            if found is not None and event.event in (*found.names, *found.own(settings))
        ]

    async def _remember(self, connection: str, event: BusinessEvent, flows: Sequence[str]) -> None:
        """That it came; without a flow, that nobody here knows what to do with it."""
        if not flows:
            log.warning(
                "business_events.unknown connection=%s event=%s id=%s",
                connection, event.event, event.id,
            )  # fmt: skip
        now = self.clock.now()
        if event.at is not None and now - event.at > STALE:
            log.warning(
                "business_events.late connection=%s id=%s at=%s",
                connection, event.id, event.at.isoformat(),
            )  # fmt: skip
        cells: dict[str, Value] = {
            "event": event.event, "company": event.company, "at": event.at, "taken_at": now,
            "control": event.control_number, "flow": " ".join(flows),
        }  # fmt: skip
        await self.tables.upsert(TABLE, Row(connection, event.id, cells))

    async def _notification(
        self, flow: str, trigger: BusinessEvents, connection: str, event: BusinessEvent
    ) -> None:
        try:
            keys = trigger.keys_in(event)
        except NoKey as fault:
            log.warning(
                "business_events.without_key connection=%s id=%s reason=%s",
                connection, event.id, fault,
            )  # fmt: skip
            return
        await self.intake.accept(flow, connection, keys, "business_event")
