"""Looks each day whether both systems still have what the mapping uses, and keeps what it found."""

import logging
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.checks.finding import Finding, Probe, warn
from sync.checks.schema import CHANGED, Known, looked_at
from sync.core.encoding import from_json, to_json
from sync.core.errors import Later, Never
from sync.core.ports import Row, Tables, Value
from sync.engine.systems import Systems
from sync.pacing.priority import Priority, working_at

log = logging.getLogger("sync.checks.schema_watch")

CHECK_RESULTS: Final = "checkresults"
SCHEMA: Final = "schema"
FIRST, DAILY = timedelta(hours=6), timedelta(days=1)
"""The first look is some hours after the start: `check` has looked before it."""
AGAIN: Final = timedelta(hours=1)
"""After a look that found something, or that a system did not let us finish."""


@dataclass(frozen=True)
class Seen:
    """What the last look found, as `check --json` prints it."""

    at: datetime
    findings: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SchemaWatch:
    """The looks of one connection. `probe(systems)`: as checks see it."""

    name: str
    open_systems: Callable[[str], Any]
    probe: Callable[[Systems], Probe]
    tables: Tables

    async def run(self, last: datetime | None) -> timedelta:
        """Look; returns after which time it is due again."""
        if last is None:
            return FIRST
        try:
            probe = self.probe(await self.open_systems(self.name))
            with working_at(Priority.CATALOGUE):
                found, types = await looked_at(probe, await self._types())
        except (Later, Never) as trouble:
            log.warning("schema.not_seen connection=%s reason=%s", self.name, trouble.reason)
            return AGAIN
        rows = [one.as_json() for one in found]
        cells: dict[str, Value] = {
            "at": probe.clock.now(), "findings": _packed(rows),
            "types": _packed({name: asdict(one) for name, one in types.items()}),
        }  # fmt: skip
        await self.tables.upsert(CHECK_RESULTS, Row(self.name, SCHEMA, cells))
        if rows:
            log.error("schema.lost connection=%s count=%d", self.name, len(rows))
        return AGAIN if rows else DAILY

    async def _types(self) -> dict[str, Known]:
        row = await self.tables.get(CHECK_RESULTS, self.name, SCHEMA)
        stored = _unpacked(row.values["types"]) if row is not None else {}
        return {
            name: Known(one["now"], datetime.fromisoformat(one["since"]), one["before"])
            for name, one in stored.items()
        }


async def schema_was_seen(probe: Probe) -> AsyncIterator[Finding]:
    """What the daily look has found to be of another type than before: only it remembers."""
    seen = await last_seen(probe.own.tables, probe.name) if probe.own is not None else None
    for one in seen.findings if seen is not None else ():
        if CHANGED in one["what"]:
            yield warn(one["what"], one["cure"])


async def last_seen(tables: Tables, name: str) -> Seen | None:
    """What the last look found; None where nobody has looked yet."""
    row = await tables.get(CHECK_RESULTS, name, SCHEMA)
    if row is None:
        return None
    at = row.values["at"]
    assert isinstance(at, datetime)
    return Seen(at, _unpacked(row.values["findings"]))


def _packed(value: Any) -> bytes:
    return zlib.compress(to_json(value))


def _unpacked(cell: Value) -> Any:
    assert isinstance(cell, bytes)
    return from_json(zlib.decompress(cell))
