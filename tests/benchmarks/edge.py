"""What the edge adds to a hook: verify the signature, take the key out, store the notification.
Over stores, and over none.

The hooks are what a shop sends whose hook names no fields: all of an order, more than ten kilobytes
of it. Each is of another order, so no store drops one as a repeat.
"""

import asyncio
import tempfile
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from hmac import compare_digest, digest
from pathlib import Path
from typing import Any, Final, Literal, get_args

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from sandbox.commerce.payloads import php_json, raw_order
from sandbox.commerce.recipe import Want
from sandbox.commerce.signing import WebhookSignature, public_pem
from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.system_clock import SystemClock
from sync.app.services import Services
from sync.commerce.signature import rsa_key, rsa_signed
from sync.engine.message import Message, notification
from sync.flows import FLOWS
from tests.benchmarks.arrivals import RATE, WAYS, Took, at_a_rate
from tests.benchmarks.counted import CountedQueue, Nowhere
from tests.doubles.amqp.entity import Rules
from tests.doubles.amqp.server import ServiceBusDouble
from tests.systems import CONNECTION, WEBHOOK_KEY, Named, SystemsUnderTest

Scheme = Literal["rsa", "hmac"]
Store = Literal["nothing", "SQLite", "Service Bus"]
FLOW: Final = "orders"
QUEUE: Final = "documents"
SKUS: Final = 8
ORDERS: Final = 100
"""Hooks that are signed beforehand, each of an order of its own."""
LOCK: Final = timedelta(minutes=1)
HEADER: Final = "x-adobe-commerce-webhook-signature"


@dataclass(frozen=True)
class Hook:
    """One request of the shop."""

    headers: dict[str, str]
    body: bytes


def hooks(systems: SystemsUnderTest, scheme: Scheme, count: int = ORDERS) -> Sequence[Hook]:
    """Signed hooks of one order's whole payload, under numbers of their own."""
    wants = tuple(
        Want(product, Decimal(2)) for product in systems.commerce.catalogue.products[:SKUS]
    )
    (order,) = systems.commerce.place_new(1, wants=wants)
    payload = raw_order(order)
    signature = WebhookSignature(scheme, key="webhooks" if scheme == "rsa" else "hook")
    found = []
    for number in range(count):
        body = php_json({"data": {"order": {**payload, "increment_id": f"{number:09}"}}})
        found.append(Hook({**signature.headers(body), "content-type": "application/json"}, body))
    return found


@asynccontextmanager
async def stored_in(store: Store) -> AsyncIterator[Any]:
    """A queue of that kind, opened."""
    if store == "nothing":
        yield Nowhere()
    elif store == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            queue = SqliteQueue(Path(folder) / "queue.sqlite", SystemClock(), LOCK)
            yield queue
            queue.close()
    else:
        async with ServiceBusDouble(Rules(lock=LOCK)) as bus:
            bus.create_queue(QUEUE)
            cloud = ServiceBusQueue.from_connection_string(bus.connection_string)
            await cloud.open([QUEUE])
            yield cloud
            await cloud.close()


async def edge(scheme: Scheme, store: Store, way: str, count: int) -> Took:
    """So many hooks, arriving that way."""
    systems = SystemsUnderTest(SystemClock(), {"commerce": {"webhook": {"scheme": scheme}}})
    secret = public_pem("webhooks").decode() if scheme == "rsa" else "hook"
    signed = hooks(systems, scheme)
    calls: Counter[str] = Counter()
    async with stored_in(store) as queue:
        counted: Any = CountedQueue(queue, calls)
        edition_parts = replace(
            systems.edition_parts(queue=counted), secrets=Named({WEBHOOK_KEY: secret})
        )
        services = Services(systems.connections, FLOWS, edition_parts)

        async def take(number: int) -> None:
            each = signed[number % len(signed)]
            answer = await services.accept_webhook(CONNECTION, FLOW, each.headers, each.body)
            assert answer.status == 200, answer.body

        await take(0)
        calls.clear()
        took = await WAYS[way](take, count)
        await services.close()
    systems.close()
    return Took(f"{scheme} hook, stored in {store}", way, took, calls["bus send calls"])


async def verification(scheme: Scheme, way: str, count: int) -> Took:
    """Nothing but the arithmetic of a signature over the same bytes, with a key that is read
    already. What it takes at a rate is what the machine makes of it: a process that sleeps in
    between is woken late, and finds its caches cold."""
    systems = SystemsUnderTest(SystemClock())
    signed = hooks(systems, scheme)
    systems.close()
    key = rsa_key(public_pem("webhooks").decode())
    assert key is not None
    public = key

    async def verify(number: int) -> None:
        each = signed[number % len(signed)]
        given, text = each.headers[HEADER], b64encode(each.body)
        if scheme == "rsa":
            assert rsa_signed(b64decode(given), text, public)
        else:
            assert compare_digest(bytes(b64decode(given)), digest(b"hook", text, sha256))

    return Took(f"bare {scheme} verification", way, await WAYS[way](verify, count))


async def bare_send(count: int) -> Took:
    """Nothing but the SDK's send of the same message at the same rate, one after the other as its
    sender demands."""
    clock, turn = SystemClock(), asyncio.Lock()
    async with ServiceBusDouble(Rules(lock=LOCK)) as bus:
        bus.create_queue(QUEUE)
        client = ServiceBusClient.from_connection_string(bus.connection_string, retry_total=0)
        async with client, client.get_queue_sender(QUEUE) as sender:

            async def send(number: int) -> None:
                sent = notification(
                    QUEUE, Message(FLOW, CONNECTION, f"{number:09}@1", "webhook", clock.now())
                )
                async with turn:
                    await sender.send_messages(
                        ServiceBusMessage(
                            sent.body,
                            message_id=sent.id,
                            scheduled_enqueue_time_utc=sent.not_before,
                        )
                    )

            await send(-1)
            took = await at_a_rate(send, count)
    return Took("bare send of the SDK", f"{RATE} a second", took, count)


@dataclass(frozen=True)
class Ratio:
    """What is measured, over its baseline of the same run."""

    took: Took
    baseline: Took

    def of(self, hundredths: int) -> float:
        """At so many of a hundred."""
        return self.took.percentile(hundredths) / self.baseline.percentile(hundredths)

    def line(self) -> str:
        """As it is printed."""
        which = f"{self.took.what}, {self.took.way}, over {self.baseline.what}"
        return f"  {which:80} p50 x {self.of(50):6.2f}  p99 x {self.of(99):6.2f}"

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        names = {"what": self.took.what, "way": self.took.way, "over": self.baseline.what}
        return {**names, **{f"p{each}": round(self.of(each), 3) for each in (50, 99)}}


async def measured(count: int) -> tuple[list[Took], list[Ratio]]:
    """Everything, and the ratios to the baselines."""
    found, ratios = [], []
    for scheme in get_args(Scheme):
        for way in WAYS:
            bare, alone = (
                await verification(scheme, way, count),
                await edge(scheme, "nothing", way, count),
            )
            found += [bare, alone]
            ratios.append(Ratio(alone, bare))
    found += [await edge("rsa", "SQLite", way, count) for way in WAYS]
    bare = await bare_send(count)
    cloud = [await edge("rsa", "Service Bus", way, count) for way in WAYS]
    found += [bare, *cloud]
    ratios.append(Ratio(cloud[-1], bare))
    return found, ratios
