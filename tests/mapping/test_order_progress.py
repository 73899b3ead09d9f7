"""Which step an order has reached, and until when its authorisation lives."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sync.commerce.models.order import Order
from sync.dynamics.documents.order_progress import LineProgress, OrderProgress
from sync.mapping.order_progress import Told, authorised_until, is_ending, told_of
from tests.mapping.connection import connection

FIRST, SECOND = date(2030, 1, 10), date(2030, 1, 20)


def line(status: str = "Backorder", ships: date | None = None, asked: date | None = SECOND) -> Any:
    return LineProgress(status, ships, asked)


def progress(*lines: Any, **known: Any) -> OrderProgress:
    plain: dict[str, Any] = {
        "company": "usmf", "sales_order": "SO-1", "reference": "1-1", "status": "Backorder",
        "processing": "Active", "is_stopped": False, "ships_on": None, "listed": {},
    }  # fmt: skip
    return OrderProgress(**{**plain, "lines": lines or (line(),), **known})


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (progress(), Told("")),
        (progress(processing="Confirmed"), Told("confirmed")),
        (progress(document="Confirmation", ships_on=FIRST), Told("confirmed", FIRST)),
        (progress(line(ships=FIRST), line(ships=SECOND)), Told("confirmed", SECOND)),
        (progress(line(ships=SECOND, asked=FIRST)), Told("backorder", SECOND)),
        (progress(processing="Picked"), Told("picking")),
        (progress(document="PickingList"), Told("picking")),
        (progress(line("Delivered", FIRST), line(ships=SECOND)), Told("partly_delivered", SECOND)),
        (progress(line(ships=FIRST), processing="PartiallyDelivered"),
         Told("partly_delivered", FIRST)),
        (progress(is_stopped=True, processing="Confirmed"), Told("stopped")),
        (progress(is_stopped=True, is_in_credit_control=True), Told("credit_hold")),
        (progress(is_in_credit_control=True, is_rejected=True), Told("rejected")),
        (progress(line("Delivered"), status="Delivered"), Told("")),
        (progress(line("Invoiced"), status="Invoiced", is_stopped=True), Told("")),
        (progress(line("Canceled"), status="Canceled"), Told("")),
    ],
)  # fmt: skip
def test_what_stops_an_order_goes_before_how_far_it_is(found: OrderProgress, told: Told) -> None:
    assert told_of(found) == told


@pytest.mark.parametrize(
    ("payment", "paid", "cancelled", "end"),
    [
        ({"amount_authorized": "50"}, "0", "0", datetime(2030, 1, 8, 9, tzinfo=UTC)),
        ({"last_trans_id": "T-1"}, "49.98", "0", datetime(2030, 1, 8, 9, tzinfo=UTC)),
        ({"last_trans_id": "T-1"}, "30", "19", datetime(2030, 1, 8, 9, tzinfo=UTC)),
        ({"last_trans_id": "T-1"}, "30", "20", None),
        ({"amount_authorized": "50"}, "50", "0", None),
        ({}, "0", "0", None),
        ({"amount_authorized": "50", "method": "other"}, "0", "0", None),
    ],
)
def test_an_authorisation_ends_after_its_life(
    payment: dict[str, Any], paid: str, cancelled: str, end: datetime | None
) -> None:
    order = Order.read({
        "entity_id": 7, "increment_id": "7", "store_id": 1, "order_currency_code": "USD",
        "grand_total": "50", "total_paid": paid, "total_canceled": cancelled,
        "created_at": "2030-01-01 09:00:00",
        "payment": {"method": "card", **payment},
    })  # fmt: skip
    settings = connection(captures={"authorisation_days": {"card": 7}, "warn_days": 2})
    until = authorised_until(order, settings)
    assert until == end
    for day, soon in ((5, False), (6, True)):
        now = datetime(2030, 1, day, 9, 0, 1, tzinfo=UTC)
        assert is_ending(until, settings, now) is (soon and end is not None)
