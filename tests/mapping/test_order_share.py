"""Invoices and credit memos that come to their grand total, and are not what their order has."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.preview.previewed import Preview
from tests.mapping.made import made, row
from tests.mapping.receiving import RECIPES, booked, books, invoice_of, memo_of
from tests.mapping.test_report_kinds import CENTS, FEW

SHOPS = pytest.mark.parametrize(
    ("recipe", "is_memo"), [(recipe, memo) for recipe in sorted(RECIPES) for memo in (False, True)]
)


async def told(
    changes: dict[str, Any], recipe: str, *, is_memo: bool, order: dict[str, Any] | None = None
) -> Preview:
    """A document of an order, its header changed."""
    order = order or made(row(price="50.00", quantity="2"), shipping="5.00")
    document = (memo_of if is_memo else invoice_of)(order)
    return await booked({**document, **changes}, order, books(recipe), is_memo=is_memo)


@SHOPS
async def test_a_discount_that_no_row_has_is_none_on_shipping(recipe: str, is_memo: bool) -> None:
    off = {"discount_amount": Decimal(-20), "grand_total": Decimal(85)}
    found = await told(off, recipe, is_memo=is_memo)
    assert found.outcome == "park"
    assert "discount_amount beyond that of its rows is 20.00" in found.reason
    assert found.totals is not None
    assert (await told({}, recipe, is_memo=is_memo)).outcome == "deliver"


@SHOPS
async def test_more_shipping_than_the_order_has_is_parked(recipe: str, is_memo: bool) -> None:
    more = {"shipping_amount": Decimal(9), "grand_total": Decimal(109)}
    found = await told(more, recipe, is_memo=is_memo)
    assert found.outcome == "park"
    assert "shipping_amount is 9.00, but its order has, for as much, 5.00" in found.reason
    assert found.remedy


@FEW
@given(
    price=CENTS, counts=st.tuples(st.integers(1, 9), st.integers(1, 9)), more=CENTS,
    recipe=st.sampled_from(sorted(RECIPES)), is_memo=st.booleans(),
)  # fmt: skip
async def test_a_row_of_another_price_than_its_order_has_is_parked_with_both(
    price: Decimal, counts: tuple[int, int], more: Decimal, recipe: str, is_memo: bool
) -> None:
    pieces, ordered = sorted(counts)
    order = made(row(price=str(price), quantity=str(ordered)))
    document = (memo_of if is_memo else invoice_of)(order)
    share = price * pieces
    for worth in (share, share + more + Decimal("0.10")):
        (line,) = document["items"]
        changed = {
            **document, "subtotal": worth, "grand_total": worth,
            "items": [{**line, "qty": pieces, "row_total": worth}],
        }  # fmt: skip
        found = await booked(changed, order, books(recipe), is_memo=is_memo)
        assert (found.outcome == "deliver") is (worth == share), found.reason
    assert f"is {worth:.2f}, but its order has, for as much, {share:.2f}" in found.reason


@SHOPS
async def test_a_discount_that_only_the_orders_bundle_shows_is_spread_over_its_parts(
    recipe: str, is_memo: bool
) -> None:
    parent = row(sku="KIT", price="0", product_type="bundle") | {
        "price": Decimal(30), "discount_amount": Decimal(3), "row_total_incl_tax": Decimal(27)
    }  # fmt: skip
    parts = [
        row(sku=f"PART-{price}", price=price, parent_item_id=parent["item_id"])
        for price in ("10.00", "20.00")
    ]
    off = {"subtotal": Decimal(30), "discount_amount": Decimal(-3), "grand_total": Decimal(27)}
    order = {**made(parent, *parts), **off}
    document = (memo_of if is_memo else invoice_of)(order)
    for line in document["items"]:
        line["discount_amount"] = None
    document["items"][0] |= {"row_total": None, "tax_amount": None}
    found = await told({**document, **off}, recipe, is_memo=is_memo, order=order)
    assert found.outcome == "deliver", found.reason
    assert "shipping" not in str(found.requests)
