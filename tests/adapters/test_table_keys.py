"""Stored keys: taken by the service, turned back whole, and in the order of the keys by any way of
comparing."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.adapters.cells import MOST_KEY, check_key
from sync.adapters.table_storage.keys import MOST_STORED, bound, fits, plain, stored

REFUSED = re.compile("[/\\\\#?%+\x00-\x1f\x7f-\x9f]")
ODD = "/\\#?%+\"$*.>[-~'&=:;@|ab0 \xa0\u00e9\ud7ff\ue000\uffee\uffff\U00010000\U0001f457\U0010ffff"
CHARACTERS = st.sampled_from(ODD) | st.characters(exclude_categories=["Cc", "Cs"])
KEYS = st.text(CHARACTERS, min_size=1, max_size=12)
IN_NO_KEY = "\x00\n\x1f\x7f\x9f\ud800\udfff"
BOUNDS = st.text(CHARACTERS | st.sampled_from(IN_NO_KEY), max_size=12)


@given(KEYS)
def test_a_stored_key_holds_nothing_that_the_service_refuses(key: str) -> None:
    assert not REFUSED.search(stored(key))
    assert max(stored(key)) <= "\ue000"


@given(KEYS)
def test_a_stored_key_turns_back_into_the_key(key: str) -> None:
    assert plain(stored(key)) == key


@given(KEYS, KEYS)
@example("a", "a/")
@example("a.", "a/")
@example("a/", "a0")
@example("\uffee", "\U00010400")
@example("\ud7ff", "\ue000")
def test_stored_keys_are_in_the_order_of_the_keys_however_they_are_compared(
    one: str, other: str
) -> None:
    in_order = one < other
    first, second = stored(one), stored(other)
    assert (first < second) is in_order
    assert (first.encode() < second.encode()) is in_order
    assert (first.encode("utf-16-be") < second.encode("utf-16-be")) is in_order


@given(KEYS, BOUNDS)
@example("a ", "a\x00")
@example("a\xa0", "a\x7f")
@example("a~", "a\x9fz")
@example("a\U0001f457", "a\udfff")
def test_a_bound_divides_stored_keys_where_the_text_divides_keys(key: str, text: str) -> None:
    assert (stored(key) < bound(text)) is (key < text)


@given(KEYS)
def test_a_key_as_a_bound_is_the_stored_key(key: str) -> None:
    assert bound(key) == stored(key)


@pytest.mark.parametrize(
    ("key", "as_stored"),
    [
        ("main|orders|000000042", "main|orders|000000042"),
        ("sku/7@hall 3", "sku.~7@hall 3"),
        ("shop.example", "shop.-example"),
        ("100%", "100$~"),
        ("a+b#c?d\\e", 'a*~b"~c>~d[~e'),
        ("\U0001f457", "\ue00001f457"),
    ],
)
def test_a_stored_key_can_be_read(key: str, as_stored: str) -> None:
    assert stored(key) == as_stored


@pytest.mark.parametrize(
    "foreign", ["a.b", "100%", "a/b", "\ue000", "\ue00000d800", "\ue000ffffff", "\ue00000004"]
)
def test_a_key_that_others_wrote_is_told_as_it_is(foreign: str) -> None:
    assert plain(foreign) == foreign


@given(st.text(CHARACTERS, min_size=1, max_size=MOST_KEY))
@example("x" * MOST_KEY)
@example("注" * MOST_KEY)
@example("/" * (MOST_STORED // 2))
@example("/" * (MOST_STORED // 2 + 1))
@example("\U0001f457" * 73)
@example("\U0001f457" * 74)
def test_a_key_that_cannot_be_stored_is_refused_everywhere(key: str) -> None:
    assert fits(key) is (len(stored(key)) <= MOST_STORED)
    if fits(key):
        check_key("claims", key)
    else:
        with pytest.raises(ValueError, match="claims"):
            check_key("claims", key)


def test_a_plain_key_of_512_characters_can_be_stored() -> None:
    assert fits("k" * MOST_KEY)
    assert fits("é" * MOST_KEY)
