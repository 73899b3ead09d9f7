"""Connections take turns where the queue does not let them: no connection has more than its share
of a process's deliveries of one flow, and what is beyond is given back for a little later.

So a burst of one connection is moved out of the others' way within seconds. What was given back
comes again faster than it can be delivered: the share stays busy.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Clock
from sync.engine.message import Message

SHARE: Final = 12
"""Deliveries of one connection and flow at once in a process that takes 16 (host.json): the other
four reach what waits behind a burst."""
SOONEST: Final = timedelta(seconds=5)
EVERY: Final = timedelta(milliseconds=20)
"""What is given back comes again after five seconds, fifty a second: more than are delivered, and
few enough to be handed around."""


class Turns:
    """The deliveries under way in this process. `is_shared(flow)`: whether several connections wait
    in the flow's queue."""

    def __init__(self, clock: Clock, is_shared: Callable[[str], bool]) -> None:
        self._clock = clock
        self._is_shared = is_shared
        self._running: Counter[tuple[str, str]] = Counter()
        self._given_back: dict[tuple[str, str], datetime] = {}

    def beyond_its_share(self, message: Message) -> datetime | None:
        """When to look at this message again; None when it may be delivered now."""
        whose = message.flow, message.connection
        if self._running[whose] < SHARE or not self._is_shared(message.flow):
            return None
        soonest = self._clock.now() + SOONEST
        due = max(self._given_back.get(whose, soonest) + EVERY, soonest)
        self._given_back[whose] = due
        return due

    @contextmanager
    def taken(self, message: Message) -> Iterator[None]:
        """While the message is delivered."""
        whose = message.flow, message.connection
        self._running[whose] += 1
        try:
            yield
        finally:
            self._running[whose] -= 1
