"""Toy flows, a runtime that writes down what it is asked, and an app with functions of a test's
own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sync.core.skipped import Skipped
from sync.engine.flow import CommerceHook, DocumentFlow, Poll, Source
from sync.engine.plan import Plan
from sync.engine.results import Change

if TYPE_CHECKING:
    from sync.engine.delivery import Delivery
    from sync.engine.systems import Systems


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    return [str(payload["key"])]


async def until_now(systems: "Systems") -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


async def nothing_changed(
    systems: "Systems", since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    none: list[Change] = []
    for found in none:
        yield found


async def read(key: str, systems: "Systems") -> str | None:
    return key


async def plan(record: str, work: "Delivery") -> Plan | Skipped:
    return Skipped("toys stay in the shop")


def toy(name: str, schedule: str = "0 */5 * * * *") -> DocumentFlow[str]:
    return DocumentFlow(
        name=name,
        title=name.title(),
        source=Source(read),
        plan=plan,
        triggers=(CommerceHook(keys_in), Poll(nothing_changed, until_now, lambda _: 5, schedule)),
    )


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

    async def take_business_event(self, body: bytes) -> None:
        self.calls.append(("business event", "", body))

    async def health(self) -> Said:
        self.calls.append(("health",))
        return self.says

    async def tidy(self) -> None:
        self.calls.append(("tidy",))

    async def monitor(self) -> None:
        self.calls.append(("monitor",))

    async def poll(self, flow_name: str) -> None:
        self.calls.append(("poll", flow_name))

    async def deliver(
        self,
        flow_name: str,
        body: bytes,
        message_id: str,
        deliveries: int,
        *,
        trace_parent: str = "",
    ) -> None:
        traced = (trace_parent,) if trace_parent else ()
        self.calls.append(("deliver", flow_name, body, message_id, deliveries, *traced))

    async def park_dead_letter(
        self, flow_name: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        self.calls.append(("park_dead_letter", flow_name, body, message_id, reason, description))
