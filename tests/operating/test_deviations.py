"""What becomes of a field that the shop shows otherwise, by the settings."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.config.connections.section import DriftPolicy
from sync.engine.drift import Drift
from sync.engine.publication import EVERYTHING
from sync.engine.published_log import Published
from sync.operating.publications import Deviation, differences, repaired
from tests.flows.test_stock import SKU, STOCK, publishes, shown, stocked
from tests.harness import Harness, in_harness

SPOILT = 12345
AT = datetime(2026, 3, 2, tzinfo=UTC)


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
    told = found.as_json()
    assert (told["action"], told["commerce"], told["changed_in"], told["since"] is not None) == (
        action, SPOILT, "commerce", True,
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
    adopted = type(found)(found.flow, found.drift, found.last, "adopt")
    await repaired(services, systems, [adopted])
    await publishes(harness, EVERYTHING)
    assert shown(harness) == (SPOILT, 1)


THEN = Published(AT, {"default": {"quantity": Decimal("7.00"), "tags": ["a"]}}, "")


@pytest.mark.parametrize(
    ("commerce", "dynamics", "last", "mirror", "changed_in"),
    [
        (9, 7, THEN, "confirmed", "commerce"),
        (Decimal(7), 8, THEN, "outdated", "dynamics"),
        (9, 8, THEN, "outdated", "both"),
        (None, 7, THEN, "unknown", "commerce"),
        (9, 7, None, "confirmed", "commerce"),
        (9, 8, None, "outdated", "dynamics"),
        (9, 8, None, "unknown", None),
        (9, 8, None, "none", None),
        (None, 8, Published(AT, None, ""), "none", "dynamics"),
    ],
)
def test_a_field_was_changed_where_it_is_no_more_what_the_shop_confirmed_last(
    commerce: Any, dynamics: Any, last: Published | None, mirror: str, changed_in: str | None
) -> None:
    one = Drift(SKU, "default", "quantity", commerce, dynamics, mirror)
    assert Deviation("stock", one, last, "repair").changed_in == changed_in


def test_values_are_compared_as_they_were_kept() -> None:
    one = Drift(SKU, "default", "tags", ("b",), ("a",), "confirmed")
    assert Deviation("products", one, THEN, "repair").changed_in == "commerce"


@in_harness(**STOCK)
async def test_a_change_in_both_systems_is_told_of_both(harness: Harness) -> None:
    await stocked(harness, SIMPLE_001=7)
    systems = await harness.services.systems_pool.open("shop")
    harness.dynamics.receive(SKU, 1)
    (found,) = await differences(harness.services, systems, "stock")
    assert (found.drift.mirror, found.changed_in) == ("outdated", "dynamics")
    harness.commerce.stock.put(SKU, Decimal(SPOILT))
    (found,) = await differences(harness.services, systems, "stock")
    assert (found.drift.mirror, found.changed_in) == ("outdated", "both")
