"""When an order is posted: its state, how far its payment has come, its age."""

from typing import Any

import pytest

from sync.commerce.models.order import Order
from sync.mapping.posting_policy import before_our_time, is_cancelled, not_now
from tests.mapping.connection import connection, previewed
from tests.mapping.made import made, row, with_extension
from tests.mapping.receiving import booked, books, invoice_of
from tests.mapping.samples import order as recorded
from tests.preview.lookups import NOW


def reason(order: dict[str, Any], **orders: Any) -> str:
    outcome = not_now(Order.read(order), connection(orders=orders).orders, NOW)
    return str(outcome or "")


@pytest.mark.parametrize(
    ("state", "words"),
    [("pending_payment", "pending"), ("payment_review", "review"), ("holded", "hold")],
)
def test_some_states_wait(state: str, words: str) -> None:
    assert words in reason(made(state=state))


@pytest.mark.parametrize(
    "state", ["new", "processing", "complete", "closed", "", "a state of an extension"]
)
def test_the_others_are_posted(state: str) -> None:
    assert reason(made(state=state)) == ""


def test_statuses_that_hold_wait_in_any_state_and_are_configured() -> None:
    assert "its status is fraud" in reason(made(state="processing", status="fraud"))
    assert reason(made(state="processing", status="fraud"), hold_statuses=()) == ""
    assert "its status is checking" in reason(made(status="checking"), hold_statuses=("checking",))


def test_an_order_that_commerce_has_not_finished_placing_waits() -> None:
    assert "received" in reason(made(status="received"))


@pytest.mark.parametrize(
    ("posting", "fields", "waits"),
    [
        ("always", {}, False),
        ("never", {"total_paid": "10.00"}, True),
        ("captured", {}, True),
        ("captured", {"total_paid": "9.98"}, True),
        ("captured", {"total_paid": "9.99"}, False),  # measured: all invoiced, a cent stays due
        ("captured", {"total_paid": "6.00", "total_canceled": "4.00"}, False),
        ("captured", {"total_paid": "5.98", "total_canceled": "4.00"}, True),
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
    assert (
        bool(reason(made(**fields), payments={"*": {"posting": posting}}, posting="never")) == waits
    )


def test_a_free_order_has_been_paid() -> None:
    free = made(extra="-10.00")
    assert reason(free, posting="captured") == reason(free, posting="authorised") == ""


@pytest.mark.parametrize(
    ("created_at", "waits"),
    [
        ("2026-11-20 12:00:00", False),
        ("2026-11-11 12:00:00", False),
        ("2026-11-11 11:59:59", True),
        ("2026-11-11T11:59:59+00:00", True),
        ("", False),
        ("0000-00-00 00:00:00", False),
    ],
)
def test_orders_from_before_the_oldest_day_stay_in_commerce(created_at: str, waits: bool) -> None:
    assert bool(reason(made(created_at=created_at), oldest_days=10)) == waits
    assert reason(made(created_at=created_at)) == ""


def test_cancelled_means_that_no_money_flowed() -> None:
    assert is_cancelled(Order.read(made(state="canceled")))
    assert not is_cancelled(Order.read(made(state="canceled", total_invoiced="1.00")))
    assert not is_cancelled(Order.read(made(state="canceled", total_paid="1.00")))
    by_card = with_extension(made(row(qty_invoiced="1"), extra="-10"), gift_cards_amount=10)
    assert not is_cancelled(Order.read({**by_card, "state": "canceled"}))
    assert is_cancelled(Order.read(recorded("lifecycle-004-cancel-de")))
    assert not is_cancelled(Order.read(recorded("lifecycle-017-half-invoiced-cancel-no-refund-us")))


async def test_what_is_not_due_is_skipped_although_it_could_not_be_mapped() -> None:
    broken = made(state="canceled", subtotal="99.00")
    found = await previewed(broken)
    assert (found.outcome, found.totals) == ("skip", None)
    assert "cancelled" in found.reason


CUTOVER = "2026-11-15T06:00:00Z"


@pytest.mark.parametrize(
    ("created_at", "is_ours"),
    [
        ("2026-11-15 06:00:00", True),
        ("2026-11-15 05:59:59", False),
        ("2026-11-15T07:00:00+02:00", False),
        ("", True),
    ],
)
async def test_what_was_placed_before_the_cutover_is_left_alone(
    created_at: str, is_ours: bool
) -> None:
    order, settings = made(created_at=created_at), connection(orders={"placed_from": CUTOVER})
    assert before_our_time(Order.read(order), settings.orders) == "" or not is_ours
    assert before_our_time(Order.read(order), connection().orders) == ""
    preview = await previewed(order, settings)
    assert (preview.outcome == "skip") is not is_ours


async def test_old_documents_are_left_alone_and_later_ones_of_older_orders_wait_for_a_person() -> (
    None
):
    settings = books("payment, return", orders={"placed_from": CUTOVER})
    order = made(created_at="2026-11-01 10:00:00")
    old, new = (invoice_of(order, created_at=f"2026-11-{day} 10:00:00") for day in ("02", "20"))
    found = [await booked(one, order, settings) for one in (old, new)]
    assert [one.outcome for one in found] == ["skip", "park"]
    assert "replay it" in found[1].remedy
