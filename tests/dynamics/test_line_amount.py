"""An amount is written so that F&O arrives at exactly that amount, whatever the quantity and its
unit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.core.money import rounded
from sync.dynamics.documents.line_amount import LinePrice, priced, sales_units, shortest
from tests.mapping.fno import AMOUNTS, has_cents_at_most, line_amount

cents = st.integers(-(10**11), 10**11).map(lambda n: Decimal(n) / 100)
discounts = st.integers(-(10**6), 10**11).map(lambda n: Decimal(n) / 100)
pieces = st.integers(1, 10**6).map(Decimal)
fractional = st.integers(1, 10**8).map(lambda n: Decimal(n) / 10**4)
factors = st.sampled_from(
    [Decimal(f) for f in ("1", "12", "0.5", "0.083333333", "0.333333333", "0.45359237", "1000")]
)


@given(quantity=pieces | fractional, amount=cents, discount=discounts)
@example(quantity=Decimal(3), amount=Decimal("10.00"), discount=Decimal(0))
@example(quantity=Decimal("0.0001"), amount=Decimal("0.01"), discount=Decimal("0.01"))
def test_a_priced_line_comes_to_exactly_its_amount(
    quantity: Decimal, amount: Decimal, discount: Decimal
) -> None:
    price = priced(quantity, amount, discount)
    assert line_amount(price.fields()) == Fraction(amount)
    assert price.amount() == amount
    assert all(has_cents_at_most(price.fields()[name]) for name in AMOUNTS)
    assert price.quantity == quantity
    assert price.discount >= 0


@given(ordered=pieces | fractional, factor=factors, amount=cents, discount=discounts)
def test_so_does_one_in_another_unit_of_measure(
    ordered: Decimal, factor: Decimal, amount: Decimal, discount: Decimal
) -> None:
    quantity = sales_units(ordered, factor)
    if quantity:
        assert line_amount(priced(quantity, amount, discount).fields()) == Fraction(amount)


@given(quantity=pieces, unit_price=st.integers(0, 10**7))
def test_a_price_of_whole_cents_is_a_price_per_unit(quantity: Decimal, unit_price: int) -> None:
    price = priced(quantity, quantity * unit_price / 100)
    assert price.price_quantity == 1
    assert price.price == Decimal(unit_price) / 100


def test_a_row_that_no_unit_price_can_express_is_priced_for_the_whole_row() -> None:
    price = priced(Decimal(3), Decimal("10.00"), Decimal("0.50"))
    assert price.fields() | {} == {
        "OrderedSalesQuantity": Decimal(3), "SalesPrice": Decimal("10.50"),
        "SalesPriceQuantity": Decimal(3),
        "LineDiscountAmount": Decimal("0.50"), "LineDiscountPercentage": Decimal(0),
        "MultilineDiscountAmount": Decimal(0),
        "MultilineDiscountPercentage": Decimal(0),
    }  # fmt: skip


@given(quantity=pieces, left=pieces, amount=cents, discount=discounts)
def test_what_is_left_of_a_row_costs_its_share(
    quantity: Decimal, left: Decimal, amount: Decimal, discount: Decimal
) -> None:
    """A line reduced after a cancellation keeps its price: F&O computes the share of what
    remains."""
    fields = priced(quantity, amount, discount).fields() | {"OrderedSalesQuantity": left}
    assert abs(
        line_amount(fields) - Fraction(amount) * Fraction(left) / Fraction(quantity)
    ) <= Fraction(1, 200)


@pytest.mark.parametrize("quantity", ["0", "-1", "-0.0001"])
def test_a_line_without_quantity_is_no_line(quantity: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        priced(Decimal(quantity), Decimal(1))


@pytest.mark.parametrize(
    ("ordered", "factor", "units"),
    [
        ("12", "0.083333333", "1"),
        ("1200000", "0.083333333", "100000"),
        ("5", "0.083333333", "0.416667"),
        ("3", "0.666666667", "2"),
        ("3", "0.666666666", "2"),
        ("2.5", "12", "30"),
        ("3", "0.5", "1.5"),
        ("10", "0.45359237", "4.535924"),
        ("1", "0.123456781", "0.123457"),
        ("0.0001", "0.000000001", "0"),
        ("1", "1000", "1000"),
    ],
)
def test_pieces_become_sales_units(ordered: str, factor: str, units: str) -> None:
    found = sales_units(Decimal(ordered), Decimal(factor))
    assert found == Decimal(units)
    assert "E" not in f"{found}"


@given(st.decimals(-(10**15), 10**15, places=6, allow_nan=False))
def test_the_shortest_form_is_the_same_number_without_exponent(value: Decimal) -> None:
    found = shortest(value)
    assert found == value
    assert "E+" not in str(found)
    assert not str(found).endswith(".0")


@given(
    value=st.decimals(-(10**12), 10**12, places=6, allow_nan=False),
    unit=st.sampled_from(["0.01", "1", "0.05", "0.001"]),
)
def test_rounding_is_to_the_nearest_unit_halves_away_from_zero(value: Decimal, unit: str) -> None:
    found = rounded(value, Decimal(unit))
    assert found % Decimal(unit) == 0
    assert abs(found - value) * 2 <= Decimal(unit)
    assert abs(found - value) * 2 < Decimal(unit) or abs(found) >= abs(value)


def test_a_price_rounds_to_the_unit_of_its_currency() -> None:
    price = LinePrice(Decimal(1), Decimal("17769.64"))
    assert price.amount(Decimal(1)) == 17770
