"""What differs between the rows of a publication's source and its mirror."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from sync.engine.mirror import ABSENT, Mirror, Mirrors, Shown
from sync.engine.refused_keys import key_fault

ALIVE_EVERY: Final = 10_000
"""Rows read between two signs of life."""


@dataclass
class Differences:
    """`changed`: the rows to publish, by key. `alone`: the keys to look at one by one: several rows
    of one key, keys that no table holds, rows that cannot be shown, and what was refused before and
    differs now. `held_back`: rows that cannot be shown or were refused, and are the same still."""

    changed: dict[str, Shown] = field(default_factory=dict)
    alone: list[str] = field(default_factory=list)
    held_back: list[Shown] = field(default_factory=list)

    def changes_of(self, known: Mirrors) -> int:
        """How many rows that the target shows would change or go."""
        return sum(bool(known.get(key, ABSENT).digest) for key in self.changed)


async def _nothing() -> None:
    """Nobody is told."""


async def compared(
    rows: AsyncIterator[Shown],
    known: Mirrors,
    mirror: Mirror,
    *,
    is_asked: bool = False,
    alive: Callable[[], Awaitable[None]] = _nothing,
) -> Differences:
    """Compare all rows with the mirror. `is_asked`: a person wants refused rows tried again.
    `alive` is called while rows are read."""
    found, seen = Differences(), dict[str, str]()

    def compare(row: Shown) -> None:
        was = known.get(row.key, ABSENT)
        if key_fault(row.key) or seen.setdefault(row.key, row.digest) != row.digest:
            found.changed.pop(row.key, None)
            found.alone.append(row.key)
        elif was.refused or row.fault is not None:
            is_given_up = mirror.refuses(was, row) and not is_asked
            found.alone.extend([] if is_given_up else [row.key])
            found.held_back.append(row)
        elif not mirror.shows(was, row) and row.key not in found.alone:
            found.changed[row.key] = row

    async for row in rows:
        if len(seen) % ALIVE_EVERY == 0:
            await alive()
        compare(row)
    for key in [key for key in known if key not in seen]:
        compare(Shown(key, None))
    return found
