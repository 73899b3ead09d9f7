from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.commerce.oauth import Consumer
from sync.checks.commerce import (
    clocks_agree,
    companies_can_be_read,
    customers_can_be_read,
    orders_can_be_read,
    shop_answers,
    stores_exist,
)
from sync.checks.finding import Level, findings_of
from tests.checks.conftest import Sandboxes, levels, only_fault
from tests.commerce.shop import CREDENTIALS, Shop
from tests.contracts.hand_clock import HandClock


async def test_a_shop_that_takes_our_signature_is_fine(sandboxes: Sandboxes) -> None:
    for check in (
        shop_answers,
        stores_exist,
        orders_can_be_read,
        customers_can_be_read,
        clocks_agree,
    ):
        assert levels(await sandboxes.found(check)) == {"ok"}


async def test_a_wrong_secret_is_told_with_its_cure(sandboxes: Sandboxes) -> None:
    sandboxes.secrets.values["token-secret"] = "mistyped"
    fault = only_fault(await sandboxes.found(shop_answers))
    assert fault.level is Level.FAULT
    assert "signature is invalid" in fault.what
    assert fault.cure.startswith("Compare consumer_secret and token_secret with the integration.")
    assert "mistyped" not in fault.what + fault.cure


async def test_a_secret_that_is_not_stored_is_told_with_its_name(sandboxes: Sandboxes) -> None:
    del sandboxes.secrets.values["token"]
    fault = only_fault(await sandboxes.found(shop_answers))
    assert (fault.what, fault.cure) == ("no secret token", "Store token.")


@pytest.mark.parametrize(
    ("check", "lacking", "box"),
    [
        (
            orders_can_be_read,
            "Magento_Customer::customer",
            "Sales > Operations > Orders > Actions > View",
        ),
        (customers_can_be_read, "Magento_Sales::actions_view", "Magento_Customer::customer"),
    ],
)
async def test_a_missing_right_names_the_box_to_tick(
    sandboxes: Sandboxes, check: object, lacking: str, box: str
) -> None:
    resources = frozenset({lacking})
    sandboxes.commerce.oauth.consumers[:] = [Consumer.named("sandbox", resources=resources)]
    fault = only_fault(await sandboxes.found(check))  # type: ignore[arg-type]
    assert box in fault.cure


async def test_a_store_that_is_not_in_the_shop_is_told_with_those_that_are(
    sandboxes: Sandboxes,
) -> None:
    found = await sandboxes.found(stores_exist, stores={"1": {}, "9": {}, "default": {}})
    fault = only_fault(found)
    assert "stores.9" in fault.what
    assert "1 = default, 2 = de" in fault.cure
    assert len(found) == 2


async def test_a_store_view_that_is_disabled_is_worth_a_look() -> None:
    shop = Shop(
        HandClock().now,
        records={"store/storeViews": [{"id": 1, "code": "default", "is_active": 0}]},
    )
    async with AsyncExitStack() as stack:
        found = await Sandboxes(stack, shop=shop, credentials=CREDENTIALS).found(stores_exist)
    assert only_fault(found).level is Level.WARN
    assert "disabled" in found[0].what


async def test_a_shop_that_tells_no_time_is_taken_as_it_is() -> None:
    shop = Shop(HandClock().now, tells_time=False, records={"store/storeViews": []})
    async with AsyncExitStack() as stack:
        (found,) = await Sandboxes(stack, shop=shop, credentials=CREDENTIALS).found(clocks_agree)
    assert found.level is Level.OK
    assert "no time" in found.what


async def test_a_connection_without_a_store_has_a_fault(sandboxes: Sandboxes) -> None:
    probe = await sandboxes.probe()
    bare = probe.settings.model_copy(update={"stores": {}})
    found = await findings_of(stores_exist, replace(probe, settings=bare))
    assert only_fault(found).what == "no store is configured"


@pytest.mark.parametrize(
    ("ahead", "words"), [(90, "90 s ahead of"), (-90, "90 s behind"), (30, "")]
)
async def test_clocks_more_than_a_minute_apart_are_worth_a_look(
    sandboxes: Sandboxes, ahead: int, words: str
) -> None:
    sandboxes.clock.at = sandboxes.shop_clock.at + timedelta(seconds=ahead)
    found = await sandboxes.found(clocks_agree)
    assert levels(found) == {"warn" if words else "ok"}
    assert words in found[0].what


async def test_companies_are_looked_for_only_where_they_flow(sandboxes: Sandboxes) -> None:
    probe = await sandboxes.probe()
    assert await findings_of(companies_can_be_read, probe) == []
    flowing = probe.settings.model_copy(update={"flows": ("companies",)})
    (found,) = await findings_of(companies_can_be_read, replace(probe, settings=flowing))
    assert (found.level, found.what) == (Level.OK, "companies can be read (2 in all)")
