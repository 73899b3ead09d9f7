"""Rows that the shop accepts and its consumers carry out later: followed to their end, and sent
again when nothing comes of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sync.engine.publication import EVERYTHING
from tests.flows.test_prices import OTHER, PRICES, SKU, agrees, drifts, released, sells, shown
from tests.harness import Harness, in_harness

BULKS: dict[str, Any] = {**PRICES, "commerce": {"bulk_from": 2, "bulk_horizon_minutes": 30}}
HOUR = timedelta(hours=1).total_seconds()


async def publishes(harness: Harness) -> None:
    await harness.services.intake.accept("prices", "shop", [EVERYTHING], "poll")
    await harness.works_for(4 * HOUR)


@in_harness(**BULKS)
async def test_what_is_accepted_is_followed_to_its_end(harness: Harness) -> None:
    released(harness)
    agrees(harness, 7, "RETAIL")
    agrees(harness, 6, "RETAIL", ItemNumber=OTHER)
    await publishes(harness)
    assert harness.commerce.bulks.count > 0
    assert shown(harness) == {"base": "10.00", "retailer|1": "7.00"}
    assert (await drifts(harness), await harness.parked("prices")) == ([], [])


@in_harness(**BULKS)
async def test_rows_that_are_refused_within_what_is_complete_park_alone(harness: Harness) -> None:
    released(harness)
    for sku in (SKU, OTHER):
        agrees(harness, 7, "RETAIL", ItemNumber=sku)
    harness.services.connections["shop"].prices.groups["RETAIL"] = "Nobody"
    await publishes(harness)
    assert await harness.parked("prices") == [SKU, OTHER]
    assert "No such entity with Customer Group" in (await harness.claim(SKU, "prices")).reason


@in_harness(**BULKS)
async def test_a_bulk_that_vanishes_is_sent_again_when_nothing_of_it_can_follow(
    harness: Harness,
) -> None:
    released(harness)
    harness.commerce.bulks.forgets = 1
    await publishes(harness)
    assert (shown(harness)["base"], await drifts(harness)) == ("10.00", [])
    assert await harness.parked("prices") == []


@in_harness(**BULKS)
async def test_what_nobody_consumes_is_no_success_and_nothing_newer_overtakes_it(
    harness: Harness,
) -> None:
    released(harness)
    bulks = harness.commerce.bulks
    bulks.is_consumed = False
    await harness.services.intake.accept("prices", "shop", [EVERYTHING], "poll")
    await harness.works_for(600)
    mirror = await harness.services.ledger.mirror.whole("shop|prices")
    assert mirror.shown == 0, "202 is no success"
    sent = bulks.count
    for sku in (SKU, OTHER):
        sells(harness, sku, price=Decimal(12))
    await harness.services.intake.accept("prices", "shop", [EVERYTHING], "poll")
    await harness.works_for(600)
    assert bulks.count == sent, "a consumer may still come to what was sent"
    bulks.is_consumed = True
    await publishes(harness)
    assert (shown(harness)["base"], await drifts(harness)) == ("12.00", [])
