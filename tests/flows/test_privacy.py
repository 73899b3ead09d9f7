"""Nothing of a person and no secret leaks: not into queues, tables, trails, error texts, logs or URLs. Planted values."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from sync.adapters.cipher import Cipher
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.vault import new_key
from sync.flows import FLOWS
from sync.outside import Outside
from sync.ports import Operation, Outgoing, Row
from sync.sandbox.dials import Kind
from sync.services import Services
from tests.house import CUSTOMER, GUEST, House, in_both_houses

PLANTED: Final = (
    "Zebediah", "Quillfeather", "zeb.quillfeather", "planted.example", "Marigold", "Thistlewood", "thistlewood",
    "vandelay-hidden", "sandbox-bearer-planted", "hook-secret-planted",
)  # fmt: skip
ZEBEDIAH = replace(GUEST, email="Zeb.Quillfeather@planted.example", firstname="Zebediah", lastname="Quillfeather")
MARIGOLD = replace(CUSTOMER, email="m.thistlewood@planted.example", firstname="Marigold", lastname="Thistlewood")


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
    """A house whose stores, URLs and logs are watched."""

    def __init__(self, house: House) -> None:
        self.tables, self.queue = WatchedTables(), WatchedQueue(house.site.queue)
        self.urls: list[str] = []
        outside = house.site.outside(tables=self.tables, queue=self.queue)
        watched = replace(
            outside,
            sealer=Cipher([new_key()]),
            commerce_http=self._hooked(outside.commerce_http),
            dynamics_http=self._hooked(outside.dynamics_http),
        )
        self.outside: Outside = watched
        house.services = Services(house.site.connections, FLOWS, watched)

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


async def everything_happens(house: House) -> None:
    """Guests and customers, posted, parked, refused, lost and throttled."""
    house.ledger_dials.next(Kind.LOST, writes=True)
    for shopper in (ZEBEDIAH, MARIGOLD):
        await house.delivers(house.place(shopper=shopper, note="Ring at vandelay-hidden, ask for Zebediah"))
    house.ledger_dials.next(Kind.THROTTLE)
    house.ledger_dials.next(Kind.ERROR_BEFORE, writes=True)
    await house.delivers(house.place(shopper=ZEBEDIAH))
    refused = house.place(shopper=replace(MARIGOLD, id=77, email="other.thistlewood@planted.example"))
    refused.row["order_currency_code"] = "XTS"
    await house.delivers(refused)
    for _ in range(2):
        house.dynamics.put(
            "CustomersV3", dataAreaId="usmf", PrimaryContactEmail="twice.thistlewood@planted.example",
            CustomerAccount=f"T-{_}", PartyType="Person", CustomerGroupId="10", SalesCurrencyCode="USD",
        )  # fmt: skip
    await house.delivers(
        house.place(shopper=replace(GUEST, email="twice.thistlewood@planted.example", lastname="Thistlewood"))
    )


@in_both_houses()
async def test_planted_persons_and_secrets_turn_up_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="sync")
    watch = Watch(house)
    await everything_happens(house)
    assert not leaks(watch, caplog.messages)
    assert len(watch.urls) > 10
    assert len(watch.queue.sent) > 5
    parked = [text for text in watch.tables.written if text.startswith("parked ")]
    assert parked, "nothing was parked, so no error text was looked at"


@in_both_houses()
async def test_the_watch_itself_sees_what_leaks(house: House) -> None:
    watch = Watch(house)
    await house.services.hints.accept("orders", "shop", ["Quillfeather@1"], "webhook")
    assert leaks(watch, [])
