"""Invoices of the double: parts, payment that comes later, what REST answers and how it refuses."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.documents import rest_document
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays
from sandbox.commerce.recipe import Extras
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.commerce.shape import rest_order
from sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.document_history import Administrator
from tests.sandbox.commerce.document_identities import differences
from tests.sandbox.commerce.shop import SetClock, criteria

V1 = "/rest/all/V1"
NOTHING = Decimal(0)


def one(state: CommerceState, *skus: str, **wishes: Any) -> StoredOrder:
    defaults: dict[str, Any] = {"payment": "checkmo", "paid": "open", "extras": Extras()}
    return state.place_new(
        skus=list(skus or ("SIMPLE-001", "SIMPLE-006")), **{**defaults, **wishes}
    )[0]


def open_quantity(order: StoredOrder, place: int, qty: str = "1") -> dict[int, Decimal]:
    bearing = [item for item in order.items if pays(order, item)]
    return {bearing[place]["item_id"]: Decimal(qty)}


def broken(order: StoredOrder) -> list[str]:
    invoices, memos = (
        [rest_document(row) for row in rows] for rows in (order.invoices, order.creditmemos)
    )
    return differences(rest_order(order), invoices, memos)


def total(documents: list[Columns]) -> Decimal:
    return sum((document["grand_total"] for document in documents), NOTHING)


def test_parts_come_to_the_whole_and_the_first_bears_the_shipping(
    state: CommerceState, clock: SetClock
) -> None:
    order = one(
        state, "KIT-DYN", "SIMPLE-004", store=state.catalogue.store("de"), shipping=Decimal("4.95")
    )
    while any(
        item["qty_ordered"] > item["qty_invoiced"] for item in order.items if pays(order, item)
    ):
        clock.pass_by(minutes=1)
        places = [
            item
            for item in order.items
            if pays(order, item) and item["qty_ordered"] > item["qty_invoiced"]
        ]
        part = {places[0]["item_id"]: Decimal(1)}
        assert state.invoice(order, part)["updated_at"] == order.row["updated_at"]
        assert broken(order) == []
    assert len(order.invoices) > 1
    assert total(order.invoices) == order.amount("grand_total") == order.amount("total_paid")
    assert [bool(invoice.get("shipping_amount")) for invoice in order.invoices][:2] == [True, False]
    assert order.row["state"] == "processing"


def test_numbers_of_invoices_run_per_store(state: CommerceState) -> None:
    orders = [
        one(state, store=state.catalogue.store(code)) for code in ("default", "de", "default")
    ]
    numbers = [state.invoice(order)["increment_id"] for order in orders]
    assert numbers == ["000000001", "2000000001", "000000002"]


def test_counters_of_lines_that_bear_no_money_overshoot(state: CommerceState) -> None:
    order = one(state, "TEE", paid="open")
    parent, child = order.items
    parent["qty_ordered"] = child["qty_ordered"] = Decimal(2)
    state.invoice(order, {parent["item_id"]: Decimal(1)})
    state.invoice(order)
    assert (parent["qty_invoiced"], child["qty_invoiced"]) == (2, 3)


def test_more_than_is_left_is_refused_and_changes_nothing(state: CommerceState) -> None:
    order = one(state)
    before = rest_order(order)
    with pytest.raises(RestFault, match="invalid quantity to invoice"):
        state.invoice(order, open_quantity(order, 0, "99"))
    assert rest_order(order) == before
    assert order.invoices == []
    state.invoice(order)
    with pytest.raises(RestFault, match="without products"):
        state.invoice(order)


def test_an_authorised_payment_is_open_until_it_is_captured(
    state: CommerceState, clock: SetClock
) -> None:
    order = one(state, payment="paypal_express", paid="authorised")
    invoice = state.invoice(order, open_quantity(order, 0), captured=False)
    assert (invoice["state"], invoice["can_void_flag"], order.amount("total_paid")) == (
        1,
        1,
        NOTHING,
    )
    assert order.amount("total_due") == order.amount("grand_total")
    assert order.amount("total_invoiced") == invoice["grand_total"]
    clock.pass_by(minutes=3)
    state.capture(invoice)
    assert (invoice["state"], invoice["transaction_id"]) == (2, "sandbox-00000001")
    assert invoice["updated_at"] == "2026-11-21 18:20:10"
    assert order.amount("total_paid") == invoice["grand_total"]
    with pytest.raises(RestFault, match="the invoice is paid"):
        state.capture(invoice)
    assert broken(order) == []


def test_a_cancelled_invoice_opens_its_items_again(state: CommerceState) -> None:
    order = one(
        state,
        "KIT-DYN",
        "LAMP-W1",
        payment="paypal_express",
        paid="authorised",
        extras=Extras(fee=Decimal("1.5")),
    )
    first = state.invoice(order, open_quantity(order, 0), captured=False)
    state.cancel_invoice(first)
    assert (first["state"], order.amount("total_invoiced")) == (3, NOTHING)
    again = state.invoice(order)
    assert again["grand_total"] == order.amount("grand_total")
    assert broken(order) == []
    with pytest.raises(RestFault, match="the invoice is canceled"):
        state.cancel_invoice(first)


def test_an_order_on_hold_stays_so_when_its_invoice_is_cancelled(state: CommerceState) -> None:
    order = one(state, payment="paypal_express", paid="authorised")
    invoice = state.invoice(order, open_quantity(order, 0), captured=False)
    state.hold(order)
    state.cancel_invoice(invoice)
    assert order.row["state"] == "holded"


def test_gift_cards_and_credit_pay_the_first_invoices_and_wrapping_is_on_the_first(
    state: CommerceState,
) -> None:
    extras = Extras(
        wrap=Decimal("4.99"),
        fee=Decimal("1.50"),
        gift_card=Decimal(5),
        credit=Decimal(3),
        reward=Decimal("1.23"),
    )
    order = one(state, "SIMPLE-001", "SIMPLE-004", "SIMPLE-006", extras=extras)
    for place in range(3):
        item = order.items[place]
        state.invoice(order, {item["item_id"]: item["qty_ordered"]})
    shown = [rest_document(invoice)["extension_attributes"] for invoice in order.invoices]
    assert [entry.get("gw_price") for entry in shown] == [order.extension["gw_price"], None, None]
    assert [("payment_fee" in entry) for entry in shown] == [True, False, False]
    for name in ("gift_cards_amount", "customer_balance_amount"):
        assert sum(entry[name] for entry in shown) == order.extension[name]
        assert order.extension[f"{name.removesuffix('amount')}invoiced"] == order.extension[name]
    assert all("reward_currency_amount" not in entry for entry in shown)
    assert total(order.invoices) == order.amount("grand_total")


async def test_rest_invoices_parts_and_answers_the_id_as_text(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    order = one(state)
    item = order.items[0]
    comment = {"appendComment": True, "comment": {"comment": "FI-9", "is_visible_on_front": 0}}
    body = {"items": [{"order_item_id": item["item_id"], "qty": 1}], **comment}
    made = await shop.post(f"{V1}/order/{order.entity_id}/invoice", json=body)
    assert (made.status_code, made.json()) == (200, "1")
    rest = await shop.post(f"{V1}/order/{order.entity_id}/invoice", json={"capture": True})
    assert rest.json() == "2"
    found = (
        await shop.get(f"{V1}/invoices?{criteria(('order_id', 'eq', str(order.entity_id)))}")
    ).json()
    assert [row["entity_id"] for row in found["items"]] == [1, 2]
    assert found["items"][0]["comments"][0]["comment"] == "FI-9"
    comments = (await shop.get(f"{V1}/invoices/1/comments")).json()
    assert (
        comments["total_count"],
        comments["search_criteria"]["filter_groups"][0]["filters"][0]["value"],
    ) == (1, "1")
    added = await shop.post(
        f"{V1}/invoices/comments", json={"entity": {"parent_id": 1, "comment": "late"}}
    )
    assert (
        added.json()["comment"],
        (await shop.get(f"{V1}/invoices/1")).json()["comments"][1]["entity_id"],
    ) == (
        "late",
        2,
    )
    assert (
        (await shop.post(f"{V1}/order/{order.entity_id}/invoice", json={}))
        .json()["message"]
        .endswith("The order does not allow an invoice to be created.")
    )


async def test_invoices_are_polled_by_their_own_time_and_found_by_number(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    orders = [one(state) for _ in range(3)]
    for order in orders:
        clock.pass_by(seconds=1)
        state.invoice(order)
    since = criteria(
        ("updated_at", "gteq", "2026-11-21 18:17:12"), ("updated_at", "lteq", "2026-11-21 18:17:12")
    )
    assert [
        row["order_id"] for row in (await shop.get(f"{V1}/invoices?{since}")).json()["items"]
    ] == [2]
    among = criteria(
        ("increment_id", "in", orders[2].invoices[0]["increment_id"]),
        fields="items[entity_id,state]",
    )
    assert (await shop.get(f"{V1}/invoices?{among}")).json() == {
        "items": [{"entity_id": 3, "state": 2}]
    }


async def test_an_invoice_is_seen_when_its_transaction_commits(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    order = one(state)
    state.invoice(order, visible_in=timedelta(seconds=2))
    assert (await shop.get(f"{V1}/invoices/1")).status_code == 404
    clock.pass_by(seconds=2)
    assert (await shop.get(f"{V1}/invoices/1")).status_code == 200


async def test_the_gateway_is_asked_only_when_capture_says_so(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    order = one(state, payment="paypal_express", paid="authorised")
    await shop.post(f"{V1}/order/{order.entity_id}/invoice", json={"capture": False})
    paid = (await shop.get(f"{V1}/invoices/1")).json()
    assert (paid["state"], paid.get("transaction_id")) == (2, None)
    assert (await shop.post(f"{V1}/invoices/1/void")).status_code == 400
    other = one(state, payment="paypal_express", paid="authorised")
    await shop.post(f"{V1}/order/{other.entity_id}/invoice", json={"capture": True})
    assert (await shop.get(f"{V1}/invoices/2")).json()["transaction_id"] == "sandbox-00000001"
    third = one(state, payment="paypal_express", paid="authorised")
    state.invoice(third, captured=False)
    assert (await shop.post(f"{V1}/invoices/3/void")).json() is True
    assert third.invoices[0]["state"] == 3


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"items": [{"order_item_id": 999, "qty": 1}]}, "without products"),
        ({"items": [{"qty": 1}]}, "is required"),
        ({"items": [{"order_item_id": 1, "quantity": 1}]}, "is not supported"),
        ({"items": [{"order_item_id": 1, "qty": "many"}]}, "type is invalid"),
    ],
)
async def test_rest_refuses_what_it_cannot_invoice(
    shop: httpx.AsyncClient, state: CommerceState, body: dict[str, Any], message: str
) -> None:
    order = one(state)
    answer = await shop.post(f"{V1}/order/{order.entity_id}/invoice", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    nameless = await shop.post(f"{V1}/invoices/comments", json={"entity": {"comment": "whose?"}})
    assert nameless.status_code == 400
    assert (await shop.post(f"{V1}/order/999/invoice", json={})).status_code == 404


def test_a_part_invoiced_order_that_is_cancelled_lives_on(state: CommerceState) -> None:
    order = one(state)
    state.invoice(order, open_quantity(order, 0))
    assert state.cancel(order)
    assert order.row["state"] in {"processing", "complete"}
    assert order.amount("total_canceled") == order.amount("grand_total") - order.amount(
        "total_invoiced"
    )
    assert Administrator(state, state.maker.rng).broken(order) == []
