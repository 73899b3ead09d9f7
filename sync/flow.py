"""What a flow is: one kind of record, from one system to another.

A flow says what; the engine says how often; the executor alone writes. A flow is one file under `sync/flows/` that ends
in a `DocumentFlow(...)`, its name in `FLOWS`, and one test. Every part of it may be called twice, concurrently and out
of order.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sync.engine.plan import Plan, Skipped

if TYPE_CHECKING:
    from sync.business_events import BusinessEvent
    from sync.connections import Connection
    from sync.desk import Desk
    from sync.work import Work

R = TypeVar("R")
T = TypeVar("T")


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


class NoKey(ValueError):
    """A hook or event holds nothing that identifies a record of this flow; the message names the field looked for."""


@dataclass(frozen=True)
class CommerceHook:
    """A signed webhook. `keys_in(payload)`: the keys in its body; raises `NoKey`."""

    keys_in: Callable[[Mapping[str, Any]], Sequence[str]]


@dataclass(frozen=True)
class AdobeEvents:
    """Events of Adobe I/O whose types end in one of `names`. `keys_in(value)`: the keys in one; raises `NoKey`."""

    names: tuple[str, ...]
    keys_in: Callable[[Mapping[str, Any]], Sequence[str]]


@dataclass(frozen=True)
class BusinessEvents:
    """Business events of D365 with these names. `keys_in(event)`: the keys in one; raises `NoKey`."""

    names: tuple[str, ...]
    keys_in: Callable[["BusinessEvent"], Sequence[str]]


@dataclass(frozen=True)
class Poll(Generic[R]):
    """A look for changes, every so many minutes.

    `changed(desk, since, until)`: oldest change first; both bounds inclusive. `until(desk)`: up to when it may look, by
    the owner's clock, so that what is still being committed is left out. `every_minutes(connection)`: how often.
    `schedule`: when the timer looks whether a connection's poll is due. `fingerprint(record)`: what `changed` would say
    of the record as it was read, where its changes bear fingerprints.
    """

    changed: Callable[["Desk", datetime, datetime], AsyncIterator[Change]]
    until: Callable[["Desk"], Awaitable[datetime]]
    every_minutes: Callable[["Connection"], int]
    schedule: str = "0 * * * * *"
    overlap: timedelta = timedelta(minutes=5)
    fingerprint: Callable[[R], str] | None = None


Trigger = CommerceHook | AdobeEvents | BusinessEvents | Poll[Any]


@dataclass(frozen=True)
class Source(Generic[R]):
    """Where a flow's records come from.

    `read(key, desk)`: the record as it is now, or None when the owner does not have it (yet).
    `resolve(key, desk)`: a key that a notification could only give in part -> the full keys; None when it is full.
    `version(record)`: what differs when a record changed between two reads; None where nothing tells.
    """

    read: Callable[[str, "Desk"], Awaitable[R | None]]
    resolve: Callable[[str, "Desk"], Awaitable[Sequence[str] | None]] | None = None
    version: Callable[[R], object] | None = None


@dataclass(frozen=True)
class SubFlow(Generic[R]):
    """A kind of record without notifications of its own: other flows hand it over. Claims and trail as for all."""

    name: str
    title: str
    plan: Callable[[R, "Work"], Awaitable[Plan | Skipped]]


@dataclass(frozen=True)
class DocumentFlow(Generic[R]):
    """One kind of record, each delivered exactly once in effect.

    `plan(record, work)`: what the targets must hold for it, or why nothing is to be done (`Skipped`, `Waiting`); raises
    `Later` or `Never`; writes nothing.
    """

    name: str
    title: str
    source: Source[R]
    plan: Callable[[R, "Work"], Awaitable[Plan | Skipped]]
    triggers: tuple[Trigger, ...] = ()
    lane: Lane = Lane.DOCUMENTS

    def trigger(self, kind: type[T]) -> T | None:
        """The flow's trigger of a kind; None where it has none."""
        return next((trigger for trigger in self.triggers if isinstance(trigger, kind)), None)

    @property
    def queue(self) -> str:
        """The queue bears the flow's name."""
        return self.name
