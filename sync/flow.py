"""What a flow is: where hints come from, what identifies a record, how it is read, how it is delivered.

A flow says what; the runner says how often. A flow is one file under `sync/flows/` that ends in a `Flow(...)`, its name
in `FLOWS`, and one test. Every part of it may be called twice, concurrently and out of order.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from sync.business_events import BusinessEvent
    from sync.connections import Connection
    from sync.desk import Desk
    from sync.work import Work

R = TypeVar("R")


class Lane(IntEnum):
    """Who goes first where a system is the bottleneck: documents before master data before catalogue work."""

    DOCUMENTS = 0
    MASTER = 1
    CATALOGUE = 2


@dataclass(frozen=True)
class Change:
    """Something a poll found: the record's key and the owner's own stamp of its last change (aware UTC).

    `fingerprint`: what tells a change where records bear no stamp: by it, and not by the time, a record counts as seen.
    """

    key: str
    changed_at: datetime
    fingerprint: str = ""


@dataclass(frozen=True)
class Receipt:
    """The record is in the target. `number` is the target's key, `digest` the document it holds now.

    `action`: created, adopted (found there after a lost answer), amended, cancelled, unchanged.
    `targets` are keys to find it again (line lots, account); no personal data. `tells`: (flow, key) of records that
    this one gives reason to look at; their hints are stored before the outcome is.
    """

    entity: str
    number: str
    digest: str
    action: str = "created"
    targets: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)
    tells: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Skipped:
    """Nothing to do now, and why. A later hint looks again."""

    reason: str


class NoKey(ValueError):
    """A hook or event holds nothing that identifies a record of this flow; the message names the field looked for."""


@dataclass(frozen=True)
class Inner(Generic[R]):
    """A kind of record without hints of its own: other flows require it and hand it over. Claims and trail as for all."""

    name: str
    title: str
    deliver: Callable[[R, "Work"], Awaitable[Receipt | Skipped]]


@dataclass(frozen=True)
class Flow(Generic[R]):
    """One kind of record on the road.

    `keys_in(payload)`: the keys in a webhook body or an Adobe event's value; raises `NoKey`. None: takes no hooks.
    `keys_in_event(event)`: the same for D365 business events, those named in `business_events`.
    `resolve(key, desk)`: a key that a hint could only give in part -> the full keys; None when keys are always full.
    `horizon(desk)`: up to when a poll may look, by the owner's clock, so that what is still being committed is left out.
    `changed(desk, since, until)`: the poll over the same records, oldest change first; both bounds inclusive. None for
    both: nothing is polled.
    `read(key, desk)`: the record as it is now, or None when the owner does not have it (yet).
    `fingerprint(record)`: what `changed` would say of the record as it was read, where its changes bear fingerprints.
    `deliver(record, work)`: makes the target agree; returns `Receipt` or `Skipped`; raises `Later` or `Never`.
    `schedule`: when the timer looks whether a connection's poll is due, which is every `poll_minutes(connection)`.
    `events`: endings of the Adobe event types that are hints for this flow.
    """

    name: str
    title: str
    read: Callable[[str, "Desk"], Awaitable[R | None]]
    deliver: Callable[[R, "Work"], Awaitable[Receipt | Skipped]]
    keys_in: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    horizon: Callable[["Desk"], Awaitable[datetime]] | None = None
    changed: Callable[["Desk", datetime, datetime], AsyncIterator[Change]] | None = None
    keys_in_event: Callable[["BusinessEvent"], Sequence[str]] | None = None
    resolve: Callable[[str, "Desk"], Awaitable[Sequence[str] | None]] | None = None
    fingerprint: Callable[[R], str] | None = None
    lane: Lane = Lane.DOCUMENTS
    schedule: str = "0 * * * * *"
    poll_minutes: Callable[["Connection"], int] = lambda _: 5
    overlap: timedelta = timedelta(minutes=5)
    events: tuple[str, ...] = ()
    business_events: tuple[str, ...] = ()

    @property
    def queue(self) -> str:
        """The queue bears the flow's name."""
        return self.name
