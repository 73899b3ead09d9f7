"""Adobe I/O Events at the HTTP edge: verify, take each event once, store notifications, answer by
what Adobe sends again."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.commerce.event_keys import PublicKeys
from sync.commerce.io_events import (
    BadEvent,
    Event,
    asks_for_validation,
    challenge_answer,
    parse_events,
    refused_unread,
    status_for,
    verify_events,
)
from sync.commerce.signature import Refused
from sync.config.connections import Connection, EventKeys
from sync.core.encoding import NotJson, to_json
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Conflict, Row, Tables
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow
from sync.engine.intake import Intake
from sync.engine.refused_keys import LONGEST_KEY, key_fault
from sync.engine.results import NoKey
from sync.intake_http.answers import (
    LARGEST_BODY,
    NOT_STORED,
    HttpAnswer,
    RefusalLines,
    refused,
    too_large,
)
from sync.mapping_tables.records import is_plain

log = logging.getLogger("sync.intake_http.webhooks")

EVENTS = "events"
"""Table of event ids already taken; Adobe delivers at least once."""


@dataclass(frozen=True)
class EventsEdge:
    """The events' way in. `public_keys(host)`: Adobe's keys, fetched and cached."""

    intake: Intake
    flows: Mapping[str, DocumentFlow[Any]]
    connections: Mapping[str, Connection]
    tables: Tables
    clock: Clock
    public_keys: Callable[[str], PublicKeys]
    refusals: RefusalLines

    def refused_unread(self, connection: str, headers: Mapping[str, str]) -> HttpAnswer | None:
        """The answer to a POST whose body need not be read: nobody expects events there, or it
        brings no signature. None where the body decides."""
        settings = self.connections.get(connection)
        if settings is None or settings.commerce.events is None:
            return _unexpected(connection)
        error = refused_unread(headers)
        return None if error is None else self._refusal(connection, error)

    async def take(
        self,
        connection: str,
        method: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer:
        """Adobe I/O Events: the challenge, and signed events. Statuses are chosen by what Adobe
        sends again."""
        settings = self.connections.get(connection)
        if settings is None or settings.commerce.events is None:
            return _unexpected(connection)
        if method == "GET":
            return _challenged(params)
        if len(body) > 2 * LARGEST_BODY:
            return too_large(body, 2 * LARGEST_BODY, "Lower the batch size of the registration.")
        if asks_for_validation(body):
            if self.refusals.may_be_logged("validation"):
                log.warning("intake.validation_requested connection=%s", connection)
            return HttpAnswer(200, b"{}")
        return await self._delivered(connection, settings, settings.commerce.events, headers, body)

    async def _delivered(
        self,
        connection: str,
        settings: Connection,
        keys: EventKeys,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer:
        try:
            found, fault = _parsed(body)
            await verify_events(body, headers, found, keys, self.public_keys(keys.key_host))
        except (NotJson, BadEvent, Refused, Later, Never) as error:
            return self._refusal(connection, error)
        if fault is not None:
            log.warning("intake.events_dropped connection=%s reason=%s", connection, fault.reason)
        try:
            return await self._take_events(connection, settings, found)
        except Exception as error:
            # Adobe sends again what is answered 503: nothing is lost, and ids tell repeats.
            name = type(error).__name__
            log.exception("intake.not_stored connection=%s error=%s", connection, name)
            return NOT_STORED

    def _refusal(self, connection: str, error: Exception) -> HttpAnswer:
        if self.refusals.may_be_logged(f"event {type(error).__name__}"):
            log.warning("intake.events_refused connection=%s reason=%s", connection, error)
        remedy = "Compare the registration's client id with commerce.events.client_id."
        return refused(int(status_for(error)), str(error), remedy)

    async def _take_events(
        self, connection: str, settings: Connection, found: Sequence[Event]
    ) -> HttpAnswer:
        """Notifications first, then the ids: a crash between them makes a second notification,
        never a lost one."""
        get, fresh = self.tables.get, {_row_key(event): event for event in found}
        for key in list(fresh):
            if await get(EVENTS, connection, key) is not None:
                del fresh[key]
        announced = [await self._announce(connection, settings, *one) for one in fresh.items()]
        for key in fresh:
            await self._remember(connection, key)
        taken, repeated = announced.count(True), len(found) - len(fresh)
        counts = {"taken": taken, "unknown": len(fresh) - taken, "repeated": repeated}
        return HttpAnswer(200, to_json(counts))

    async def _remember(self, connection: str, key: str) -> None:
        try:
            await self.tables.insert(EVENTS, Row(connection, key, {"at": self.clock.now()}))
        except Conflict:
            log.info("intake.event_repeated connection=%s id=%s", connection, key)

    async def _announce(
        self, connection: str, settings: Connection, row_key: str, event: Event
    ) -> bool:
        """Store a notification for each flow that the event is of; False where it is of none."""
        flows = [
            f
            for f in self.flows.values()
            if f.name in settings.flows and _is_of(event, f, settings)
        ]
        if not flows:
            log.warning(
                "intake.event_unknown connection=%s id=%s type=%s",
                connection, row_key, _shown(event.type),
            )  # fmt: skip
        for flow in flows:
            try:
                keys = keys_in(flow.name, flow.trigger(AdobeEvents), _with_store(event))
            except NoKey as fault:
                log.warning(
                    "intake.event_without_key connection=%s id=%s reason=%s",
                    connection, row_key, fault,
                )  # fmt: skip
                continue
            await self.intake.accept(flow.name, connection, keys, "event")
        return bool(flows)


def keys_in(
    flow: str, trigger: CommerceHook | AdobeEvents | None, payload: Mapping[str, Any]
) -> Sequence[str]:
    """The keys in a payload, by the rule of the intake, so that a sender is answered. Raises
    `NoKey`, in words that quote nothing."""
    if trigger is None:
        raise NoKey(f"{flow} takes no hooks")
    try:
        keys = trigger.keys_in(payload)
    except NoKey:
        raise
    except ValueError:
        raise NoKey(f"a field of the key of {flow} cannot be read") from None
    if fault := next(filter(None, map(key_fault, keys)), ""):
        raise NoKey(f"a key of {flow} cannot be used: {fault}")
    return keys


def _unexpected(connection: str) -> HttpAnswer:
    return refused(
        404,
        f"no events are expected for {connection[:40]}",
        "Set [connections.<name>.commerce.events] client_id.",
    )


def _challenged(params: Mapping[str, str]) -> HttpAnswer:
    challenge = challenge_answer(params)
    if challenge is None or len(challenge) > 1000:
        return refused(
            400,
            "no challenge in the query",
            "Adobe asks with ?challenge=; other callers POST events.",
        )
    return HttpAnswer(200, challenge.encode("utf-8", "replace"), "text/plain; charset=utf-8")


def _is_of(event: Event, flow: DocumentFlow[Any], settings: Connection) -> bool:
    trigger = flow.trigger(AdobeEvents)
    names = (*trigger.names, *trigger.own(settings)) if trigger is not None else ()
    return any(event.ends_with(name) for name in names)


def _row_key(event: Event) -> str:
    """The event's id, or a digest of one that no table can hold."""
    fits = len(event.id) <= LONGEST_KEY and is_plain(event.id)
    return (
        event.id
        if fits
        else hashlib.sha256(event.id.encode("utf-8", "backslashreplace")).hexdigest()
    )


def _shown(kind: str) -> str:
    return kind[:120] if is_plain(kind) else "(unprintable)"


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
    return (
        event.value
        if event.value.get("store_id") is not None
        else {**event.value, "store_id": store}
    )
