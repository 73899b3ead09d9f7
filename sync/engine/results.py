"""What a flow says where nothing is to be done. Types, never prose that is read back."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Skipped:
    """Nothing to do, and why. A later notification looks again."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Waiting(Skipped):
    """Nothing to do yet, and what it waits for. Who depends on the record waits as well."""

    def __str__(self) -> str:
        return f"waiting: {self.reason}"


@dataclass(frozen=True)
class Change:
    """Something a poll found: the record's key and the owner's own stamp of its last change (aware
    UTC).

    `fingerprint`: what tells a change where records bear no stamp: by it, and not by the time, a
    record counts as seen.
    """

    key: str
    changed_at: datetime
    fingerprint: str = ""


class NoKey(ValueError):
    """A hook or event holds nothing that identifies a record of this flow; the message names the
    field looked for."""
