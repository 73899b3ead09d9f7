"""Which connections may have the last of the places that a process has for deliveries of a queue.

Most places are anybody's. The last ones are for connections that have few, and not for those whose
deliveries hang: each call of a system that hangs lasts minutes, and however many connections call
it, they must not hold all places. Connections of the same shop and the same ledger are known by
each other's deliveries; of two shops with one ledger, either may hang.
"""

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Clock

PLACES: Final = 16
"""Deliveries of one queue that a process has under way at once (host.json)."""
ANYBODYS: Final = PLACES * 3 // 4
UNKNOWN: Final = PLACES - 1
"""So many places may be taken by a connection of which no delivery has ended yet."""
UNKNOWN_AT_ONCE: Final = 2
"""Deliveries of such connections that may be under way beyond what is anybody's."""
SLOW: Final = timedelta(seconds=10)
"""A delivery that lasts longer hangs, for all that is known."""


class Places:
    """What one process has seen of the deliveries of a queue. `systems`: what each connection
    calls. A `delivery` is whatever tells one from another."""

    def __init__(self, clock: Clock, systems: Mapping[str, Hashable]) -> None:
        self._clock = clock
        self._systems = systems
        self._begun: dict[Hashable, tuple[Hashable, datetime]] = {}
        self._was_quick: dict[Hashable, bool] = {}

    def begin(self, delivery: Hashable, connection: str) -> None:
        """A delivery is under way."""
        self._begun[delivery] = self._called_by(connection), self._clock.now()

    def end(self, delivery: Hashable) -> None:
        """It is no more. Safe to repeat."""
        called, at = self._begun.pop(delivery, (None, self._clock.now()))
        if called is not None:
            self._was_quick[called] = not self._is_long(at)

    def may_have_more(self, connection: str, held: Mapping[str, int]) -> bool:
        """Whether it may have one of the last places. `held`: how many each connection has."""
        taken, is_quick = sum(held.values()), self._is_quick(connection)
        if is_quick is not None:
            return is_quick and taken < PLACES
        unknown = sum(count for one, count in held.items() if self._is_quick(one) is None)
        return taken < UNKNOWN and unknown < UNKNOWN_AT_ONCE

    def _is_quick(self, connection: str) -> bool | None:
        """None while nothing is known."""
        called = self._called_by(connection)
        if any(one == called and self._is_long(at) for one, at in self._begun.values()):
            return False
        return self._was_quick.get(called)

    def _called_by(self, connection: str) -> Hashable:
        return self._systems.get(connection, connection)

    def _is_long(self, begun: datetime) -> bool:
        return self._clock.now() - begun > SLOW
