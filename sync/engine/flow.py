"""What a flow is: where notifications come from, what identifies a record, how it is read, how it
is delivered.

A flow says what; the runner says how often. A flow is one file under `sync/flows/` that ends in a
`Flow(...)`, its name in `FLOWS`, and one test. Every part of it may be called twice, concurrently
and out of order.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sync.engine.results import Changed, Receipt, Skipped
from sync.pacing.priority import Priority

if TYPE_CHECKING:
    from sync.config.connections import Connection
    from sync.dynamics.business_events import BusinessEvent
    from sync.engine.delivery import Delivery
    from sync.engine.systems import Systems

R = TypeVar("R")


@dataclass(frozen=True)
class SubFlow(Generic[R]):
    """A kind of record without notifications of its own: other flows require it and hand it over.
    Claims and trail as for all."""

    name: str
    title: str
    deliver: Callable[[R, "Delivery"], Awaitable[Receipt | Skipped]]


@dataclass(frozen=True)
class Flow(Generic[R]):
    """One kind of record, from one system to another.

    `keys_in(payload)`: the keys in a webhook body or an Adobe event's value; raises `NoKey`. None:
    takes no hooks. `keys_in_event(event)`: the same for D365 business events, those named in
    `business_events`. `resolve(key, systems)`: a key that a notification could only give in part ->
    the full keys; None when keys are always full. `horizon(systems)`: up to when a poll may look,
    by the owner's clock, so that what is still being committed is left out. `changed(systems,
    since, until)`: the poll over the same records, oldest change first; both bounds inclusive. None
    for both: nothing is polled. `read(key, systems)`: the record as it is now, or None when the
    owner does not have it (yet). `fingerprint(record)`: what `changed` would say of the record as
    it was read, where its changes bear fingerprints. `deliver(record, delivery)`: makes the target
    agree; returns `Receipt` or `Skipped`; raises `Later` or `Never`. `schedule`: when the timer
    looks whether a connection's poll is due, which is every `poll_minutes(connection)`. `events`:
    endings of the Adobe event types that are notifications for this flow.
    """

    name: str
    title: str
    read: Callable[[str, "Systems"], Awaitable[R | None]]
    deliver: Callable[[R, "Delivery"], Awaitable[Receipt | Skipped]]
    keys_in: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    horizon: Callable[["Systems"], Awaitable[datetime]] | None = None
    changed: Changed | None = None
    keys_in_event: Callable[["BusinessEvent"], Sequence[str]] | None = None
    resolve: Callable[[str, "Systems"], Awaitable[Sequence[str] | None]] | None = None
    fingerprint: Callable[[R], str] | None = None
    priority: Priority = Priority.DOCUMENTS
    schedule: str = "0 * * * * *"
    poll_minutes: Callable[["Connection"], int] = lambda _: 5
    overlap: timedelta = timedelta(minutes=5)
    events: tuple[str, ...] = ()
    business_events: tuple[str, ...] = ()

    @property
    def queue(self) -> str:
        """The queue bears the flow's name."""
        return self.name
