"""Connections take turns on a queue that only knows who came first, as Service Bus does."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from string import ascii_lowercase
from typing import Final

import pytest
from azure.functions.servicebus import ServiceBusMessage

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.config.connections import Connections
from sync.core.errors import Later
from sync.core.message_queue import Outgoing
from sync.engine.batched_sends import JoinedSends
from sync.engine.intake import Intake
from sync.engine.message import CLOCKS_APART, Message
from sync.engine.queues import DELIVERIES
from sync.engine.refused_keys import RefusedKeys
from sync.engine.turns import Turns
from sync.hosts.pump import Pump
from sync.hosts.registered import QueueFunction
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION, SETTINGS, merged
from tests.virtual_time import START, LoopClock, in_virtual_time, virtually

QUEUES: Final = {
    **dict.fromkeys(("orders", "invoices", "creditmemos"), "documents"), "stock": "catalogue",
}  # fmt: skip


BURST: Final = 12
"""Deliveries at once of a connection that is alone with its burst, where others could come."""
ALONE: Final = {"a": ("orders", "invoices", "creditmemos")}
MANY: Final = dict.fromkeys("abcdef", ("orders",))
BOTH: Final = {"a": ("orders", "invoices"), "b": ("orders", "invoices")}


class FirstCome(SqliteQueue):
    """Knows no shares."""

    sent = 0

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Stored without whose they are."""
        self.sent += len(messages)
        await super().send([replace(message, share="") for message in messages])


class Worker:
    """A process that takes 16 messages at once; a delivery lasts a second."""

    def __init__(self, bursts: Sequence[str], others: Sequence[str] = ("small",)) -> None:
        self.clock = LoopClock()
        self.queue = FirstCome(":memory:", self.clock, timedelta(minutes=1))
        self.turns = Turns(self.clock, QUEUES, dict.fromkeys((*bursts, *others), ("orders",)), {})
        refused = RefusedKeys(SqliteTables(":memory:"), self.clock)
        self.intake = Intake(JoinedSends(self.queue), self.clock, refused, QUEUES)
        self.done: dict[str, list[float]] = {name: [] for name in (*bursts, "small")}
        self.asked: list[float] = []
        self.most = 0

    async def deliver(self, message: ServiceBusMessage) -> None:
        """As `Services.take`."""
        told = Message.decode(message.get_body())
        await asyncio.sleep(0.01)
        if (due := self.turns.beyond_its_share(told)) is not None:
            await self.intake.reschedule(told, due)
            return
        with self.turns.taken(told):
            self.most = max(self.most, self.turns._running["documents", "big"])
            await asyncio.sleep(1)
        waited = (self.clock.now() - told.notified_at).total_seconds()
        (self.asked if told.is_asked else self.done[told.connection]).append(waited)

    async def works(self, stop: asyncio.Event) -> None:
        """As the host: each queue has places of its own."""
        functions = [QueueFunction(one, "message", self.deliver, one) for one in DELIVERIES]
        pumps = [Pump(one, self.queue, self.clock, most=16) for one in functions]
        await asyncio.gather(*(pump.run(stop) for pump in pumps))


@pytest.mark.parametrize(
    ("bursts", "size", "within"), [(("big",), 500, 10), (("big", "huge", "vast"), 200, 25)]
)
@in_virtual_time
async def test_a_small_shop_waits_seconds_behind_the_bursts_of_others_and_these_are_not_held_up(
    bursts: Sequence[str], size: int, within: int
) -> None:
    worker, stop = Worker(bursts), asyncio.Event()
    for name in bursts:
        await worker.intake.accept("orders", name, [f"{n}" for n in range(size)], "webhook")
    running = asyncio.create_task(worker.works(stop))
    await asyncio.sleep(2)
    await worker.intake.accept("orders", "small", [f"{n}" for n in range(30)], "webhook")
    await asyncio.sleep(10)
    await worker.intake.accept("orders", "small", [f"{n}" for n in range(30, 60)], "webhook")
    await asyncio.sleep(60)
    stop.set()
    await running
    small = worker.done["small"]
    assert len(small) == 60
    margin = CLOCKS_APART.total_seconds()
    assert max(small) < within + margin
    assert worker.most == BURST
    for name in bursts:
        assert len(worker.done[name]) == size
        assert max(worker.done[name]) < 1.2 * size * len(bursts) / BURST + margin


@in_virtual_time
async def test_what_a_person_asks_for_waits_behind_no_burst_of_its_own_flow() -> None:
    worker, stop = Worker(("big",), others=()), asyncio.Event()
    await worker.intake.accept("orders", "big", [f"{n}" for n in range(200)], "webhook")
    running = asyncio.create_task(worker.works(stop))
    await asyncio.sleep(2)
    for key in ("3", "150", "999"):
        await worker.intake.accept("orders", "big", [key], "replay")
    await asyncio.sleep(20)
    stop.set()
    await running
    assert len(worker.done["big"]) == 200
    assert len(worker.asked) == 3
    assert max(worker.asked) < 1 + 1 + CLOCKS_APART.total_seconds() + 1


class Hanging:
    """A machine on which the calls of some connections last two minutes each. `gives_back`: where
    the queue knows no shares."""

    def __init__(self, hanging: Sequence[str], others: Sequence[str], *, gives_back: bool) -> None:
        self.clock, self.hanging = LoopClock(), hanging
        names, lock = (*hanging, *others), timedelta(minutes=1)
        systems = {**dict.fromkeys(hanging, "one host"), **{name: name for name in others}}
        kind = FirstCome if gives_back else SqliteQueue
        self.queue = kind(":memory:", self.clock, lock, systems={} if gives_back else systems)
        flows = dict.fromkeys(names, ("orders",)) if gives_back else {}
        self.turns = Turns(self.clock, QUEUES, flows, systems)
        refused = RefusedKeys(SqliteTables(":memory:"), self.clock)
        self.intake = Intake(
            JoinedSends(self.queue), self.clock, refused, QUEUES, margin=timedelta()
        )
        self.waited: list[float] = []
        self.under_way = self.most = 0

    async def deliver(self, message: ServiceBusMessage) -> None:
        """As `Services.take`."""
        told = Message.decode(message.get_body())
        if (due := self.turns.beyond_its_share(told)) is not None:
            await self.intake.reschedule(told, due)
            return
        with self.turns.taken(told):
            await self._called(told)

    async def _called(self, told: Message) -> None:
        if told.connection not in self.hanging:
            await asyncio.sleep(1)
            self.waited.append((self.clock.now() - told.notified_at).total_seconds())
            return
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(120)
        self.under_way -= 1


@pytest.mark.parametrize("gives_back", [False, True])
@pytest.mark.parametrize("hanging", ["a", "ab", "abcdefgh", ascii_lowercase])
@in_virtual_time
async def test_systems_that_hang_leave_places_to_the_connections_of_others(
    hanging: str, *, gives_back: bool
) -> None:
    """However many connections call them."""
    going_on = "other"

    machine, stop = Hanging(hanging, [going_on], gives_back=gives_back), asyncio.Event()
    for name in hanging:
        keys = [f"{number}" for number in range(2 + 20 // len(hanging))]
        await machine.intake.accept("orders", name, keys, "webhook")
    function = QueueFunction("deliver_documents", "message", machine.deliver, "documents")
    pump = Pump(function, machine.queue, machine.clock, most=16)
    running = asyncio.create_task(pump.run(stop))
    await asyncio.sleep(20)
    for number in range(10):
        await machine.intake.accept("orders", going_on, [f"{number}"], "webhook")
        await asyncio.sleep(2)
    stop.set()
    await running
    assert len(machine.waited) == 10
    assert max(machine.waited) < (8 if gives_back else 4)
    assert machine.most == BURST


@in_harness()
async def test_what_is_beyond_the_share_of_a_connection_is_delivered_a_little_later(
    harness: Harness,
) -> None:
    order = harness.place()
    with ExitStack() as others:
        for number in range(BURST):
            others.enter_context(harness.services.turns.taken(_message(f"{number}@1")))
        assert harness.services.turns.beyond_its_share(_message("alone")) is None
        _with_another_connection(harness)
        for number in range(BURST):
            others.enter_context(harness.services.turns.taken(_message(f"{number}@1")))
        await harness.hooks(order)
        await asyncio.sleep(2)
        await harness.works_off_what_is_due()
        assert await harness.events(order) == []
        assert (await harness.systems.queue.depth("documents")).scheduled == 1
    await harness.works_until_idle()
    assert await harness.events(order) == ["created"]


@in_harness()
async def test_what_cannot_be_given_back_is_delivered(harness: Harness) -> None:
    order = harness.place()
    await harness.hooks(order)
    await asyncio.sleep(2)

    async def send(_: Sequence[Outgoing]) -> None:
        raise Later("the queue takes nothing")

    harness.systems.queue.send = send  # type: ignore[assignment, method-assign]
    _with_another_connection(harness)
    with ExitStack() as others:
        for number in range(BURST):
            others.enter_context(harness.services.turns.taken(_message(f"{number}@1")))
        await harness.works_off_what_is_due()
    assert await harness.events(order) == ["created"]


@pytest.mark.parametrize(
    ("flows", "running", "next_one", "is_beyond"),
    [
        ({"a": ("orders",)}, {("a", "orders"): 16}, ("a", "orders"), False),
        ({"a": ("orders", "stock")}, {("a", "orders"): 16}, ("a", "orders"), False),
        ({"a": ("orders", "stock")}, {("a", "orders"): 16}, ("a", "stock"), False),
        ({"a": ("orders", "invoices")}, {("a", "orders"): 11}, ("a", "orders"), False),
        ({"a": ("orders", "invoices")}, {("a", "orders"): 12}, ("a", "orders"), True),
        ({"a": ("orders", "invoices")}, {("a", "orders"): 12}, ("a", "invoices"), False),
        ({"a": ("orders",), "b": ("stock",)}, {("a", "orders"): 16}, ("a", "orders"), False),
        ({"a": ("orders",), "b": ("orders",)}, {("a", "orders"): 12}, ("a", "orders"), True),
        ({"a": ("orders",), "b": ("orders",)}, {("a", "orders"): 12}, ("b", "orders"), False),
        (MANY, {("a", "orders"): 6, ("b", "orders"): 5}, ("a", "orders"), False),
        (MANY, {("a", "orders"): 6, ("b", "orders"): 6}, ("a", "orders"), False),
        (MANY, {("a", "orders"): 7, ("b", "orders"): 7}, ("a", "orders"), True),
        (MANY, {("a", "orders"): 7, ("b", "orders"): 7}, ("c", "orders"), False),
        (MANY, {(name, "orders"): 4 for name in "abc"}, ("c", "orders"), True),
        (MANY, {(name, "orders"): 4 for name in "abc"}, ("d", "orders"), False),
        (ALONE, {("a", "orders"): 8, ("a", "invoices"): 4}, ("a", "orders"), True),
        (ALONE, {("a", "orders"): 8, ("a", "invoices"): 6}, ("a", "invoices"), False),
        (ALONE, {("a", "orders"): 7, ("a", "invoices"): 7}, ("a", "invoices"), True),
        (ALONE, {("a", "orders"): 7, ("a", "invoices"): 7}, ("a", "creditmemos"), False),
        (BOTH, {("a", "orders"): 9}, ("a", "orders"), True),
        (BOTH, {("a", "orders"): 9}, ("a", "invoices"), False),
        (BOTH, {("a", "orders"): 9, ("a", "invoices"): 3}, ("a", "invoices"), True),
        (BOTH, {("a", "orders"): 9, ("a", "invoices"): 3}, ("b", "invoices"), False),
    ],
)
def test_a_share_is_of_a_queue_and_flows_of_one_queue_share_it(
    flows: dict[str, tuple[str, ...]],
    running: dict[tuple[str, str], int],
    next_one: tuple[str, str],
    is_beyond: bool,
) -> None:
    async def due() -> object:
        turns = Turns(LoopClock(), QUEUES, flows, {})
        for connection in flows:  # whose deliveries are known to end
            with turns.taken(Message(flows[connection][0], connection, "one", "webhook", START)):
                pass
        with ExitStack() as others:
            for (connection, flow), count in running.items():
                for number in range(count):
                    message = Message(flow, connection, f"{number}", "webhook", START)
                    others.enter_context(turns.taken(message))
            connection, flow = next_one
            return turns.beyond_its_share(Message(flow, connection, "next", "webhook", START))

    assert (virtually(due()) is not None) is is_beyond


def _with_another_connection(harness: Harness) -> None:
    connection = merged(SETTINGS, {"orders": {"numbers": "theirs"}})
    harness.systems.connections = Connections.model_validate(
        {"connections": {CONNECTION: connection, "other": connection}}
    )
    harness.services = harness._opened(harness.systems.tables)


def _message(key: str) -> Message:
    return Message("orders", CONNECTION, key, "webhook", START)
