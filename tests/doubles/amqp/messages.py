"""Messages as sections (OASIS amqp-core-messaging), and what Service Bus adds to them when it
delivers one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.doubles.amqp.codec import (
    Described,
    Int,
    Long,
    Symbol,
    Timestamp,
    UInt,
    Undecodable,
    decode,
    encode,
)

HEADER, ANNOTATIONS, PROPERTIES, APPLICATION, DATA, VALUE = 0x70, 0x72, 0x73, 0x74, 0x75, 0x77
SCHEDULED_FOR: Final = "x-opt-scheduled-enqueue-time"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MESSAGE_ID, CORRELATION_ID = 0, 5
"""Places in the properties section."""


@dataclass(frozen=True)
class Sections:
    """A message: its sections' values, and the bytes from `properties` on, which a broker hands on
    as they are."""

    values: Mapping[int, Any]
    data: tuple[bytes, ...]
    properties: bytes
    body: bytes

    @property
    def id(self) -> Any:
        return self.field(MESSAGE_ID)

    def field(self, place: int) -> Any:
        """A field of the properties section, None where there is none."""
        fields = self.values.get(PROPERTIES, [])
        return fields[place] if len(fields) > place else None

    @property
    def application(self) -> dict[str, Any]:
        return dict(self.values.get(APPLICATION) or {})

    @property
    def annotations(self) -> dict[str, Any]:
        return dict(self.values.get(ANNOTATIONS) or {})

    @property
    def scheduled_for(self) -> datetime | None:
        at = self.annotations.get(SCHEDULED_FOR)
        return None if at is None else moment(at)

    def having(self, **application: str) -> "Sections":
        """The same message with more application properties."""
        return replace(
            self, values={**self.values, APPLICATION: {**self.application, **application}}
        )


def sections_from(encoded: bytes) -> Sections:
    """Take a message apart. Raises `Undecodable`."""
    values: dict[int, Any] = {}
    data: list[bytes] = []
    properties = body = b""
    at = 0
    while at < len(encoded):
        start = at
        section, at = decode(encoded, at)
        if not isinstance(section, Described):
            raise Undecodable(f"a message is sections, found {type(section).__name__}")
        kind = int(section.descriptor)
        values[kind] = section.value
        if kind == DATA:
            data.append(section.value)
        if kind == PROPERTIES:
            properties = encoded[start:at]
        elif kind > APPLICATION:
            body += encoded[start:at]
    return Sections(values, tuple(data), properties, body)


@dataclass(frozen=True)
class Delivery:
    """What the broker knows of a message when it shows it. `failed`: deliveries that came to
    nothing so far."""

    sequence: int
    enqueued_at: datetime
    failed: int
    locked_until: datetime | None = None
    scheduled: bool = False


def delivered(message: Sections, delivery: Delivery) -> bytes:
    """The message as a receiver gets it: a header and annotations of the broker, then what was
    sent."""
    annotations: dict[str, Any] = {
        Symbol(name): value for name, value in message.annotations.items()
    }
    annotations |= {
        Symbol("x-opt-sequence-number"): Long(delivery.sequence),
        Symbol("x-opt-enqueued-time"): timestamp(delivery.enqueued_at),
        Symbol("x-opt-message-state"): Int(2 if delivery.scheduled else 0),
    }
    if delivery.locked_until is not None:
        annotations[Symbol("x-opt-locked-until")] = timestamp(delivery.locked_until)
    application = (
        encode(Described(APPLICATION, message.application)) if message.application else b""
    )
    header = encode(Described(HEADER, [None, None, None, None, UInt(delivery.failed)]))
    return (
        header
        + encode(Described(ANNOTATIONS, annotations))
        + message.properties
        + application
        + message.body
    )


def answer(correlation_id: Any, application: Mapping[str, Any], value: Any = None) -> bytes:
    """The answer to a request on a management or `$cbs` link."""
    properties: list[Any] = [None] * (CORRELATION_ID + 1)
    properties[CORRELATION_ID] = correlation_id
    parts: Sequence[Described] = (
        Described(PROPERTIES, properties),
        Described(APPLICATION, dict(application)),
        Described(VALUE, value),
    )
    return b"".join(encode(part) for part in parts)


def timestamp(at: datetime) -> Timestamp:
    """Whole milliseconds, cut off as Service Bus does."""
    return Timestamp((at - EPOCH) // timedelta(milliseconds=1))


def moment(at: int) -> datetime:
    """The inverse of `timestamp`."""
    return EPOCH + timedelta(milliseconds=at)
