"""Comments of orders that ask for a person: listed until somebody decides, and again for a new
one."""

import asyncio
from typing import Any

from sync.engine.claim import State
from sync.engine.corrections import Corrections
from tests.harness import Harness, in_harness, key_of

ISSUES: dict[str, Any] = {
    "flows": ("orders", "customers", "order_issues"),
    "order_issues": {"patterns": {"damaged": "damaged|broken", "missing": "missing"}},
}


async def noticed(harness: Harness) -> list[str]:
    await asyncio.sleep(60)
    await harness.polls("order_issues")
    await harness.works_until_idle()
    return await harness.parked("order_issues")


@in_harness(**ISSUES)
async def test_a_complaint_is_listed_until_somebody_decides(harness: Harness) -> None:
    order = harness.place()
    harness.commerce.comment(order, {"comment": "Thank you!"}, None)
    assert await noticed(harness) == []
    harness.commerce.comment(order, {"comment": "It arrived BROKEN."}, None)
    assert await noticed(harness) == [key_of(order)]
    claim = await harness.claim(order, "order_issues")
    assert "damaged" in claim.reason
    assert "arrived" not in claim.reason + claim.differs
    person = Corrections(harness.services.ledger, harness.clock, "Ann", "answered")
    assert await person.resolve(claim)
    assert await noticed(harness) == []
    harness.commerce.comment(order, {"comment": "A part is missing"}, None)
    assert await noticed(harness) == [key_of(order)]
    assert "missing" in (await harness.claim(order, "order_issues")).reason


@in_harness(**ISSUES)
async def test_an_event_names_the_order_by_its_id(harness: Harness) -> None:
    order = harness.place()
    harness.commerce.comment(order, {"comment": "damaged"}, None)
    await harness.services.intake.accept("order_issues", "shop", [f"{order.entity_id}@#"], "event")
    await harness.works_until_idle()
    assert (await harness.claim(order, "order_issues")).is_different


@in_harness(**ISSUES)
async def test_what_the_shop_writes_of_its_own_documents_is_no_complaint(
    harness: Harness,
) -> None:
    order = harness.place()
    order.comments.insert(0, {
        "entity_id": 900, "entity_name": "creditmemo", "comment": "damaged goods refunded",
        "parent_id": order.entity_id, "created_at": order.row["created_at"],
    })  # fmt: skip
    assert await noticed(harness) == []
    await harness.replays(key_of(order), "order_issues")
    assert (await harness.claim(order, "order_issues")).state is State.SKIPPED


@in_harness(**ISSUES, status={"steps": {"backorder": {"comment": "Parts missing until {date}."}}})
async def test_what_we_tell_the_buyer_is_no_complaint(harness: Harness) -> None:
    order = harness.place()
    harness.commerce.comment(order, {"comment": "Parts missing until 2026-12-24."}, None)
    assert await noticed(harness) == []
    harness.commerce.comment(order, {"comment": "Parts missing until now!"}, None)
    assert await noticed(harness) == [key_of(order)]


@in_harness(**ISSUES)
async def test_old_orders_are_not_looked_at(harness: Harness) -> None:
    order = harness.place()
    order.row["created_at"] = "2025-01-01 00:00:00"
    harness.commerce.comment(order, {"comment": "damaged"}, None)
    assert await noticed(harness) == []
