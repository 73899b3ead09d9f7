"""What polls and notifications give: changes, or no key at all."""

from dataclasses import dataclass
from datetime import datetime


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
