"""A home directory of an earlier release goes on: its claims know targets as one text, its copies
hold the one document of a record, its references lack the store, and its messages still lie in the
queue. All of it was recorded with that release."""

from pathlib import Path

from sandbox.commerce.records import StoredOrder
from sync.engine.claim import CLAIMS, State
from sync.engine.watermarks import WATERMARKS
from tests.flows.finance import FREE_TEXT, Finance, in_finance, key
from tests.flows.old_home import OldHome
from tests.harness import CUSTOMER, key_of
from tests.systems import COMPANY, CONNECTION


def numbers(finance: Finance, order: StoredOrder) -> list[str]:
    """The sales orders of an order, under its reference of then and of now."""
    found = finance.dynamics.orders_for(order.row["increment_id"], COMPANY)
    return [str(row.values["SalesOrderNumber"]) for row in found] + [
        str(row["SalesOrderNumber"]) for row in finance.headers(order)
    ]


@in_finance(invoices=FREE_TEXT)
async def test_what_was_in_hand_is_finished_once(finance: Finance, tmp_path: Path) -> None:
    old = OldHome(finance)
    await old.reopen(tmp_path)
    await old.works_until_idle()
    await finance.polls()
    await old.works_until_idle()
    for order in (old.delivered, old.lost, old.held, old.queued, old.unseen):
        claim = await finance.claim(order)
        assert claim.state is State.DELIVERED
        assert numbers(finance, order) == [claim.delivered["sales_order"].number]
    assert await finance.events(old.lost) == ["waited", "adopted"]
    assert finance.accounts(CUSTOMER.email) == ["USMF-000001"]


@in_finance(invoices=FREE_TEXT)
async def test_what_was_delivered_is_the_same_when_it_is_seen_again(
    finance: Finance, tmp_path: Path
) -> None:
    old = OldHome(finance)
    await old.reopen(tmp_path)
    await finance.replays(key_of(old.delivered))
    await finance.replays(key(old.invoice), "invoices")
    assert numbers(finance, old.delivered) == ["USMF-000001"]
    assert (await finance.events(old.delivered))[-1] == "unchanged"
    (entry, *_) = reversed(await finance.trail(key(old.invoice), "invoices"))
    assert (entry.event, entry.number) == ("unchanged", "FTI 5637144797")
    cells = await old.row(CLAIMS, f"{CONNECTION}|invoices", key(old.invoice))
    assert '"free_text_invoice"' in cells["targets"]


@in_finance(invoices=FREE_TEXT)
async def test_a_change_is_found_by_what_was_sent_then(finance: Finance, tmp_path: Path) -> None:
    old = OldHome(finance)
    await old.reopen(tmp_path)
    assert old.delivered.shipping is not None
    old.delivered.shipping["city"] = "Elsewhere"
    await finance.delivers(old.delivered)
    (header,) = finance.dynamics.orders_for(old.delivered.row["increment_id"], COMPANY)
    assert header.values["DeliveryAddressCity"] == "Elsewhere"
    assert (await finance.events(old.delivered))[-1] == "amended"


@in_finance(invoices=FREE_TEXT)
async def test_an_order_that_is_cancelled_is_removed_and_one_that_was_stays_so(
    finance: Finance, tmp_path: Path
) -> None:
    old = OldHome(finance)
    await old.reopen(tmp_path)
    await old.works_until_idle()
    finance.commerce.cancel(old.lost)
    for order in (old.lost, old.cancelled):
        await finance.delivers(order)
        assert numbers(finance, order) == []
        assert (await finance.claim(order)).state is State.CANCELLED


@in_finance(invoices=FREE_TEXT)
async def test_what_was_parked_is_listed_with_its_story_and_can_be_replayed(
    finance: Finance, tmp_path: Path
) -> None:
    old = OldHome(finance)
    await old.reopen(tmp_path)
    assert await finance.parked() == [key_of(old.parked)]
    (entry,) = await finance.trail(old.parked)
    assert (entry.event, "answered 400" in entry.reason) == ("parked", True)
    await finance.replays(key_of(old.parked))
    assert len(finance.headers(old.parked)) == 1
    assert await finance.parked() == []


@in_finance(invoices=FREE_TEXT)
async def test_a_poll_goes_on_where_it_stood(finance: Finance, tmp_path: Path) -> None:
    old = OldHome(finance)
    await old.reopen(tmp_path)
    before = await old.row(WATERMARKS, CONNECTION, "orders")
    await old.works_until_idle()
    assert await finance.polls() == len([old.unseen])  # the others were read just now
    after = await old.row(WATERMARKS, CONNECTION, "orders")
    assert (after["first"], after["swept"]) == (before["first"], before["swept"])
    assert after["at"] > before["at"]
