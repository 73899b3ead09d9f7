"""What is read, and from where on. A source gives records in the order of a cursor; where it was
stopped, it goes on.

A cursor is what the record that was read last moved by. A source that was read to its end begins
again a little before it, as a system may show late what it stamped early; reading twice changes
nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sync.commerce.filters import Filter as ShopFilter
from sync.commerce.models.order import utc
from sync.commerce.models.rma import OVER
from sync.commerce.polling import position_of
from sync.commerce.search import Node
from sync.core.errors import Never
from sync.dynamics.buyer_documents import NOT_CLOSED_BEFORE
from sync.dynamics.odata import Filter, instant_of
from sync.engine.systems import Systems
from sync.reporting.landed import Rows
from sync.reporting.ledger_rows import COMPANY, RECORD_ID, LedgerSet
from sync.reporting.schema import ALWAYS

OVERLAP: Final = timedelta(minutes=15)
RECORDS: Final = 100_000
"""The same for record ids, which are given out in blocks."""


@dataclass(frozen=True)
class Cursor:
    """Where a source stands. `is_whole`: it was read to its end."""

    at: str = ""
    is_whole: bool = False


@dataclass(frozen=True)
class Step:
    """A record, or why it cannot be read (`unread`). `at`: the cursor behind it."""

    at: str
    rows: Rows | None
    key: str = ""
    unread: str = ""


class Source(Protocol):
    """What `building` reads."""

    @property
    def name(self) -> str:
        """Tells its cursor from others."""

    def read(self, cursor: Cursor) -> AsyncIterator[Step]:
        """The records behind the cursor. Raises `Later` and `Never` as the systems do."""


Makes = Callable[[Mapping[str, Any]], Rows]


@dataclass(frozen=True)
class ShopList:
    """A list of a shop that tells what changed."""

    name: str
    systems: Systems
    path: str
    fields: tuple[Node, ...]
    only: tuple[ShopFilter, ...]
    makes: Makes
    since: datetime
    key: str = "entity_id"

    async def read(self, cursor: Cursor) -> AsyncIterator[Step]:
        """By time of change."""
        since, after = self.since, cursor.at
        if cursor.is_whole and after:
            stamp = datetime.fromisoformat(f"{after.partition('|')[0]}+00:00")
            since, after = max(since, stamp - OVERLAP), ""
        async for row in self.systems.commerce.changed(
            self.path, since, fields=self.fields, key=self.key, only=self.only, after=after
        ):
            yield _step(position_of(row, self.key), str(row.get(self.key)), self.makes, row)


@dataclass(frozen=True)
class ReturnList:
    """The RMAs of a shop. None has a time of change, and one that is over changes no more: so the
    cursor is the time of request of the oldest that was open, and all since then are read."""

    name: str
    systems: Systems
    stores: frozenset[int]
    makes: Makes
    since: datetime

    async def read(self, cursor: Cursor) -> AsyncIterator[Step]:
        """Those that are open, and those requested since the cursor, which moves at the end."""
        since = datetime.fromisoformat(cursor.at) if cursor.at else self.since
        oldest = self.systems.clock.now()
        found = self.systems.commerce.returns.open_or_since(since, stores=self.stores)
        async for row in found:
            requested = utc(str(row.get("date_requested")))
            if row.get("status") not in OVER and requested is not None:
                oldest = min(oldest, requested)
            yield _step(cursor.at, str(row.get("entity_id")), self.makes, row)
        yield Step((oldest - OVERLAP).isoformat(), {})


@dataclass(frozen=True)
class Whole:
    """A short list that is read whole each time."""

    name: str
    rows: Callable[[], AsyncIterator[Mapping[str, Any]]]
    makes: Makes

    async def read(self, _: Cursor) -> AsyncIterator[Step]:
        """All of it."""
        async for row in self.rows():
            yield _step("", "", self.makes, row)


@dataclass(frozen=True)
class LedgerList:
    """An entity set of F&O, in one legal entity. `finish`: what the connections know of a row.
    `again`: rows that are dated from this day on are read whatever they moved by."""

    systems: Systems
    company: str
    of: LedgerSet
    since: datetime
    finish: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
    again: datetime | None = None
    more: Filter | None = None

    @property
    def name(self) -> str:
        """Of the table and the company."""
        return f"{self.of.table}|{self.company.casefold()}"

    async def read(self, cursor: Cursor) -> AsyncIterator[Step]:
        """By what moves, or whole."""
        now = self.systems.clock.now()
        pages = self.systems.dynamics.pages(
            self.of.entity_set, where=self._where(cursor), select=self.of.fields,
            order_by=self.of.order_by,
        )  # fmt: skip
        async for rows in pages:
            for row in rows:
                at = str(row.get(self.of.moves) or "") if self.of.moves else ""
                yield _step(
                    at, str(row.get(self.of.keys[0])), lambda one: self._made(one, now), row
                )

    def _made(self, record: Mapping[str, Any], now: datetime) -> Rows:
        company = self.company if not self.of.is_shared else ALWAYS
        found = self.of.rows(record, company, now)
        return {table: [self.finish(row) for row in rows] for table, rows in found.items()}

    def _where(self, cursor: Cursor) -> Filter:
        terms = [] if self.of.is_shared else [Filter.eq(COMPANY, self.company)]
        terms += [one for one in (self.of.more, self.more, self._moved(cursor)) if one is not None]
        where = terms[0]
        for term in terms[1:]:
            where &= term
        return where

    def _moved(self, cursor: Cursor) -> Filter | None:
        if not self.of.moves:
            return None
        if self.of.moves == RECORD_ID:
            return Filter.gt(self.of.moves, max(0, int(cursor.at or 0) - RECORDS))
        moment = instant_of(cursor.at) if cursor.at else None
        start = self.since if moment is None else moment - OVERLAP * cursor.is_whole
        moved = Filter.ge(self.of.moves, start)
        if self.of.closed and not cursor.is_whole and start <= self.since:
            moved = Filter.ge(self.of.moves, self.since)
            moved |= Filter.lt(self.of.closed, NOT_CLOSED_BEFORE)
        if self.again is not None:
            moved |= Filter.ge(self.of.dated, self.again.date())
        return moved


def _step(at: str, key: str, makes: Makes, row: Mapping[str, Any]) -> Step:
    try:
        return Step(at, makes(row), key)
    except Never as trouble:
        return Step(at, None, key, trouble.reason)
