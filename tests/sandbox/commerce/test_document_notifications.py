"""What listeners hear of invoices and credit memos, and what `/sandbox/...` lets whoever runs the
shop do with them."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.commerce.notifications import EventTarget, NotificationSender, WebhookTarget
from sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.shop import URL, SetClock, Subscriber
from tests.sandbox.commerce.test_credit_memos import paid
from tests.sandbox.commerce.test_invoices import one

INVOICED = ("sales_order_invoice_save_after", "sales_order_invoice_save_commit_after")
REFUNDED = ("sales_order_creditmemo_save_after", "sales_order_creditmemo_save_commit_after")


async def test_a_webhook_carries_the_raw_document(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    sender = NotificationSender(state, client, [WebhookTarget(URL, INVOICED + REFUNDED)])
    order = paid(state, "SIMPLE-006")
    state.refund(order)
    await sender.drain()
    notifications = [json.loads(body) for body, _ in subscriber.received]
    assert [notification["eventName"] for notification in notifications] == [*INVOICED, *REFUNDED]
    invoice, memo = notifications[0]["data"]["invoice"], notifications[2]["data"]["creditmemo"]
    assert (invoice["entity_id"], invoice["increment_id"], invoice["store_id"]) == (
        "1",
        "000000001",
        1,
    )
    assert invoice["grand_total"] == f"{order.amount('grand_total'):.4f}"
    assert (memo["order_id"], memo["invoice_id"]) == (str(order.entity_id), None)


async def test_an_event_names_the_document_and_its_order(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    sender = NotificationSender(state, client, [EventTarget(URL, "our-client", REFUNDED[1:])])
    state.refund(paid(state, "SIMPLE-006"))
    await sender.drain()
    event = json.loads(subscriber.received[0][0])
    assert event["type"] == "com.adobe.commerce.observer.sales_order_creditmemo_save_commit_after"
    value = event["data"]["value"]
    assert (value["increment_id"], value["order_id"], value["store_id"], value["state"]) == (
        "000000001",
        "1",
        1,
        "2",
    )


async def test_notifications_of_documents_get_lost_and_come_early_like_any_other(
    state: CommerceState, client: httpx.AsyncClient, clock: SetClock
) -> None:
    sender = NotificationSender(state, client, [WebhookTarget(URL, INVOICED)])
    order = one(state)
    state.notification_dials.lost_rate = state.notification_dials.early_rate = 1.0
    state.invoice(order)
    assert (sender.counts["lost"], sender.unfinished, list(state.documents("invoice"))) == (
        2,
        0,
        [],
    )
    clock.pass_by(seconds=5)
    assert len(list(state.documents("invoice"))) == 1


async def test_capturing_and_cancelling_are_told_too(state: CommerceState) -> None:
    reported: list[str] = []
    order = one(state, payment="paypal_express", paid="authorised")
    first = state.invoice(order, {order.items[0]["item_id"]: Decimal(1)}, captured=False)
    state.on_change(lambda change: reported.append(change.event))
    state.capture(first)
    assert reported == [*INVOICED, "sales_order_save_after", "sales_order_save_commit_after"]


async def test_the_sandbox_invoices_and_refunds_in_parts(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    order = one(state, store=state.catalogue.store("default"), shipping=Decimal("4.95"))
    start, item = f"/sandbox/orders/{order.entity_id}", order.items[0]["item_id"]
    some = await shop.post(f"{start}/invoice", json={"quantities": {str(item): "1"}})
    assert (some.status_code, some.json()["document"]["increment_id"]) == (200, "000000001")
    assert (await shop.post(f"{start}/invoice")).status_code in {200, 409}
    asked = {
        "quantities": {str(item): 1},
        "shipping": "1.23",
        "positive": "0.10",
        "negative": "0.20",
    }
    back = await shop.post(f"{start}/refund", json=asked)
    assert back.json()["document"]["state"] == 2
    sums = (await shop.get("/sandbox/sums")).json()
    assert [sums[0][name] for name in ("increment_id", "currency")] == ["000000001", "USD"]
    assert Decimal(str(sums[0]["refunded"])) == order.amount("total_refunded")
    totals = (await shop.get("/sandbox/state")).json()["totals"]["USD"]
    assert Decimal(str(totals["invoiced"])) == order.amount("total_invoiced")


@pytest.mark.parametrize(
    ("action", "body", "said"),
    [
        (
            "invoice",
            {"quantities": {"1": "99"}},
            (409, 'We found an invalid quantity to invoice item "'),
        ),
        ("invoice", {"quantities": {"one": 1}}, (400, "give quantities by order item id")),
        ("invoice", {"quantities": [1]}, (400, "give quantities by order item id")),
        ("refund", {"shipping": "much"}, (400, "give quantities by order item id")),
        ("refund", {"invoice": 77}, (404, "doesn't exist")),
        ("refund", {}, (409, "The most money available to refund is 0.")),
    ],
)
async def test_the_sandbox_says_why_not(
    shop: httpx.AsyncClient,
    state: CommerceState,
    action: str,
    body: dict[str, Any],
    said: tuple[int, str],
) -> None:
    order = one(state, shipping=Decimal("4.95"))
    answer = await shop.post(f"/sandbox/orders/{order.entity_id}/{action}", json=body)
    assert answer.status_code == said[0]
    assert said[1] in answer.json()["error"]


async def test_an_order_that_allows_no_invoice_gets_none(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    order = one(state)
    state.hold(order)
    assert (await shop.post(f"/sandbox/orders/{order.entity_id}/invoice")).status_code == 409
    assert (await shop.post("/sandbox/orders/99/invoice")).status_code == 404
