"""Connections and flows take turns where the queue does not let them: none has more than its share
of a process's deliveries of one queue, and what is beyond is given back for a little later.

Three quarters of the places are anybody's. The rest is for those who have less than an even share
of nearly all places: a little is always free, so what waits behind bursts is reached within
seconds, however many bursts there are; and some of it for others than all whose deliveries hang.
What was given back comes again faster than it can be delivered: the places stay busy. Flows of one
connection share its places in the same way.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sync.core.places import ANYBODYS, PLACES, Places
from sync.core.ports import Clock
from sync.engine.message import Message
from sync.engine.queues import ASKED

SOONEST: Final = timedelta(seconds=1)
EVERY: Final = timedelta(milliseconds=20)
"""What is given back comes again after a second, fifty a second over all that have bursts: more
than are delivered, and few enough to be handed around."""

Share = tuple[str, ...]
"""A queue, a connection there, and a flow of it."""


class Turns:
    """The deliveries under way in this process. `queues`: by flow. `flows`: those of each
    connection; empty where the queue itself lets them take turns. `systems`: what each connection
    calls."""

    def __init__(
        self,
        clock: Clock,
        queues: Mapping[str, str],
        flows: Mapping[str, Collection[str]],
        systems: Mapping[str, str],
    ) -> None:
        self._clock = clock
        self._queues = queues
        self._sharing = Counter[Share]()
        for connection, own in flows.items():
            mine = [flow for flow in own if flow in queues]
            self._sharing.update((queue,) for queue in {ASKED, *(queues[flow] for flow in mine)})
            self._sharing.update((queues[flow], connection) for flow in mine)
            self._sharing.update((ASKED, connection) for _ in mine)
        self._running = Counter[Share]()
        self._given_back: dict[Share, datetime] = {}
        self._places = defaultdict[str, Places](lambda: Places(clock, systems))

    def beyond_its_share(self, message: Message) -> datetime | None:
        """When to look at this message again; None when it may be delivered now."""
        shares, places = self._shares(message), PLACES
        if not self._has_room(*shares[1]):
            return self._comes_again(shares)
        for whole, share in pairwise(shares):
            if self._sharing[whole] > 1:
                places = self._most(whole, share, places)
                if self._running[share] >= places:
                    return self._comes_again(shares)
        return None

    def _has_room(self, queue: str, connection: str) -> bool:
        """Whether a connection may have one of the last places, where only those are left."""
        if self._sharing[queue,] < 2 or self._running[queue,] < ANYBODYS:
            return True
        held = {
            one[1]: n for one, n in self._running.items() if one[:1] == (queue,) and len(one) == 2
        }
        return self._places[queue].may_have_more(connection, held)

    def _most(self, whole: Share, share: Share, places: int) -> int:
        """How many deliveries a share may have now, of the `places` that its whole may have."""
        left = places * 3 // 4 - self._running[whole]
        even = places * 7 // 8 // max(self._beside(share), 2)
        return max(self._running[share] + left, even, 1)

    def _beside(self, share: Share) -> int:
        """How many shares of the same whole have deliveries under way, this one among them."""
        return sum(count > 0 for other, count in self._running.items() if other[:-1] == share[:-1])

    def _comes_again(self, shares: tuple[Share, ...]) -> datetime:
        _, of_connection, of_flow = shares
        soonest = self._clock.now() + SOONEST
        every = EVERY * self._beside(of_connection)
        due = max(self._given_back.get(of_flow, soonest) + every, soonest)
        self._given_back[of_flow] = due
        return due

    @contextmanager
    def taken(self, message: Message) -> Iterator[None]:
        """While the message is delivered."""
        shares, delivery = self._shares(message), object()
        self._running.update(shares)
        queue, connection = shares[1]
        self._places[queue].begin(delivery, connection)
        try:
            yield
        finally:
            self._places[queue].end(delivery)
            self._running.subtract(shares)

    def _shares(self, message: Message) -> tuple[Share, Share, Share]:
        connection = message.connection
        queue = ASKED if message.comes_first else self._queues[message.flow]
        return (queue,), (queue, connection), (queue, connection, message.flow)
