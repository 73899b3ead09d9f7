"""Previews over real systems ask D365 what the delivery would ask, and write nothing anywhere."""

from typing import Any

from sandbox.dials import Kind as Fault
from sync.preview.input_files import Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from tests.harness import CUSTOMER, Harness, in_harness, key_of
from tests.systems import CONNECTION

BY_EMAIL: dict[str, Any] = {"customers": {"match": ["email"]}}


async def shown(harness: Harness, order: Any) -> Preview:
    systems = await harness.services.systems_pool.open(CONNECTION)
    (document,) = await systems.commerce.orders.by_number(key_of(order).partition("@")[0])
    return await preview(Kind.ORDER, document, systems)


def bodies(found: Preview, entity_set: str) -> list[Any]:
    return [one.body for one in found.requests if one.path == f"/data/{entity_set}"]


def is_known(harness: Harness) -> None:
    """The ledger has had the shopper's account for long."""
    base = {**harness.account("US-001"), "CustomerAccount": "OLD-1", "PartyNumber": "P-OLD-1"}
    harness.dynamics.store.insert("CustTable", {**base, "PrimaryContactEmail": CUSTOMER.email})


@in_harness(**BY_EMAIL)
async def test_an_account_that_d365_knows_is_shown_and_not_made(harness: Harness) -> None:
    order = harness.place()
    assert len(bodies(await shown(harness, order), "CustomersV3")) == 1
    is_known(harness)
    found = await shown(harness, order)
    assert not bodies(found, "CustomersV3")
    (header,) = bodies(found, "SalesOrderHeadersV4")
    assert header["OrderingCustomerAccountNumber"] == "OLD-1"
    assert not found.notes


@in_harness(**BY_EMAIL)
async def test_a_match_that_is_not_clear_is_shown_as_parked(harness: Harness) -> None:
    order = harness.place()
    is_known(harness)
    base = {**harness.account("OLD-1"), "CustomerAccount": "OLD-2", "PartyNumber": "P-OLD-2"}
    harness.dynamics.store.insert("CustTable", base)
    found = await shown(harness, order)
    assert found.outcome == "park"
    assert "OLD-1, OLD-2" in found.reason


@in_harness(**BY_EMAIL)
async def test_where_d365_does_not_answer_what_it_knows_is_left_out_and_said(
    harness: Harness,
) -> None:
    order = harness.place()
    is_known(harness)
    harness.ledger_dials.next(Fault.DROPPED)
    harness.ledger_dials.next(Fault.DROPPED)
    found = await shown(harness, order)
    assert found.outcome == "deliver"
    assert len(bodies(found, "CustomersV3")) == 1
    (note,) = [one for one in found.notes if "D365 did not answer" in one]
    assert "left out" in note


@in_harness(**BY_EMAIL)
async def test_a_preview_writes_nothing(harness: Harness) -> None:
    order = harness.place()
    before = harness.services.systems_pool.counts()
    await shown(harness, order)
    systems = await harness.services.systems_pool.open(CONNECTION)
    assert systems.commerce.counts["writes"] == 0
    assert harness.accounts(CUSTOMER.email) == []
    assert (await harness.claim(order)).etag == ""
    assert await systems.accounts.get("customer", "1", "usmf") is None
    assert before == {}
