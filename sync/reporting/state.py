"""What the data set knows of itself: cursors, when each source was read to its end, and what could
not be read. One file in its folder, renamed into place."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from sync.reporting.sources import Cursor

MOST_UNREAD: Final = 1000
"""Records that are named; more are counted in the log only."""


@dataclass
class State:
    """`shape`: what of the settings decides how rows look; with another all is landed again.
    `read_at`: source -> when it was read to its end. `faults`: source -> why it cannot be read.
    `unread`: source and key -> why a record cannot be. `forgotten`: digests of accounts.
    `built_at`: when figures were made."""

    path: Path
    shape: str = ""
    cursors: dict[str, Cursor] = field(default_factory=dict)
    read_at: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    built_at: str = ""

    @classmethod
    def of(cls, folder: Path) -> Self:
        """As it was saved; empty where nothing was."""
        path = folder / "state.json"
        if not path.exists():
            return cls(path)
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told["cursors"] = {name: Cursor(**one) for name, one in told["cursors"].items()}
        return cls(path, **told)

    def save(self) -> None:
        """Into its file."""
        told = {name: value for name, value in asdict(self).items() if name != "path"}
        beside = self.path.with_suffix(".part")
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")
        beside.replace(self.path)

    def cursor(self, source: str) -> Cursor:
        """Where a source stands."""
        return self.cursors.get(source, Cursor())

    def note(self, source: str, key: str, reason: str) -> None:
        """A record can be read again (no reason), or cannot."""
        name = f"{source}|{key}"
        if not reason:
            self.unread.pop(name, None)
        elif name in self.unread or len(self.unread) < MOST_UNREAD:
            self.unread[name] = reason

    def ended(self, source: str, cursor: Cursor, at: datetime) -> None:
        """A source was read to its end."""
        self.cursors[source] = cursor
        self.read_at[source] = at.isoformat()
        self.faults.pop(source, None)

    @property
    def trouble(self) -> Mapping[str, str]:
        """What a reader of the figures must know: sources and records that are missing."""
        return {**self.faults, **self.unread}
