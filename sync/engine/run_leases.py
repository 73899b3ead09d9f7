"""Leases on runs: two runs of one poll, or of one job, exclude each other, in whichever process.

Nothing breaks without them, since polls and jobs are safe to repeat; they keep two of a kind from
asking the shop for the same pages at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from sync.core.errors import Later, Never
from sync.core.ports import Clock, Conflict, Row, Tables

log = logging.getLogger("sync.engine.run_leases")

RUN_LEASES: Final = "runleases"
LASTS: Final = timedelta(minutes=2)
"""How long a lease is good without a sign of life; it is renewed at a third of that. One that ends
much later is of a clock far ahead, and nobody's."""


class RunLeases:
    """Leases of one process, `worker`. `is_alone`: no other process lives, so that what another
    one held was left behind."""

    def __init__(
        self, tables: Tables, clock: Clock, worker: str, *, is_alone: bool = False
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._worker = worker
        self._is_alone = is_alone

    @asynccontextmanager
    async def held(self, subject: str) -> AsyncIterator[bool]:
        """Whether this run holds the lease on `subject`, renewed inside the block and given back
        after it. Raises what the tables raise while it is taken."""
        row = await self._taken(subject)
        if row is None:
            yield False
            return
        over = asyncio.Event()
        renewing = asyncio.create_task(self._renewed(row, over))
        try:
            yield True
        finally:
            over.set()
            await self._given_back(await renewing)

    async def _taken(self, subject: str) -> Row | None:
        row = await self._tables.get(RUN_LEASES, RUN_LEASES, subject)
        mine = self._row(subject)
        try:
            if row is None:
                return await self._tables.insert(RUN_LEASES, mine)
            if self._is_somebodys(row):
                return None
            return await self._tables.replace(RUN_LEASES, row.having(**mine.values))
        except Conflict:
            return None

    def _is_somebodys(self, row: Row) -> bool:
        until = row.values["until"]
        worker = str(row.values["owner"]).partition("/")[0]
        is_left_behind = self._is_alone and worker != self._worker
        now = self._clock.now()
        return not is_left_behind and now < until <= now + 2 * LASTS  # type: ignore[operator]

    def _row(self, subject: str) -> Row:
        owner = f"{self._worker}/{self._clock.unique()[:12]}"
        return Row(RUN_LEASES, subject, {"owner": owner, "until": self._clock.now() + LASTS})

    async def _renewed(self, row: Row, over: asyncio.Event) -> Row:
        """Renew until the run is over. A lease that could not be renewed is tried again."""
        while not over.is_set():
            try:
                async with asyncio.timeout((LASTS / 3).total_seconds()):
                    await over.wait()
            except TimeoutError:
                try:
                    row = await self._tables.replace(
                        RUN_LEASES, row.having(until=self._clock.now() + LASTS)
                    )
                except (Later, Never, Conflict) as trouble:
                    log.warning("jobs.lease_not_renewed job=%s cause=%s", row.key, trouble)
        return row

    async def _given_back(self, row: Row) -> None:
        """Another may run at once. One that cannot be given back runs out."""
        try:
            await self._tables.delete(RUN_LEASES, RUN_LEASES, row.key, row.etag)
        except (Later, Never, Conflict) as trouble:
            log.warning("jobs.lease_not_given_back job=%s cause=%s", row.key, trouble)
