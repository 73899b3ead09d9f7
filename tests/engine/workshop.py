"""Workers of the real engine that deliver toys to the archive, with a process that can die at any
step."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Tables
from sync.core.skipped import Skipped
from sync.engine.claim import Claim
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.engine import Engine
from sync.engine.flow import DocumentFlow, Source
from sync.engine.flow_pauses import FlowPauses
from sync.engine.intake import Intake
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Plan
from sync.engine.reading_ahead import ReadingAhead
from sync.engine.refused_keys import RefusedKeys
from sync.engine.runner import Runner
from tests.contracts.hand_clock import HandClock
from tests.doubles.digests import DIGESTS
from tests.engine.archive import (
    TARGET,
    Archive,
    Crash,
    Sends,
    Stepping,
    Steps,
    Toy,
    ToyRemoval,
    ToyWrite,
)

NAME = "shop"
MOST_TRIES = 60


class Plain:
    """Seals nothing."""

    def seal(self, plain: bytes) -> bytes:
        return plain

    def open(self, sealed: bytes) -> bytes:
        return sealed


def engine_of(
    tables: Tables, clock: HandClock, sends: Any, systems: Any, *, flows: Any, sub_flows: Any
) -> Engine:
    """The real engine over these tables, with one connection."""

    async def opened(_: str) -> Any:
        return systems

    return Engine(
        flows, sub_flows, opened, {}, Intake(sends, clock, RefusedKeys(tables, clock), {}),
        Ledger(tables, clock, DIGESTS), tables, DocumentCopies(tables, Plain(), clock),
        FlowPauses(tables, clock), ReadingAhead(sends, clock), clock, clock.unique(),
    )  # fmt: skip


async def works_off(place: Any, most: int) -> None:
    """Deliver what was put off when it is due, each message by a new worker of the place."""
    for _ in range(most):
        if not place.sends.messages:
            return
        place.sends.messages.sort(key=lambda one: one.not_before or place.clock.now())
        outgoing = place.sends.messages.pop(0)
        place.clock.at = max(place.clock.at, outgoing.not_before or place.clock.at)
        await place.worker().deliver(Message.decode(outgoing.body))
    raise AssertionError(f"still at work: {place.sends.messages}")


@dataclass
class Workshop:
    """One archive, one set of tables, and as many workers as die."""

    is_keyed: bool
    clock: HandClock = field(default_factory=HandClock)
    steps: Steps = field(default_factory=Steps)
    toys: dict[str, Toy] = field(default_factory=dict)
    sends: Sends = field(default_factory=Sends)
    flows: Sequence[DocumentFlow[Any]] = ()
    workers: int = 0

    def __post_init__(self) -> None:
        self.tables = SqliteTables(":memory:")
        self.archive = Archive(self.clock, self.steps, self.is_keyed)
        self.locks = WeakValueDictionary[str, asyncio.Lock]()

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.tables, self.clock, DIGESTS)

    async def _plan(self, toy: Toy, _: Delivery) -> Plan | Skipped:
        if not toy.is_wanted:
            return Plan((ToyRemoval(toy, self.archive),))
        return Plan((ToyWrite(toy, self.archive),), read={"key": toy.key})

    async def _read(self, key: str, _: Any) -> Toy | None:
        self.steps.step()
        return self.toys.get(key)

    def worker(self) -> Runner:
        """A new process."""
        self.workers += 1
        flow = DocumentFlow[Toy]("toys", "Toys", Source(self._read), self._plan)
        tables: Tables = Stepping(self.tables, self.steps)
        systems: Any = SimpleNamespace(
            name=NAME, clock=self.clock, paces=(), one_at_a_time=self._lock,
            read_mappings_again=lambda: None,
        )  # fmt: skip
        flows = {"toys": flow, **{one.name: one for one in self.flows}}
        engine = engine_of(tables, self.clock, self.sends, systems, flows=flows, sub_flows={})
        return Runner(replace(engine, worker=f"worker-{self.workers}"))

    def _lock(self, name: str) -> asyncio.Lock:
        return self.locks.setdefault(name, asyncio.Lock())

    def message(self, key: str, origin: str = "webhook") -> Message:
        return Message("toys", NAME, key, origin, self.clock.now())

    async def deliver(self, toy: Toy, *, dies_at: int = 0, then: Toy | None = None) -> None:
        """The record as it is now, until nothing is left in the queue; a process that dies is
        replaced, and its message comes again. `then`: what the record has become by then."""
        self.toys[toy.key] = toy
        self.clock.at += timedelta(minutes=1)
        message, worker = self.message(toy.key), self.worker()
        self.steps.done, self.steps.last = 0, dies_at
        try:
            await worker.deliver(message)
        except Crash:
            self.steps.last = 0
            self.toys[toy.key] = then or toy
            await self.worker().deliver(message)
        self.steps.last = 0
        if then is not None:
            self.toys[toy.key] = then
            await self.worker().deliver(self.message(toy.key, "replay"))
        await self.settle()

    async def settle(self) -> None:
        """Everything that was put off is worked off when it is due."""
        await works_off(self, MOST_TRIES)
        self.clock.at += TARGET.write_timeout + TARGET.commit_horizon
        self.archive.there()

    async def claim(self, key: str) -> Claim:
        return await self.ledger.claim(NAME, "toys", key)
