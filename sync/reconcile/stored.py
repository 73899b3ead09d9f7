"""What reconciliations have found, day by day, for alerts and pages."""

import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.groups import write_rows
from sync.core.ports import Row, Tables, Upsert, Value
from sync.engine.cell_text import clipped
from sync.reconcile.difference import Cause, Difference, Summary

RECONCILIATIONS, DIFFERENCES = "reconciliations", "differences"
MOST: Final = 1000
"""Differences of a day that are kept; the command lists all."""
LAST: Final = "last"


@dataclass(frozen=True)
class Reconciled:
    """A day as it was compared last. `summary`: as `reconcile --json` prints it."""

    connection: str
    day: date
    at: datetime
    unexplained: int
    summary: dict[str, Any]


@dataclass(frozen=True)
class Open:
    """The differences of a connection that somebody has to do something about, by all days that
    were compared; the oldest of documents of `day`."""

    count: int
    day: date


class Reconciliations:
    """The results of all connections, over the Tables port."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def save(
        self,
        connection: str,
        day: date,
        found: tuple[Summary, Sequence[Difference]],
        now: datetime,
    ) -> None:
        """Put the day's result in place of its last one. Safe to repeat."""
        summary, differences = found
        partition = f"{connection}|{day.isoformat()}"
        old = [row.key async for row in self._tables.query(DIFFERENCES, partition)]
        new = [_row(partition, one, now) for one in differences[:MOST]]
        await write_rows(self._tables, DIFFERENCES, map(Upsert, new))
        for key in {*old} - {row.key for row in new}:
            await self._tables.delete(DIFFERENCES, partition, key)
        cells: dict[str, Value] = {
            "at": now, "unexplained": summary.unexplained,
            "summary": zlib.compress(to_json(summary.as_json())),
        }  # fmt: skip
        await self._tables.upsert(RECONCILIATIONS, Row(connection, day.isoformat(), cells))

    async def days(
        self, connection: str, since: date | None = None, before: date | None = None
    ) -> AsyncIterator[Reconciled]:
        """The days of a connection from `since` until before `before`, the oldest first; all where
        neither is named."""
        start, end = (day.isoformat() if day else "" for day in (since, before))
        async for row in self._tables.query(RECONCILIATIONS, connection, start=start, before=end):
            cells: dict[str, Any] = dict(row.values)
            summary = from_json(zlib.decompress(cells["summary"]))
            day = date.fromisoformat(row.key)
            unexplained = int(cells["unexplained"])
            yield Reconciled(connection, day, cells["at"], unexplained, summary)

    async def differences(self, connection: str, day: date) -> list[dict[str, Any]]:
        """Those of a day, as `reconcile --json` prints them."""
        rows = self._tables.query(DIFFERENCES, f"{connection}|{day.isoformat()}")
        return [from_json(str(row.values["difference"])) async for row in rows]

    async def open(self, connection: str) -> Open | None:
        """What is left to do; None where nothing is."""
        row = await self._tables.get(RECONCILIATIONS, _aside(connection), LAST)
        if row is None or not row.values.get("open"):
            return None
        return Open(int(str(row.values["open"])), date.fromisoformat(str(row.values["day"])))

    async def left(self, connection: str) -> tuple[str, list[date]]:
        """The night that was begun last, and the days that it has not looked at yet."""
        row = await self._tables.get(RECONCILIATIONS, _aside(connection), LAST)
        cells = row.values if row else {}
        days = str(cells.get("left") or "").split()
        return str(cells.get("night") or ""), [date.fromisoformat(one) for one in days]

    async def went_on(self, connection: str, night: str, left: Iterable[date]) -> None:
        """Store how far a night has come, and what is open by now."""
        waiting = [one async for one in self.days(connection) if one.unexplained]
        cells: dict[str, Value] = {
            "night": night, "left": " ".join(day.isoformat() for day in left),
            "open": sum(one.unexplained for one in waiting),
        }  # fmt: skip
        if waiting:
            cells["day"] = waiting[0].day.isoformat()
        await self._tables.upsert(RECONCILIATIONS, Row(_aside(connection), LAST, cells))


def _aside(connection: str) -> str:
    """A partition that no connection is called."""
    return f"{connection}|nights"


def _row(partition: str, one: Difference, now: datetime) -> Row:
    """What a claim says of a parked record stays in the claim, where it can be erased."""
    command = one.command
    if one.cause is Cause.PARKED:
        command = f"Do what `parked` says. Then: {command.rpartition('Then: ')[2]}"
    shown = {**one.as_json(), "command": clipped(command)}
    cells: dict[str, Value] = {"at": now, "difference": to_json(shown).decode()}
    return Row(partition, f"{one.kind}|{one.key}", cells)
