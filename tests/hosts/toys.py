"""A runtime that writes down what it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Said:
    """An answer, as the edge gives it."""

    status: int = 200
    body: bytes = b'{"op":"success"}'
    content_type: str = "application/json"


@dataclass
class Notebook:
    """`Runtime` that notes every call and answers `says`."""

    says: Said = field(default_factory=Said)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def open(self) -> "Notebook":
        return self

    async def accept_webhook(
        self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
    ) -> Said:
        self.calls.append(("webhook", connection, flow, dict(headers), body))
        return self.says

    async def accept_events(
        self,
        connection: str,
        method: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        body: bytes,
    ) -> Said:
        self.calls.append(("events", connection, method, dict(headers), dict(params), body))
        return self.says

    async def accept_business_event(self, connection: str, body: bytes) -> Said:
        self.calls.append(("business event", connection, body))
        return self.says

    async def accept_tracking(
        self, connection: str, headers: Mapping[str, str], body: bytes
    ) -> Said:
        self.calls.append(("tracking", connection, headers, body))
        return self.says

    async def ask_gate(
        self, connection: str, question: str, headers: Mapping[str, str], body: bytes
    ) -> Said:
        self.calls.append(("gate", connection, question, headers, body))
        return self.says

    async def health(self) -> Said:
        self.calls.append(("health",))
        return self.says

    async def tick(self) -> None:
        self.calls.append(("tick",))

    async def take(
        self,
        queue: str,
        body: bytes,
        message_id: str,
        deliveries: int,
        *,
        trace_parent: str = "",
    ) -> None:
        traced = (trace_parent,) if trace_parent else ()
        self.calls.append(("take", queue, body, message_id, deliveries, *traced))

    async def park_dead_letter(
        self, queue: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        self.calls.append(("park_dead_letter", queue, body, message_id, reason, description))

    async def note_trouble(self, queue: str, body: bytes, reason: str) -> None:
        self.calls.append(("trouble", queue, body, reason))
