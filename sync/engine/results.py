"""What polls and notifications give: changes, or no key at all."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sync.engine.systems import Systems


@dataclass(frozen=True)
class Change:
    """Something a poll found: the record's key and the owner's own stamp of its last change (aware
    UTC).

    `fingerprint`: shows a change where records have no time stamp; a record with a known
    fingerprint counts as seen, whatever the time. `listed`: a digest of what the list says of the
    record, its stamp among it; what was read with the same one need not be read again, once the
    stamp's second was over. `position`: where the owner's list stands after this change, in the
    flow's own form (`Changed`); empty where the time alone is enough. `is_passed`: it was looked at
    and is no record of the flow; it tells a run how far it has come.
    """

    key: str
    changed_at: datetime
    fingerprint: str = ""
    position: str = ""
    listed: str = ""
    is_passed: bool = False

    @property
    def place(self) -> str:
        """The position, where a run may end after it; empty for one with `*` or a backslash, which
        F&O compares with nothing (`dynamics.odata`)."""
        return "" if {"*", "\\"} & {*self.position} else self.position


class Changed(Protocol):
    """A poll over a flow's records from `since` to `until`, both inclusive, in the order of their
    positions; where changes have none, the oldest first. `after`: the position of the last change
    that was taken; only later ones are listed."""

    def __call__(
        self, systems: "Systems", since: datetime, until: datetime, after: str = "", /
    ) -> AsyncIterator[Change]:
        """The changes."""
        ...


class NoKey(ValueError):
    """A hook or event holds nothing that identifies a record of this flow; the message names the
    field looked for."""
