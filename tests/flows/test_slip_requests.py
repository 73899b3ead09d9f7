"""What slips cost in requests, and how soon a slip is a shipment: counted in virtual time."""

import asyncio

import pytest

from tests.benchmarks.page import PAGE, shown, slips
from tests.benchmarks.slips import slip_costs
from tests.flows.test_shipments import SHIPPED, ordered, packed
from tests.harness import Harness, in_harness


@pytest.mark.long
def test_a_slip_costs_one_write_and_few_reads_under_load_as_the_page_says() -> None:
    found = slip_costs()
    for each in found.values():
        assert each["commerce_writes"] == 1
        assert each["commerce_reads"] <= 0.2
        assert each["seconds"] <= 5
    assert shown(PAGE.read_text(encoding="utf-8"), "slips").strip() == slips(found)


@in_harness(**SHIPPED)
async def test_a_slip_is_a_shipment_within_seconds_of_its_notification(harness: Harness) -> None:
    order = await ordered(harness)
    packed(harness, order, "JD01")
    await asyncio.sleep(60)
    await harness.polls("shipments")
    await harness.works_for(5)
    assert len(order.shipments) == 1
