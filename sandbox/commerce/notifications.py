"""Webhooks and I/O Events that the shop sends when something changes, and how they go wrong.

A webhook is sent once and never again. An event is sent again after 429 and 5xx, for a day. Both
may be lost on the way, doubled, late and out of order, and both may come before the record can be
read.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC

import httpx

from sandbox.commerce.payloads import cloud_event, php_json
from sandbox.commerce.signing import WebhookSignature, public_pem, rsa_signature
from sandbox.commerce.state import Change, CommerceState
from sync.core.encoding import to_json

RETRY_MINUTES = (1, 2, 4, 8, *([15] * 90))
"""Waits between attempts at an event: about a day."""


@dataclass(frozen=True)
class WebhookTarget:
    """A subscribed webhook. `signature` None: signing is off."""

    url: str
    events: tuple[str, ...] = ("sales_order_save_commit_after", "customer_save_commit_after")
    signature: WebhookSignature | None = field(default_factory=WebhookSignature)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EventTarget:
    """A registration for I/O Events. `key` names Adobe's key pair, whose public half the double
    serves."""

    url: str
    client_id: str
    events: tuple[str, ...] = ("sales_order_save_commit_after", "customer_save_commit_after")
    key: str = "io-events"

    @property
    def key_path(self) -> str:
        """Where the public key is fetched from."""
        return f"/prod/keys/pub-key-{self.key}.pem"


Target = WebhookTarget | EventTarget


@dataclass(frozen=True)
class Delivery:
    """One request to be sent at a time of the loop's clock."""

    target: Target
    body: bytes
    headers: Mapping[str, str]
    due: float
    attempt: int = 1


class NotificationSender:
    """Listens to a shop and sends its notifications, as far as the state's `notification_dials` let
    them.

    `counts`: lost, doubled and late by the dials; sent, refused, failed, again and gone by what
    listeners said. `run` sends for as long as it is left running; `drain` sends what is there
    (waiting for what is late) and returns.
    """

    def __init__(
        self, state: CommerceState, client: httpx.AsyncClient, targets: list[Target]
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._state = state
        self._client = client
        self._targets: list[Target] = []
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()
        self._unfinished = 0
        for target in targets:
            self.subscribe(target)
        state.on_change(self.receive)

    def subscribe(self, target: Target) -> None:
        """Tell one more listener of what happens from now on."""
        self._targets.append(target)
        if isinstance(target, EventTarget):
            self._state.public_keys[target.key_path] = public_pem(target.key)

    def regenerate_key(self, key: str) -> bytes:
        """All webhooks are signed with the key pair of this name from now on; its public half."""
        signature = WebhookSignature(key=key)
        self._targets = [
            replace(one, signature=signature) if isinstance(one, WebhookTarget) else one
            for one in self._targets
        ]
        return public_pem(key)

    @property
    def waiting(self) -> int:
        """Notifications that nobody has begun to send."""
        return self._queue.qsize()

    @property
    def unfinished(self) -> int:
        """Notifications that wait or are on their way."""
        return self._unfinished

    def receive(self, change: Change) -> None:
        """Queue the notifications for one event."""
        now = asyncio.get_running_loop().time()
        for target in self._targets:
            if change.event in target.events:
                body, headers = self._request(target, change)
                waits = self._state.notification_dials.waits()
                self.counts.update(lost=not waits, doubled=len(waits) > 1, late=any(waits))
                for wait in waits:
                    self._put(Delivery(target, body, headers, now + wait))

    def _put(self, delivery: Delivery) -> None:
        self._unfinished += 1
        self._queue.put_nowait(delivery)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._send(await self._queue.get()))

    async def drain(self) -> None:
        """Send everything that waits, side by side; what was refused and is tried again later stays
        waiting."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._queue.qsize()):
                group.create_task(self._send(self._queue.get_nowait()))

    def _request(self, target: Target, change: Change) -> tuple[bytes, dict[str, str]]:
        identity = self._state.clock.unique()
        if isinstance(target, WebhookTarget):
            body = php_json({"eventName": change.event, "data": dict(change.data)})
            signed = target.signature.headers(body) if target.signature else {}
            return body, {"x-adobe-commerce-request-id": identity, **target.headers, **signed}
        value = next(iter(change.data.values()))
        moment = self._state.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        body = to_json(
            cloud_event(
                change.event, value, identity=identity, client_id=target.client_id, time=moment
            )
        )
        return body, {
            "x-adobe-event-id": identity,
            "x-adobe-delivery-id": identity,
            "x-adobe-event-code": f"com.adobe.commerce.observer.{change.event}",
            "x-adobe-digital-signature-1": rsa_signature(target.key, body).decode(),
            "x-adobe-public-key1-path": target.key_path,
        }

    async def _send(self, delivery: Delivery) -> None:
        try:
            await self._posted(delivery)
        finally:
            self._unfinished -= 1

    async def _posted(self, delivery: Delivery) -> None:
        loop = asyncio.get_running_loop()
        wait = delivery.due - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        headers = {**delivery.headers, "content-type": "application/json"}
        if isinstance(delivery.target, EventTarget):
            headers["x-adobe-retry-count"] = str(delivery.attempt - 1)
        try:
            answer = await self._client.post(
                delivery.target.url, content=delivery.body, headers=headers
            )
        except httpx.HTTPError:
            self.counts["failed"] += 1
            self._again(delivery, loop.time())
            return
        self.counts["sent" if answer.is_success else "refused"] += 1
        if answer.status_code == 429 or (answer.status_code >= 500 and answer.status_code != 505):
            self._again(delivery, loop.time())

    def _again(self, delivery: Delivery, now: float) -> None:
        """Adobe tries an event again; the shop never does a webhook."""
        if isinstance(delivery.target, WebhookTarget) or delivery.attempt > len(RETRY_MINUTES):
            self.counts["gone"] += 1
            return
        self.counts["again"] += 1
        due = now + 60 * RETRY_MINUTES[delivery.attempt - 1]
        again = Delivery(
            delivery.target, delivery.body, delivery.headers, due, delivery.attempt + 1
        )
        self._put(again)
