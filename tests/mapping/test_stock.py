"""What a source is shown: no piece twice, none that is promised, none below zero."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.money import ZERO
from sync.mapping.stock import as_shown, in_pieces, open_pieces, pieces_to_show

PIECES = st.integers(-50, 500).map(Decimal)


@pytest.mark.parametrize(
    ("free", "taken", "more", "shown"),
    [
        (10, 0, {}, "10"),
        (10, 3, {}, "13"),  # F&O took three off already, and the shop takes them off again
        (0, 3, {}, "3"),
        (-4, 3, {}, "3"),  # sold elsewhere: nothing is offered, and the three can be shipped
        (10, 3, {"safety": 4}, "9"),
        (2, 3, {"safety": 4}, "3"),
        (10, 1, {"multiple": Decimal(6)}, "7"),
        (5, 0, {"multiple": Decimal(6)}, "0"),
        ("2.9999", 0, {}, "2"),
        ("2.9999", "0.25", {"decimals": 2}, "3.24"),
    ],
)
def test_promised_pieces_are_added_to_what_may_be_offered(
    free: Any, taken: Any, more: dict[str, Any], shown: str
) -> None:
    found = pieces_to_show(Decimal(free), Decimal(taken), **more)
    assert str(found) == str(Decimal(shown))


@given(PIECES, st.integers(0, 60).map(Decimal), st.integers(0, 20), st.integers(0, 60))
def test_the_shop_never_offers_more_than_f_and_o_can_promise(
    free: Decimal, taken: Decimal, safety: int, waiting: int
) -> None:
    """`waiting`: pieces of orders that F&O does not have yet."""
    source = pieces_to_show(free, taken, safety=safety)
    salable = source - taken - waiting
    assert salable <= max(free - safety, ZERO) - waiting
    assert source >= taken  # what is promised can be shipped from it
    assert as_shown(source, backorders=False)["status"] == (1 if source else 0)


@pytest.mark.parametrize(
    ("quantity", "pieces", "found"),
    [(24, Fraction(1, 12), 2), (25, Fraction(1, 12), "2.0833"), (2, Fraction(12), 24),
     ("0.3", Fraction(1), "0.3"), (-1, Fraction(1, 3), "-0.3334")],
)  # fmt: skip
def test_units_are_exact_and_the_rest_is_cut_off(
    quantity: Any, pieces: Fraction, found: Any
) -> None:
    assert in_pieces(Decimal(quantity), pieces) == Decimal(found)


def row(number: int | str, sku: str, ordered: Any = 5, **more: Any) -> dict[str, Any]:
    return {"item_id": number, "sku": sku, "product_type": "simple", "qty_ordered": ordered, **more}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row(1, "A")], {"A": 5}),
        ([row(1, "A", qty_shipped=3, qty_refunded=1)], {"A": 1}),
        ([row(1, "A", qty_shipped=3, qty_refunded=4)], {"A": 0}),
        ([row(1, "A", qty_canceled=2, qty_shipped=Decimal("1.5"))], {"A": Decimal("1.5")}),
        ([row(1, "A"), row(2, "A", 2)], {"A": 7}),
        ([row(1, "A", product_type="grouped", qty_shipped=1)], {"A": 4}),
        ([row(1, "V", is_virtual=1, qty_invoiced=4)], {"V": 1}),
        ([row("1", "V", "5", is_virtual="0", qty_invoiced="4", qty_shipped="2")], {"V": 3}),
        ([row(1, "RED", product_type="configurable", qty_shipped=2),
          row(2, "RED", parent_item_id=1)], {"RED": 3}),
        ([row(1, "KIT", 1, product_type="bundle"), row(2, "A", 2, parent_item_id=1),
          row(3, "B", 1, parent_item_id=1, qty_shipped=1)], {"A": 2, "B": 0}),
        ([row(1, "KIT", 3, product_type="bundle", qty_canceled=1, qty_refunded=1),
          row(2, "A", 6, parent_item_id=1)], {"A": 2}),
        ([row(1, "KIT", 3, product_type="bundle"),
          row(2, "A", 6, parent_item_id=1, qty_canceled=4)], {"A": 2}),
        ([], {}),
    ],
)  # fmt: skip
def test_open_pieces_are_those_that_the_shop_has_reserved(
    rows: list[dict[str, Any]], found: dict[str, Any]
) -> None:
    assert open_pieces({"items": rows}) == found
