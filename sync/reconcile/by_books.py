"""Kinds whose both sides are listed by our references, into a file on disk, and read back in their
order: so the memory that it takes does not grow with the number of documents.

Most records agree by their lists alone; the others are looked at, some of them side by side.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sync.config.connections import Connection
from sync.reconcile.examining import Examination, agreed
from sync.reconcile.kind import Connected, Kind, Window
from sync.reconcile.spool import Entry, Spool
from sync.reconcile.verdict import TOGETHER, Verdict, side_by_side


@dataclass(frozen=True)
class ByBooks:
    """The comparison of a kind."""

    kind: Kind
    is_of_now: bool = False

    @property
    def name(self) -> str:
        """The kind's."""
        return self.kind.name

    @property
    def flow(self) -> str:
        """The one that delivers it."""
        return self.kind.flow

    def is_wanted(self, settings: Connection) -> bool:
        """Whether its flow and recipe are on."""
        return self.kind.is_wanted(settings)

    is_usual = is_wanted

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per record that either side has of the time."""
        examination, waiting = Examination(connected, self.kind, window), list[list[Entry]]()
        with Spool() as spool:
            await _fill(spool, connected, window, self.kind)
            for entries in spool.records():
                verdict = agreed(entries, self.kind)
                if verdict is not None:
                    yield verdict
                    continue
                waiting.append(entries)
                if len(waiting) == TOGETHER:
                    for one in await side_by_side(examination.look, waiting):
                        yield one
                    waiting = []
            for one in await side_by_side(examination.look, waiting):
                yield one


async def _fill(spool: Spool, connected: Connected, window: Window, kind: Kind) -> None:
    async for entry in kind.charged(connected, window):
        spool.add(entry)
    async for entry in kind.held_by(connected, window):
        spool.add(entry)
