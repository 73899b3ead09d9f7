"""What earlier releases stored under the old names of flows: moved by a job, those that wait for a
person first.

Nothing waits for it: a record is moved as well when its claim is looked at (`old_records.py`), a
poll goes on at the old watermark, and a pause holds under either name.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sync.config.old_names import OLD_NAMES
from sync.core.ports import Clock, Tables
from sync.engine.claim import CLAIMS, PARKED
from sync.engine.flow_pauses import FLOW_PAUSES, STANDING, FlowPause
from sync.engine.old_records import insert, moved
from sync.engine.refused_keys import REFUSED_KEYS
from sync.engine.repair import REPAIRS
from sync.engine.watermarks import WATERMARKS

log = logging.getLogger("sync.engine.old_flow_names")

AT_ONCE: Final = 500
RUN: Final = timedelta(minutes=2)
"""Records of a flow and connection that one run moves, and after how long it moves no more."""
SOON, LATER = timedelta(minutes=1), timedelta(hours=1)
"""When to look again: while something is there, and always. The earlier release may come back for a
while."""


@dataclass(frozen=True)
class OldFlowNames:
    """Moves what there is, of these connections."""

    tables: Tables
    connections: Collection[str]
    clock: Clock

    async def move(self, _: datetime | None) -> timedelta:
        """Move the next records of each flow, and the rows that tell how far its poll, repair and
        pauses are; returns when to look again. Safe to repeat and to race."""
        await self._move_pauses()
        count, ends, is_late = 0, self.clock.now() + RUN, False
        for connection in self.connections:
            for flow, old in OLD_NAMES.items():
                await self._move_places(connection, flow, old)
                is_late = is_late or self.clock.now() >= ends
                if not is_late:
                    count += await self._move_records(connection, flow, old, ends)
        if count:
            log.warning("old_flow_names.moved records=%d", count)
        return SOON if count or is_late else LATER

    async def _move_records(self, connection: str, flow: str, old: str, ends: datetime) -> int:
        partition = f"{connection}|{old}"
        keys = dict[str, None]()
        for table in (PARKED, CLAIMS):
            rows = self.tables.query(table, partition, limit=AT_ONCE)
            keys |= {row.key: None async for row in rows}
        for key in keys:
            if not await moved(self.tables, connection, flow, key):
                await self.tables.delete(PARKED, partition, key)
            if self.clock.now() >= ends:
                break
        for row in [row async for row in self.tables.query(REFUSED_KEYS, partition)]:
            there = replace(row, partition=f"{connection}|{flow}", etag="")
            await self.tables.upsert(REFUSED_KEYS, there)
            await self.tables.delete(REFUSED_KEYS, partition, row.key)
        return len(keys)

    async def _move_places(self, connection: str, flow: str, old: str) -> None:
        """The watermark goes on; the next repair begins at the first claim."""
        mark = await self.tables.get(WATERMARKS, connection, old)
        if mark is not None:
            await insert(self.tables, WATERMARKS, replace(mark, key=flow, etag=""))
            await self.tables.delete(WATERMARKS, connection, old)
        if await self.tables.get(REPAIRS, connection, old) is not None:
            await self.tables.delete(REPAIRS, connection, old)

    async def _move_pauses(self) -> None:
        for row in [row async for row in self.tables.query(FLOW_PAUSES, STANDING)]:
            pause = FlowPause.of(row)
            if pause.key != row.key:
                await insert(self.tables, FLOW_PAUSES, pause.row())
                await self.tables.delete(FLOW_PAUSES, STANDING, row.key)
