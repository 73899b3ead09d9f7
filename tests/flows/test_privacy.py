"""Nothing of a person and no secret leaks: not into queues, tables, trails, error texts, logs or
URLs. Planted values."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from sandbox.dials import Kind
from sync.adapters.cipher import Cipher
from sync.adapters.key_files import new_key
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.core.encoding import to_json
from sync.core.message_queue import Outgoing
from sync.core.ports import Operation, Row
from sync.flows import FLOWS
from tests.harness import CUSTOMER, GUEST, Harness, in_both_harnesses, in_harness, key_of
from tests.systems import CONNECTION, SHOP_HOST

PLANTED: Final = (
    "Zebediah", "Quillfeather", "zeb.quillfeather", "planted.example", "Marigold", "Thistlewood",
    "thistlewood",
    "vandelay-hidden", "sandbox-bearer-planted", "hook-secret-planted",
)  # fmt: skip
ZEBEDIAH = replace(
    GUEST, email="Zeb.Quillfeather@planted.example", firstname="Zebediah", lastname="Quillfeather"
)
MARIGOLD = replace(
    CUSTOMER, email="m.thistlewood@planted.example", firstname="Marigold", lastname="Thistlewood"
)


class WatchedTables(SqliteTables):
    """Tables that remember every row written into them."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.written: list[str] = []

    async def insert(self, table: str, row: Row) -> Row:
        self.written.append(f"{table} {row!r}")
        return await super().insert(table, row)

    async def replace(self, table: str, row: Row) -> Row:
        self.written.append(f"{table} {row!r}")
        return await super().replace(table, row)

    async def upsert(self, table: str, row: Row) -> Row:
        self.written.append(f"{table} {row!r}")
        return await super().upsert(table, row)

    async def transact(self, table: str, operations: Sequence[Operation]) -> None:
        self.written += [f"{table} {operation!r}" for operation in operations]
        await super().transact(table, operations)


class WatchedQueue:
    """A queue that remembers every message sent to it."""

    def __init__(self, queue: SqliteQueue) -> None:
        self._queue = queue
        self.sent: list[str] = []

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.sent += [repr(message) for message in messages]
        await self._queue.send(messages)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


class Watch:
    """A harness whose stores, URLs and logs are watched."""

    def __init__(self, harness: Harness) -> None:
        self.tables, self.queue = WatchedTables(), WatchedQueue(harness.systems.queue)
        self.urls: list[str] = []
        edition_parts = harness.systems.edition_parts(tables=self.tables, queue=self.queue)
        watched = replace(
            edition_parts,
            sealer=Cipher([new_key()]),
            commerce_http=self._hooked(edition_parts.commerce_http),
            dynamics_http=self._hooked(edition_parts.dynamics_http),
        )
        self.edition_parts: EditionParts = watched
        harness.services = Services(harness.systems.connections, FLOWS, watched)

    def _hooked(self, make: Any) -> Any:
        async def note(request: httpx.Request) -> None:
            self.urls.append(str(request.url))

        def made(settings: Any) -> httpx.AsyncClient:
            client: httpx.AsyncClient = make(settings)
            client.event_hooks = {"request": [note]}
            return client

        return made

    def said(self, logged: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Everything that was written anywhere, with where."""
        for where, texts in (
            ("table", self.tables.written),
            ("queue", self.queue.sent),
            ("URL", self.urls),
            ("log", logged),
        ):
            yield from ((where, text) for text in texts)


def leaks(watch: Watch, logged: Sequence[str]) -> list[str]:
    """Planted values and where they turned up."""
    return [
        f"{planted} in a {where}: {text[:300]}"
        for where, text in watch.said(logged)
        for planted in PLANTED
        if planted.lower() in text.lower()
    ]


async def everything_happens(harness: Harness) -> None:
    """Guests and customers, posted, parked, refused, lost and throttled."""
    harness.ledger_dials.next(Kind.LOST, writes=True)
    for shopper in (ZEBEDIAH, MARIGOLD):
        await harness.delivers(
            harness.place(shopper=shopper, note="Ring at vandelay-hidden, ask for Zebediah")
        )
    harness.ledger_dials.next(Kind.THROTTLE)
    harness.ledger_dials.next(Kind.ERROR_BEFORE, writes=True)
    await harness.delivers(harness.place(shopper=ZEBEDIAH))
    refused = harness.place(
        shopper=replace(MARIGOLD, id=77, email="other.thistlewood@planted.example")
    )
    refused.row["order_currency_code"] = "XTS"
    await harness.delivers(refused)
    for _ in range(2):
        harness.dynamics.put(
            "CustomersV3", dataAreaId="usmf",
            PrimaryContactEmail="twice.thistlewood@planted.example",
            CustomerAccount=f"T-{_}", PartyType="Person", CustomerGroupId="10",
            SalesCurrencyCode="USD",
        )  # fmt: skip
    await harness.delivers(
        harness.place(
            shopper=replace(
                GUEST, email="twice.thistlewood@planted.example", lastname="Thistlewood"
            )
        )
    )


@in_both_harnesses()
async def test_planted_persons_and_secrets_turn_up_nowhere(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="sync")
    watch = Watch(harness)
    await everything_happens(harness)
    assert not leaks(watch, caplog.messages)
    assert len(watch.urls) > 10
    assert len(watch.queue.sent) > 5
    parked = [text for text in watch.tables.written if text.startswith("parked ")]
    assert parked, "nothing was parked, so no error text was looked at"


@in_both_harnesses()
async def test_the_watch_itself_sees_what_leaks(harness: Harness) -> None:
    watch = Watch(harness)
    await harness.services.intake.accept("orders", "shop", ["Quillfeather@1"], "webhook")
    assert leaks(watch, [])


@in_harness()
async def test_what_the_shop_says_in_its_own_words_goes_to_the_encrypted_copies_alone(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="sync")
    words = "Kundin Zebediah Quillfeather (zeb.quillfeather@planted.example) ist gesperrt"
    body = to_json({"message": "%1", "parameters": [words]})

    async def refuses(scope: Any, _: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": body})

    order = harness.place(shopper=ZEBEDIAH)
    watch = Watch(harness)
    harness.systems.apps[SHOP_HOST] = refuses
    await harness.delivers(order)
    assert await harness.parked() == [key_of(order)]
    assert "with the record's encrypted copies" in (await harness.claim(order)).reason
    assert not leaks(watch, caplog.messages)
    (entry,) = await harness.trail(order)
    record = f"{CONNECTION}|orders|{key_of(order)}"
    assert await harness.services.documents.load(record, entry.id, "refused") == {"said": words}
