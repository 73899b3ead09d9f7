"""A harness that the product lives in: both systems, the stores, and the real engine over them, in
virtual time.

Tests do what people and systems do (`place`, `hooks`, `polls`), let it work, and look at what is
there afterwards.
"""

import asyncio
import contextlib
import hmac
import inspect
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.recipe import Extras, drawn
from sandbox.commerce.records import StoredOrder
from sync.app.services import Services
from sync.core.encoding import to_json
from sync.core.message_queue import LockLost, Received
from sync.engine.claim import Claim
from sync.engine.queues import DELIVERIES
from sync.engine.trail import Entry
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from sync.preview.as_it_stands import AsItStands
from tests.process import Fatal, Process, begin, task_factory
from tests.systems import COMPANY, CONNECTION, SystemsUnderTest, merged
from tests.virtual_time import LoopClock, Skewed, virtually

GUEST = next(one for one in SHOPPERS if one.id is None and one.place == "la")
CUSTOMER = next(one for one in SHOPPERS if one.id == 1)
LONGEST: Final = timedelta(days=3)
LOCK: Final = timedelta(seconds=60)
AT_ONCE: Final = 16


class Harness:
    """One shop, one ledger, one process of the product. `settings` change those of the
    connection, `systems` say what else is outside. `queues`: those that it works off."""

    queues: tuple[str, ...] = DELIVERIES

    def __init__(self, settings: Mapping[str, Any], **systems: Any) -> None:
        self.clock = LoopClock()
        self.systems = SystemsUnderTest(self.clock, settings, message_lock=LOCK, **systems)
        self.commerce, self.dynamics = self.systems.commerce, self.systems.dynamics
        self.shop_dials, self.ledger_dials = self.systems.shop_dials, self.systems.ledger_dials
        self.services = self._opened(self.systems.tables)
        self._processes: list[Process] = []

    def opens_one_of_many(self, *, apart: float = 0.0, tables: Any = None) -> Skewed:
        """From now on the product works as one process of several, on a machine whose clock is
        `apart` seconds ahead of the queue's, until that is set."""
        clock = Skewed(self.clock, apart)
        parts = self.systems.edition_parts(is_alone=False, clock=clock, tables=tables)
        self.services = Services(self.systems.connections, FLOWS, parts)
        return clock

    async def as_it_stands(self) -> AsItStands:
        """The connection and the home, as previews read them."""
        systems = await self.services.systems_pool.open(CONNECTION)
        return AsItStands(systems, self.services.ledger, self.services.documents)

    @classmethod
    def beside(cls, other: "Harness") -> "Harness":
        """Another process over the same systems and stores, which knows nothing of what the first
        one remembers."""
        harness = cls.__new__(cls)
        harness.__dict__.update(other.__dict__)
        harness.services, harness._processes = harness._opened(harness.systems.tables), []
        return harness

    def _opened(self, tables: Any) -> Services:
        return Services(self.systems.connections, FLOWS, self.systems.edition_parts(tables=tables))

    def only(self, *stores: int) -> None:
        """The connection has these store views alone from now on, each with the default's
        settings."""
        found = {str(one): self.systems.connection.stores["default"] for one in stores}
        connection = self.systems.connection.model_copy(update={"stores": found})
        self.systems.connections = self.systems.connections.model_copy(
            update={"connections": {CONNECTION: connection}}
        )
        self.services = self._opened(self.systems.tables)

    async def close(self) -> None:
        """Let go of everything, the dead included."""
        for process in self._processes:
            await process.clean_up()
        await self.services.close()
        self.systems.close()

    # What people and systems do

    def place(
        self, *, skus: tuple[str, ...] = ("SIMPLE-001", "SIMPLE-002"), **wishes: Any
    ) -> StoredOrder:
        """A shopper places an order; nobody hears of it yet. `visible_in`: seconds until it can be
        read."""
        visible_in = timedelta(seconds=wishes.pop("visible_in", 0))
        quiet: dict[str, Any] = {
            "store": STORES[0], "shopper": CUSTOMER, "payment": "checkmo", "rule": Rule(),
            "extras": Extras(),
        }  # fmt: skip
        recipe = drawn(
            self.commerce.maker.rng, self.commerce.catalogue, skus=skus, **{**quiet, **wishes}
        )
        return self.commerce.place(self.commerce.maker.cooked(recipe), visible_in=visible_in)

    async def hooks(self, order: StoredOrder) -> None:
        """The shop's webhook for an order comes in, signed."""
        record = {"increment_id": order.row["increment_id"], "store_id": order.row["store_id"]}
        await self.hook("orders", {"data": {"order": record}})

    async def hook(self, flow: str, payload: Mapping[str, Any]) -> None:
        """Any webhook comes in. It must be taken."""
        body = to_json(payload)
        signature = b64encode(hmac.digest(b"hook", b64encode(body), "sha256")).decode()
        headers = {
            "x-adobe-commerce-webhook-signature": signature,
            "content-type": "application/json",
        }
        answer = await self.services.accept_webhook(CONNECTION, flow, headers, body)
        assert answer.status == 200, answer.body

    async def polls(self, flow: str = "orders") -> int:
        """The timer asks what has changed; returns how many notifications came of it."""
        names = [name for name, one in self.services.connections.items() if flow in one.flows]
        return sum([await self.services.polling.poll(flow, name) for name in names])

    async def runs_host(self, length: timedelta) -> None:
        """The local host runs the product's functions for so long: timer, queues, dead letters."""

        async def ready() -> Services:
            return self.services

        host = LocalHost(
            build_app(ready), self.services.edition_parts.queue, self.systems.tables, self.clock
        )
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(host.work(stop))
            await asyncio.sleep(length.total_seconds())
            stop.set()

    async def replays(self, key: str, flow: str = "orders") -> None:
        """A person replays a record, and the product works it off."""
        await self.services.intake.accept(flow, CONNECTION, [key], "replay")
        await self.works_until_idle()

    async def delivers(self, order: StoredOrder) -> None:
        """Hook and work, the usual way."""
        await self.hooks(order)
        await self.works_until_idle()

    # The product at work

    async def works_until_idle(self) -> None:
        """Work off all that is due, and wait for what is scheduled, until nothing is left."""
        until = self.clock.now() + LONGEST
        while (due := self._next_due()) is not None:
            assert due < until, f"still waiting for {due}"
            await asyncio.sleep(max((due - self.clock.now()).total_seconds(), 0))
            await self.works_off_what_is_due()

    async def works_during(self, length: timedelta) -> None:
        """Work off whatever comes due within this time."""
        until = self.clock.now() + length
        while (due := self._next_due()) is not None and due <= until:
            await asyncio.sleep(max((due - self.clock.now()).total_seconds(), 0))
            await self.works_off_what_is_due()
        await asyncio.sleep((until - self.clock.now()).total_seconds())

    async def works_for(self, seconds: float) -> None:
        """Work off what comes due within so many seconds, and let them pass."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while (due := self._next_due()) is not None and due <= until:
            await asyncio.sleep(max((due - self.clock.now()).total_seconds(), 0))
            await self.works_off_what_is_due()
        await asyncio.sleep(max((until - self.clock.now()).total_seconds(), 0))

    async def works_off_what_is_due(self) -> None:
        """One turn: take what can be had now, side by side."""
        for queue in self.queues:
            taken = await self.systems.queue.receive(queue, most=AT_ONCE, wait=timedelta())
            await asyncio.gather(*(self._delivered(message) for message in taken))

    def _next_due(self) -> Any:
        found = [
            due for queue in self.queues if (due := self.systems.queue.next_due(queue)) is not None
        ]
        return min(found, default=None)

    async def _delivered(self, message: Received) -> None:
        await self.services.take(message.queue, message.body, message.id, message.deliveries)
        with contextlib.suppress(LockLost):  # it took so long that another has it now
            await self.systems.queue.complete(message)

    async def works_until_it_dies(
        self, *, before: str, about: str = "", within: float = 0.0
    ) -> None:
        """Work until the process is about to write into the table named, of the record with the key
        `about`; it dies there, and a new one starts. `within`: after so many seconds it dies
        anyhow, as what waits for a person may wait for ever."""
        process = self._doomed()
        self.services = self._opened(Fatal(self.systems.tables, before, process, about))
        await self._lives(process, within)
        await self.systems.queue.release_locks()
        self.services = self._opened(self.systems.tables)

    async def one_of_many_dies(self, *, before: str, apart: float = 0.0) -> None:
        """As `works_until_it_dies`, beside others: what it held stays held, until its time is
        over."""
        process = self._doomed()
        self.opens_one_of_many(apart=apart, tables=Fatal(self.systems.tables, before, process))
        await self._lives(process)

    def _doomed(self) -> Process:
        self._processes.append(Process())
        return self._processes[-1]

    async def _lives(self, process: Process, within: float = 0.0) -> None:
        asyncio.get_running_loop().set_task_factory(task_factory)
        begin(self._works_and_dies(process, within) if within else self.works_until_idle(), process)
        await process.over()

    async def _works_and_dies(self, process: Process, within: float) -> None:
        await self.works_for(within)
        process.end()

    # What is there afterwards

    def order_reference(self, order: StoredOrder) -> str:
        """Our reference of an order, by the default template."""
        return f"{order.row['store_id']}-{order.row['increment_id']}"

    def headers(self, order: StoredOrder) -> list[dict[str, Any]]:
        """The sales orders in D365 with this order's reference."""
        return [
            dict(row.values)
            for row in self.dynamics.orders_for(self.order_reference(order), COMPANY)
        ]

    def header(self, order: StoredOrder) -> dict[str, Any]:
        """The one there is."""
        (header,) = self.headers(order)
        return header

    def lines(self, order: StoredOrder) -> dict[str, Decimal]:
        """Pieces by item of its sales order."""
        number = self.header(order)["SalesOrderNumber"]
        return {
            row["ItemNumber"]: row["OrderedSalesQuantity"]
            for row in self.dynamics.lines(COMPANY, number)
        }

    def total(self, order: StoredOrder) -> Decimal:
        """What its lines come to."""
        return self.dynamics.order_total(COMPANY, self.header(order)["SalesOrderNumber"])

    def account(self, number: str) -> dict[str, Any]:
        """A customer account in D365."""
        row = self.dynamics.store.find("CustTable", COMPANY, number)
        assert row is not None, number
        return dict(row.values)

    def accounts(self, email: str) -> list[str]:
        """The accounts that bear an e-mail address."""
        rows = self.dynamics.store.table("CustTable").records.values()
        return sorted(
            r["CustomerAccount"]
            for r in rows
            if r.values.get("PrimaryContactEmail", "").lower() == email
        )

    async def claim(self, record: "StoredOrder | str", flow: str = "orders") -> Claim:
        """Where a record stands."""
        return await self.services.ledger.claim(CONNECTION, flow, key_of(record))

    async def trail(self, record: "StoredOrder | str", flow: str = "orders") -> list[Entry]:
        """A record's story."""
        return await self.services.ledger.trail(CONNECTION, flow, key_of(record))

    async def events(self, record: "StoredOrder | str", flow: str = "orders") -> list[str]:
        """The story in words."""
        return [entry.event for entry in await self.trail(record, flow)]

    async def parked(self, flow: str = "orders") -> list[str]:
        """The keys that wait for a person."""
        return [claim.key async for claim in self.services.ledger.parked(CONNECTION, flow)]

    async def document(self, order: StoredOrder, kind: str) -> Any:
        """The newest copy of a kind."""
        return await self.services.documents.last(f"{CONNECTION}|orders|{key_of(order)}", kind)


def key_of(record: "StoredOrder | str") -> str:
    """The key in the queue."""
    return (
        record
        if isinstance(record, str)
        else f"{record.row['increment_id']}@{record.row['store_id']}"
    )


Story = Callable[..., Awaitable[None]]
NUMBERS: Final = ("ours", "theirs")


def played_in(opened: Callable[..., Any]) -> Callable[[Story], Callable[..., None]]:
    """A test that is a story in what `opened` gives, played in virtual time and closed at its end.
    `opened` takes those of the test's parameters that it names."""

    def decorate(story: Story) -> Callable[..., None]:
        async def simulated(given: dict[str, Any]) -> None:
            own = inspect.signature(opened).parameters.keys() & given.keys()
            place = opened(**{name: given.pop(name) for name in own})
            try:
                await story(place, **given)
            finally:
                await place.close()

        def test(**given: Any) -> None:
            virtually(simulated(given))

        test.__name__, test.__doc__ = story.__name__, story.__doc__
        test.__module__ = story.__module__
        names = list(inspect.signature(story).parameters.values())[1:]
        test.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
        return test

    return decorate


def in_harness(numbers: str = "theirs", **settings: Any) -> Callable[[Story], Callable[..., None]]:
    """A test that is a story in a harness of its own, played in virtual time."""

    def opened(mode: str = numbers) -> Harness:
        own = {"orders": {"numbers": mode}, "customers": {"numbers": mode}}
        return Harness(merged(own, settings))

    return played_in(opened)


def in_both_harnesses(**settings: Any) -> Callable[[Story], Callable[..., None]]:
    """As `in_harness`: once where the numbers are ours, once where they are D365's."""

    def decorate(story: Story) -> Callable[..., None]:
        test = in_harness(**settings)(story)
        names = [
            inspect.Parameter("mode", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *inspect.signature(test).parameters.values(),
        ]
        test.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
        marked: Callable[..., None] = pytest.mark.parametrize("mode", NUMBERS)(test)
        return marked

    return decorate
