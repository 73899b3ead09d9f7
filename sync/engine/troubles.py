"""Why deliveries of a message were given back: what a dead letter's reason then names.

A broker counts deliveries and says no more than that there were too many. So the host that
gives a message back notes why: in the tables, and in this process where the tables are what is in
trouble.
"""

import logging
from datetime import timedelta
from typing import Final

from sync.core.errors import Later, Never
from sync.core.ports import Clock, Row, Tables
from sync.engine.cell_text import clipped
from sync.engine.digests import KeyedDigests

log = logging.getLogger("sync.engine.troubles")

TROUBLES: Final = "troubles"
KEEP: Final = timedelta(days=30)
MOST_REMEMBERED: Final = 1_000


class Troubles:
    """The last trouble of each message, by its queue and body: retries have other ids."""

    def __init__(self, tables: Tables, clock: Clock, digests: KeyedDigests) -> None:
        self._tables = tables
        self._clock = clock
        self._digests = digests
        self._unstored: dict[tuple[str, str], str] = {}

    async def note(self, queue: str, body: bytes, reason: str) -> None:
        """Remember why a message is given back. Raises nothing: its message is in trouble
        already."""
        key = self._digests.of(body)
        row = Row(queue, key, {"reason": clipped(reason), "at": self._clock.now()})
        try:
            await self._tables.upsert(TROUBLES, row)
            self._unstored.pop((queue, key), None)
        except (Later, Never) as trouble:
            log.warning("troubles.not_noted queue=%s cause=%s", queue, trouble.reason)
            if len(self._unstored) < MOST_REMEMBERED:
                self._unstored[queue, key] = clipped(reason)

    async def last(self, queue: str, body: bytes) -> str:
        """Why it was given back last; empty where nobody knows."""
        key = self._digests.of(body)
        if known := self._unstored.get((queue, key)):
            return known
        row = await self._tables.get(TROUBLES, queue, key)
        return str(row.values["reason"]) if row is not None else ""
