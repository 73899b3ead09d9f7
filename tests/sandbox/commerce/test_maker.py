from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.commerce.amounts import Rule, Scheme
from sandbox.commerce.catalogue import Catalogue
from sandbox.commerce.maker import OrderMaker
from sandbox.commerce.recipe import Extras
from sync.core.encoding import from_json, to_json
from tests.conftest import ABSENT, SHARED_SAMPLES
from tests.sandbox.commerce.identities import differences, paying_lines, tolerance
from tests.sandbox.commerce.shop import recordings

FRACTIONAL = Decimal("0.0002")
PER_RATE = Decimal("0.0094")
"""How far the tax per rate may be off in recorded orders with fractional quantities."""
SIDES = ("", "base_")
MONEY = recordings("commerce_money")
NAMES = [name for name, _ in MONEY]


def is_fractional(order: dict[str, Any]) -> bool:
    return any(Decimal(item["qty_ordered"]) % 1 for item in order["items"])


def off(order: dict[str, Any], *, due: Decimal = Decimal(0)) -> dict[str, Decimal]:
    allowed = {"due": due, "tax per rate": PER_RATE} if is_fractional(order) else {}
    return {
        f"{side}{name}": by
        for side in SIDES
        for name, by in differences(order, side).items()
        if abs(by) > max(tolerance(order), allowed.get(name, Decimal(0)))
    }


def test_a_made_order_adds_up_exactly_in_both_currencies() -> None:
    for seed in range(300):
        order = OrderMaker(Random(seed)).order()
        left = {name: by for side in SIDES for name, by in differences(order, side).items()}
        most = FRACTIONAL if is_fractional(order) else 0
        assert all(abs(by) <= most for by in left.values()), (seed, left)


@pytest.mark.parametrize(("name", "recorded"), MONEY, ids=NAMES)
def test_a_recorded_order_adds_up_by_the_same_check(name: str, recorded: dict[str, Any]) -> None:
    for order in [recorded["order"], recorded.get("order_as_placed", recorded["order"])]:
        assert off(order, due=Decimal("0.005")) == {}, name


@pytest.mark.live_samples
def test_every_order_beside_the_project_adds_up_by_the_same_check() -> None:
    paths = sorted((SHARED_SAMPLES / "commerce-money").glob("*.json"))
    if not paths:
        pytest.skip(ABSENT)
    wrong = {}
    for path in paths:
        found = off(from_json(path.read_bytes())["order"], due=Decimal("0.005"))
        if found:
            wrong[path.stem] = found
    assert wrong == {}


def test_the_same_seed_makes_the_same_orders() -> None:
    first, second = OrderMaker(Random(11)), OrderMaker(Random(11))
    assert [to_json(first.order()) for _ in range(20)] == [
        to_json(second.order()) for _ in range(20)
    ]


@pytest.fixture(scope="module")
def many() -> list[dict[str, Any]]:
    """Orders as chance makes them."""
    maker = OrderMaker(Random(2))
    return [maker.order() for _ in range(400)]


def test_chance_makes_orders_of_every_product_currency_country_and_payment(
    many: list[dict[str, Any]],
) -> None:
    items = [item for order in many for item in order["items"]]
    assert {item["product_type"] for item in items} == {
        "simple", "virtual", "downloadable", "configurable", "bundle",
    }  # fmt: skip
    assert {order["order_currency_code"] for order in many} == {"USD", "EUR"}
    assert {order["customer_is_guest"] for order in many} == {0, 1}
    assert {order["is_virtual"] for order in many} == {0, 1}
    countries = {order["billing_address"]["country_id"] for order in many}
    assert countries >= {"US", "DE", "AT", "FR", "GB", "NO"}
    payments = {order["payment"]["method"] for order in many}
    assert payments >= {"purchaseorder", "checkmo", "braintree", "free"}


def test_chance_makes_orders_with_everything_that_is_added(many: list[dict[str, Any]]) -> None:
    items = [item for order in many for item in order["items"]]
    assert {key for order in many for key in order["extension_attributes"]} >= {
        "gift_cards_amount", "customer_balance_amount", "reward_currency_amount", "gw_price",
        "payment_fee",
    }  # fmt: skip
    assert any(order["shipping_discount_amount"] for order in many)
    assert any(order["shipping_discount_tax_compensation_amount"] for order in many)
    assert any(item.get("discount_tax_compensation_amount") for item in items)
    assert any(Decimal(item.get("weee_tax_applied_row_amount", 0)) for item in items)
    assert any("customer_note" in order for order in many)
    assert any("po_number" in order["payment"] for order in many)
    assert any("company_order_attributes" in order["extension_attributes"] for order in many)


def test_a_configurable_product_bears_its_money_on_the_parent_under_the_childs_sku() -> None:
    parent, child = OrderMaker(Random(3)).order(skus=["TEE"], rule=Rule())["items"]
    assert (parent["product_type"], child["product_type"]) == ("configurable", "simple")
    assert parent["sku"] == child["sku"]
    assert child["parent_item"]["item_id"] == child["parent_item_id"] == parent["item_id"]
    assert (child["price"], child["tax_amount"], child["row_total_incl_tax"]) == (0, 0, 0)
    assert parent["price"] > 0
    assert "discount_tax_compensation_amount" not in child


def test_a_dynamic_bundle_repeats_its_childrens_rows_and_tax_but_not_their_discount() -> None:
    order = OrderMaker(Random(4)).order(
        skus=["KIT-DYN"], rule=Rule("percent", Decimal(15)), scheme=Scheme()
    )
    parent, *children = order["items"]
    assert parent["discount_amount"] == 0
    assert sum(child["discount_amount"] for child in children) > 0
    assert parent["tax_amount"] == sum(child["tax_amount"] for child in children)
    assert parent["extension_attributes"]["itemized_taxes"] == []
    assert [item["item_id"] for item in paying_lines(order)] == [
        child["item_id"] for child in children
    ]


def test_a_fixed_bundle_bears_its_money_itself() -> None:
    order = OrderMaker(Random(5)).order(skus=["KIT-FIX"])
    parent, *children = order["items"]
    assert paying_lines(order) == [parent]
    assert {child["price"] for child in children} == {0}


def test_a_grouped_product_becomes_plain_simple_lines() -> None:
    items = OrderMaker(Random(6)).order(skus=["SET-GRP"])["items"]
    assert [(item["sku"], item["product_type"]) for item in items] == [
        ("SIMPLE-005", "simple"),
        ("SIMPLE-007", "simple"),
    ]
    assert not any("parent_item_id" in item for item in items)


def test_several_rates_of_one_priority_repeat_the_tax_and_share_it_in_the_real_amount() -> None:
    catalogue = Catalogue()
    buyer = next(shopper for shopper in catalogue.shoppers if shopper.place == "ny")
    order = OrderMaker(Random(8), catalogue).order(
        store=catalogue.store("default"),
        shopper=buyer,
        skus=["SIMPLE-006"],
        scheme=Scheme(),
        rule=Rule(),
        extras=Extras(),
    )
    (item,) = order["items"]
    taxes = item["extension_attributes"]["itemized_taxes"]
    assert [tax["amount"] for tax in taxes] == [item["tax_amount"]] * 3
    assert sum(Decimal(tax["real_amount"]) for tax in taxes) == Decimal(item["tax_amount"])


def test_the_gross_row_of_the_reference_comes_out_as_measured() -> None:
    """3 x 33.33 gross at 19 % less 33.33 %: row 84.03, tax 10.64, compensation 5.32 (`tax-040`)."""
    catalogue = Catalogue()
    buyer = next(shopper for shopper in catalogue.shoppers if shopper.place == "berlin")
    made = OrderMaker(Random(9), catalogue).make(
        store=catalogue.store("de"),
        shopper=buyer,
        skus=["SIMPLE-004"],
        scheme=Scheme(gross=True, algorithm="row"),
        rule=Rule("percent", Decimal("33.3333")),
    )
    assert made.recipe is not None
    line = made.recipe.wants[0]
    three = type(line)(line.product, Decimal(3))
    again = OrderMaker(Random(9), catalogue).cooked(
        type(made.recipe)(**{**vars(made.recipe), "wants": (three,)})
    )
    (item,) = again.items
    keys = (
        "base_row_total",
        "base_discount_amount",
        "base_tax_amount",
        "base_discount_tax_compensation_amount",
    )
    assert [str(item[key]) for key in keys] == ["84.03", "33.33", "10.64", "5.32"]


def test_made_orders_have_the_fields_of_recorded_ones_and_no_others() -> None:
    placed = [
        recorded["order_as_placed"]
        for _, recorded in recordings("commerce_money")
        if "order_as_placed" in recorded
    ]
    lines = [item for order in placed for item in order["items"]]
    for seed in range(60):
        made = OrderMaker(Random(seed)).order(payment="checkmo")
        _same_fields(made, placed, {"customer_note", "customer_taxvat"})
        _same_fields(made["payment"], [order["payment"] for order in placed], {"po_number"})
        for item in made["items"]:
            _same_fields(item, lines, set())


def _same_fields(made: dict[str, Any], recorded: list[dict[str, Any]], ours: set[str]) -> None:
    always = set.intersection(*(set(one) for one in recorded))
    ever = set.union(*(set(one) for one in recorded))
    assert always <= set(made) <= ever | ours
    for key in set(made) & ever:
        kinds = {_kind(one[key]) for one in recorded if key in one}
        assert _kind(made[key]) in kinds, key


def _kind(value: Any) -> str:
    return (
        "number"
        if isinstance(value, int | Decimal) and not isinstance(value, bool)
        else type(value).__name__
    )
