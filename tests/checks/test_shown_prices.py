"""What `check` says of prices before anything is published."""

from typing import Any

import pytest

from sync.checks.entities import fields_exist
from sync.checks.shown_prices import (
    currency_is_the_shops,
    price_groups_are_there,
    website_is_the_store_views,
)
from tests.checks.conftest import Sandboxes, levels, only_fault

GROUPS = {"RETAIL": "Retailer"}


def with_prices(**prices: Any) -> dict[str, Any]:
    return {"prices": {"currency": "USD", **prices}, "flows": ["orders", "stock", "prices"],
            "stock": {"sources": {"13": "default"}}}  # fmt: skip


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.put("PriceCustomerGroups", dataAreaId="usmf", GroupCode="RETAIL")
    for check in (currency_is_the_shops, price_groups_are_there, fields_exist):
        assert levels(await sandboxes.found(check, **with_prices(groups=GROUPS))) == {"ok"}, check


async def test_customers_and_discounts_are_looked_for_where_they_are_shown(
    sandboxes: Sandboxes,
) -> None:
    more = with_prices(customers={"US-777": "Retailer"}, line_discounts=True)
    assert (
        "no customer US-777"
        in only_fault(await sandboxes.found(price_groups_are_there, **more)).what
    )
    sandboxes.dynamics.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-777")
    for check in (price_groups_are_there, fields_exist):
        assert levels(await sandboxes.found(check, **more)) == {"ok"}
    more = with_prices(customers={"US-777": "X"})
    assert "group X" in only_fault(await sandboxes.found(price_groups_are_there, **more)).what


@pytest.mark.parametrize(("store_view", "level"), [(1, {"ok"}), (99, {"fault"})])
async def test_the_store_view_is_of_the_website(
    sandboxes: Sandboxes, store_view: int, level: set[str]
) -> None:
    prices = with_prices(website=1, store_view=store_view)
    assert levels(await sandboxes.found(website_is_the_store_views, **prices)) == level


async def test_where_prices_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in (currency_is_the_shops, price_groups_are_there, website_is_the_store_views):
        assert await sandboxes.found(check) == []


async def test_the_currency_is_compared_with_the_shops(sandboxes: Sandboxes) -> None:
    finding = only_fault(
        await sandboxes.found(currency_is_the_shops, **with_prices(currency="EUR"))
    )
    assert "currency is EUR, the base currency of the shop is USD" in finding.what


@pytest.mark.parametrize(
    ("groups", "said"), [({"NOPE": "Retailer"}, "price group NOPE"), ({"RETAIL": "X"}, "group X")]
)
async def test_groups_are_compared_with_both_systems(
    sandboxes: Sandboxes, groups: dict[str, str], said: str
) -> None:
    sandboxes.dynamics.put("PriceCustomerGroups", dataAreaId="usmf", GroupCode="RETAIL")
    finding = only_fault(
        await sandboxes.found(price_groups_are_there, **with_prices(groups=groups))
    )
    assert said in finding.what
