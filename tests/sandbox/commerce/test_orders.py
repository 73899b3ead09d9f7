from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.shop import ORDERS, SetClock, criteria, ids


async def test_an_order_is_seen_from_the_moment_it_commits(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(visible_in=timedelta(seconds=3))
    assert (await shop.get(f"{ORDERS}/{order.entity_id}")).status_code == 404
    assert await ids(shop) == []
    clock.pass_by(seconds=3)
    assert await ids(shop) == [order.entity_id]
    assert (
        order.row["updated_at"] == "2026-11-21 18:17:10"
    )  # the stamp of the statement, not of the commit


async def test_saving_our_number_moves_the_time_and_answers_the_bare_model(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(payment="checkmo")
    clock.pass_by(minutes=1)
    entity = {
        "entity_id": order.entity_id,
        "increment_id": order.row["increment_id"],
        "ext_order_id": "SO-1" + "0" * 40,
    }
    answer = (await shop.post(ORDERS, json={"entity": entity})).json()
    assert (answer["grand_total"], answer["customer_email"], answer["total_due"]) == (None, None, 0)
    assert answer["ext_order_id"] == ("SO-1" + "0" * 40)[:32]
    assert order.row["updated_at"] == answer["updated_at"] == "2026-11-21 18:18:10"
    clock.pass_by(minutes=1)
    await shop.post(ORDERS, json={"entity": {**entity, "updated_at": "2001-01-01 00:00:00"}})
    assert order.row["updated_at"] == "2026-11-21 18:18:10"  # nothing changed


@pytest.mark.parametrize(
    ("body", "message", "parameters"),
    [
        ({}, '"%fieldName" is required. Enter and try again.', {"fieldName": "entity"}),
        (
            {"entity": {"entity_id": 1, "my_field": 1}},
            '"%fieldName" is not supported. Correct the field name and try again.',
            {"fieldName": "MyField"},
        ),
    ],
)
async def test_saving_refuses_what_it_does_not_know(
    shop: httpx.AsyncClient,
    placed: list[int],
    body: dict[str, Any],
    message: str,
    parameters: dict[str, str],
) -> None:
    response = await shop.post(ORDERS, json=body)
    assert (response.status_code, response.json()) == (
        400,
        {"message": message, "parameters": parameters},
    )


async def test_a_comment_with_the_same_status_moves_nothing(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(payment="checkmo")
    clock.pass_by(minutes=1)
    for status in ({}, {"status": "pending"}):
        sent = {
            "statusHistory": {
                "comment": "F&O sales order SO-1",
                "parent_id": 1,
                "is_customer_notified": 0,
                **status,
            }
        }
        assert (await shop.post(f"{ORDERS}/1/comments", json=sent)).json() is True
    assert order.row["updated_at"] == "2026-11-21 18:17:10"
    assert (await shop.get(f"{ORDERS}/1/comments")).json()["total_count"] == 2


async def test_a_comment_knows_its_fields_and_may_change_the_status_within_the_state(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    (order,) = state.place_new(payment="paypal_express", skus=["SIMPLE-006"])
    clock.pass_by(minutes=1)
    odd = await shop.post(
        f"{ORDERS}/1/comments", json={"statusHistory": {"comment": "x", "text": "y"}}
    )
    assert (odd.status_code, odd.json()["parameters"]) == (400, {"fieldName": "Text"})
    assert (
        await shop.post(f"{ORDERS}/1/comments", json={"statusHistory": {"status": "fraud"}})
    ).json() is True
    assert (order.row["status"], order.row["updated_at"]) == ("fraud", "2026-11-21 18:18:10")


async def test_an_order_cannot_be_made_by_saving(shop: httpx.AsyncClient) -> None:
    response = await shop.post(ORDERS, json={"entity": {"increment_id": "000000042"}})
    assert response.json() == {"message": "Please provide payment for the order."}


async def test_a_comments_status_must_belong_to_the_orders_state(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    sent = {"status_history": {"comment": "x", "is_customer_notified": 0, "status": "complete"}}
    response = await shop.post(f"{ORDERS}/1/comments", json=sent)
    text = 'Unable to add comment: The status "%1" is not part of the order status history.'
    assert (response.status_code, response.json()) == (
        400,
        {"message": text, "parameters": ["complete"]},
    )


async def test_cancelling_answers_true_once_and_then_false(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    state.place_new(payment="checkmo")
    clock.pass_by(minutes=1)
    assert [(await shop.post(f"{ORDERS}/1/cancel")).json() for _ in range(2)] == [True, False]
    answer = (await shop.get(f"{ORDERS}/1")).json()
    assert (answer["state"], answer["updated_at"]) == ("canceled", "2026-11-21 18:18:10")
    assert answer["total_canceled"] == answer["total_due"] == answer["grand_total"]


async def test_hold_and_unhold_refuse_what_does_not_fit(
    shop: httpx.AsyncClient, placed: list[int]
) -> None:
    assert (await shop.post(f"{ORDERS}/1/hold")).json() is True
    assert (await shop.get(f"{ORDERS}/1")).json()["hold_before_state"] == "new"
    assert (await shop.post(f"{ORDERS}/1/hold")).json() == {
        "message": "A hold action is not available."
    }
    assert (await shop.post(f"{ORDERS}/1/cancel")).json() is False
    assert (await shop.post(f"{ORDERS}/1/unhold")).json() is True
    assert "hold_before_state" not in (await shop.get(f"{ORDERS}/1")).json()
    assert (await shop.post(f"{ORDERS}/1/unhold")).status_code == 400


async def test_items_can_be_listed_by_order(shop: httpx.AsyncClient, state: CommerceState) -> None:
    first, second = state.place_new(2, skus=["TEE"])
    answer = (
        await shop.get(f"{ORDERS}/items?{criteria(('order_id', 'eq', str(second.entity_id)))}")
    ).json()
    assert [item["item_id"] for item in answer["items"]] == [
        item["item_id"] for item in second.items
    ]
    one = (await shop.get(f"{ORDERS}/items/{first.items[0]['item_id']}")).json()
    assert one["sku"] == first.items[0]["sku"]


async def test_what_is_not_there_is_not_found(shop: httpx.AsyncClient, placed: list[int]) -> None:
    for path in (
        "orders/99",
        "orders/items/999",
        "invoices/9",
        "creditmemo/9",
        "shipment/9",
        "customerGroups/99",
        "nosuch",
    ):
        assert (await shop.get(f"/rest/all/V1/{path}")).status_code == 404, path
    for path in ("other/V1/orders", "rest/all/V2/orders"):
        assert (await shop.get(f"/{path}")).status_code in {400, 404}, path
    assert (await shop.delete(f"{ORDERS}/1")).status_code == 404


async def test_a_shop_tells_its_stores_and_documents(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    (order,) = state.place_new(payment="braintree", skus=["SIMPLE-006"])
    base = "/rest/all/V1"
    assert (await shop.get(f"{base}/invoices/1")).json()["order_id"] == order.entity_id
    assert (await shop.get(f"{base}/customerGroups/1")).json()["code"] == "General"
    rates = (await shop.get(f"{base}/directory/currency")).json()["exchange_rates"]
    assert rates == [{"currency_to": "USD", "rate": 1}, {"currency_to": "EUR", "rate": 0.9137}]


async def test_the_answer_carries_the_shops_own_time(shop: httpx.AsyncClient) -> None:
    assert (await shop.get(f"{ORDERS}?searchCriteria")).headers[
        "date"
    ] == "Sat, 21 Nov 2026 18:17:10 GMT"


@pytest.mark.parametrize(
    ("headers", "content", "message"),
    [
        ({"content-type": "application/json"}, b"{", "Decoding error."),
        ({}, b"{}", "Content-Type header is empty."),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"x=1",
            (
                "Server cannot understand Content-Type HTTP header media type"
                " application/x-www-form-urlencoded"
            ),
        ),
    ],
)
async def test_a_body_must_be_json_and_say_so(
    shop: httpx.AsyncClient, headers: dict[str, str], content: bytes, message: str
) -> None:
    response = await shop.post(ORDERS, content=content, headers=headers)
    assert (response.status_code, response.json()["message"]) == (400, message)
