"""What carriers tell of parcels, on the orders of buyers: each event once."""

import asyncio
import hashlib
import hmac
from typing import Any

from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sync.core.encoding import to_json
from sync.engine.claim import State
from tests.flows.test_shipments import SHIPPED, ordered, packed, polls
from tests.harness import Harness, in_harness

TRACKED: dict[str, Any] = {
    **SHIPPED,
    "flows": (*SHIPPED["flows"], "tracking"),
    "tracking": {
        "keys": ["webhook-key"], "timestamp_header": "", "events": "data",
        "texts": {"delivered": "Delivered", "out": "Out for delivery"},
    },
}  # fmt: skip
KEY = "JD01|{}|2026-01-06T09:30:00Z"


async def tells(harness: Harness, *statuses: str) -> None:
    events = [
        {"tracking_number": "JD01", "status": one, "occurred_at": 1767691800} for one in statuses
    ]
    body = to_json({"data": events})
    signature = hmac.new(b"hook", body, hashlib.sha256).hexdigest()
    answer = await harness.services.accept_tracking("shop", {"x-signature": signature}, body)
    assert answer.status == 200


def remarks(order: StoredOrder) -> list[tuple[str, int]]:
    told = [(str(one["comment"]), one["is_visible_on_front"]) for one in order.comments]
    return sorted(one for one in told if "JD01" in one[0])


DELIVERED = ("Delivered (JD01, 2026-01-06 09:30 UTC)", 1)
OUT = ("Out for delivery (JD01, 2026-01-06 09:30 UTC)", 1)


@in_harness(**TRACKED)
async def test_each_event_is_one_comment_that_the_buyer_reads(harness: Harness) -> None:
    order, other = await ordered(harness), await ordered(harness)
    packed(harness, order, "JD01")
    packed(harness, other, "JD02")
    await polls(harness)
    for _ in range(3):
        await tells(harness, "out", "delivered")
        await harness.works_until_idle()
    assert remarks(order) == [DELIVERED, OUT]
    assert remarks(other) == []


@in_harness(**TRACKED)
async def test_an_event_that_is_early_waits_for_its_slip(harness: Harness) -> None:
    order = await ordered(harness)
    await tells(harness, "out")
    await harness.works_for(300)
    assert remarks(order) == []
    packed(harness, order, "JD01")
    await harness.works_until_idle()
    assert remarks(order) == [OUT]


@in_harness(**TRACKED)
async def test_a_parcel_of_somebody_else_is_left_alone_in_the_end(harness: Harness) -> None:
    await tells(harness, "out")
    await harness.works_until_idle()
    claim = await harness.claim(KEY.format("out"), "tracking")
    assert claim.state is State.SKIPPED
    assert await harness.parked("tracking") == []


@in_harness(**TRACKED)
async def test_a_comment_whose_answer_was_lost_is_not_written_twice(harness: Harness) -> None:
    def there(arrival: Arrival) -> bool:
        return arrival.path.endswith("/comments") and arrival.method == "POST"

    order = await ordered(harness)
    packed(harness, order, "JD01")
    await polls(harness)
    harness.shop_dials.next(Kind.LOST, where=there)
    await tells(harness, "delivered")
    await harness.works_until_idle()
    await asyncio.sleep(300)
    await harness.works_until_idle()
    assert remarks(order) == [DELIVERED]
