"""JSON in and out keeps every digit, and refuses what is no JSON in words that quote nothing."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.encoding import NotJson, digest, from_json, to_json

numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=6)
documents = st.recursive(
    st.none() | st.booleans() | numbers | st.text(alphabet=st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(alphabet=st.characters(codec="utf-8")), inner)
    ),
    max_leaves=30,
)


@given(documents)
def test_what_is_written_is_read_back_equal(document: Any) -> None:
    assert from_json(to_json(document)) == document


@given(documents)
def test_what_is_written_is_json_to_others(document: Any) -> None:
    json.loads(to_json(document))


@pytest.mark.parametrize(
    "text",
    ["0.010000000000218", "1.7763568394003e-15", "40.9353", "100.00", "-0.00", "1e-400", "1E+0007"],
)
def test_a_number_keeps_its_digits(text: str) -> None:
    found = from_json(f'{{"amount": {text}}}')["amount"]
    assert isinstance(found, Decimal)
    assert found == Decimal(text)
    assert from_json(to_json(found)) == found


def test_an_amount_is_written_without_exponent() -> None:
    assert to_json([Decimal("1E+3"), Decimal("1E-7"), Decimal("2.50")]) == b"[1000,0.0000001,2.50]"


@pytest.mark.parametrize(
    "value", [1.5, Decimal("NaN"), Decimal("Infinity"), {"a": [0.1]}, object(), {1: "a"}]
)
def test_what_would_not_survive_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        to_json(value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "line 1 column 1"),
        (b"{", "line 1 column 2"),
        (b'{"secret": "hunter2"', "line 1 column 21"),
        (b"\xff\xfe{}", "not UTF-8 at byte 0"),
        (b'{"name": "\xc3\x28"}', "not UTF-8 at byte 10"),
        (b"[NaN]", "NaN is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "limit"),
        (b'{"a": 1.5, "b": 1e401}', "whose exponent"),
        (b"[1.0E-999999999]", "whose exponent"),
        (b"[0." + b"9" * 5000 + b"]", "whose exponent or length"),
        (b"[1] trailing", "Extra data"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(raw: bytes, reason: str) -> None:
    with pytest.raises(NotJson) as refused:
        from_json(raw)
    assert reason in str(refused.value)
    assert "hunter2" not in str(refused.value)


def reading_of(raw: bytes) -> str:
    try:
        from_json(raw)
    except NotJson as refused:
        return str(refused)
    return "read"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_are_refused_in_few_words(raw: bytes) -> None:
    assert len(reading_of(raw)) < 200


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert from_json(b"\xef\xbb\xbf{}") == {}


def test_half_a_surrogate_pair_stays_the_escape_it_came_as() -> None:
    raw = b'{"name":"a\\ud83d"}'
    assert to_json(from_json(raw)) == raw
    assert digest(from_json(raw)) == digest(from_json(raw))


def test_a_moment_is_written_with_its_zone() -> None:
    assert to_json(datetime(2026, 3, 1, tzinfo=UTC)) == b'"2026-03-01T00:00:00+00:00"'


def test_a_digest_is_of_the_document_not_of_its_spelling() -> None:
    assert digest({"a": 1, "b": [Decimal("1.50")]}) == digest({"b": (Decimal("1.50"),), "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert len(digest(None)) == 64
