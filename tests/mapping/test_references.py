"""References go both ways: what a template was filled with is read back from what it made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.connections import Connection
from sync.mapping.references import fields_in, named_in
from tests.systems import SETTINGS

NUMBERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,20}", fullmatch=True)
TEMPLATES = [
    "{order_increment_id}/{increment_id}",
    "W-{order_increment_id}|{increment_id}",
    "{increment_id} of {order_increment_id}",
    "CM.{increment_id}/{order_increment_id}.",
]


@given(order=NUMBERS, number=NUMBERS, template=st.sampled_from(TEMPLATES))
def test_both_numbers_come_back_as_they_went_in(order: str, number: str, template: str) -> None:
    made = template.format(order_increment_id=order, increment_id=number)
    assert fields_in(made, template) == {"order_increment_id": order, "increment_id": number}


@given(number=NUMBERS)
def test_a_number_that_stands_twice_is_read_once(number: str) -> None:
    template = "{increment_id}/{increment_id}"
    assert fields_in(f"{number}/{number}", template) == {"increment_id": number}
    assert fields_in(f"{number}/{number}x", template) is None


@pytest.mark.parametrize(
    ("reference", "template"),
    [
        ("", "{increment_id}"), ("000000042", "W-{increment_id}"),
        ("W.000000042", "W-{increment_id}"), ("000000042", "{order_increment_id}/{increment_id}"),
        ("/1", "{order_increment_id}/{increment_id}"),
        ("1/", "{order_increment_id}/{increment_id}"),
    ],
)  # fmt: skip
def test_what_the_template_did_not_make_is_nobody_s(reference: str, template: str) -> None:
    assert fields_in(reference, template) is None


def test_signs_that_mean_something_to_patterns_mean_themselves() -> None:
    assert fields_in("(W+)42", "(W+){increment_id}") == {"increment_id": "42"}
    assert fields_in("WW42", "W+{increment_id}") is None


@pytest.mark.parametrize(
    ("reference", "first"),
    [
        ("1-C000000009", "creditmemos"), ("1-I000000009", "invoices"), ("1-R000000009", "returns"),
        ("1-000000009", "orders"), ("000000001/C000000009", "creditmemos"),
        ("000000001/000000009", "invoices"), ("000000009", "orders"),
    ],
)  # fmt: skip
def test_a_reference_is_of_the_record_whose_template_says_most(reference: str, first: str) -> None:
    found = [*named_in(reference, Connection.model_validate(SETTINGS))]
    assert (found[0][0], found[0][1]["increment_id"]) == (first, "000000009")
