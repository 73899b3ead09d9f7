"""What a flow finds and what comes of a delivery."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sync.engine.systems import Systems


@dataclass(frozen=True)
class Change:
    """Something a poll found: the record's key and the owner's own stamp of its last change (aware
    UTC).

    `fingerprint`: what tells a change where records bear no stamp: by it, and not by the time, a
    record counts as seen. `position`: where the owner's list stands after this change, in words of
    the flow's own (`Changed`); empty where only the time tells.
    """

    key: str
    changed_at: datetime
    fingerprint: str = ""
    position: str = ""


class Changed(Protocol):
    """A poll over a flow's records from `since` to `until`, both inclusive, in the order of their
    positions; where changes bear none, the oldest first. `after`: the position of the last change
    that was taken; what comes after it is listed."""

    def __call__(
        self, systems: "Systems", since: datetime, until: datetime, after: str = "", /
    ) -> AsyncIterator[Change]:
        """The changes."""
        ...


@dataclass(frozen=True)
class Receipt:
    """The record is in the target. `number` is the target's key, `digest` the document it holds
    now.

    `action`: created, adopted (found there after a lost answer), amended, cancelled, unchanged.
    `targets` are keys to find it again (line lots, account); no personal data. `follow_ups`: (flow,
    key) of records that this one gives reason to look at; their notifications are stored before the
    outcome is. `reason`, `remedy`: what the target lacks although the record is delivered, and how
    a person brings it there; empty where it lacks nothing.
    """

    entity: str
    number: str
    digest: str
    action: str = "created"
    targets: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)
    follow_ups: Sequence[tuple[str, str]] = ()
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Skipped:
    """Nothing to do now, and why. A later notification looks again."""

    reason: str


class NoKey(ValueError):
    """A hook or event holds nothing that identifies a record of this flow; the message names the
    field looked for."""
