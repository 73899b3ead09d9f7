"""The HTTP edge: verify, take the key out, store the notification, answer. Nothing is read from
either system, nothing is posted, and nothing is answered before the notification is stored: a
shopper may be waiting.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sync.commerce.event_keys import PublicKeys
from sync.commerce.signature import Refused, signature_in, verify
from sync.config.connections import Connection
from sync.core.encoding import NotJson, from_json
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Secrets, Tables
from sync.engine.flow import CommerceHook, DocumentFlow
from sync.engine.intake import Intake
from sync.engine.results import NoKey
from sync.intake_http.answers import (
    LARGEST_BODY,
    NOT_STORED,
    SUCCESS,
    HttpAnswer,
    RefusalLines,
    refused,
    too_large,
    unknown_connection,
)
from sync.intake_http.carriers import CarrierEdge
from sync.intake_http.events import EventsEdge, keys_in

__all__ = ["Edge", "HttpAnswer"]

log = logging.getLogger("sync.intake_http.webhooks")

BUDGET: Final = timedelta(seconds=1.5)
"""How long a hook waits for its answer at most: Commerce gives up after two seconds, and a shopper
waits meanwhile."""

SEND_WHOLE: Final = "Send the observer's whole payload, or at least the record's key fields."
COMPARE_KEY: Final = (
    "Compare the key in Commerce (Stores > Configuration > Webhooks) with commerce.webhook.keys."
)

SEND_JSON: Final = "Send application/json, as Commerce does."


@dataclass(frozen=True)
class Edge:
    """The hooks' and events' way in. `public_keys(host)`: Adobe's keys, fetched and cached;
    `budget`: how long a hook waits for its answer at most."""

    intake: Intake
    flows: Mapping[str, DocumentFlow[Any]]
    connections: Mapping[str, Connection]
    secrets: Secrets
    tables: Tables
    clock: Clock
    public_keys: Callable[[str], PublicKeys]
    refusals: RefusalLines
    budget: timedelta = BUDGET

    async def webhook(
        self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """A Commerce webhook. 200 `{"op":"success"}` once the notification is stored; 401 stores
        nothing; 503 when it cannot be stored within `budget`."""
        try:
            async with asyncio.timeout(self.budget.total_seconds()):
                return await self._received(connection, flow, headers, body)
        except TimeoutError:
            if self.refusals.may_be_logged("out of time"):
                named = flow if flow in self.flows else "(unknown)"
                log.error("intake.out_of_time connection=%s flow=%s", connection[:40], named)  # noqa: TRY400 - nothing to trace
            return NOT_STORED

    def refused_unread(
        self, function: str, named: Mapping[str, str], headers: Mapping[str, str]
    ) -> HttpAnswer | None:
        """The answer to a POST whose body need not be read (`sync.hosts.http.RefusedUnread`)."""
        match function:
            case "receive_webhook":
                return self._hook_unread(named["connection"], named["flow"], headers)
            case "receive_events":
                return self._events_edge().refused_unread(named["connection"], headers)
            case "receive_tracking":
                return self.carriers.refused_unread(named["connection"], headers)
            case _:
                return None

    def _hook_unread(
        self, connection: str, flow: str, headers: Mapping[str, str]
    ) -> HttpAnswer | None:
        """The answer to a hook whose body need not be read: it goes to no connection, or brings no
        signature. None where the body decides."""
        settings = self.connections.get(connection)
        if settings is None:
            remedy = "Correct the hook's URL: /api/webhooks/<connection>/<flow>."
            return unknown_connection(connection, remedy)
        try:
            signature_in(headers, settings.commerce.webhook)
        except Refused as error:
            self._log_refusal(error, connection, flow)
            return _answer_to(error)
        return None

    async def _received(
        self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        if (refusal := self._hook_unread(connection, flow, headers)) is not None:
            return refusal
        settings = self.connections[connection]
        if len(body) > LARGEST_BODY:
            return too_large(body, LARGEST_BODY, "Limit the hook's fields to the record's key.")
        refusal = await self._unverified(connection, flow, settings, headers, body)
        if refusal:
            return refusal
        if flow not in self.flows or flow not in settings.flows:
            what = f"no flow is called {flow[:40]} in this connection"
            return refused(404, what, f"Flows here: {', '.join(settings.flows)}.")
        return await self._take(self.flows[flow], connection, headers, body)

    async def _unverified(
        self,
        connection: str,
        flow: str,
        settings: Connection,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer | None:
        """None for a body that one of the connection's keys signed, else the answer. The caller's
        words are not logged."""
        try:
            await verify(body, headers, settings.commerce.webhook, self.secrets)
        except (Refused, Never, Later) as error:
            self._log_refusal(error, connection, flow)
            return _answer_to(error)
        return None

    def _log_refusal(self, error: Refused | Never | Later, connection: str, flow: str) -> None:
        if not self.refusals.may_be_logged(type(error).__name__):
            return
        if isinstance(error, Refused):
            named = flow if flow in self.flows else "(unknown)"
            log.warning(
                "intake.refused connection=%s flow=%s reason=%s", connection, named, error.reason
            )
        elif isinstance(error, Never):
            log.error("intake.key_unusable connection=%s reason=%s", connection, error.reason)
        else:
            log.warning("intake.keys_unreachable connection=%s reason=%s", connection, error.reason)

    async def _take(
        self, flow: DocumentFlow[Any], connection: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        content_type = _content_type(headers)
        if content_type != "application/json" and not content_type.endswith("+json"):
            return refused(415, f"content type {content_type[:60]} is not JSON", SEND_JSON)
        try:
            keys = keys_in(flow.name, flow.trigger(CommerceHook), _object(from_json(body)))
        except (NotJson, NoKey) as fault:
            log.warning(
                "intake.unreadable connection=%s flow=%s reason=%s", connection, flow.name, fault
            )
            return refused(400, f"the body cannot be used: {fault}", SEND_WHOLE)
        return await self._stored(flow, connection, keys)

    async def _stored(
        self, flow: DocumentFlow[Any], connection: str, keys: Sequence[str]
    ) -> HttpAnswer:
        try:
            await self.intake.accept(flow.name, connection, keys, "webhook")
        except Exception as error:
            # Whatever the queue's trouble is, the caller must hear that nothing is stored.
            name = type(error).__name__
            log.exception("intake.not_stored connection=%s error=%s", connection, name)
            return NOT_STORED
        return SUCCESS

    async def events(
        self,
        connection: str,
        method: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer:
        """Adobe I/O Events; see `EventsEdge.take`."""
        return await self._events_edge().take(connection, method, headers, params, body)

    @property
    def carriers(self) -> CarrierEdge:
        """Where carriers tell of parcels."""
        return CarrierEdge(
            self.intake, self.flows, self.connections, self.secrets, self.clock, self.refusals
        )

    def _events_edge(self) -> EventsEdge:
        return EventsEdge(
            self.intake,
            self.flows,
            self.connections,
            self.tables,
            self.clock,
            self.public_keys,
            self.refusals,
        )


def _answer_to(error: Refused | Never | Later) -> HttpAnswer:
    """401 for who did not sign, 503 for trouble of our own."""
    if isinstance(error, Refused):
        return refused(401, error.reason, COMPARE_KEY)
    if isinstance(error, Never):
        what = "no webhook key of this connection can be used"
        return refused(503, what, "Run: python -m sync check")
    what = "the webhook keys cannot be read at this moment"
    return refused(503, what, "Send it again in a minute.")


def _content_type(headers: Mapping[str, str]) -> str:
    names = {name.lower(): value for name, value in headers.items()}
    return names.get("content-type", "application/json").partition(";")[0].strip().lower()


def _object(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise NotJson(f"a JSON object is expected, found {type(document).__name__}")
    return document
