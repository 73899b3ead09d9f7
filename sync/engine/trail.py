"""A record's trail: one row for each thing that happened to it, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from sync.core.encoding import from_json
from sync.core.ports import Row, Value
from sync.engine.cell_text import clipped


@dataclass(frozen=True)
class Entry:
    """One row of a record's trail."""

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
