"""What is written down of a system's requests: how many all processes together may have under way,
and how many each was lent. Reading, and the arithmetic of dividing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.ports import Row, Tables, Value
from sync.pacing.limiter import FAIR, is_near
from sync.pacing.priority import Priority

BUDGETS: Final = "budgets"
CLOCKS_APART: Final = timedelta(seconds=5)
"""How much longer than their lease parts are left to another process, whose clock may be behind."""
RISES_EVERY: Final = timedelta(seconds=5)
"""How often the whole may grow by one, while all want more."""
RISES_NEAR_EVERY: Final = timedelta(seconds=60)
"""The same, near what was too much the last time: each such time costs everybody a pause of some
seconds."""

Wants = tuple[int, ...]
"""How many, by priority."""
NOTHING: Final[Wants] = (0,) * len(Priority)


@dataclass(frozen=True)
class Part:
    """What one process has, how many it wants, and until when it has it."""

    has: int
    wants: Wants
    until: datetime


@dataclass(frozen=True)
class Whole:
    """How many requests all processes together may have under way: `most`, learned from pauses that
    the system asked for. It was halved from `too_many` for the pause `fell_for`, and changed at
    `at`."""

    most: int
    at: datetime
    fell_for: str = ""
    too_many: int = 0

    @classmethod
    def of(cls, row: Row | None, begins: int, most: int, now: datetime) -> "Whole":
        """As it is written down, no more than `most`; `begins` where nothing was learned."""
        cells = row.values if row is not None else {}
        at = cells.get("whole_at")
        return cls(
            min(int(str(cells.get("whole") or begins)), most),
            at if isinstance(at, datetime) else now,
            str(cells.get("fell_for") or ""), int(str(cells.get("too_many") or 0)),
        )  # fmt: skip

    def fallen(self, lent: int, pause: str, now: datetime) -> "Whole":
        """Half of what is lent."""
        too_many = min(self.most, lent)
        return Whole(max(too_many // 2, 1), now, pause, too_many)

    def risen(self, wanted: int, most: int, now: datetime) -> "Whole":
        """One more, where more is wanted and the last change was long ago."""
        is_slow = is_near(self.most + 1, self.too_many)
        every = RISES_NEAR_EVERY if is_slow else RISES_EVERY
        if not self.most < min(wanted, most) or now - self.at < every:
            return self
        return replace(self, most=self.most + 1, at=now)


def cells_of(parts: Mapping[str, Part], whole: Whole) -> dict[str, Value]:
    """As they are written down."""
    rows = {name: [one.has, sum(one.wants), one.until.isoformat()] for name, one in parts.items()}
    by_priority = {name: one.wants for name, one in parts.items()}
    return {
        "parts": to_json(rows).decode(), "by_priority": to_json(by_priority).decode(),
        "whole": whole.most, "whole_at": whole.at,
        "fell_for": whole.fell_for, "too_many": whole.too_many,
    }  # fmt: skip


async def parts_of(
    tables: Tables, system: str, now: datetime
) -> tuple[Row | None, dict[str, Part]]:  # fmt: skip
    """The row of a system, and the parts in it that are still lent, by process."""
    row = await tables.get(BUDGETS, system, "parts")
    cells = row.values if row is not None else {}
    rows, by_priority = (from_json(str(cells.get(one) or "{}")) for one in ("parts", "by_priority"))
    parts = {
        name: Part(int(has), _wants_in(by_priority.get(name), wants), _time(until))
        for name, (has, wants, until) in rows.items()
    }
    return row, {name: one for name, one in parts.items() if now < one.until + CLOCKS_APART}


def _wants_in(by_priority: Any, wants: int) -> Wants:
    """As they are written down. An earlier release knows no priorities: its wants are urgent."""
    is_known = isinstance(by_priority, list) and len(by_priority) == len(NOTHING)
    return tuple(map(int, by_priority)) if is_known else (int(wants), *NOTHING[1:])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shared(whole: int, wants: Mapping[str, Wants], turn: int) -> dict[str, int]:
    """How many of `whole` each gets. Nobody gets more than it wants. What is more urgent goes
    first, except a tenth of what is left, so that nothing stands still. What is short is divided
    evenly; what cannot be divided goes to others from `turn` to `turn`."""
    got, left = dict.fromkeys(wants, 0), whole
    for priority in range(len(NOTHING)):
        behind = sum(sum(one[priority + 1 :]) for one in wants.values())
        kept = min(behind, max(left // FAIR, 1)) if left > 1 else 0
        of_these = {name: one[priority] for name, one in wants.items()}
        for name, many in _divided(left - kept, of_these, turn).items():
            got[name] += many
            left -= many
    return got


def _divided(whole: int, wants: Mapping[str, int], turn: int) -> dict[str, int]:
    names = sorted(wants)
    first = turn * whole % len(names) if names else 0
    order = names[first:] + names[:first]
    got = dict.fromkeys(wants, 0)
    left = whole
    while left and (open_ := [name for name in order if got[name] < wants[name]]):
        each = max(min(left // len(open_), *(wants[name] - got[name] for name in open_)), 1)
        for name in open_[:left]:
            got[name] += each
            left -= each
    return got
