"""A whole story: documents in order of time, and the net of what was captured and given back on
both sides."""

from decimal import Decimal
from fractions import Fraction
from itertools import cycle
from typing import Any

import pytest

from sync.preview.input_files import Inputs, Kind, inputs_in
from sync.preview.previewed import Preview
from sync.preview.story import NET, preview_story, stories_in
from tests.mapping.fno import half_up
from tests.mapping.receiving import RECIPES, basis, books
from tests.mapping.samples import beside, money, money_names, read


async def reported(
    inputs: Inputs, recipe: str = "free text, return", *, gross: bool = False
) -> list[list[Preview]]:
    """Every story, each to its end."""
    posting_target = basis(books(recipe, gross=gross), inputs.orders())
    return [
        [preview async for preview in preview_story(steps, posting_target)]
        for steps in stories_in(inputs)
    ]


async def the_story(
    scenario: Any, recipe: str = "free text, return", *, gross: bool = False
) -> list[Preview]:
    (story,) = await reported(inputs_in(scenario, Kind.ORDER), recipe, gross=gross)
    return story


def net_of(scenario: Any) -> Fraction:
    """What the customer has paid in the end."""
    captured = sum(
        (half_up(Fraction(str(one["grand_total"]))) for one in scenario["invoices"]), Fraction(0)
    )
    refunded = sum(
        (half_up(Fraction(str(one["grand_total"]))) for one in scenario["creditmemos"]), Fraction(0)
    )
    return captured - refunded


def assert_net(scenario: Any, story: list[Preview]) -> None:
    *documents, net = story
    assert net.key == NET
    assert net.outcome == "deliver", net.reason
    assert net.totals is not None
    assert net.totals.difference == 0
    assert Fraction(net.totals.commerce) == net_of(scenario)
    orders = 1 + len(scenario.get("previous_orders") or [])
    assert len(documents) == orders + len(scenario["invoices"]) + len(scenario["creditmemos"])


@pytest.mark.parametrize("name", money_names())
async def test_the_net_of_a_recorded_story_is_what_was_paid_in_the_end(name: str) -> None:
    assert_net(money(name), await the_story(money(name)))


@pytest.mark.live_samples
async def test_the_net_of_every_story_of_the_measured_shop_is_right() -> None:
    """Each story by one recipe, in turn."""
    recipes = cycle(RECIPES)
    for path in beside("commerce-money"):
        scenario = read(path)
        gross = "gross" in path.stem
        assert_net(scenario, await the_story(scenario, next(recipes), gross=gross))


@pytest.mark.live_samples
@pytest.mark.long
@pytest.mark.parametrize("recipe", RECIPES)
async def test_the_net_of_every_story_of_the_measured_shop_is_right_by_every_recipe(
    recipe: str,
) -> None:
    for path in beside("commerce-money"):
        scenario = read(path)
        assert_net(scenario, await the_story(scenario, recipe, gross="gross" in path.stem))


async def test_a_story_is_told_in_order_of_time() -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    story = await the_story(scenario)
    reported_keys = [preview.key for preview in story]
    assert reported_keys[0] == f"{scenario['order']['increment_id']}@1"
    memos = sorted(
        scenario["creditmemos"], key=lambda memo: (memo["created_at"], memo["entity_id"])
    )
    assert reported_keys[2:] == [*(f"{memo['increment_id']}@1" for memo in memos), NET]


async def test_an_edited_order_and_the_one_it_replaced_are_one_story() -> None:
    scenario = money("lifecycle-055-edit-1-us")
    story = await the_story(scenario)
    keys = [preview.key.partition("@")[0] for preview in story]
    first = scenario["order"]["original_increment_id"]
    assert keys[:2] == [first, f"{first}-1"]


async def test_two_orders_are_two_stories_each_with_its_net() -> None:
    inputs = inputs_in(
        [money("type-003-configurable-us"), money("type-017-options-us")], Kind.ORDER
    )
    stories = await reported(inputs)
    assert len(stories) == 2
    assert [story[-1].key for story in stories] == [NET, NET]


async def test_documents_from_several_files_are_joined_by_their_order() -> None:
    scenario = money("type-003-configurable-us")
    parts = [
        inputs_in({name: scenario[name]}, Kind.ORDER)
        for name in ("creditmemos", "invoices", "order")
    ]
    (story,) = await reported(Inputs().join(parts))
    assert_net(scenario, story)


async def test_a_document_seen_twice_is_told_once() -> None:
    scenario = money("type-003-configurable-us")
    inputs = inputs_in([scenario, {"invoices": scenario["invoices"]}], Kind.ORDER)
    (story,) = await reported(inputs)
    assert_net(scenario, story)


async def test_the_net_names_what_is_parked_and_counts_the_others() -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    broken = {**scenario["creditmemos"][0], "grand_total": Decimal(99)}
    story = await the_story({**scenario, "creditmemos": [broken, *scenario["creditmemos"][1:]]})
    net = story[-1]
    assert net.outcome == "park"
    assert f"credit memo {broken['increment_id']}@1" in net.reason
    assert net.remedy
    assert net.totals is not None
    others = {**scenario, "creditmemos": scenario["creditmemos"][1:]}
    assert Fraction(net.totals.commerce) == net_of(others)


async def test_currencies_are_never_added_up() -> None:
    """An order edited into another currency, each with its invoice."""
    scenario = money("type-003-configurable-us")
    order, invoice = scenario["order"], scenario["invoices"][0]
    replaced = {**order, "total_canceled": order["grand_total"]}
    euro = {"order_currency_code": "EUR", "entity_id": 9, "increment_id": "9"}
    edited = {**order, **euro, "original_increment_id": order["increment_id"]}
    inputs = inputs_in(
        {"orders": [replaced, edited], "invoices": [invoice, {**invoice, **euro, "order_id": 9}]},
        Kind.ORDER,
    )
    ((*_, net),) = await reported(inputs)
    assert net.outcome == "park"
    assert "order_currency_code" in net.reason
    assert net.totals is None


async def test_an_order_without_documents_nets_to_nothing() -> None:
    scenario = money("lifecycle-004-cancel-de")
    *_, net = await the_story(scenario)
    assert net.totals is not None
    assert net.totals.as_json() == {
        "commerce": "0.00",
        "dynamics": "0.00",
        "difference": "0.00",
        "currency": scenario["order"]["order_currency_code"],
    }
