"""Amounts: exact, rounded half up, never in two currencies at once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.money import rounded, stored, total

amounts = st.decimals(-(10**12), 10**12, places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("0.005", "0.01", "0.01"), ("-0.005", "0.01", "-0.01"), ("2.675", "0.01", "2.68"),
        ("0.0049999", "0.01", "0.00"),
        ("17769.64", "1", "17770"), ("17769.5", "1", "17770"), ("1.025", "0.05", "1.05"),
        ("1.0245", "0.001", "1.025"),
    ],
)  # fmt: skip
def test_halves_are_rounded_away_from_zero(value: str, unit: str, expected: str) -> None:
    assert str(rounded(Decimal(value), Decimal(unit))) == expected


def test_nothing_is_never_minus_nothing() -> None:
    assert str(rounded(Decimal("-0.001"))) == "0.00"
    assert str(rounded(Decimal("-0.00"))) == "0.00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "0"), ("", "0"), (3, "3"), ("1.5000", "1.5"), (Decimal("0.010000000000218"), "0.01"),
        (Decimal("1.7763568394003e-15"), "0"), (Decimal("24.989999999999998"), "24.99"),
        ("-17.48905", "-17.4891"),
    ],
)  # fmt: skip
def test_what_commerce_answers_is_what_it_has_stored_without_dust(
    value: object, expected: str
) -> None:
    assert stored(value) == Decimal(expected)  # type: ignore[arg-type]  # every kind of value that JSON brings


@given(st.lists(amounts))
def test_a_total_is_exact_in_any_order(found: list[Decimal]) -> None:
    assert total(found) == total(reversed(found))
