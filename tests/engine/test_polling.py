"""Polls of windows that no single run gets through, of connections in trouble, and of one bad
row."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.ports import Outgoing
from sync.engine.batched_sends import JoinedSends
from sync.engine.copies import DocumentCopies
from sync.engine.engine import Engine
from sync.engine.flow import Flow
from sync.engine.intake import Intake
from sync.engine.ledger import Ledger, State
from sync.engine.message import Message
from sync.engine.polling import MOST, Polling
from sync.engine.results import Change, Changed, Receipt
from sync.engine.watermarks import WATERMARKS, Watermark
from sync.hosts.pump import FUNCTION_TIMEOUT
from sync.pacing.pauses import Pauses
from tests.systems import Folded
from tests.virtual_time import LoopClock, virtually

MINUTE = timedelta(minutes=1)


@dataclass
class Counted:
    """A queue that only counts, and remembers the first and the last keys."""

    sent: int = 0
    keys: dict[str, set[str]] = field(default_factory=dict)
    remembers: bool = True

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Counted."""
        self.sent += len(messages)
        for message in messages if self.remembers else ():
            told = Message.decode(message.body)
            self.keys.setdefault(told.connection, set()).add(told.key)


class FarTables(SqliteTables):
    """As far away as Azure's: 8 ms a call, and counted."""

    calls = 0

    async def get(self, table: str, partition: str, key: str) -> Any:
        """A row."""
        self.calls += 1
        await asyncio.sleep(0.008)
        return await super().get(table, partition, key)

    async def query(self, table: str, partition: str, **bounds: Any) -> AsyncIterator[Any]:
        """Rows."""
        self.calls += 1
        await asyncio.sleep(0.008)
        async for row in super().query(table, partition, **bounds):
            yield row


class Polled:
    """Polls of one toy flow over some connections."""

    def __init__(self, changed: Changed, *connections: str, **flow: Any) -> None:
        self.clock, self.queue, self.tables = LoopClock(), Counted(), FarTables(":memory:")
        self.start = LoopClock()
        self.flow = Flow[Any](
            name="orders", title="t", read=_read, deliver=_deliver, changed=changed,
            horizon=self._horizon, **flow,
        )  # fmt: skip
        names = connections or ("shop",)
        self.ledger = Ledger(self.tables, self.clock)
        queue: Any = self.queue
        self.engine = Engine(
            flows={"orders": self.flow}, sub_flows={}, open_systems=self._opened,
            connections=lambda _: names, intake=Intake(JoinedSends(queue), self.clock),
            ledger=self.ledger, tables=self.tables,
            documents=DocumentCopies(self.tables, Folded(), self.clock),
            pauses=Pauses(self.tables, self.clock), clock=self.clock, worker="w",
        )  # fmt: skip
        self.polling = Polling(self.engine)

    async def _horizon(self, systems: Any) -> datetime:
        return self.clock.now()

    async def _opened(self, name: str) -> Any:
        settings = SimpleNamespace(commerce=SimpleNamespace(first_poll_days=7))
        return SimpleNamespace(name=name, settings=settings, pause_names=(name,))

    async def timer(self, runs: int) -> list[int]:
        """The timer of every minute: a run that is still going is not run beside itself, and the
        host stops what lasts too long."""
        found = []
        for _ in range(runs):
            begun = self.clock.now()
            async with asyncio.timeout(FUNCTION_TIMEOUT.total_seconds()):
                found.append(await self.polling.poll("orders"))
            left = MINUTE - (self.clock.now() - begun) % MINUTE
            await asyncio.sleep(left.total_seconds())
        return found

    async def mark(self, connection: str = "shop") -> Watermark:
        """How far a connection's poll is."""
        return Watermark.of(await self.tables.get(WATERMARKS, connection, "orders"))


async def _read(key: str, systems: Any) -> Any:
    return key


async def _deliver(record: Any, delivery: Any) -> Receipt:
    return Receipt("order", "1", "d")


def a_list(
    rows: int, stamp: Callable[[int], datetime], *, page_s: float = 0.5, positions: bool = True
) -> Changed:
    """A list of so many changed records, in the order of their stamps and numbers, read in pages of
    100 that take their time."""

    async def changed(
        systems: Any, since: datetime, until: datetime, after: str = ""
    ) -> AsyncIterator[Change]:
        for number in range(int(after) + 1 if after else 0, rows):
            if number % 100 == 0:
                await asyncio.sleep(page_s)
            at = stamp(number)
            if since <= at <= until:
                yield Change(f"{number:09}@1", at, position=str(number) if positions else "")

    return changed


def test_changes_of_one_second_that_no_run_gets_through_are_all_enqueued_once() -> None:
    async def play() -> tuple[Polled, list[int]]:
        start = LoopClock().now() - timedelta(hours=1)
        polled = Polled(a_list(60_000, lambda _: start))
        return polled, await polled.timer(12)

    polled, runs = virtually(play())
    assert polled.queue.sent == len(polled.queue.keys["shop"]) == 60_000
    assert sum(1 for found in runs if found) > 2
    assert max(runs) <= MOST + 300
