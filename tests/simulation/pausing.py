"""People who pause a flow, a connection or everything for a while, and what must hold meanwhile:
nothing that is taken from a queue then touches a claim or a watermark of what is paused."""

import asyncio
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sync.core.ports import Clock, Row
from sync.engine.claim import CLAIMS
from sync.engine.flow_pauses import FRESH, FlowPause, FlowPauses, covering
from sync.engine.watermarks import WATERMARKS
from tests.simulation.watching import EventLog

TAKEN_AT: ContextVar[datetime | None] = ContextVar("taken_at", default=None)
"""When the message under way was taken from its queue."""
KNOWN: Final = FRESH + timedelta(seconds=0.1)
"""How old a pause is that every process knows of."""


@dataclass
class Pausing:
    """`flow_pauses`: as the command line has them. `broken`: what was done in spite of a pause."""

    flow_pauses: FlowPauses
    clock: Clock
    random: Random
    event_log: EventLog
    connections: Sequence[str]
    flows: Sequence[str]
    broken: list[str] = field(default_factory=list)
    _standing: list[FlowPause] = field(default_factory=list)

    async def run(self, times: int, latest: float) -> None:
        """So many pauses, each from some time before `latest` on; returns when all have ended."""
        async with asyncio.TaskGroup() as group:
            for _ in range(times):
                group.create_task(self._pause(self.random.uniform(0, latest)))

    async def _pause(self, begin: float) -> None:
        scope = self.random.choice(self.connections), self.random.choice(self.flows)
        connection, flow = (name if self.random.random() < 0.6 else "" for name in scope)
        length = self.random.choice((0.5, 20.0, 100.0, 400.0))
        await asyncio.sleep(begin)
        pause, is_new = await self.flow_pauses.pause(connection, flow, by="us", why="a world")
        if not is_new:
            return
        self._standing.append(pause)
        self.event_log.note(f"people: pause {pause.key}")
        await asyncio.sleep(length)
        await self.flow_pauses.resume(connection, flow, by="us")
        self._standing.remove(pause)
        self.event_log.note(f"people: resume {pause.key}")

    def watch(self, table: str, row: Row) -> None:
        """Somebody writes this row."""
        for connection, flow in _about(table, row):
            taken_at = TAKEN_AT.get()
            known = [
                one for one in self._standing if taken_at is not None and one.at + KNOWN <= taken_at
            ]
            if (pause := covering(known, connection, flow)) is not None:
                self.broken.append(f"{table} {row.key} of {flow} is written, paused by {pause.key}")


def _about(table: str, row: Row) -> Iterator[tuple[str, str]]:
    """(connection, flow) that a claim or watermark is of."""
    if table == CLAIMS:
        connection, _, flow = row.partition.partition("|")
        yield connection, flow
    if table == WATERMARKS:
        yield row.partition, row.key


class WatchedTables:
    """Tables whose writes are seen first."""

    def __init__(self, inner: Any, pausing: Pausing) -> None:
        self._inner, self._pausing = inner, pausing

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in {"insert", "replace", "upsert"}:
            return method

        async def write(table: str, row: Row) -> Row:
            self._pausing.watch(table, row)
            written: Row = await method(table, row)
            return written

        self.__dict__[name] = write
        return write
