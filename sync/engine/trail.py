"""A record's trail: one row for each thing that happened to it, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from sync.core.encoding import from_json
from sync.core.ports import Row, Value
from sync.engine.cell_text import clipped

STAMP: Final = "%Y%m%dT%H%M%S%f"
"""How the time in a row's id is written."""
MOST_AHEAD: Final = timedelta(hours=1)
"""How far a clock may have been ahead for later rows to be numbered on from its own. Copies of
documents are kept, and forgotten, by the months in these ids."""


def id_after(last: str, at: datetime, unique: str) -> str:
    """The id of a row: its time; or just after the `last` one, where a clock that was ahead stamped
    that, so that what happened later stands later."""
    if last:
        before = datetime.strptime(last.partition("-")[0], STAMP).replace(tzinfo=UTC)
        if at <= before <= at + MOST_AHEAD:
            at = before + timedelta(microseconds=1)
    return f"{at:{STAMP}}-{unique}"


@dataclass(frozen=True)
class Entry:
    """One row of a record's trail. `at`: by the clock of who wrote it; `id`: in order."""

    at: datetime
    event: str
    id: str = ""
    origin: str = ""
    attempt: int = 0
    number: str = ""
    reason: str = ""
    remedy: str = ""
    code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def cells(self) -> dict[str, Value]:
        """As it is stored, without its details, whose digests are keyed first."""
        return {
            "at": self.at, "event": self.event, "origin": self.origin, "attempt": self.attempt,
            "number": self.number, "code": self.code,
            "reason": clipped(self.reason), "remedy": clipped(self.remedy),
        }  # fmt: skip

    @classmethod
    def of(cls, row: Row) -> Self:
        """From its row. Cells of other versions are ignored."""
        cell = row.values
        at, attempt = cell.get("at"), cell.get("attempt")
        assert isinstance(at, datetime)
        texts = ("event", "origin", "number", "reason", "remedy", "code")
        return cls(
            at=at, id=row.key, attempt=attempt if isinstance(attempt, int) else 0,
            details=from_json(str(cell.get("details", "{}")) or "{}"),
            **{name: str(cell.get(name, "")) for name in texts},
        )  # fmt: skip
