"""Bundles of fixed price that a real shop sold, as releases before 2.4.9 answer them and as 2.4.9
does: with their parent's price on each child. The bundle's row bears the money in both."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.mapping.connection import MODES, previewed
from tests.mapping.fno import assert_exact
from tests.mapping.receiving import RECIPES, booked, books, documents_of
from tests.mapping.samples import FORMS, PAYLOADS, beside, money, read, scenarios
from tests.mapping.test_receivables import check

AMONG_OTHERS = ("discount-062-bundle-fixed-f333-de-gross", "type-009-bundle-fixed-together-us")
"""Scenarios that other tests read as well."""


@cache
def recorded() -> dict[str, Any]:
    """Every recorded scenario with a bundle of fixed price."""
    alone = {path.stem: read(path) for path in (PAYLOADS / "fixed_bundles").glob("*.json")}
    return {**{name: money(name) for name in AMONG_OTHERS}, **dict(sorted(alone.items()))}


def showing_the_price(order: Any) -> Any:
    """The order as 2.4.9 answers it: children of fixed-price bundles show their parent's price.
    None where it has no such bundle."""
    parents = {item["item_id"]: item for item in order["items"] if item["product_type"] == "bundle"}
    dynamic = {item.get("parent_item_id") for item in order["items"] if item.get("price")}
    fixed = parents.keys() - dynamic
    items = [
        {**item, "price": parents[item["parent_item_id"]]["price"]}
        if item.get("parent_item_id") in fixed
        else item
        for item in order["items"]
    ]
    return {**order, "items": items} if items != order["items"] else None


def in_both_shapes(order: Any) -> Iterator[Any]:
    later = showing_the_price(order)
    assert later is not None
    yield from (order, later)


def test_all_that_were_recorded_are_here() -> None:
    assert len(recorded()) == 11


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", recorded())
async def test_an_order_with_a_fixed_bundle_is_delivered_to_the_cent(name: str, mode: str) -> None:
    for form in FORMS:
        for order in in_both_shapes(recorded()[name][form]) if form in recorded()[name] else ():
            found = await previewed(order, MODES[mode])
            assert found.outcome == "deliver", found.reason
            assert_exact(found, order)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", recorded())
async def test_its_invoices_and_credit_memos_are_booked_to_the_cent(name: str, recipe: str) -> None:
    for order in in_both_shapes(recorded()[name]["order"]):
        for is_memo, document in documents_of(recorded()[name]):
            for gross in (False, True):
                found = await booked(document, order, books(recipe, gross=gross), is_memo=is_memo)
                check(name, found, document, gross=gross, is_memo=is_memo)


@pytest.mark.live_samples
@pytest.mark.parametrize("mode", MODES)
async def test_no_fixed_bundle_beside_the_project_is_parked(mode: str) -> None:
    count = 0
    for name, order, _ in scenarios(beside("commerce-money")):
        later = showing_the_price(order)
        if later is not None:
            found = await previewed(later, MODES[mode])
            assert found.outcome == "deliver", (name, found.reason)
            assert_exact(found, later)
            count += 1
    assert count >= 18
