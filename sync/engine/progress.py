"""How far a publication has come, and how long the rest will take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Final

from sync.core.errors import Later, Never
from sync.core.ports import Clock
from sync.core.skipped import Skipped
from sync.engine.mirror import Shown
from sync.engine.plan import Delivered
from sync.engine.published_rows import RowsWrite

SPAN: Final = timedelta(minutes=3)
"""How long a run publishes; what is left, the next one publishes at once."""


@dataclass
class Progress:
    """What a run has come to: rows that were tried, and what they `cost`, that are shown, that were
    refused, and slots that have to wait. `cost_of`: by the target."""

    cost_of: Callable[[Shown], int]
    tried: int = 0
    cost: int = 0
    published: int = 0
    refused: dict[str, Never] = field(default_factory=dict)
    late: dict[str, Later] = field(default_factory=dict)

    def add(self, rows: Sequence[Shown], outcome: Delivered | Skipped) -> None:
        """A chunk, and what was written of it."""
        self.tried += len(rows)
        self.cost += sum(map(self.cost_of, rows))
        for write in outcome.plan.writes if isinstance(outcome, Delivered) else ():
            if isinstance(write, RowsWrite):
                self.refused |= write.refused
                self.published += len(write.rows) - len(write.refused)


def time_left(
    left: int, cost: int, progress: Progress, read: timedelta, took: timedelta
) -> dict[str, str]:
    """How many rows the next runs publish, and how long that will take at the pace of this one.
    `cost`: of the rows that are left; a configurable product takes several times as long as one of
    its variants. `read`: how long a run reads before it publishes; `took`: how long it did that."""
    if not left:
        return {}
    to_come = took * cost / progress.cost if progress.cost else timedelta()
    minutes = ceil((to_come + read * ceil(to_come / SPAN)) / timedelta(minutes=1))
    return {"left": str(left), "minutes_left": str(minutes)}


def in_words(to_come: Mapping[str, str]) -> str:
    """What `time_left` says, for people."""
    if not to_come:
        return ""
    minutes = to_come["minutes_left"]
    return f", {to_come['left']} left" + (f": about {minutes} minutes" if minutes != "0" else "")


def some_of(keys: Sequence[str], most: int, clock: Clock) -> list[str]:
    """At most so many, and each time others: those that stay at fault keep nobody waiting."""
    start = int(clock.between(0, len(keys))) if len(keys) > most else 0
    return [*keys[start:], *keys[:start]][:most]
