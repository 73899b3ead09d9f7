"""Frames and their performatives (OASIS amqp-core-transport): what two AMQP peers tell each other.

All fields of a performative are always written, with nulls: clients read them by position.
"""

import struct
from typing import Any, Final

from tests.doubles.amqp.codec import (
    Array,
    Described,
    Symbol,
    UByte,
    UInt,
    ULong,
    Undecodable,
    UShort,
    Value,
    decode,
    encode,
)

SASL_HEADER: Final = b"AMQP\x03\x01\x00\x00"
AMQP_HEADER: Final = b"AMQP\x00\x01\x00\x00"
AMQP_FRAME, SASL_FRAME = 0, 1
HEADER_SIZE: Final = 8
BATCH_FORMAT: Final = 0x80013700
"""Message format of a transfer whose data sections are messages of their own (Service Bus's)."""

_INTEGERS: Final = {"u1": UByte, "u2": UShort, "u4": UInt, "u8": ULong}
_FLOW: Final = (
    "next_incoming_id:u4 incoming_window:u4 next_outgoing_id:u4 outgoing_window:u4 handle:u4"
    " delivery_count:u4 link_credit:u4 available:u4 drain echo properties"
)
_ATTACH: Final = (
    "name handle:u4 role snd_settle_mode:u1 rcv_settle_mode:u1 source target unsettled"
    " incomplete_unsettled initial_delivery_count:u4 max_message_size:u8 offered_capabilities"
    " desired_capabilities properties"
)
_OPEN: Final = (
    "container_id hostname max_frame_size:u4 channel_max:u2 idle_time_out:u4 outgoing_locales"
    " incoming_locales offered_capabilities desired_capabilities properties"
)
_BEGIN: Final = (
    "remote_channel:u2 next_outgoing_id:u4 incoming_window:u4 outgoing_window:u4 handle_max:u4"
    " offered_capabilities desired_capabilities properties"
)
_TRANSFER: Final = (
    "handle:u4 delivery_id:u4 delivery_tag message_format:u4 settled more rcv_settle_mode:u1 state"
    " resume aborted batchable"
)
_TERMINUS: Final = "address durable:u4 expiry_policy timeout:u4 dynamic dynamic_node_properties"
_SHAPES: Final = {
    0x10: ("open", _OPEN),
    0x11: ("begin", _BEGIN),
    0x12: ("attach", _ATTACH),
    0x13: ("flow", _FLOW),
    0x14: ("transfer", _TRANSFER),
    0x15: ("disposition", "role first:u4 last:u4 settled state batchable"),
    0x16: ("detach", "handle:u4 closed error"),
    0x17: ("end", "error"),
    0x18: ("close", "error"),
    0x1D: ("error", "condition description info"),
    0x24: ("accepted", ""),
    0x25: ("rejected", "error"),
    0x26: ("released", ""),
    0x27: ("modified", "delivery_failed undeliverable_here message_annotations"),
    0x28: (
        "source",
        f"{_TERMINUS} distribution_mode filter default_outcome outcomes capabilities",
    ),
    0x29: ("target", f"{_TERMINUS} capabilities"),
    0x40: ("sasl-mechanisms", "mechanisms"),
    0x41: ("sasl-init", "mechanism initial_response hostname"),
    0x44: ("sasl-outcome", "code:u1 additional_data"),
}
KINDS: Final = {code: kind for code, (kind, _) in _SHAPES.items()}
CODES: Final = {kind: code for code, kind in KINDS.items()}
FIELDS: Final = {
    kind: tuple(
        (field.partition(":")[0], _INTEGERS.get(field.partition(":")[2]))
        for field in fields.split()
    )
    for kind, fields in _SHAPES.values()
}

ANONYMOUS: Final = Array([Symbol("ANONYMOUS")])


class Performative:
    """One performative, or one of the described records inside them (source, error, outcomes).
    Absent fields are None."""

    def __init__(self, kind: str, /, **given: Value) -> None:
        self.kind = kind
        self.given = given

    def __getattr__(self, name: str) -> Any:
        if not any(name == field for field, _ in FIELDS[self.kind]):
            raise AttributeError(f"{self.kind} has no field {name}")
        return self.given.get(name)

    def __repr__(self) -> str:
        return f"Performative({self.kind!r}, {self.given})"

    def described(self) -> Described:
        """As a value, with all its fields."""
        values = []
        for name, integer in FIELDS[self.kind]:
            value = self.given.get(name)
            if isinstance(value, Performative):
                value = value.described()
            values.append(integer(value) if integer is not None and value is not None else value)
        return Described(CODES[self.kind], values)


def error(condition: str, description: str = "") -> Performative:
    """What went wrong, by a name that programs know."""
    return Performative("error", condition=Symbol(condition), description=description)


def performative_from(value: Value) -> Performative:
    """A decoded performative, and what is described inside it. Raises `Undecodable` for one that is
    not known."""
    if (
        not isinstance(value, Described)
        or value.descriptor not in KINDS
        or not isinstance(value.value, list)
    ):
        raise Undecodable("no performative that is known here")
    kind = KINDS[int(value.descriptor)]
    names = [name for name, _ in FIELDS[kind]]
    return Performative(
        kind, **{name: _inner(field) for name, field in zip(names, value.value, strict=False)}
    )


def _inner(field: Value) -> Value:
    is_known = (
        isinstance(field, Described) and field.descriptor in KINDS and isinstance(field.value, list)
    )
    return performative_from(field) if is_known else field


def frame(
    channel: int, performative: Performative, payload: bytes = b"", frame_type: int = AMQP_FRAME
) -> bytes:
    """The bytes of a whole frame."""
    body = encode(performative.described()) + payload
    return struct.pack(">IBBH", HEADER_SIZE + len(body), 2, frame_type, channel) + body


def frame_from(data: bytes) -> tuple[int, Performative | None, bytes]:
    """Channel, performative (None in an empty frame) and payload of a whole frame. Raises
    `Undecodable`."""
    _, offset, _, channel = struct.unpack_from(">IBBH", data)
    at = offset * 4
    if at >= len(data):
        return channel, None, b""
    value, at = decode(data, at)
    return channel, performative_from(value), data[at:]
