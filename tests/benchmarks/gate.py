"""What the checkout gate takes, with ten thousand companies prepared: in a warm process, and over
HTTP on a socket. Questions are signed with RSA; each order is of another buyer."""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx

from sandbox.commerce.payloads import php_json
from sandbox.commerce.signing import WebhookSignature, public_pem
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.app.services import Services
from sync.core.ports import Tables
from sync.credit.prepared import Prepared, PreparedCredit
from sync.flows import FLOWS
from tests.benchmarks.arrivals import RATE, WAYS, Took, at_a_rate
from tests.source import ROOT
from tests.systems import CONNECTION, WEBHOOK_KEY, Named, SystemsUnderTest

COMPANIES: Final = 10_000
SIGNED: Final = 500
"""Questions that are signed beforehand."""
LOCK: Final = timedelta(minutes=1)
CALLERS: Final = 100
"""Connections at once; a host takes 128."""
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


def public_key() -> str:
    """What hooks that are signed here are verified with."""
    return public_pem("webhooks").decode()


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
async def opened(companies: int, key: str = "") -> AsyncIterator[Services]:
    """An engine over tables and queue in files. `key`: what hooks are verified with, else ours."""
    systems = SystemsUnderTest(SystemClock(), SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        tables = SqliteTables(str(Path(folder) / "tables.sqlite"))
        queue = SqliteQueue(Path(folder) / "queue.sqlite", SystemClock(), LOCK)
        await prepared(tables, companies)
        secrets = Named({WEBHOOK_KEY: key or public_key()})
        parts = replace(systems.edition_parts(tables=tables, queue=queue), secrets=secrets)
        services = Services(systems.connections, FLOWS, parts)
        yield services
        await services.close()
        queue.close()
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
    """On a socket, as the local host serves it, in a process of its own."""
    asked = questions(companies)
    async with host(companies) as (url, spent):
        callers = Callers(url)

        async def ask(number: int) -> None:
            one = asked[number % len(asked)]
            answer = await callers.post(f"/api/gate/{CONNECTION}/{one.path}", one)
            assert answer == b'{"op":"success"}', answer

        await ask(0)
        took = await at_a_rate(ask, count)
        callers.close()
        each = await spent() / count * 1000
    return Took(f"over HTTP, {each:.2f} ms of a processor", f"{RATE} a second", took)


@asynccontextmanager
async def host(companies: int) -> AsyncIterator[tuple[str, Callable[[], Awaitable[float]]]]:
    """A host: its address, and what ends it and tells how many seconds of a processor it took."""
    command = (sys.executable, "-m", "tests.benchmarks.gate_host", str(companies), public_key())
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pipes = process.stdin, process.stdout

    async def said(name: str) -> Any:
        return json.loads(await pipes[1].readline())[name]

    async def spent() -> float:
        pipes[0].close()
        return float(await said("seconds"))

    try:
        yield await said("url"), spent
    finally:
        pipes[0].close()
        await process.wait()


class Callers:
    """Connections that are kept, each for one request at a time: as lean as can be, so that what
    is measured is the host."""

    def __init__(self, url: str) -> None:
        self._place, self._turn = httpx.URL(url), asyncio.Semaphore(CALLERS)
        self._free = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

    async def post(self, path: str, one: Question) -> bytes:
        """The body of the answer."""
        head = {"host": "x", "content-length": str(len(one.body)), **one.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        sent = f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + one.body
        async with self._turn:
            found = self._free.pop() if self._free else await self._opened()
            reader, writer = found
            writer.write(sent)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 2"), answer
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", answer)
            assert length is not None, answer
            body = await reader.readexactly(int(length[1]))
            self._free.append(found)
        return body

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._place.host, self._place.port)

    def close(self) -> None:
        """Close them."""
        for _, writer in self._free:
            writer.close()


async def measured_gate(count: int, companies: int = COMPANIES) -> list[Took]:
    """Each way, and over HTTP."""
    found = [await in_process(way, count, companies) for way in WAYS]
    return [*found, await over_http(count, companies)]
