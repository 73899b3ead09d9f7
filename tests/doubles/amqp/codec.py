"""AMQP 1.0 values as bytes and back (OASIS amqp-core-types): the types that Service Bus and its
clients use.

An integer says its width by its class (`UInt(5)` and `Long(5)` are equal and encode differently);
everything else by its Python type. What is decoded encodes to an equal value of the same type
again.
"""

import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
"""None, bool, a class of `Integer`, str, Symbol, bytes, UUID, list, dict, Array or Described."""


class Integer(int):
    """An integer of a width. `code` is the constructor of its full width, `form` how that is
    packed."""

    code: int
    form: str


class UByte(Integer):
    code, form = 0x50, ">B"


class UShort(Integer):
    code, form = 0x60, ">H"


class UInt(Integer):
    code, form = 0x70, ">I"


class ULong(Integer):
    code, form = 0x80, ">Q"


class Int(Integer):
    code, form = 0x71, ">i"


class Long(Integer):
    code, form = 0x81, ">q"


class Timestamp(Integer):
    """Milliseconds since 1970, UTC."""

    code, form = 0x83, ">q"


class Symbol(str):
    """ASCII text that names something."""

    __slots__ = ()


class Array(list[Any]):
    """Values of one type."""


@dataclass(frozen=True)
class Described:
    """A value and what it is: a number of the standard, or a symbol of somebody's own."""

    descriptor: int | Symbol
    value: Value


class Undecodable(ValueError):
    """Bytes that are no AMQP value, or a type that is not spoken here."""


SMALL: Final[dict[type[Integer], tuple[int, str, range]]] = {
    UInt: (0x52, ">B", range(256)),
    ULong: (0x53, ">B", range(256)),
    Int: (0x54, ">b", range(-128, 128)),
    Long: (0x55, ">b", range(-128, 128)),
}
INTEGERS: Final = {kind.code: kind for kind in (UByte, UShort, UInt, ULong, Int, Long, Timestamp)}
SMALL_INTEGERS: Final = {code: (kind, form) for kind, (code, form, _) in SMALL.items()}
CONSTANTS: Final[dict[int, Value]] = {
    0x40: None,
    0x41: True,
    0x42: False,
    0x43: UInt(0),
    0x44: ULong(0),
}
TEXTS: Final[dict[int, Callable[[bytes], Value]]] = {
    0xA0: bytes,
    0xB0: bytes,
    0xA1: lambda data: data.decode(),
    0xB1: lambda data: data.decode(),
    0xA3: lambda data: Symbol(data.decode("ascii")),
    0xB3: lambda data: Symbol(data.decode("ascii")),
}


def encode(value: Value) -> bytes:  # noqa: PLR0911 - a table of types
    """The shortest form that the receiving side must understand. Raises `TypeError` for a type that
    is not spoken."""
    if value is None:
        return b"\x40"
    if isinstance(value, bool):
        return b"\x41" if value else b"\x42"
    if isinstance(value, Described):
        named = value.descriptor
        return (
            b"\x00"
            + encode(named if isinstance(named, Symbol) else ULong(named))
            + encode(value.value)
        )
    if isinstance(value, Integer) and type(value) in SMALL:
        code, form, fitting = SMALL[type(value)]
        if value in fitting:
            return bytes((code,)) + struct.pack(form, value)
    if isinstance(value, list) and not isinstance(value, Array) and not value:
        return b"\x45"
    code, data = _wide(value)
    if 0xB0 <= code <= 0xB3 and len(data) < 4 + 256:
        return bytes((code - 0x10, len(data) - 4)) + data[4:]
    return bytes((code,)) + data


def _wide(value: Value) -> tuple[int, bytes]:  # noqa: PLR0911 - a table of types
    """Constructor and bytes in the full width, as an array's elements are written."""
    match value:
        case bool():
            return 0x56, b"\x01" if value else b"\x00"
        case Integer():
            return value.code, struct.pack(value.form, value)
        case uuid.UUID():
            return 0x98, value.bytes
        case bytes() | bytearray():
            return 0xB0, struct.pack(">I", len(value)) + value
        case Symbol():
            return 0xB3, struct.pack(">I", len(value)) + value.encode("ascii")
        case str():
            data = value.encode()
            return 0xB1, struct.pack(">I", len(data)) + data
        case Array():
            return 0xF0, _array(value)
        case list():
            return 0xD0, _compound([encode(item) for item in value])
        case dict():
            return 0xD1, _compound([encode(item) for pair in value.items() for item in pair])
    raise TypeError(f"no AMQP type for {type(value).__name__}")


def _compound(items: Sequence[bytes]) -> bytes:
    body = b"".join(items)
    return struct.pack(">II", len(body) + 4, len(items)) + body


def _array(items: Array) -> bytes:
    if not items:
        raise TypeError("an empty array has no type")
    wide = [_wide(item) for item in items]
    code = wide[0][0]
    if any(other != code for other, _ in wide):
        raise TypeError("an array holds values of one type")
    body = bytes((code,)) + b"".join(data for _, data in wide)
    return struct.pack(">II", len(body) + 4, len(items)) + body


def decode(data: bytes, at: int = 0) -> tuple[Value, int]:
    """The value that begins at `at`, and where it ends. Raises `Undecodable`."""
    try:
        return _decode(data, at)
    except (IndexError, struct.error, RecursionError, TypeError, ValueError) as fault:
        raise Undecodable(f"no AMQP value at byte {at}: {fault}") from fault


def _decode(data: bytes, at: int) -> tuple[Value, int]:
    code = data[at]
    if code == 0:
        descriptor, at = _decode(data, at + 1)
        value, at = _decode(data, at)
        return Described(
            descriptor if isinstance(descriptor, Symbol) else int(descriptor), value
        ), at
    return _body(code, data, at + 1)


def _body(code: int, data: bytes, at: int) -> tuple[Value, int]:  # noqa: PLR0911 - a table of types
    """A value whose constructor has been read."""
    if code in CONSTANTS:
        return CONSTANTS[code], at
    if code == 0x45:
        return [], at
    if code == 0x56:
        return data[at] == 1, at + 1
    if code in SMALL_INTEGERS:
        kind, form = SMALL_INTEGERS[code]
        return kind(struct.unpack_from(form, data, at)[0]), at + 1
    if code in INTEGERS:
        kind = INTEGERS[code]
        return kind(struct.unpack_from(kind.form, data, at)[0]), at + struct.calcsize(kind.form)
    if code == 0x98:
        return uuid.UUID(bytes=_slice(data, at, 16)), at + 16
    if code in TEXTS:
        size, at = _count(code >= 0xB0, data, at)
        return TEXTS[code](_slice(data, at, size)), at + size
    if code in {0xC0, 0xD0, 0xC1, 0xD1, 0xE0, 0xF0}:
        return _compound_body(code, data, at)
    raise Undecodable(f"AMQP constructor 0x{code:02x} is not spoken here")


def _compound_body(code: int, data: bytes, at: int) -> tuple[Value, int]:
    is_wide = code in {0xD0, 0xD1, 0xF0}
    size, at = _count(is_wide, data, at)
    end = at + size
    _slice(data, at, size)
    count, at = _count(is_wide, data, at)
    items: list[Value] = []
    if code in {0xE0, 0xF0}:
        element, at = (data[at], at + 1) if count else (0x40, at)
        for _ in range(count):
            item, at = _body(element, data, at)
            items.append(item)
        return Array(items), end
    for _ in range(count):
        item, at = _decode(data, at)
        items.append(item)
    if at != end:
        raise Undecodable(f"a list or map of {size} bytes ends after byte {at}")
    return (dict(zip(items[::2], items[1::2], strict=True)) if code in {0xC1, 0xD1} else items), end


def _count(is_wide: bool, data: bytes, at: int) -> tuple[int, int]:
    if is_wide:
        return struct.unpack_from(">I", data, at)[0], at + 4
    return data[at], at + 1


def _slice(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise Undecodable(f"{size} bytes are announced, {len(data) - at} are there")
    return data[at : at + size]
