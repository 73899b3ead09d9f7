"""What the checkout gate takes, with ten thousand companies prepared: in a warm process, and over
HTTP on a socket. Questions are signed with RSA; each order is of another buyer."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx

from sandbox.commerce.payloads import php_json
from sandbox.commerce.signing import WebhookSignature, public_pem
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.app.services import Services
from sync.core.ports import Tables
from sync.credit.prepared import Prepared, PreparedCredit
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.http import HostKeys, http_app
from sync.hosts.registered import HttpFunction, registered
from sync.hosts.server import listen, serve, url_of
from tests.benchmarks.arrivals import RATE, WAYS, Took, at_a_rate
from tests.systems import CONNECTION, WEBHOOK_KEY, Named, SystemsUnderTest

COMPANIES: Final = 10_000
SIGNED: Final = 500
"""Questions that are signed beforehand."""
SETTINGS: Final[dict[str, Any]] = {
    "flows": ("orders", "credit"),
    "commerce": {"webhook": {"scheme": "rsa"}},
    "credit": {"currency": "USD", "gate": {"enabled": True}},
}


@dataclass(frozen=True)
class Question:
    """A hook of the shop: which question, and its bytes."""

    path: str
    headers: dict[str, str]
    body: bytes


def questions(companies: int, count: int = SIGNED) -> Sequence[Question]:
    """Carts and orders by turns, spread over the companies."""
    signature, found = WebhookSignature("rsa", key="webhooks"), list[Question]()
    for number in range(count):
        buyer, money = str(1 + number * 97 % companies), {"base_currency_code": "USD"}
        amount = {"base_grand_total": "10.0000", **money, "store_id": "1"}
        cart = {"payload": {"cart": {"entity_id": number, **amount},
                            "customer": {"entity_id": buyer}}}  # fmt: skip
        order = {"order": {"increment_id": f"{number:09}", "customer_id": buyer, **amount,
                           "payment": {"method": "companycredit"}}}  # fmt: skip
        is_order = number % 2
        body = php_json(order if is_order else cart)
        headers = {**signature.headers(body), "content-type": "application/json"}
        found.append(Question("place-order" if is_order else "payment-methods", headers, body))
    return found


async def prepared(tables: Tables, companies: int) -> None:
    """What a run leaves."""
    rows = PreparedCredit(tables, CONNECTION)
    numbers = range(1, companies + 1)
    await rows.learn({number: number for number in numbers})
    standing = [
        Prepared(number, f"US-{number}", "USD", Decimal(10**6), Decimal(10**6))
        for number in numbers
    ]
    await rows.put_all(standing, SystemClock().now())


@asynccontextmanager
async def opened(companies: int) -> AsyncIterator[Services]:
    """An engine over tables in a file."""
    systems = SystemsUnderTest(SystemClock(), SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        tables = SqliteTables(str(Path(folder) / "tables.sqlite"))
        await prepared(tables, companies)
        secrets = Named({WEBHOOK_KEY: public_pem("webhooks").decode()})
        parts = replace(systems.edition_parts(tables=tables), secrets=secrets)
        services = Services(systems.connections, FLOWS, parts)
        yield services
        await services.close()
        tables.close()
    systems.close()


async def in_process(way: str, count: int, companies: int = COMPANIES) -> Took:
    """Without HTTP."""
    asked = questions(companies)
    async with opened(companies) as services:

        async def ask(number: int) -> None:
            one = asked[number % len(asked)]
            answer = await services.ask_gate(CONNECTION, one.path, one.headers, one.body)
            assert answer.body == b'{"op":"success"}', answer.body

        await ask(0)
        return Took("a checkout asks, in process", way, await WAYS[way](ask, count))


async def over_http(count: int, companies: int = COMPANIES) -> Took:
    """On a socket, as the local host serves it; caller and host share this process."""
    asked, stop, ready = questions(companies), asyncio.Event(), asyncio.Event()
    async with opened(companies) as services:

        async def runtime() -> Services:
            return services

        functions = [f for f in registered(build_app(runtime)) if isinstance(f, HttpFunction)]
        app, listener = http_app(functions, HostKeys()), listen("127.0.0.1", 0)
        serving = asyncio.create_task(serve(app, listener, stop, ready.set, grace=timedelta()))
        await ready.wait()
        limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
        async with httpx.AsyncClient(base_url=url_of(listener), limits=limits) as http:

            async def ask(number: int) -> None:
                one = asked[number % len(asked)]
                path = f"/api/gate/{CONNECTION}/{one.path}"
                answer = await http.post(path, content=one.body, headers=one.headers)
                assert answer.content == b'{"op":"success"}', answer.content

            await ask(0)
            took = await at_a_rate(ask, count)
        stop.set()
        await serving
        listener.close()
    return Took("a checkout asks, over HTTP", f"{RATE} a second", took)


async def measured_gate(count: int, companies: int = COMPANIES) -> list[Took]:
    """Each way, and over HTTP."""
    found = [await in_process(way, count, companies) for way in WAYS]
    return [*found, await over_http(count, companies)]
