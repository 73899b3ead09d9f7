"""What differs between the rows of a publication's source and its mirror."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sync.core.turns import let_others_go_on
from sync.engine.mirror import Mirror, Mirrored, Mirrors, Shown
from sync.engine.refused_keys import key_fault

ALIVE_EVERY: Final = 10_000
"""Rows read between two signs of life."""
TURN_EVERY: Final = 40
"""Rows compared before others go on: one or two milliseconds."""
MOST_HELD: Final = 20_000
"""Changed rows that are held at once; a run publishes about as many."""
FEW_GONE: Final = 20
"""Rows that may be missing by chance: a source that changes while it is read shifts its pages."""


@dataclass
class Differences:
    """`changed`: the rows to publish, by key; `left`: how many more differ. `alone`: the keys to
    look at one by one: several rows of one key, keys that no table holds, rows that cannot be
    shown, the few that the source did not list, and what was refused before and differs now.
    `held_back`: rows that cannot be shown or were refused, and are the same still. `rows`: how many
    the source has. `of_shown`: how many rows that the target shows would change or go. `waiting`:
    how many cannot be shown before others are. `cost_to_come`: of those, and of the `left`."""

    changed: dict[str, Shown] = field(default_factory=dict)
    left: int = 0
    alone: dict[str, None] = field(default_factory=dict)
    held_back: list[Shown] = field(default_factory=list)
    rows: int = 0
    of_shown: int = 0
    waiting: int = 0
    cost_to_come: int = 0


async def _nothing() -> None:
    """Nobody is told."""


def _alike(_: Shown) -> int:
    """All rows take equally long."""
    return 1


@dataclass
class _Comparison:
    """Rows of the source one by one, against the mirror."""

    known: Mirrors
    mirror: Mirror
    is_asked: bool
    most: int
    cost: Callable[[Shown], int]
    found: Differences = field(default_factory=Differences)

    def take(self, row: Shown) -> None:
        """One more row of the source."""
        if row.waits:
            self.found.waiting += 1
            self.found.cost_to_come += self.cost(row)
            return
        found, (was, is_met) = self.found, self.known.meet(row.key)
        found.rows += 1
        if key_fault(row.key) or self._is_another(row, was, is_met=is_met):
            self._drop(row.key, was)
        else:
            self.compare(row, was)

    def compare(self, row: Shown, was: Mirrored) -> None:
        """A row that the source has, or has no more."""
        found, key = self.found, row.key
        if was.refused or row.fault is not None:
            if not self.mirror.refuses(was, row) or self.is_asked:
                found.alone[key] = None
            found.held_back.append(row)
        elif not self.mirror.shows(was, row) and not (key in found.alone or key in found.changed):
            found.of_shown += bool(was.digest)
            if len(found.changed) < self.most:
                found.changed[key] = row
            else:
                found.left += 1
                found.cost_to_come += self.cost(row)

    def _is_another(self, row: Shown, was: Mirrored, *, is_met: bool) -> bool:
        """Whether the source has named other content by this key before."""
        before = self.found.changed.get(row.key)
        if before is not None:
            return before.state != row.state
        return is_met and not self.mirror.shows(was, row)

    def _drop(self, key: str, was: Mirrored) -> None:
        if self.found.changed.pop(key, None) is not None:
            self.found.of_shown -= bool(was.digest)
        self.found.alone[key] = None


async def compared(
    rows: AsyncIterator[Shown],
    known: Mirrors,
    mirror: Mirror,
    *,
    is_asked: bool = False,
    most: int = MOST_HELD,
    alive: Callable[[], Awaitable[None]] = _nothing,
    cost: Callable[[Shown], int] = _alike,
) -> Differences:
    """Compare all rows with the mirror. `is_asked`: a person wants refused rows tried again.
    `most`: changed rows that are held. `alive` is called while rows are read. `cost`: how
    long a row takes, beside others."""
    comparison = _Comparison(known, mirror, is_asked, most, cost)
    found = comparison.found
    async for row in rows:
        if found.rows % ALIVE_EVERY == 0:
            await alive()
        if found.rows % TURN_EVERY == 0:
            await let_others_go_on()
        comparison.take(row)
    gone = [*islice(known.unmet(), FEW_GONE + 1)]
    for key in gone if len(gone) <= FEW_GONE else known.unmet():
        comparison.compare(Shown(key, None), known.of(key))
    if len(gone) <= FEW_GONE:
        found.alone |= dict.fromkeys(key for key in gone if found.changed.pop(key, None))
    return found
