"""Documents at rest: sealed, opened, moved to a new key."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.adapters.cipher import Cipher
from sync.adapters.key_files import new_key
from sync.core.errors import Never
from tests.properties import examples

OLD, NEW = new_key(), new_key()
DOCUMENT = (
    b'{"increment_id": "000000042", "grand_total": 119.00, "items": ['
    + b'{"sku": "WS12-M-Blue"},' * 50
    + b"{}]}"
)


@settings(max_examples=examples(50))
@given(st.binary(max_size=5000))
def test_what_was_sealed_opens(plain: bytes) -> None:
    assert Cipher([OLD]).open(Cipher([OLD]).seal(plain)) == plain


def test_a_sealed_document_is_small_and_unreadable() -> None:
    sealed = Cipher([OLD]).seal(DOCUMENT)
    assert len(sealed) < len(DOCUMENT) / 4
    assert b"000000042" not in sealed


def test_a_new_key_in_front_still_opens_what_the_old_one_sealed() -> None:
    before = Cipher([OLD]).seal(DOCUMENT)
    both = Cipher([NEW, OLD])
    assert both.open(before) == DOCUMENT
    assert Cipher([NEW]).open(both.seal(DOCUMENT)) == DOCUMENT


def test_a_renewed_document_needs_the_old_key_no_more() -> None:
    renewed = Cipher([NEW, OLD]).renew(Cipher([OLD]).seal(DOCUMENT))
    assert Cipher([NEW]).open(renewed) == DOCUMENT
    assert Cipher([NEW]).open(Cipher([NEW]).renew(renewed)) == DOCUMENT


def test_a_changed_document_does_not_open() -> None:
    sealed = Cipher([OLD]).seal(DOCUMENT)
    for changed in (
        sealed[:-1],
        sealed[:-1] + bytes([sealed[-1] ^ 1]),
        b"\x81" + sealed[1:],
        b"",
        b"x" * 9,
    ):
        with pytest.raises(Never, match="changed since"):
            Cipher([OLD]).open(changed)


def test_without_the_key_nothing_opens_and_nothing_is_renewed() -> None:
    sealed = Cipher([OLD]).seal(DOCUMENT)
    for attempt in (Cipher([NEW]).open, Cipher([NEW]).renew):
        with pytest.raises(Never, match="none of the keys") as caught:
            attempt(sealed)
        assert "behind the present one" in caught.value.remedy


def test_a_cipher_needs_keys_and_shows_none() -> None:
    with pytest.raises(Never, match="no key"):
        Cipher([])
    with pytest.raises(Never, match="32 bytes"):
        Cipher([OLD, "short"])
    assert repr(Cipher([OLD])) == "Cipher(...)"
