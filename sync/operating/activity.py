"""Who asked for what: one row per request of a person that changes something.

Rows are read newest first and by the page: keys count time backwards. No personal data but the name
of who asked.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.ports import Clock, Row, Tables, Value
from sync.engine.cell_text import clipped
from sync.engine.erasure import ERASED

ACTIVITY: Final = "activity"
ALL: Final = "all"
ID: Final = re.compile("[0-9]{14}-[0-9a-f]{8}")
AFTER_ALL: Final = 10**14
"""Milliseconds since 1970, beyond every time that is stored."""


@dataclass(frozen=True)
class Act:
    """`what`: replay, pause, resume, skip, resolve, check, map, unmap, repair, look or sign-in.
    `subject`: the record, the SKU or the cause that it is about. `details`: what a page needs to
    show the outcomes."""

    at: datetime
    by: str
    what: str
    connection: str = ""
    flow: str = ""
    subject: str = ""
    why: str = ""
    count: int = 1
    details: Any = field(default=None, compare=False)
    id: str = ""


class Activity:
    """The log of them."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables, self._clock = tables, clock

    async def note(self, act: Act) -> str:
        """Append; returns the id."""
        backwards = AFTER_ALL - int(act.at.timestamp() * 1000)
        key = f"{backwards:014d}-{self._clock.unique()[:8]}"
        texts = {
            "by": act.by, "what": act.what, "connection": act.connection, "flow": act.flow,
            "subject": act.subject, "why": clipped(act.why),
        }  # fmt: skip
        details = to_json(act.details).decode() if act.details is not None else ""
        cells: dict[str, Value] = {
            **texts, "at": act.at, "count": act.count, "details": details,
        }  # fmt: skip
        await self._tables.insert(ACTIVITY, Row(ALL, key, cells))
        return key

    async def erase(self, connection: str, records: Collection[tuple[str, str]]) -> int:
        """Forget what people wrote about these records (flow and key); that they did something
        stays. Reads the whole log: people make it, and it is erased from rarely. Safe to repeat."""
        count = 0
        async for row in self._tables.query(ACTIVITY, ALL):
            act = _act(row)
            is_meant = act.connection == connection and (act.flow, act.subject) in records
            if is_meant and act.why not in ("", ERASED):
                await self._tables.upsert(ACTIVITY, row.having(why=ERASED))
                count += 1
        return count

    async def newest(self, most: int, *, start: str = "") -> Sequence[Act]:
        """The newest, or those from the id `start` on, which is older."""
        start = start if ID.fullmatch(start) else ""
        rows = self._tables.query(ACTIVITY, ALL, start=start, limit=most)
        return [_act(row) async for row in rows]

    async def get(self, key: str) -> Act | None:
        """One of them."""
        row = await self._tables.get(ACTIVITY, ALL, key) if ID.fullmatch(key) else None
        return _act(row) if row is not None else None


def _act(row: Row) -> Act:
    names = ("by", "what", "connection", "flow", "subject", "why")
    texts = {name: str(row.values.get(name) or "") for name in names}
    at, count, details = (row.values.get(name) for name in ("at", "count", "details"))
    return Act(
        at=at if isinstance(at, datetime) else datetime.fromtimestamp(0, UTC),
        count=count if isinstance(count, int) else 1,
        details=from_json(str(details)) if details else None, id=row.key, **texts,
    )  # fmt: skip
