"""F&O changes while its pages are read, so that they shift: nothing is taken for gone that is
there, and the next run shows what F&O says then."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.dials import Arrival, Kind
from sync.engine.drift import drift
from sync.engine.publication import EVERYTHING
from sync.flows import PUBLICATIONS
from tests.flows import test_prices, test_products, test_stock
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

GONE, MISSED, CHANGED = "SIMPLE-001", "SIMPLE-004", "SIMPLE-007"
"""Of the first page a row goes, so that the second one begins behind the row that was its first."""
RELEASED = "ReleasedProductsV2"
FLOWS = ("stock", "prices", "products")
SETTINGS: dict[str, Any] = {
    "flows": ("orders", *FLOWS), "stock": {"sources": {"13": "default"}},
    "prices": {"currency": "USD"}, "products": {"which": "released", "fields": ("name", "status")},
}  # fmt: skip


def shown(harness: Harness, sku: str) -> tuple[Any, ...]:
    columns = test_products.shown(harness, sku)
    base = harness.commerce.prices.base[sku.casefold()]
    return test_stock.shown(harness, sku), base, columns["name"], columns["status"]


async def publishes(harness: Harness, *flows: str) -> None:
    for flow in flows:
        await harness.services.intake.accept(flow, "shop", [EVERYTHING], "poll")
    await harness.works_until_idle()


@pytest.mark.parametrize("flow", FLOWS)
@in_harness(**SETTINGS)
async def test_a_page_that_shifts_takes_nothing_away(harness: Harness, flow: str) -> None:
    harness.commerce.stock.is_managed = True
    test_prices.released(harness)
    for sku in (MISSED, CHANGED):
        harness.dynamics.receive(sku, 5)
    await publishes(harness, *FLOWS)
    before = shown(harness, MISSED)
    assert (before[0], before[-1]) == ((5, 1), 1)
    shifted, store = list[str](), harness.dynamics.store

    def and_shift(arrival: Arrival) -> bool:
        if arrival.path.endswith(RELEASED) and "skip=" in arrival.query and not shifted:
            shifted.append(arrival.query)
            rows = store.table(RELEASED).records.values()
            store.delete(RELEASED, next(row for row in rows if row["ItemNumber"] == GONE))
            test_prices.sells(harness, CHANGED, price=Decimal(12))
        return False

    harness.ledger_dials.next(Kind.LOST, where=and_shift)
    rows = [*store.table(RELEASED).records.values()]
    numbers = sorted(row["ItemNumber"] for row in rows if row["dataAreaId"] == COMPANY)
    harness.dynamics.settings.page_size = numbers.index(MISSED)
    await publishes(harness, flow)
    assert (len(shifted), shown(harness, MISSED)) == (1, before)
    await publishes(harness, *FLOWS)
    systems = await harness.services.systems_pool.open("shop")
    for one in (one for one in PUBLICATIONS if one.name in FLOWS):
        assert [row async for row in drift(one, systems, harness.services.ledger)] == []
    assert shown(harness, CHANGED)[1] == 12
