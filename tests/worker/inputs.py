"""What triggers a function, in the forms in which the Functions host hands it to a Python worker.

A text goes as text, bytes as bytes, everything else as JSON, and what is absent not at all
(`GrpcMessageConversionExtensions` and `ScriptInvocationContextExtensions` of azure-functions-host,
read 2026-11).
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TypedData = Mapping[str, Any]

NO_EXPIRY: Final = "9999-12-31T23:59:59.9999999"
"""When a message without an end expires: the last moment that .NET knows, in ten-millionths of a
second, without a zone."""


@dataclass(frozen=True)
class Input:
    """The trigger's value, and what is known of it besides."""

    data: TypedData
    metadata: Mapping[str, TypedData] = field(default_factory=dict)


def typed(value: Any) -> TypedData:
    """A value as the host writes it."""
    if isinstance(value, bytes):
        return {"bytes": b64encode(value).decode()}
    if isinstance(value, str):
        return {"string": value}
    return {"json": json.dumps(value, separators=(",", ":"))}


def http(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    route: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Input:
    """A request. Names of headers are small; a body goes as bytes, since the worker says that it
    can take them."""
    reported: dict[str, Any] = {
        "method": method,
        "url": f"https://app.azurewebsites.net/api/{path}",
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "params": dict(route or {}),
        "query": dict(query or {}),
    }
    if body:
        reported["body"] = typed(body)
    return Input({"http": reported}, {name: typed(value) for name, value in (route or {}).items()})


def service_bus(body: bytes, message_id: str, *, deliveries: int = 1, **properties: Any) -> Input:
    """A message, one at a call, with what the Service Bus extension tells of it; `properties` are
    its application properties.

    `ServiceBusTriggerBindingStrategy` of Microsoft.Azure.WebJobs.Extensions.ServiceBus 5, read
    2026-11. Why a message is a dead letter is among the properties and nowhere else.
    """
    known = {
        "DeliveryCount": deliveries,
        "LockToken": "0b4ff3b5-4a44-4d2b-8d3f-3f8c5a1f7d52",
        "MessageId": message_id,
        "ContentType": "application/json",
        "SequenceNumber": 4503599627370497,
        "ApplicationProperties": properties,
        "UserProperties": properties,
    }
    dates = {
        "ExpiresAtUtc": NO_EXPIRY,
        "ExpiresAt": f"{NO_EXPIRY}+00:00",
        "EnqueuedTimeUtc": "2026-11-21T10:00:00.123",
        "EnqueuedTime": "2026-11-21T10:00:00.123+00:00",
    }
    metadata = {name: typed(value) for name, value in known.items()}
    metadata |= {name: {"json": json.dumps(date)} for name, date in dates.items()}
    return Input(typed(body), metadata)


def timer() -> Input:
    """A timer that is on time."""
    status = {
        "Last": "2026-11-21T10:00:00+00:00",
        "LastUpdated": "2026-11-21T10:00:00+00:00",
        "Next": "2026-11-21T10:05:00+00:00",
    }
    return Input(
        typed({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False})
    )
