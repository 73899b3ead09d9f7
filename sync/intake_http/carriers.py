"""What carriers tell of parcels, on its way in: verified over the bytes that came, within a window
of time; reduced to keys, stored, answered.

A key has the parcel's number, its status and their moment: all that is ever shown, and nothing
personal. Repeats have the same key.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sync.commerce.signature import Refused, header_of, signature_in, verify
from sync.config.connections import Connection, Tracking, WebhookKeys
from sync.core.encoding import NotJson, from_json, to_json
from sync.core.errors import Later, Never
from sync.core.ports import Clock, Secrets
from sync.engine.flow import CarrierHook, DocumentFlow
from sync.engine.intake import Intake
from sync.engine.results import NoKey
from sync.intake_http.answers import (
    LARGEST_BODY,
    HttpAnswer,
    RefusalLines,
    refused,
    too_large,
    unknown_connection,
)

log = logging.getLogger("sync.intake_http.carriers")

FLOW: Final = "tracking"
BUDGET: Final = timedelta(seconds=5)
"""How long a carrier waits for its answer at most."""
NOT_STORED: Final = refused(
    503, "the events could not be stored", "Send them again: repeats change nothing."
)
OFF: Final = refused(
    404, "this connection takes no tracking events", 'Add "tracking" to flows in connections.toml.'
)
COMPARE: Final = "Compare the shared secret and the headers with tracking in connections.toml."


@dataclass(frozen=True)
class CarrierEdge:
    """The carriers' way in."""

    intake: Intake
    flows: Mapping[str, DocumentFlow[Any]]
    connections: Mapping[str, Connection]
    secrets: Secrets
    clock: Clock
    refusals: RefusalLines

    def refused_unread(self, connection: str, headers: Mapping[str, str]) -> HttpAnswer | None:
        """The answer to a request whose body need not be read; None where the body decides."""
        settings = self.connections.get(connection)
        if settings is None:
            return unknown_connection(connection, "Correct the URL: /api/tracking/<connection>.")
        if FLOW not in settings.flows:
            return OFF
        try:
            signature_in(headers, _keys(settings.tracking))
            self._moment(headers, settings.tracking)
        except Refused as error:
            return self._answer_to(error, connection)
        return None

    async def take(self, connection: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """200 with how many events are stored, and how many are of no status that is shown; 401
        stores nothing; 503 when they cannot be stored in time."""
        if (refusal := self.refused_unread(connection, headers)) is not None:
            return refusal
        if len(body) > LARGEST_BODY:
            return too_large(body, LARGEST_BODY, "Send fewer events at once.")
        try:
            async with asyncio.timeout(BUDGET.total_seconds()):
                return await self._taken(connection, headers, body)
        except TimeoutError:
            log.error("intake.out_of_time connection=%s flow=%s", connection, FLOW)  # noqa: TRY400 - nothing to trace
            return NOT_STORED

    async def _taken(self, connection: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        settings = self.connections[connection]
        try:
            moment = self._moment(headers, settings.tracking)
            signed = f"{moment}.".encode() + body if moment else body
            await verify(signed, headers, _keys(settings.tracking), self.secrets)
        except (Refused, Never, Later) as error:
            return self._answer_to(error, connection)
        trigger = self.flows[FLOW].trigger(CarrierHook)
        try:
            keys, unknown = trigger.keys_in(from_json(body), settings) if trigger else ([], 0)
        except (NotJson, NoKey) as fault:
            log.warning(
                "intake.unreadable connection=%s flow=%s reason=%s", connection, FLOW, fault
            )
            remedy = "Compare the body with the paths under tracking in connections.toml."
            return refused(400, f"the body cannot be used: {fault}", remedy)
        return await self._stored(connection, list(keys), unknown)

    async def _stored(self, connection: str, keys: list[str], unknown: int) -> HttpAnswer:
        try:
            taken = await self.intake.accept(FLOW, connection, keys, "webhook")
        except Exception as error:
            # Whatever the queue's trouble is, the caller must hear that nothing is stored.
            name = type(error).__name__
            log.exception("intake.not_stored connection=%s error=%s", connection, name)
            return NOT_STORED
        return HttpAnswer(200, to_json({"taken": taken, "unknown": unknown}))

    def _moment(self, headers: Mapping[str, str], tracking: Tracking) -> str:
        """The moment of sending as it was signed; empty where none is. Raises `Refused` for one
        that is missing, no moment, or too far from ours."""
        if not tracking.timestamp_header:
            return ""
        text = header_of(headers, tracking.timestamp_header)
        moment = _moment_of(text)
        if moment is None:
            raise Refused(f"header {tracking.timestamp_header} is no moment")
        if abs(self.clock.now() - moment) > timedelta(seconds=tracking.window_seconds):
            raise Refused(f"it was signed more than {tracking.window_seconds} s from now")
        return text

    def _answer_to(self, error: Refused | Never | Later, connection: str) -> HttpAnswer:
        if self.refusals.may_be_logged(f"carrier {type(error).__name__}"):
            named = (connection, FLOW, error.reason)
            log.warning("intake.refused connection=%s flow=%s reason=%s", *named)
        if isinstance(error, Refused):
            return refused(401, error.reason, COMPARE)
        if isinstance(error, Never):
            what = "no tracking key of this connection can be used"
            return refused(503, what, "Run: python -m sync check")
        return refused(503, "the tracking keys cannot be read now", "Send it again in a minute.")


def _keys(tracking: Tracking) -> WebhookKeys:
    return WebhookKeys(
        scheme="hmac", keys=tracking.keys, header=tracking.header, message="raw",
        encoding=tracking.encoding,
    )  # fmt: skip


def _moment_of(text: str) -> datetime | None:
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else None
