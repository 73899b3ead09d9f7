"""Which rows of an order bear money, and what they truly come to."""

from decimal import Decimal
from typing import Any

import pytest

from tests.mapping.connection import parked, previewed
from tests.mapping.fno import assert_exact, lines_of
from tests.mapping.made import made, row


async def test_a_bundle_of_more_pieces_counts_its_children_as_the_order_does() -> None:
    order = made(
        {
            **row(sku="BUNDLE", quantity="2", price="0"),
            "item_id": 1,
            "product_type": "bundle",
            "price": Decimal("14.00"),
        },
        {**row(sku="WHEEL", quantity="4", price="3.00"), "item_id": 2, "parent_item_id": 1},
        {**row(sku="FRAME", quantity="2", price="8.00"), "item_id": 3, "parent_item_id": 1},
    )
    found = await previewed(order)
    assert_exact(found, order)
    assert [(b["ItemNumber"], b["OrderedSalesQuantity"]) for b in lines_of(found.requests)] == [
        ("WHEEL", 4),
        ("FRAME", 2),
    ]


async def test_a_row_of_no_piece_and_no_money_is_no_line() -> None:
    order = made(row(sku="A"), row(sku="NONE", quantity="0", price="5.00"))
    found = await previewed(order)
    assert_exact(found, order)
    assert [b["ItemNumber"] for b in lines_of(found.requests)] == ["A"]
    assert "qty_ordered" in await parked(made(row(quantity="0")))


async def test_a_child_that_names_its_parent_by_a_copy_only_is_still_a_child() -> None:
    parent = {**row(sku="SHIRT", price="20.00"), "item_id": 1, "product_type": "configurable"}
    child = {
        **row(sku="SHIRT-RED", price="0"),
        "item_id": 2,
        "parent_item": {"item_id": 1, "sku": "SHIRT", "parent_item": {"item_id": 9}},
    }
    found = await previewed(order := made(parent, child))
    assert_exact(found, order)
    assert [b["ItemNumber"] for b in lines_of(found.requests)] == ["SHIRT-RED"]


async def test_a_child_without_its_parent_is_a_row_like_any_other() -> None:
    order = made(row(sku="A"), {**row(sku="LOST", price="0"), "parent_item_id": 999_999})
    found = await previewed(order)
    assert_exact(found, order)
    assert [b["ItemNumber"] for b in lines_of(found.requests)] == ["A", "LOST"]


async def test_an_unknown_product_type_is_a_row_like_any_other() -> None:
    assert_exact(await previewed(order := made(row(product_type="subscription_v2"))), order)


async def test_rows_that_do_not_add_up_are_parked_with_both_sums() -> None:
    order = made(row(price="10.00")) | {"subtotal": "12.00"}
    reason = await parked(order)
    assert "items[].row_total_incl_tax add up to 10.0000 USD" in reason
    assert "subtotal is 12.0000" in reason


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (
            {"row_total": "30.00", "row_total_incl_tax": "99"},
            "a release that does not rewrite the row",
        ),
        (
            {"row_total": "27.00", "row_total_incl_tax": "99", "discount_amount": "3.00"},
            "one that starts from the stored row",
        ),
        ({"row_total": "1", "row_total_incl_tax": "99"}, "price times quantity"),
        (
            {"price": "9.99", "row_total_incl_tax": "99", "row_invoiced": "30.00"},
            "what was invoiced",
        ),
        (
            {"row_total_incl_tax": "0", "discount_amount": "40.00", "price": "9.99"},
            "the remainder of the only row cut off",
        ),
    ],
)
async def test_the_true_row_is_recovered(item: dict[str, Any], name: str) -> None:
    taken = Decimal(item.get("discount_amount", "0"))
    order = made({**row(quantity="3", price="10.00"), **item}, shipping="15.00")
    order |= {"subtotal": "30.00", "grand_total": 45 - taken}
    found = await previewed(order)
    assert found.outcome == "deliver", f"{name}: {found.reason}"
    assert lines_of(found.requests)[0]["LineDiscountAmount"] * (1 if taken % 3 else 3) == taken


async def test_two_rows_cut_off_at_zero_with_strange_prices_are_parked_not_guessed() -> None:
    cut = {"row_total_incl_tax": "0", "discount_amount": "20.00", "price": "3.33"}
    order = made({**row(quantity="3"), **cut}, {**row(quantity="3"), **cut}) | {
        "subtotal": "20.01",
        "grand_total": "0",
    }
    assert "subtotal is 20.01" in await parked(order)
