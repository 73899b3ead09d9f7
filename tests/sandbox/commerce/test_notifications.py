import asyncio
import base64
import hashlib
import hmac
import json

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.commerce.notifications import EventTarget, NotificationSender, Target, WebhookTarget
from sandbox.commerce.signing import WebhookSignature, public_pem
from sandbox.commerce.state import CommerceState
from tests.sandbox.commerce.shop import URL, Subscriber, client_of
from tests.virtual_time import virtually

SAVED = ("sales_order_save_commit_after",)


def verify(key: str, signature: str, message: bytes) -> None:
    public = serialization.load_pem_public_key(public_pem(key))
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(base64.b64decode(signature), message, padding.PKCS1v15(), hashes.SHA256())


async def notified_of_one_order(
    state: CommerceState, client: httpx.AsyncClient, target: Target
) -> NotificationSender:
    sender = NotificationSender(state, client, [target])
    state.place_new(payment="checkmo", skus=["SIMPLE-001"])
    await sender.drain()
    return sender


async def test_a_webhook_is_signed_over_the_base64_of_its_body(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    await notified_of_one_order(state, client, WebhookTarget(URL, SAVED))
    ((body, headers),) = subscriber.received
    verify("webhooks", headers["x-adobe-commerce-webhook-signature"], base64.b64encode(body))
    with pytest.raises(InvalidSignature):
        verify("webhooks", headers["x-adobe-commerce-webhook-signature"], body)
    assert len(headers["x-adobe-commerce-request-id"]) == 32
    notification = json.loads(body)
    assert notification["eventName"] == "sales_order_save_commit_after"
    assert notification["data"]["order"]["increment_id"].endswith("000000001")


async def test_a_body_is_written_as_php_writes_it(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    sender = NotificationSender(state, client, [WebhookTarget(URL, SAVED, signature=None)])
    state.place_new(payment="checkmo", note="café / rear door")
    await sender.drain()
    ((body, headers),) = subscriber.received
    assert rb'"customer_note":"caf\u00e9 \/ rear door"' in body
    assert "x-adobe-commerce-webhook-signature" not in headers


@pytest.mark.parametrize("encoding", ["base64", "hex"])
@pytest.mark.parametrize("message", ["base64", "raw"])
async def test_a_gateway_may_sign_with_a_shared_secret(
    state: CommerceState,
    client: httpx.AsyncClient,
    subscriber: Subscriber,
    encoding: str,
    message: str,
) -> None:
    signature = WebhookSignature("hmac", "shared", "x-signature", message, encoding)  # type: ignore[arg-type]
    await notified_of_one_order(state, client, WebhookTarget(URL, SAVED, signature))
    ((body, headers),) = subscriber.received
    signed = base64.b64encode(body) if message == "base64" else body
    digest = hmac.new(b"shared", signed, hashlib.sha256).digest()
    assert headers["x-signature"] == (
        digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    )


async def test_an_event_is_signed_over_its_bytes_with_a_key_that_the_double_serves(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber, shop: httpx.AsyncClient
) -> None:
    await notified_of_one_order(state, client, EventTarget(URL, "our-client", SAVED))
    ((body, headers),) = subscriber.received
    assert headers["x-adobe-public-key1-path"].startswith("/prod/keys/")
    served = await shop.get(headers["x-adobe-public-key1-path"])
    assert served.content == public_pem("io-events")
    verify("io-events", headers["x-adobe-digital-signature-1"], body)
    event = json.loads(body)
    assert event["type"] == "com.adobe.commerce.observer.sales_order_save_commit_after"
    assert event["recipientclientid"] == "our-client"
    assert event["eventid"] == headers["x-adobe-event-id"]
    assert event["data"]["value"]["entity_id"] == "1"
    assert (await shop.get("/prod/keys/pub-key-other.pem")).status_code == 404


async def test_a_refused_webhook_is_gone_and_a_refused_event_comes_again(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    subscriber.statuses = [503]
    webhook = await notified_of_one_order(state, client, WebhookTarget(URL, SAVED))
    assert (webhook.waiting, webhook.counts["gone"]) == (0, 1)
    state.listeners.clear()
    subscriber.statuses = [503]
    event = await notified_of_one_order(state, client, EventTarget(URL, "our-client", SAVED))
    assert (event.waiting, event.counts["again"]) == (1, 1)
    state.listeners.clear()
    subscriber.statuses = [400]
    lost = await notified_of_one_order(state, client, EventTarget(URL, "our-client", SAVED))
    assert (lost.waiting, lost.counts["refused"]) == (0, 1)


async def test_notifications_are_lost_doubled_and_early_by_their_dials(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber, shop: httpx.AsyncClient
) -> None:
    sender = NotificationSender(state, client, [WebhookTarget(URL, SAVED)])
    state.notification_dials.lost_rate = 1.0
    state.place_new(payment="checkmo")
    assert (sender.waiting, sender.counts["lost"]) == (0, 1)
    state.notification_dials.turn({"lost_rate": 0, "double_rate": 1, "early_rate": 1})
    (order,) = state.place_new(payment="checkmo")
    await sender.drain()
    assert len(subscriber.received) == 2
    assert subscriber.received[0][0] == subscriber.received[1][0]
    assert (await shop.get(f"/rest/all/V1/orders/{order.entity_id}")).status_code == 404


async def entities_notified_late(state: CommerceState, targets: list[Target]) -> list[str]:
    subscriber = Subscriber()
    async with client_of(
        Starlette(routes=[Route("/hooks", subscriber.listen, methods=["POST"])])
    ) as client:
        sender = NotificationSender(state, client, targets)
        state.notification_dials.turn({"late_rate": 0.5})
        state.place_new(12, payment="checkmo")
        await sender.drain()
    return [json.loads(body)["data"]["order"]["entity_id"] for body, _ in subscriber.received]


def test_late_notifications_come_out_of_order(state: CommerceState) -> None:
    received = virtually(entities_notified_late(state, [WebhookTarget(URL, SAVED)]))
    assert sorted(received, key=int) == [str(number) for number in range(1, 13)]
    assert received != sorted(received, key=int)


async def hours_of_trying(state: CommerceState) -> tuple[int, float]:
    """How often an event is sent to a listener that always fails, and until when."""
    subscriber = Subscriber(statuses=[503] * 200)
    async with client_of(
        Starlette(routes=[Route("/hooks", subscriber.listen, methods=["POST"])])
    ) as client:
        sender = NotificationSender(state, client, [EventTarget(URL, "our-client", SAVED)])
        state.place_new(payment="checkmo")
        while sender.waiting:
            await sender.drain()
    return len(subscriber.received), asyncio.get_running_loop().time() / 3600


def test_an_event_is_tried_for_a_day(state: CommerceState) -> None:
    attempts, hours = virtually(hours_of_trying(state))
    assert attempts == 95
    assert 22 < hours < 24


async def test_a_listener_that_hangs_up_is_counted(state: CommerceState) -> None:
    async def hang_up(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("gone")

    async with httpx.AsyncClient(transport=httpx.MockTransport(hang_up)) as client:
        sender = await notified_of_one_order(state, client, WebhookTarget(URL, SAVED))
    assert (sender.counts["failed"], sender.counts["gone"]) == (1, 1)


async def test_customers_are_told_of_as_well(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber, shop: httpx.AsyncClient
) -> None:
    sender = NotificationSender(state, client, [WebhookTarget(URL)])
    await shop.put("/rest/all/V1/customers/1", json={"customer": {"firstname": "Anne"}})
    await sender.drain()
    ((body, _),) = subscriber.received
    customer = json.loads(body)["data"]["customer"]
    assert (customer["entity_id"], customer["firstname"]) == ("1", "Anne")


async def test_the_sender_runs_until_it_is_stopped(
    state: CommerceState, client: httpx.AsyncClient, subscriber: Subscriber
) -> None:
    sender = NotificationSender(state, client, [WebhookTarget(URL, SAVED)])
    running = asyncio.create_task(sender.run())
    state.place_new(2, payment="checkmo")
    await subscriber.second.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_a_dial_that_there_is_not_is_refused(state: CommerceState) -> None:
    with pytest.raises(ValueError, match="no dial"):
        state.notification_dials.turn({"lost_rate": 0.5, "nosuch": 1})
    assert state.notification_dials.lost_rate == 0
