"""When an order is posted: its state, how far its payment has come, its age."""

from typing import Any

import pytest

from sync.commerce.models.order import Order
from sync.mapping.posting_policy import is_cancelled, not_now
from tests.mapping.connection import NOW, connection, previewed
from tests.mapping.made import made
from tests.mapping.samples import order as recorded


def reason(order: dict[str, Any], **orders: Any) -> str:
    return not_now(Order.read(order), connection(orders=orders).orders, NOW)


@pytest.mark.parametrize(
    ("state", "words"), [("pending_payment", "pending"), ("payment_review", "review"), ("holded", "hold")]
)
def test_some_states_wait(state: str, words: str) -> None:
    assert words in reason(made(state=state))


@pytest.mark.parametrize("state", ["new", "processing", "complete", "closed", "", "a state of an extension"])
def test_the_others_are_posted(state: str) -> None:
    assert reason(made(state=state)) == ""


def test_an_order_that_commerce_has_not_finished_placing_waits() -> None:
    assert "received" in reason(made(status="received"))


@pytest.mark.parametrize(
    ("posting", "fields", "waits"),
    [
        ("always", {}, False),
        ("never", {"total_paid": "10.00"}, True),
        ("captured", {}, True),
        ("captured", {"total_paid": "9.99"}, True),
        ("captured", {"total_paid": "10.00"}, False),
        ("authorised", {}, True),
        ("authorised", {"payment": {"method": "checkmo", "amount_authorized": "10.00"}}, False),
        ("authorised", {"payment": {"method": "checkmo", "base_amount_authorized": 10}}, False),
        ("authorised", {"total_paid": "0.01"}, False),
    ],
)
def test_payment_decides_where_it_should(posting: str, fields: dict[str, Any], waits: bool) -> None:
    assert bool(reason(made(**fields), posting=posting)) == waits
    assert bool(reason(made(**fields), payments={"checkmo": {"posting": posting}})) == waits
    assert bool(reason(made(**fields), payments={"*": {"posting": posting}}, posting="never")) == waits


def test_a_free_order_has_been_paid() -> None:
    free = made(extra="-10.00")
    assert reason(free, posting="captured") == reason(free, posting="authorised") == ""


@pytest.mark.parametrize(("created_at", "waits"), [("2026-11-20 12:00:00", False), ("2026-11-11 12:00:00", False), ("2026-11-11 11:59:59", True),
                                                  ("2026-11-11T11:59:59+00:00", True), ("", False), ("0000-00-00 00:00:00", False)])  # fmt: skip
def test_orders_from_before_the_oldest_day_stay_in_commerce(created_at: str, waits: bool) -> None:
    assert bool(reason(made(created_at=created_at), oldest_days=10)) == waits
    assert reason(made(created_at=created_at)) == ""


def test_cancelled_means_that_no_money_flowed() -> None:
    assert is_cancelled(Order.read(made(state="canceled")))
    assert not is_cancelled(Order.read(made(state="canceled", total_invoiced="1.00")))
    assert not is_cancelled(Order.read(made(state="canceled", total_paid="1.00")))
    assert is_cancelled(Order.read(recorded("lifecycle-004-cancel-de")))
    assert not is_cancelled(Order.read(recorded("lifecycle-017-half-invoiced-cancel-no-refund-us")))


async def test_what_is_not_due_is_skipped_although_it_could_not_be_mapped() -> None:
    broken = made(state="canceled", subtotal="99.00")
    found = await previewed(broken)
    assert (found.outcome, found.totals) == ("skip", None)
    assert "cancelled" in found.reason
