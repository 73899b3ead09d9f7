"""Connections and flows take turns where the queue does not let them: no connection, and no flow of
one, has more than its share of a process's deliveries of one queue, and what is beyond is given
back for a little later.

So a burst is moved out of the others' way within seconds. What was given back comes again faster
than it can be delivered: the share stays busy.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Clock
from sync.engine.message import Message

SHARE: Final = 12
"""Deliveries of one queue at once that are one connection's, or one flow's of the only connection,
in a process that takes 16 (host.json): the other four reach what waits behind a burst."""
SHARE_OF_FLOW: Final = 9
"""Of these, those of one flow: the other three reach the connection's other flows."""
SOONEST: Final = timedelta(seconds=5)
EVERY: Final = timedelta(milliseconds=20)
"""What is given back comes again after five seconds, fifty a second: more than are delivered, and
few enough to be handed around."""


class Turns:
    """The deliveries under way in this process. `queues`: by flow. `flows`: those of each
    connection; empty where the queue itself lets them take turns."""

    def __init__(
        self, clock: Clock, queues: Mapping[str, str], flows: Mapping[str, Collection[str]]
    ) -> None:
        self._clock = clock
        self._queues = queues
        self._waiting = {
            queue: [those for own in flows.values() if (those := _in(queue, own, queues))]
            for queue in set(queues.values())
        }
        self._running: Counter[tuple[str, ...]] = Counter()
        self._given_back: dict[tuple[str, ...], datetime] = {}

    def beyond_its_share(self, message: Message) -> datetime | None:
        """When to look at this message again; None when it may be delivered now."""
        of_connection, of_flow = self._shares(message)
        waiting = self._waiting[self._queues[message.flow]]
        is_beyond = len(waiting) > 1 and self._running[of_connection] >= SHARE
        if len(set[str]().union(*waiting)) > 1:
            most = SHARE_OF_FLOW if len(waiting) > 1 else SHARE
            is_beyond = is_beyond or self._running[of_flow] >= most
        if not is_beyond:
            return None
        soonest = self._clock.now() + SOONEST
        due = max(self._given_back.get(of_flow, soonest) + EVERY, soonest)
        self._given_back[of_flow] = due
        return due

    @contextmanager
    def taken(self, message: Message) -> Iterator[None]:
        """While the message is delivered."""
        shares = self._shares(message)
        self._running.update(shares)
        try:
            yield
        finally:
            self._running.subtract(shares)

    def _shares(self, message: Message) -> tuple[tuple[str, ...], ...]:
        queue = self._queues[message.flow]
        connection = message.connection
        return (queue, connection), (queue, connection, message.flow)


def _in(queue: str, flows: Collection[str], queues: Mapping[str, str]) -> set[str]:
    return {flow for flow in flows if queues.get(flow) == queue}
