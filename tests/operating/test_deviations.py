"""What becomes of a field that the shop shows otherwise, by the settings."""

from decimal import Decimal

import pytest

from sync.config.connections.section import DriftPolicy
from sync.engine.publication import EVERYTHING
from sync.operating.publications import differences, repaired
from tests.flows.test_stock import SKU, STOCK, publishes, shown, stocked
from tests.harness import Harness, in_harness

SPOILT = 12345


@pytest.mark.parametrize(
    ("policies", "action", "after_repair", "after_a_change"),
    [
        ({}, "repair", 7, 8),
        ({"*": "repair", "status": "report"}, "repair", 7, 8),
        ({"quantity": "report"}, "report", SPOILT, 8),
        ({"*": "adopt"}, "adopt", SPOILT, 8),
    ],
)
@in_harness(**STOCK)
async def test_what_the_shop_shows_otherwise_is_repaired_reported_or_adopted(
    harness: Harness, policies: DriftPolicy, action: str, after_repair: int,
    after_a_change: int,
) -> None:  # fmt: skip
    await stocked(harness, SIMPLE_001=7)
    services = harness.services
    services.connections["shop"].stock.drift.update(policies)
    harness.commerce.stock.put(SKU, Decimal(SPOILT))
    systems = await services.systems_pool.open("shop")
    (found,) = await differences(services, systems, "stock")
    assert (found.action, found.as_json()["commerce"], found.since is not None) == (
        action, SPOILT, True,
    )  # fmt: skip
    await repaired(services, systems, [found])
    await harness.works_until_idle()
    assert shown(harness) == (after_repair, 1)
    harness.dynamics.receive(SKU, 1)
    await publishes(harness)
    assert shown(harness) == (after_a_change, 1)
    assert await differences(services, systems, "stock", [SKU]) == []


@in_harness(**STOCK)
async def test_a_row_whose_outcome_nobody_knows_counts_as_shown_when_it_is_adopted(
    harness: Harness,
) -> None:
    await stocked(harness, SIMPLE_001=7)
    services = harness.services
    systems = await services.systems_pool.open("shop")
    harness.commerce.stock.put(SKU, Decimal(SPOILT))
    await services.ledger.mirror.doubt("shop|stock", [SKU])
    (found,) = await differences(services, systems, "stock", [SKU])
    assert (found.drift.mirror, found.action) == ("unknown", "publish")
    adopted = type(found)(found.flow, found.drift, found.since, "adopt")
    await repaired(services, systems, [adopted])
    await publishes(harness, EVERYTHING)
    assert shown(harness) == (SPOILT, 1)
