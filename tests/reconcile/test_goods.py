"""Shipments and the catalogue, compared: each planted difference is found and nothing else, with
its cause, and is gone once it was mended."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.nightly import Nightly
from sync.reconcile.reconciling import kinds_of, reconcile
from tests.flows.finance import Finance, in_finance
from tests.flows.test_shipments import SHIPPED, SKU, ordered, packed, polls
from tests.harness import Harness, in_harness
from tests.reconcile.planted import mended
from tests.reconcile.planted_goods import OF_SHIPMENTS, rows_of_stock
from tests.systems import CONNECTION

STOCK: Final[dict[str, Any]] = {
    "flows": ("orders", "stock"), "stock": {"sources": {"13": "default"}},
}  # fmt: skip


async def found_by(
    harness: Harness, *kinds: str, days: int = 7
) -> tuple[list[Difference], dict[str, Any]]:
    """The differences of the last days, and how many pieces or rows each side has."""
    services, now = harness.services, harness.clock.now()
    systems = await services.systems_pool.open(CONNECTION)
    connected = await Connected.of(systems, services.ledger, services.documents)
    found: list[Difference] = []
    window = Window(now - timedelta(days=days), now + timedelta(seconds=1))
    summary = await reconcile(connected, window, kinds_of(connected, kinds), found.append)
    sums = {one["kind"]: one for one in summary.totals()}
    return found, sums.get("shipments", {})


@in_harness(**SHIPPED)
async def test_slips_that_were_shipped_agree_by_their_lists(harness: Harness) -> None:
    for pieces in (1, 2):
        order = await ordered(harness, SKU, pieces=3)
        packed(harness, order, SIMPLE_001=pieces)
        await polls(harness)
    before = harness.commerce.requests.total()
    found, sums = await found_by(harness, "shipments")
    assert found == []
    assert (sums["commerce_count"], sums["commerce"], sums["currency"]) == (2, "3.00", "pcs")
    assert harness.commerce.requests.total() - before <= 2, "store views, and one list"


@in_finance(**SHIPPED)
async def test_every_planted_difference_of_shipments_is_found_and_mended(finance: Finance) -> None:
    await _finds_and_mends(finance, 1)


@pytest.mark.long
@in_finance(**SHIPPED)
async def test_two_hundred_of_them_are_too(finance: Finance) -> None:
    for _ in range(100):
        packed(finance, await ordered(finance, SKU))
    await polls(finance)
    await _finds_and_mends(finance, 200 // len(OF_SHIPMENTS) + 1)


async def _finds_and_mends(finance: Finance, times: int) -> None:
    planted = [await plant(finance) for plant in OF_SHIPMENTS for _ in range(times)]
    found, _ = await found_by(finance, "shipments", days=60)
    assert {(one.key, one.cause) for one in found} == {(one.key, one.cause) for one in planted}
    assert all(one.command for one in found)
    by_key = {one.key: one for one in found}
    for one in planted:
        if one.undo is not None:
            await one.undo()
        else:
            await mended(finance, by_key[one.key])
    assert [one.as_json() for one in (await found_by(finance, "shipments", days=60))[0]] == []


@in_harness(**SHIPPED)
async def test_a_shipment_of_before_the_flow_was_on_is_nobodys(harness: Harness) -> None:
    order = await ordered(harness, SKU)
    harness.commerce.make_shipment(order)
    await harness.works_for(8 * 24 * 3600)
    await polls(harness)
    found, _ = await found_by(harness, "shipments")
    assert found == []


@in_harness(**STOCK)
async def test_the_catalogue_is_compared_as_it_is_now_where_it_is_named(harness: Harness) -> None:
    causes = await rows_of_stock(harness)
    assert (await found_by(harness))[0] == [], "it reads everything, so nobody is made to wait"
    found, _ = await found_by(harness, "catalogue")
    assert {one.key: one.cause for one in found} == causes
    by_key = {one.key: one for one in found}
    edited = by_key["stock|SIMPLE-001|default|quantity"]
    assert (edited.commerce, edited.dynamics) == (Decimal(3), Decimal(7))
    command = "drift stock --sku SIMPLE-001 --repair --yes --connection shop"
    assert edited.command.endswith(command)


@in_harness(**STOCK)
async def test_what_was_never_published_is_missing(harness: Harness) -> None:
    harness.commerce.stock.is_managed = True
    harness.dynamics.receive("SIMPLE-001", 7)
    found, _ = await found_by(harness, "catalogue")
    by_key = {one.key: one for one in found}
    missing = by_key["stock|SIMPLE-001|default|quantity"]
    assert missing.cause is Cause.MISSING
    assert missing.command.endswith("publish stock --sku SIMPLE-001 --connection shop")


@in_harness(**STOCK, reconcile={"catalogue": True, "days": 2})
async def test_a_night_compares_the_catalogue_with_its_newest_day_alone(harness: Harness) -> None:
    await rows_of_stock(harness)
    nightly = Nightly(CONNECTION, harness.services.engine())
    wait = await nightly.run(None)
    assert wait is not None
    await harness.works_for(wait.total_seconds())
    for _ in range(2):
        await nightly.run(harness.clock.now())
    found = [day async for day in nightly._stored.days(CONNECTION)]
    causes = [one.summary["causes"] for one in found]
    assert causes == [{}, {str(Cause.EDITED_HERE): 1, str(Cause.NOT_DUE): 1}]
