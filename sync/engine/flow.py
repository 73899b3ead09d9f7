"""What a flow is: one kind of record, from one system to another.

A flow says what; the engine says how often; the executor alone writes. A flow is one file under
`sync/flows/` that ends in a `DocumentFlow(...)`, its name in `FLOWS`, and one test. Every part of
it may be called twice, concurrently and out of order.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sync.core.skipped import Skipped
from sync.engine.plan import Plan
from sync.engine.results import Changed
from sync.pacing.priority import Priority

if TYPE_CHECKING:
    from sync.config.connections import Connection
    from sync.dynamics.business_events import BusinessEvent
    from sync.engine.delivery import Delivery
    from sync.engine.systems import Systems

R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class Hook:
    """A webhook as Commerce is told of it: its name there, the method that fires it, and its body:
    name there -> path in what Commerce would send. One that fires after the commit finds what it
    tells of. `is_extra`: it costs more than it usually gives."""

    name: str
    method: str
    fields: Mapping[str, str]
    is_extra: bool = False


@dataclass(frozen=True)
class CommerceHook:
    """A signed webhook. `keys_in(payload)`: the keys in its body; raises `NoKey`. `hooks`: what is
    registered in Commerce for it."""

    keys_in: Callable[[Mapping[str, Any]], Sequence[str]]
    hooks: tuple[Hook, ...] = ()


@dataclass(frozen=True)
class AdobeEvents:
    """Events of Adobe I/O whose types end in one of `names`. `keys_in(value)`: the keys in one;
    raises `NoKey`. `own(connection)`: further names, of plugins that a shop registers itself."""

    names: tuple[str, ...]
    keys_in: Callable[[Mapping[str, Any]], Sequence[str]]
    own: Callable[["Connection"], Sequence[str]] = lambda _: ()


@dataclass(frozen=True)
class CarrierHook:
    """A signed webhook of a carrier. `keys_in(document, connection)`: the keys in its body, and how
    many events concern nobody; raises `NoKey`."""

    keys_in: Callable[[Any, "Connection"], tuple[Sequence[str], int]]


@dataclass(frozen=True)
class BusinessEvents:
    """Business events of D365 with these names. `keys_in(event)`: the keys in one; raises
    `NoKey`. `own(connection)`: further names, of events that are the customer's own."""

    names: tuple[str, ...]
    keys_in: Callable[["BusinessEvent"], Sequence[str]]
    own: Callable[["Connection"], Sequence[str]] = lambda _: ()


@dataclass(frozen=True)
class Poll(Generic[R]):
    """A look for changes, every so many minutes.

    `changed(systems, since, until)`: oldest change first; both bounds inclusive. `until(systems)`:
    up to when it may look, by the owner's clock, so that what is still being committed is left out.
    `every_minutes(connection)`: how often. `schedule`: when the timer looks whether a connection's
    poll is due. `fingerprint(record)`: what `changed` would say of the record as it was read, where
    its changes have fingerprints. `listed(record)`: the same where its changes say what the list
    said. `lag`: how far `until` lies before the owner's clock.
    """

    changed: Changed
    until: Callable[["Systems"], Awaitable[datetime]]
    every_minutes: Callable[["Connection"], int]
    overlap: timedelta = timedelta(minutes=5)
    fingerprint: Callable[[R], str] | None = None
    listed: Callable[[R], str] | None = None
    lag: timedelta = timedelta()

    def seen_of(self, record: R) -> str:
        """What a claim remembers of a record that was read; empty where changes have a time
        only."""
        told = self.fingerprint or self.listed
        return told(record) if told is not None else ""


Trigger = CommerceHook | CarrierHook | AdobeEvents | BusinessEvents | Poll[Any]


def _no_amount(_: object) -> str:
    return ""


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True)
class Source(Generic[R]):
    """Where a flow's records come from.

    `read(key, systems)`: the record as it is now, or None when the owner does not have it (yet).
    `resolve(key, systems)`: a key that a notification could only give in part -> the full keys;
    None when it is full. `version(record)`: what differs when a record changed between two reads;
    None where nothing tells. `is_joined`: what is read at the same time is one request, so records
    may be read before their turn. `foresee(record, systems)`: tells the target's client what will
    be asked for a record that was; it asks nothing. `worth(record)`: its amount and currency.
    `comes_alone(key)`: False for a record that only those that require it have, and deliver: nobody
    can read it by its key.
    """

    read: Callable[[str, "Systems"], Awaitable[R | None]]
    resolve: Callable[[str, "Systems"], Awaitable[Sequence[str] | None]] | None = None
    version: Callable[[R], object] | None = None
    is_joined: bool = False
    foresee: Callable[[R, "Systems"], None] | None = None
    worth: Callable[[R], str] = _no_amount
    comes_alone: Callable[[str], bool] = _always


@dataclass(frozen=True)
class SubFlow(Generic[R]):
    """A kind of record without notifications of its own: other flows hand it over. Claims and trail
    as for all."""

    name: str
    title: str
    plan: Callable[[R, "Delivery"], Awaitable[Plan | Skipped]]


@dataclass(frozen=True)
class DocumentFlow(Generic[R]):
    """One kind of record, each delivered exactly once in effect.

    `plan(record, delivery)`: what the targets must hold for it, or why nothing is to be done
    (`Skipped`, `Waiting`); raises `Later` or `Never`; writes nothing.
    """

    name: str
    title: str
    source: Source[R]
    plan: Callable[[R, "Delivery"], Awaitable[Plan | Skipped]]
    triggers: tuple[Trigger, ...] = ()
    priority: Priority = Priority.DOCUMENTS
    is_answered: bool = False
    """Whether a flow the other way may change the same pair of records: then more than so many
    changes a day are a loop (`loops.MOST`)."""

    def trigger(self, kind: type[T]) -> T | None:
        """The flow's trigger of a kind; None where it has none."""
        return next((trigger for trigger in self.triggers if isinstance(trigger, kind)), None)
