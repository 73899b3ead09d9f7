"""AMQP values as bytes and back, by rule; the published encodings are the standard's own
examples."""

import struct
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.doubles.amqp.codec import (
    Array,
    Described,
    Int,
    Long,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    Undecodable,
    UShort,
    Value,
    decode,
    encode,
)


def whole(kind: type[int], low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high).map(kind)


UUIDS = st.uuids()
TEXT = st.text(max_size=300)
SYMBOLS = st.text(st.characters(codec="ascii"), max_size=300).map(Symbol)
LONGS, TIMESTAMPS = whole(Long, -(2**63), 2**63 - 1), whole(Timestamp, -(2**63), 2**63 - 1)
SCALARS = st.one_of(
    st.none(), st.booleans(), UUIDS, TEXT, SYMBOLS, st.binary(max_size=300), LONGS, TIMESTAMPS,
    whole(UByte, 0, 2**8 - 1), whole(UShort, 0, 2**16 - 1), whole(UInt, 0, 2**32 - 1),
    whole(ULong, 0, 2**64 - 1),
    whole(Int, -(2**31), 2**31 - 1),
)  # fmt: skip
ARRAYS = st.one_of(
    *(
        st.lists(kind, min_size=1, max_size=5).map(Array)
        for kind in (UUIDS, TEXT, SYMBOLS, LONGS, TIMESTAMPS)
    )
)
DESCRIPTORS = st.integers(0, 255) | SYMBOLS
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(TEXT, inner, max_size=5),
        st.builds(Described, DESCRIPTORS, inner),
    ),
    max_leaves=20,
)


def kinds(value: Value) -> Value:
    """The value with the class of everything in it: equal integers of different width are different
    values."""
    if isinstance(value, Described):
        return Described, value.descriptor, kinds(value.value)
    if isinstance(value, list):
        return type(value), [kinds(item) for item in value]
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    return type(value), value


@given(VALUES)
@example([None] * 300)
@example({str(number): UInt(number) for number in range(300)})
def test_what_is_encoded_decodes_to_the_same_value_of_the_same_types(value: Value) -> None:
    encoded = encode(value)
    decoded, end = decode(encoded)
    assert kinds(decoded) == kinds(value)
    assert end == len(encoded)


@given(VALUES, st.binary(max_size=9), st.binary(max_size=9))
def test_a_value_is_found_where_it_begins_and_ends_where_it_ends(
    value: Value, before: bytes, after: bytes
) -> None:
    decoded, end = decode(before + encode(value) + after, len(before))
    assert kinds(decoded) == kinds(value)
    assert end == len(before) + len(encode(value))


@given(VALUES, st.data())
def test_a_value_that_is_cut_short_is_not_taken_for_another(
    value: Value, data: st.DataObject
) -> None:
    encoded = encode(value)
    with pytest.raises(Undecodable):
        decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_are_refused(noise: bytes) -> None:
    try:
        _, end = decode(noise)
    except Undecodable:
        return
    assert end <= len(noise)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("40", None), ("41", True), ("42", False), ("5601", True), ("5600", False),
        ("43", UInt(0)), ("5207", UInt(7)), ("7000000100", UInt(256)),
        ("44", ULong(0)), ("5324", ULong(36)), ("80000000000000012c", ULong(300)),
        ("54ff", Int(-1)), ("71ffffff00", Int(-256)), ("5580", Long(-128)),
        ("a10568656c6c6f", "hello"), ("b10000000568656c6c6f", "hello"),
        ("a003000102", b"\x00\x01\x02"),
        ("a3074d455353414745", Symbol("MESSAGE")), ("45", []), ("c003024142", [True, False]),
        ("d000000006000000024142", [True, False]), ("c10502a1016b41", {"k": True}),
    ],
)  # fmt: skip
def test_every_width_of_the_standard_is_read(encoded: str, value: Value) -> None:
    decoded, _ = decode(bytes.fromhex(encoded))
    assert kinds(decoded) == kinds(value)


@pytest.mark.parametrize(
    "value", [UByte(3), UInt(7), UInt(300), ULong(36), Int(-1), Long(2**40), Timestamp(0)]
)
def test_small_numbers_are_written_in_their_small_form(value: int) -> None:
    encoded = encode(value)
    assert len(encoded) <= 9
    if isinstance(value, UInt | ULong | Int | Long) and -128 <= value <= 127:
        assert len(encoded) == 2


def test_a_described_value_names_itself_by_number_or_by_symbol() -> None:
    assert encode(Described(0x24, [])) == bytes.fromhex("00532445")
    assert decode(bytes.fromhex("0053244500")) == (Described(0x24, []), 4)
    assert decode(encode(Described(Symbol("com.microsoft:x"), "y")))[0] == Described(
        Symbol("com.microsoft:x"), "y"
    )


def test_an_array_writes_its_type_once() -> None:
    tokens = Array([uuid.UUID(int=1), uuid.UUID(int=2)])
    body = b"\x98" + uuid.UUID(int=1).bytes + uuid.UUID(int=2).bytes
    assert encode(tokens) == b"\xf0" + struct.pack(">II", len(body) + 4, 2) + body
    assert decode(bytes.fromhex("e0020040"))[0] == []


@pytest.mark.parametrize("value", [1.5, 7, {1, 2}, Array(), Array([UInt(1), "a"]), object()])
def test_a_type_that_is_not_spoken_is_not_written(value: Value) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "7200000000",
        "a1",
        "a105",
        "a3084d",
        "c10302a101",
        "c10501a1016b41",
        "a103ff",
        "e00a02985e",
        "ff",
    ],
)
def test_what_is_no_value_is_refused(encoded: str) -> None:
    with pytest.raises(Undecodable):
        decode(bytes.fromhex(encoded))
