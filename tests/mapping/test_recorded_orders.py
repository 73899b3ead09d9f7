"""Real orders, proved to the cent by arithmetic of their own: what F&O makes of the bodies against
what Commerce charged."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from sync.commerce.models.order import Order
from sync.mapping.order_rows import money_items, money_rows
from sync.preview.previewed import Preview
from tests.mapping.connection import MODES, NET, previewed
from tests.mapping.fno import assert_exact, lines_of
from tests.mapping.samples import beside, money, money_names, scenarios, shared_orders

EXPLAINED = {
    "adobedocs-order-tutorial.json": "row_total_incl_tax",
    "order-notifier-order.json": "no items",
}
"""Documents that are no order as a shop answers it, and what their reason must name."""


def may_round(order: Any) -> bool:
    """Only fractional quantities and fixed product tax leave cents over."""
    items = order["items"]
    fractional = any(Fraction(str(item["qty_ordered"])).denominator != 1 for item in items)
    taxed = any(item.get("weee_tax_applied_row_amount") for item in items)
    return fractional or taxed


def check(name: str, order: Any, found: Preview) -> None:
    if order["state"] == "canceled" and not order.get("total_paid"):
        assert found.outcome == "skip", name
        assert found.totals is not None
        assert found.totals.difference == 0
    elif order["state"] == "holded":
        assert found.outcome == "skip", name
        assert "hold" in found.reason
    elif found.outcome == "skip":
        assert "refunded in Commerce before" in found.reason, name
        bearing = [item for item, _ in money_items(Order.read(order))]
        assert all(
            i.qty_shipped == 0 and i.qty_refunded + i.qty_canceled == i.qty_ordered for i in bearing
        ), name
    else:
        assert_exact(found, order)
    assert found.totals is not None
    assert not found.totals.rounding or may_round(order), f"{name} needs no rounding line"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", money_names())
async def test_a_recorded_order_comes_to_its_grand_total(name: str, mode: str) -> None:
    for form in ("order", "order_as_placed"):
        if form in money(name):
            check(name, money(name)[form], await previewed(money(name)[form], MODES[mode]))


@pytest.mark.parametrize("name", money_names())
def test_recovered_rows_are_what_the_shop_has_stored(name: str) -> None:
    assert_rows_are_stored(money(name))


def assert_rows_are_stored(scenario: Any) -> None:
    stored = {
        row["item_id"]: Decimal(str(row["row_total"])) for row in scenario["stored_order_items"]
    }
    for row in money_rows(Order.read(scenario["order"])):
        assert row.item.item_id is not None
        assert row.row == stored[row.item.item_id], row.sku


@pytest.mark.live_samples
@pytest.mark.parametrize("mode", MODES)
async def test_every_order_of_the_measured_shop_comes_to_its_grand_total(mode: str) -> None:
    count = 0
    for name, order, _ in scenarios(beside("commerce-money")):
        check(name, order, await previewed(order, MODES[mode]))
        count += 1
    assert count > 300


@pytest.mark.live_samples
def test_every_recovered_row_of_the_measured_shop_is_what_it_has_stored() -> None:
    for name, _, scenario in scenarios(beside("commerce-money")):
        if name.endswith(" order"):
            assert_rows_are_stored(scenario)


@pytest.mark.live_samples
@pytest.mark.parametrize("folder", ["commerce-live", "commerce"])
async def test_every_public_order_is_exact_or_says_which_field_is_amiss(folder: str) -> None:
    exact = 0
    for name, order in shared_orders(folder):
        for settings in MODES.values():
            found = await previewed(order, settings)
            if found.outcome == "deliver":
                assert_exact(found, order)
                exact += 1
            elif found.outcome == "park":
                fields = [EXPLAINED[name]] if name in EXPLAINED else ["is missing", "`addresses`"]
                assert any(field in found.reason for field in fields), (name, found.reason)
                assert found.remedy
    assert exact >= 20


@pytest.mark.live_samples
async def test_releases_that_store_rows_otherwise_are_read_too() -> None:
    """Orders of releases before 2.4.8, whose REST answers start from the stored row."""
    names = {
        name
        for name, order in shared_orders("commerce")
        if (await previewed(order)).outcome == "deliver"
    }
    assert {f"oca-order-{n}.json" for n in (9, 10, 11, 12, 13, 16, 17)} <= names


async def test_an_order_whose_answer_was_cut_off_at_zero_gets_its_row_back() -> None:
    scenario = money("tax-044-total-catexcl-after-discincl-f333")
    cut = [
        i
        for i in scenario["order"]["items"]
        if not i.get("row_total_incl_tax") and i.get("discount_amount")
    ]
    assert cut, "the scenario has lost what it is for"
    assert_exact(await previewed(scenario["order"]), scenario["order"])


async def test_the_chosen_child_says_what_a_configurable_line_is() -> None:
    order = money("type-003-configurable-us")["order"]
    children = [i["sku"] for i in order["items"] if i.get("parent_item_id")]
    items = {body["ItemNumber"] for body in lines_of((await previewed(order, NET)).requests)}
    assert set(children) <= items


async def test_a_dynamic_bundle_is_its_children_and_a_fixed_one_its_parent() -> None:
    dynamic = money("type-005-bundle-dynamic-together-us")["order"]
    fixed = money("type-009-bundle-fixed-together-us")["order"]
    for order, counts_children in ((dynamic, True), (fixed, False)):
        sent = {body["ExternalItemNumber"] for body in lines_of((await previewed(order)).requests)}
        for item in order["items"]:
            is_child = bool(item.get("parent_item_id"))
            if item["product_type"] == "bundle" or is_child:
                assert (str(item["item_id"]) in sent) == (is_child == counts_children), item["sku"]


async def test_an_order_cancelled_in_part_is_posted_as_placed_and_says_what_is_left() -> None:
    order = money("lifecycle-017-half-invoiced-cancel-no-refund-us")["order"]
    found = await previewed(order)
    assert_exact(found, order)
    assert any("reduced by what was cancelled" in note for note in found.notes)
