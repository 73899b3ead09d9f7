from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.shape import rest_order, stored_order
from sync.core.encoding import to_json
from tests.sandbox.commerce.shop import recordings

MONEY = recordings("commerce_money")
NAMES = [name for name, _ in MONEY]


@pytest.mark.parametrize(("name", "recorded"), MONEY, ids=NAMES)
def test_a_recorded_answer_is_put_together_from_its_rows_digit_by_digit(
    name: str, recorded: dict[str, Any]
) -> None:
    for order in (recorded["order"], recorded.get("order_as_placed", recorded["order"])):
        assert to_json(rest_order(stored_order(order)), sort=True) == to_json(order, sort=True), (
            name
        )


@pytest.mark.parametrize(("name", "recorded"), MONEY, ids=NAMES)
def test_rewriting_the_rows_of_the_database_gives_the_recorded_totals(
    name: str, recorded: dict[str, Any]
) -> None:
    order = stored_order(recorded["order"])
    stored = {row["item_id"]: row for row in recorded["stored_order_items"]}
    for item in order.items:
        item |= {key: stored[item["item_id"]].get(key) for key in ("row_total", "base_row_total")}
    for answered, expected in zip(
        rest_order(order)["items"], recorded["order"]["items"], strict=True
    ):
        for key in ("row_total", "base_row_total", "row_total_incl_tax", "base_row_total_incl_tax"):
            assert answered[key] == expected[key], (name, key)


def test_documents_displayed_with_tax_change_the_answer_for_old_orders() -> None:
    recorded = dict(recordings("commerce_money"))["tax-001-unit-catexcl-shipexcl-nodisc"]["order"]
    item = recorded["items"][0]
    answered = rest_order(stored_order(recorded), display_gross=True)["items"][0]
    assert answered["row_total"] == max(
        0, item["price_incl_tax"] - item["discount_amount"] - item["tax_amount"]
    )
    assert Decimal(item["row_total"]) != Decimal(answered["row_total"])
