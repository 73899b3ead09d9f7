"""Builds the data set: reads each source on from its cursor, lands what came, restates the months
that it touches, and makes the star.

Rows are saved before the cursor that stands behind them, so whatever ends the process, the next
build reads a little twice and misses nothing.
"""

import logging
import shutil
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sync.core.errors import Never, NotProvided
from sync.core.ports import Clock
from sync.reporting.duck import opened
from sync.reporting.forgetting import without
from sync.reporting.lake import CONFIDENTIAL, PLACE, SHARED, Lake, Row, alone_in
from sync.reporting.sources import Cursor, Source, Step
from sync.reporting.star import Terms, build_star
from sync.reporting.state import State

log = logging.getLogger("sync.reporting.building")

BATCH: Final = 5000
"""Records that are landed together; an order brings some rows of each table."""
KEPT: Final = "stock_days"
"""What cannot be read again: F&O tells of now only."""
Tell = Callable[[str, int], None]


async def nothing() -> None:
    """What stays where it is needs no keeping."""


@dataclass(frozen=True)
class Built:
    """What a build did. `trouble`: what is missing, by source or record."""

    records: int
    months: int
    trouble: dict[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether every source could be read."""
        return not self.trouble


@dataclass(frozen=True)
class Build:
    """A build in a folder. `shape`: what decides how rows look; where it has changed, all but the
    stock of past days is landed again. `tell`: source or table, and records so far. `saved` is
    awaited behind each batch that was saved."""

    folder: Path
    clock: Clock
    shape: str
    terms: Terms
    tell: Tell = lambda _name, _count: None
    saved: Callable[[], Awaitable[None]] = nothing

    async def run(self, sources: Iterable[Source]) -> Built:
        """Read all there is and make the star. Raises `Later` where a system is away: what was read
        is kept. Waits for a build that is at work in the folder."""
        with alone_in(self.folder):
            built = await self._land(sources)
            self.tell("star", built.records)
            with opened(self.folder / "spill") as duck:
                build_star(Lake(self.folder, duck), self.terms)
            state = State.of(self.folder)
            state.built_at = self.clock.now().isoformat()
            state.save()
        return built

    async def land(self, sources: Iterable[Source]) -> Built:
        """Read all there is, and put it in place."""
        with alone_in(self.folder):
            return await self._land(sources)

    async def _land(self, sources: Iterable[Source]) -> Built:
        state, records = self._begun(), 0
        with opened(self.folder / "spill") as duck:
            lake = Lake(self.folder, duck)
            for source in sources:
                records += await self._landed(source, lake, state)
            months = lake.restate(lambda name: self.tell(name, records))
        return Built(records, months, dict(state.trouble))

    def _begun(self) -> State:
        state = State.of(self.folder)
        if state.shape != self.shape:
            cleared(self.folder)
            state = State(state.path, self.shape, forgotten=state.forgotten)
            state.save()
        return state

    async def _landed(self, source: Source, lake: Lake, state: State) -> int:
        cursor, count = state.cursor(source.name), 0
        async with aclosing(_batches(source, cursor)) as batches:
            async for batch, trouble in batches:
                count += len(batch)
                if trouble is not None:
                    log.warning("reporting.source_left_out source=%s", source.name)
                    state.faults[source.name] = f"{trouble.reason} {trouble.remedy}"
                cursor = self._saved(source, batch, lake, state)
                if trouble is not None:
                    return count
                self.tell(source.name, count)
                await self.saved()
        state.ended(source.name, Cursor(cursor.at, is_whole=True), self.clock.now())
        state.save()
        return count

    def _saved(self, source: Source, batch: list[Step], lake: Lake, state: State) -> Cursor:
        """Rows first, then the cursor behind them."""
        landed = defaultdict[str, list[Row]](list)
        for place, step in enumerate(batch):
            for table, rows in (step.rows or {}).items():
                landed[table] += ({**row, PLACE: place} for row in rows)
            state.note(source.name, step.key, step.unread)
        for table, came in landed.items():
            lake.land(table, (without(row, state.forgotten) for row in came))
        if batch:
            state.cursors[source.name] = Cursor(batch[-1].at)
        state.save()
        return state.cursor(source.name)


async def _batches(
    source: Source, cursor: Cursor
) -> AsyncGenerator[tuple[list[Step], NotProvided | Never | None], None]:
    """The last one with why the rest cannot be read, if it cannot."""
    batch = list[Step]()
    try:
        async with aclosing(source.read(cursor)) as steps:  # type: ignore[type-var]
            async for step in steps:
                batch.append(step)
                if len(batch) >= BATCH:
                    yield batch, None
                    batch = []
    except (NotProvided, Never) as trouble:
        yield batch, trouble
        return
    yield batch, None


def cleared(folder: Path) -> None:
    """Take away what can be read again."""
    for part in (SHARED, CONFIDENTIAL):
        for one in (folder / part).glob("*"):
            if one.name != KEPT:
                shutil.rmtree(one)


def started(now: datetime, months: int) -> datetime:
    """The first moment of the month, so many months back."""
    whole = now.year * 12 + now.month - 1 - months
    return now.replace(
        year=whole // 12, month=whole % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
