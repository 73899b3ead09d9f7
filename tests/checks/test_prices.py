"""Whether prices include tax: what a shop's orders tell, held against the configuration."""

from collections.abc import Mapping
from typing import Any

import pytest

from sync.checks.finding import Level
from sync.checks.prices import PriceEvidence, includes_tax
from tests.checks.conftest import Sandboxes
from tests.mapping.samples import money, money_names

NET = {"price": 10, "price_incl_tax": "11.90", "original_price": 10}
GROSS = {"price": "8.4034", "price_incl_tax": 10, "original_price": 10}


@pytest.mark.parametrize("name", money_names())
def test_no_recorded_order_tells_the_other_way(name: str) -> None:
    scenario = money(name)
    is_gross = scenario["settings"]["tax/calculation/price_includes_tax"] == "1"
    reported = {includes_tax(item) for item in scenario["order"]["items"]}
    assert reported <= {is_gross, None}


def test_most_recorded_orders_tell() -> None:
    reporting = [
        any(includes_tax(item) is not None for item in money(name)["order"]["items"])
        for name in money_names()
    ]
    assert sum(reporting) > len(reporting) * 0.8


@pytest.mark.parametrize(
    ("item", "reported"),
    [
        (NET, False),
        (GROSS, True),
        ({**NET, "discount_tax_compensation_amount": "0.31"}, True),
        ({**NET, "discount_tax_compensation_amount": "0.00000001"}, False),
        ({**NET, "original_price": "12.50"}, None),
        ({**NET, "price_incl_tax": 10}, None),
        ({**NET, "original_price": 0}, None),
        ({**NET, "original_price": "ten"}, None),
        ({}, None),
    ],
)
def test_an_item_tells_by_the_price_that_was_entered(
    item: Mapping[str, Any], reported: bool | None
) -> None:
    assert includes_tax(item) is reported


def order(number: int, *items: Any, store: int = 1) -> dict[str, Any]:
    return {"increment_id": f"{number:09}", "store_id": store, "items": list(items)}


@pytest.mark.parametrize(
    ("configured", "items", "level", "words"),
    [
        (False, [NET, NET], Level.OK, "prices_include_tax = false agrees with 2 items"),
        (True, [GROSS], Level.OK, "prices_include_tax = true agrees with 1 items"),
        (
            True,
            [NET, NET],
            Level.FAULT,
            "2 of 2 items that show it were priced without tax, as in order 000000001@1",
        ),
        (
            False,
            [GROSS, GROSS, NET],
            Level.FAULT,
            "2 of 3 items that show it were priced with tax, as in order 000000001@1",
        ),
        (
            False,
            [NET, NET, GROSS],
            Level.WARN,
            "agrees with 2 items, but not with 1, as in order 000000003@1",
        ),
    ],
)
async def test_what_orders_tell_is_held_against_the_configuration(
    sandboxes: Sandboxes, configured: bool, items: list[Any], level: Level, words: str
) -> None:
    evidence = PriceEvidence(
        await sandboxes.probe(stores={"1": {"prices_include_tax": configured}})
    )
    for number, item in enumerate(items, 1):
        evidence.see([order(number, item)])
    (found,) = evidence.findings()
    assert found.level is level
    assert words in found.what
    if level is Level.FAULT:
        assert (
            f"prices_include_tax = {str(not configured).lower()} in [connections.shop.stores.1]"
            in found.cure
        )


async def test_only_the_newest_items_count_and_foreign_stores_do_not(sandboxes: Sandboxes) -> None:
    evidence = PriceEvidence(await sandboxes.probe(stores={"1": {"prices_include_tax": True}}))
    evidence.see([order(200, *[GROSS] * 50)])
    evidence.see([order(100, *[NET] * 500)])
    evidence.see([order(50, NET, store=9)])
    (found,) = evidence.findings()
    assert found.level is Level.OK
