"""The HTTP edge: verify, take the key out, store the hint, answer. Nothing is read from either system, nothing is
posted, and nothing is answered before the hint is stored: a shopper may be waiting.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.commerce.event_keys import PublicKeys
from sync.commerce.io_events import (
    BadEvent,
    Event,
    challenge_answer,
    parse_events,
    status_for,
    validation_url,
    verify_events,
)
from sync.commerce.signature import Refused, verify
from sync.connections import Connection
from sync.encoding import NotJson, from_json, to_json
from sync.errors import Later, Never
from sync.flow import Flow, NoKey
from sync.ports import Clock, Conflict, Row, Secrets, Tables
from sync.runner import Runner

log = logging.getLogger("sync.edge")

EVENTS = "events"
"""Table of event ids already taken; Adobe delivers at least once."""

LARGEST_BODY = 1024 * 1024
"""Bytes. A hook of ours needs a few hundred; Commerce drops events above 64 KiB."""


@dataclass(frozen=True)
class Answer:
    """What an HTTP function says."""

    status: int
    body: bytes
    content_type: str = "application/json"


def refused(status: int, error: str, remedy: str) -> Answer:
    """A plain error: what was wrong and what to do; never a piece of the body."""
    return Answer(status, to_json({"error": error, "remedy": remedy}))


@dataclass(frozen=True)
class Edge:
    """The hooks' and events' way in. `public_keys(host)`: Adobe's keys, fetched and cached."""

    runner: Runner
    flows: Mapping[str, Flow[Any]]
    connections: Mapping[str, Connection]
    secrets: Secrets
    tables: Tables
    clock: Clock
    public_keys: Callable[[str], PublicKeys]

    async def webhook(self, connection: str, flow: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A Commerce webhook. 200 `{"op":"success"}` once the hint is stored; 401 stores nothing; 503 when it cannot."""
        settings = self.connections.get(connection)
        if settings is None:
            return refused(
                404,
                f"no connection is called {connection[:40]}",
                "Correct the hook's URL: /api/webhooks/<connection>/<flow>.",
            )
        if len(body) > LARGEST_BODY:
            return refused(
                413,
                f"the body has {len(body)} bytes, at most {LARGEST_BODY} are taken",
                "Limit the hook's fields to the record's key.",
            )
        try:
            await verify(body, headers, settings.commerce.webhook, self.secrets)
        except Refused as refusal:
            log.warning("edge.refused connection=%s flow=%s reason=%s", connection, flow[:40], refusal.reason)
            return refused(
                401,
                refusal.reason,
                "Compare the key in Commerce (Stores > Configuration > Webhooks) with commerce.webhook.keys.",
            )
        except Never as broken:
            log.error("edge.key_unusable connection=%s reason=%s", connection, broken.reason)  # noqa: TRY400
            return refused(503, "a webhook key of this connection cannot be used", "Run: python -m sync check")
        if flow not in self.flows or flow not in settings.flows:
            return refused(
                404, f"no flow is called {flow[:40]} in this connection", f"Flows here: {', '.join(settings.flows)}."
            )
        return await self._take(self.flows[flow], connection, headers, body)

    async def _take(self, flow: Flow[Any], connection: str, headers: Mapping[str, str], body: bytes) -> Answer:
        content_type = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if content_type != "application/json" and not content_type.endswith("+json"):
            return refused(
                415, f"content type {content_type[:60]} is not JSON", "Send application/json, as Commerce does."
            )
        try:
            keys = flow.keys_in(_object(from_json(body)))
        except (NotJson, NoKey) as fault:
            log.warning("edge.unreadable connection=%s flow=%s reason=%s", connection, flow.name, fault)
            return refused(
                400,
                f"the body cannot be used: {fault}",
                "Send the observer's whole payload, or at least the record's key fields.",
            )
        return await self._store([(flow.name, keys)], connection, "webhook") or Answer(200, b'{"op":"success"}')

    async def events(
        self, connection: str, method: str, headers: Mapping[str, str], params: Mapping[str, str], body: bytes
    ) -> Answer:
        """Adobe I/O Events: the challenge, and signed events. Statuses are chosen by what Adobe sends again."""
        settings = self.connections.get(connection)
        if settings is None or settings.commerce.events is None:
            return refused(
                404,
                f"no events are expected for {connection[:40]}",
                "Set [connections.<name>.commerce.events] client_id.",
            )
        if method == "GET":
            challenge = challenge_answer(params)
            if challenge is None:
                return refused(
                    400, "no challenge in the query", "Adobe asks with ?challenge=; other callers POST events."
                )
            return Answer(200, challenge.encode(), "text/plain; charset=utf-8")
        if len(body) > 2 * LARGEST_BODY:
            return refused(
                413, f"the body has {len(body)} bytes, at most {2 * LARGEST_BODY} are taken", "Lower the batch size."
            )
        if (url := validation_url(body)) is not None:
            log.warning("edge.validation_requested connection=%s url=%s", connection, url or "(not Adobe's)")
            return Answer(200, b"{}")
        try:
            found, fault = _parsed(body)
            keys = settings.commerce.events
            await verify_events(body, headers, found, keys, self.public_keys(keys.key_host))
        except (NotJson, BadEvent, Refused, Later, Never) as error:
            log.warning("edge.events_refused connection=%s reason=%s", connection, error)
            return refused(
                int(status_for(error)),
                str(error),
                "Compare the registration's client id with commerce.events.client_id.",
            )
        if fault is not None:
            log.warning("edge.events_dropped connection=%s reason=%s", connection, fault.reason)
        return await self._take_events(connection, settings, found)

    async def _take_events(self, connection: str, settings: Connection, found: Sequence[Event]) -> Answer:
        fresh = [event for event in found if await self.tables.get(EVENTS, connection, event.id) is None]
        hints: list[tuple[str, Sequence[str]]] = []
        for event in fresh:
            flow = next(
                (f for f in self.flows.values() if f.name in settings.flows and any(map(event.ends_with, f.events))),
                None,
            )
            try:
                keys = flow.keys_in(_with_store(event)) if flow else ()
            except NoKey as fault:
                log.warning(
                    "edge.event_without_key connection=%s id=%s type=%s reason=%s",
                    connection,
                    event.id,
                    event.type,
                    fault,
                )
                continue
            if flow is None:
                log.warning("edge.event_unknown connection=%s id=%s type=%s", connection, event.id, event.type)
            else:
                hints.append((flow.name, keys))
        trouble = await self._store(hints, connection, "event")
        if trouble is not None:
            return trouble
        for event in fresh:
            try:
                await self.tables.insert(
                    EVENTS, Row(connection, event.id, {"at": self.clock.now(), "type": event.type})
                )
            except Conflict:
                log.info("edge.event_repeated connection=%s id=%s", connection, event.id)
        return Answer(200, to_json({"taken": len(fresh), "repeated": len(found) - len(fresh)}))

    async def _store(self, hints: Sequence[tuple[str, Sequence[str]]], connection: str, origin: str) -> Answer | None:
        """Store the hints; None when they are stored, else the honest error."""
        try:
            for flow, keys in hints:
                await self.runner.accept(flow, connection, keys, origin)
        except Exception as error:  # whatever the queue's trouble is, the caller must hear that nothing is stored
            log.exception("edge.not_stored connection=%s error=%s", connection, type(error).__name__)
            return refused(
                503,
                "the hint could not be stored",
                "Nothing was lost: the poll finds the record. Look at the queue's health.",
            )
        return None


def _object(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise NotJson(f"a JSON object is expected, found {type(document).__name__}")
    return document


def _parsed(body: bytes) -> tuple[Sequence[Event], BadEvent | None]:
    """The usable events of a delivery; a batch with some bad ones keeps the others."""
    try:
        return parse_events(body), None
    except BadEvent as fault:
        if not fault.good:
            raise
        return fault.good, fault


def _with_store(event: Event) -> Mapping[str, Any]:
    """The event's value, with the store that its metadata names where the value has none."""
    store = event.metadata.get("storeId")
    return {"store_id": store, **event.value} if store is not None else event.value
