"""The list of the parked holds what is parked, and nothing else, whenever a process dies."""

from sync.engine.claim import PARKED, State
from tests.flows.finance import Finance, in_finance
from tests.harness import Harness, in_harness, key_of
from tests.systems import COMPANY, CONNECTION


async def rows(harness: Harness) -> list[str]:
    """The keys in the list itself, whatever their claims say."""
    return [row.key async for row in harness.systems.tables.query(PARKED, f"{CONNECTION}|orders")]


@in_harness()
async def test_a_list_whose_record_was_delivered_after_a_crash_has_no_row_for_it(
    harness: Harness,
) -> None:
    order = harness.place(skus=("SIMPLE-001",))
    claim, _ = await harness.services.ledger.take(CONNECTION, "orders", key_of(order), "dead")
    await harness.services.ledger.park(claim, reason="mapping hole", remedy="Map it.")
    assert await rows(harness) == [key_of(order)]  # and its process dies before it lets go
    await harness.delivers(order)
    assert (await harness.claim(order)).state is State.DELIVERED
    assert await rows(harness) == []


@in_harness()
async def test_what_vanished_waits_for_nobody(harness: Harness) -> None:
    key = "000000999@1"
    claim, _ = await harness.services.ledger.take(CONNECTION, "orders", key, "me")
    claim = await harness.services.ledger.park(claim, reason="mapping hole", remedy="Map it.")
    await harness.services.ledger.release(claim, state=State.PARKED)
    await harness.replays(key)
    assert (await harness.claim(key)).state is State.VANISHED
    assert await rows(harness) == []


@in_finance()
async def test_a_parked_order_stays_in_the_list_when_its_invoice_requires_it_in_vain(
    finance: Finance,
) -> None:
    first = await finance.placed()
    account = finance.header(first)["OrderingCustomerAccountNumber"]
    row = finance.dynamics.store.find("CustTable", COMPANY, account)
    assert row is not None
    finance.dynamics.store.update("CustTable", row, {"OnHoldStatus": "All"})
    order = await finance.placed()
    assert await finance.parked() == [key_of(order)]
    await finance.books(finance.commerce.invoice(order))
    assert await finance.parked() == [key_of(order)]
    assert "is on hold" in (await finance.claim(order)).reason
    assert "stopped" in await finance.events(order)
