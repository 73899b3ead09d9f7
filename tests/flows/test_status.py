"""How F&O gets on with an order, as its buyer reads it: each step once, holds that are released
again, and nothing that comes back to F&O."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from tests.harness import Harness, in_harness
from tests.systems import COMPANY

SKU, OTHER = "SIMPLE-001", "SIMPLE-002"
TOLD: dict[str, Any] = {
    "flows": ("orders", "customers", "shipments", "status"),
    "shipments": {"sources": {"13": "default"}},
    "captures": {"authorisation_days": {"braintree": 7}},
    "status": {
        "reports": True,
        "date_format": "%d.%m.%Y",
        "steps": {
            "confirmed": {"comment": "Your order ships on {date}."},
            "picking": {"status": "fno_picking", "comment": "picked", "visible": False},
            "partly_delivered": {"comment": "The rest ships on {date}.", "status": "fno_picking"},
            "backorder": {"comment": "Your order is delayed until {date}."},
            "credit_hold": {"act": "hold"},
            "stopped": {"act": "hold"},
            "rejected": {"act": "cancel", "comment": "We cannot accept your order."},
        },
    },
}
STEPS = {name: TOLD["status"]["steps"][name] for name in ("confirmed", "backorder")}
HEADERS_ALONE = {
    **TOLD, "status": {**TOLD["status"], "reports": False, "steps": STEPS},
}  # fmt: skip
FIRST, SECOND = (datetime(2030, 1, day, 12, tzinfo=UTC) for day in (10, 20))


async def ordered(harness: Harness, *skus: str, **wishes: Any) -> StoredOrder:
    catalogue = harness.commerce.catalogue
    wants = tuple(Want(catalogue.product(sku), Decimal(2)) for sku in skus or (SKU,))
    order = harness.place(wants=wants, **wishes)
    await harness.delivers(order)
    return order


def number(harness: Harness, order: StoredOrder) -> str:
    found: str = harness.header(order)["SalesOrderNumber"]
    return found


def key(harness: Harness, order: StoredOrder) -> str:
    return f"{COMPANY}|{number(harness, order)}"


async def polls(harness: Harness) -> None:
    await asyncio.sleep(60)  # virtual time
    await harness.polls("status")
    await harness.works_until_idle()


def told(order: StoredOrder, *, visible: bool = True) -> list[str]:
    """What was told, the oldest first."""
    rows = sorted(order.comments, key=lambda row: int(row["entity_id"]))
    return [row["comment"] for row in rows if bool(row["is_visible_on_front"]) is visible]


def requested(harness: Harness, order: StoredOrder, day: datetime) -> None:
    """The buyer asked for this day."""
    for line in harness.dynamics.lines(COMPANY, number(harness, order)):
        harness.dynamics.store.update("SalesLine", line, {"RequestedShippingDate": day})


@in_harness(**TOLD)
async def test_each_date_is_told_once(harness: Harness) -> None:
    await each_date_is_told_once(harness)


@in_harness(**HEADERS_ALONE)
async def test_dates_are_told_where_the_copy_for_reporting_is_refused(harness: Harness) -> None:
    await each_date_is_told_once(harness)
    assert not [one for one in harness.dynamics.operations if "SalesTableBi" in one]


async def each_date_is_told_once(harness: Harness) -> None:
    order = await ordered(harness)
    requested(harness, order, SECOND)
    for day in (FIRST, FIRST, SECOND, FIRST):
        harness.dynamics.confirm(number(harness, order), day)
        for _ in range(2):
            await polls(harness)
    days = ("10.01.2030", "20.01.2030", "10.01.2030")
    assert told(order) == [f"Your order ships on {day}." for day in days]
    requested(harness, order, FIRST - timedelta(days=1))
    await asyncio.sleep(24 * 3600)
    await polls(harness)
    assert told(order)[-1] == "Your order is delayed until 10.01.2030."
    assert await harness.parked("status") == []


@in_harness(**TOLD)
async def test_an_own_status_is_set_in_its_state_and_again_after_a_shipment(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER)
    harness.dynamics.pick(number(harness, order))
    await polls(harness)
    assert (order.row["status"], told(order, visible=False)) == ("pending", ["picked"])
    harness.dynamics.confirm(number(harness, order), FIRST)
    lot = harness.dynamics.lines(COMPANY, number(harness, order))[0]["InventoryLotId"]
    harness.dynamics.deliver(number(harness, order), quantities={lot: Decimal(2)})
    await harness.polls("shipments")
    await harness.works_until_idle()
    assert (order.row["state"], order.row["status"]) == ("processing", "fno_picking")
    assert told(order) == ["The rest ships on 10.01.2030."]
    harness.commerce.invoice(order)
    assert order.row["status"] == "processing"
    await asyncio.sleep(24 * 3600)
    await polls(harness)
    assert order.row["status"] == "fno_picking"
    harness.commerce.save_order(order, {"status": "by_hand"})
    await asyncio.sleep(24 * 3600)
    await polls(harness)
    assert order.row["status"] == "by_hand"
    assert told(order) == ["The rest ships on 10.01.2030."]


@in_harness(**TOLD)
async def test_a_credit_hold_holds_and_its_release_lets_go_what_waits(harness: Harness) -> None:
    order = await ordered(harness)
    harness.dynamics.control_credit(number(harness, order), held=True)
    await polls(harness)
    assert order.row["state"] == "holded"
    harness.dynamics.deliver(number(harness, order))
    await harness.polls("shipments")
    await harness.works_for(600)
    assert order.shipments == []
    harness.dynamics.correct_slip("PS-000001")
    header = harness.dynamics.order(COMPANY, number(harness, order))
    assert header is not None
    harness.dynamics.store.update("SalesTable", header, {"SalesOrderProcessingStatus": "Active"})
    harness.dynamics.control_credit(number(harness, order), held=False)
    harness.dynamics.deliver(number(harness, order))
    await harness.polls("status")
    await harness.works_until_idle()
    assert order.row["state"] != "holded"


def stopped(harness: Harness, order: StoredOrder, *, is_stopped: bool) -> None:
    header = harness.dynamics.order(COMPANY, number(harness, order))
    assert header is not None
    told = {"IsSalesProcessingStopped": "Yes" if is_stopped else "No"}
    harness.dynamics.store.update("SalesTable", header, told)


@in_harness(**{**TOLD, "status": {"steps": {"stopped": {"act": "hold"}}}})
async def test_a_hold_is_over_once_f_and_o_has_finished_the_order_between_two_looks(
    harness: Harness,
) -> None:
    """No list of open orders shows it any more."""
    order, other, by_hand = [await ordered(harness) for _ in range(3)]
    for one in (order, other):
        stopped(harness, one, is_stopped=True)
    harness.commerce.hold(by_hand)
    await polls(harness)
    assert {one.row["state"] for one in (order, other, by_hand)} == {"holded"}
    for one in (order, by_hand):
        stopped(harness, one, is_stopped=False)
        harness.dynamics.deliver(number(harness, one))
        harness.dynamics.invoice(number(harness, one))
    await polls(harness)
    assert [one.row["state"] for one in (order, other, by_hand)] == ["new", "holded", "holded"]


@in_harness(**TOLD)
async def test_a_hold_of_a_person_is_never_released(harness: Harness) -> None:
    order = await ordered(harness)
    harness.commerce.hold(order)
    for held in (True, False):
        harness.dynamics.control_credit(number(harness, order), held=held)
        await polls(harness)
        assert order.row["state"] == "holded"
    harness.commerce.unhold(order)
    harness.dynamics.control_credit(number(harness, order), held=True)
    await polls(harness)
    assert order.row["state"] == "holded"
    harness.commerce.unhold(order)
    await asyncio.sleep(24 * 3600)
    await polls(harness)
    assert order.row["state"] == "new"  # a person has released it, and F&O has said so once


@in_harness(**TOLD)
async def test_what_f_and_o_rejects_is_cancelled_and_stays_in_f_and_o(harness: Harness) -> None:
    order = await ordered(harness)
    harness.dynamics.control_credit(number(harness, order), held=False, rejected=True)
    await polls(harness)
    assert order.row["state"] == "canceled"
    assert told(order) == ["We cannot accept your order."]
    await harness.polls()
    await harness.delivers(order)
    assert len(harness.headers(order)) == 1
    assert harness.lines(order) == {SKU: Decimal(2)}


@in_harness(**TOLD)
async def test_what_is_invoiced_already_is_not_cancelled_but_listed(harness: Harness) -> None:
    order = await ordered(harness)
    harness.commerce.invoice(order)
    harness.dynamics.control_credit(number(harness, order), held=False, rejected=True)
    await polls(harness)
    assert order.row["state"] == "processing"
    claim = await harness.claim(key(harness, order), "status")
    assert "F&O rejected" in claim.differs
    assert "resolve status" in claim.remedy


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.DELAYED])
@pytest.mark.parametrize("where", ["/comments", "/hold", "V1/orders", "/cancel"])
@in_harness(**TOLD)
async def test_a_write_whose_answer_was_lost_is_not_made_twice(
    harness: Harness, kind: Kind, where: str
) -> None:
    def there(arrival: Arrival) -> bool:
        return arrival.path.endswith(where) and arrival.method == "POST"

    first, second, third = [await ordered(harness) for _ in range(3)]
    harness.commerce.invoice(third, {third.items[0]["item_id"]: Decimal(1)})
    harness.dynamics.control_credit(number(harness, first), held=True)
    harness.dynamics.control_credit(number(harness, second), held=False, rejected=True)
    harness.dynamics.pick(number(harness, third))
    harness.shop_dials.next(kind, where=there, seconds=40)
    await polls(harness)
    await harness.shop_dials.settle()
    await harness.works_until_idle()
    assert [one.row["state"] for one in (first, second)] == ["holded", "canceled"]
    assert told(second) == ["We cannot accept your order."]
    assert (third.row["status"], told(third, visible=False)) == ("fno_picking", ["picked"])
    harness.dynamics.control_credit(number(harness, first), held=False)
    await polls(harness)
    assert first.row["state"] == "new"
    assert await harness.parked("status") == []


@in_harness(**TOLD)
async def test_an_authorisation_that_ends_before_f_and_o_invoices_is_listed_in_time(
    harness: Harness,
) -> None:
    order = await ordered(harness, payment="braintree", paid="authorised")
    paid = await ordered(harness, payment="checkmo")
    await polls(harness)
    assert await harness.parked("status") == []
    await asyncio.sleep(5 * 24 * 3600)
    await polls(harness)
    assert await harness.parked("status") == [key(harness, order)]
    claim = await harness.claim(key(harness, order), "status")
    assert "braintree until" in claim.differs
    assert (await harness.claim(key(harness, paid), "status")).state is State.SKIPPED
    harness.commerce.invoice(order)
    await asyncio.sleep(24 * 3600)
    await polls(harness)
    assert await harness.parked("status") == []


@in_harness(**TOLD)
async def test_what_is_told_is_no_news_for_f_and_o(harness: Harness) -> None:
    order = await ordered(harness)
    harness.dynamics.confirm(number(harness, order), FIRST)
    await polls(harness)
    writes = sum(n for what, n in harness.dynamics.operations.items() if "GET" not in what)
    await harness.polls()
    await harness.delivers(order)
    after = sum(n for what, n in harness.dynamics.operations.items() if "GET" not in what)
    assert after == writes
