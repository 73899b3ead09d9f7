"""Which of the messages that are due are locked next, where connections share the places of a host.

Shares take turns: the one with the fewest messages under a lock comes first, so that a burst of one
does not keep the others waiting. A quarter of the places stays free for others than the connection
that has the rest, and of these some for others than all whose deliveries hang.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.core.message_queue import Received
from sync.core.places import ANYBODYS, PLACES, Places
from sync.core.ports import Clock

Due = tuple[int, bytes, str, int, int, str]
"""A message that is due: (sequence, body, id, deliveries with this one, enqueued_at, share)."""


@dataclass(frozen=True)
class Room:
    """The places of a host. `connections`: how many share them, whether or not they have
    messages."""

    places: Places
    connections: int

    def is_left(self, owned: Counter[str], connection: str) -> bool:
        """Whether a connection may have one more. `owned`: how many each has."""
        if not connection or owned.total() < ANYBODYS:
            return True
        part = max((PLACES - ANYBODYS) // (self.connections - 1), 1)
        return owned[connection] < part and self.places.may_have_more(connection, owned)


class Sharing:
    """The places of a host's queues. `systems`: what each of the connections calls that share
    them."""

    def __init__(self, clock: Clock, systems: Mapping[str, str]) -> None:
        self.connections = len(systems)
        self._places = defaultdict[str, Places](lambda: Places(clock, systems))

    @property
    def is_shared(self) -> bool:
        """Whether there are several connections."""
        return self.connections > 1

    def room(self, queue: str) -> Room | None:
        """None where one connection has all places."""
        return Room(self._places[queue], self.connections) if self.is_shared else None

    def begin(self, taken: Sequence[Received]) -> None:
        """These are worked on."""
        for message in taken:
            self._places[message.queue].begin(message.token, connection_of(message.share))

    def end(self, message: Received) -> None:
        """Nobody works on it any more, whatever became of its lock."""
        self._places[message.queue].end(message.token)


def next_due(
    lines: Mapping[str, Iterable[tuple[int, Due]]],
    held: Mapping[str, int],
    most: int,
    room: Room | None,
) -> list[Due]:
    """At most `most`. `lines`: of each share what is due, with since when; `held`: how many of each
    are under a lock; `room`: None where one connection has all places."""
    turns = sorted(
        (held.get(share, 0) + place, ready_at, due, share)
        for share, line in lines.items()
        for place, (ready_at, due) in enumerate(line)
    )
    owned = Counter[str]()
    for share, count in held.items():
        owned[connection_of(share)] += count
    found = list[Due]()
    for _, _, due, share in turns:
        connection = connection_of(share)
        if len(found) < most and (room is None or room.is_left(owned, connection)):
            owned[connection] += 1
            found.append(due)
    return found


def connection_of(share: str) -> str:
    """Whose share it is."""
    return share.partition("|")[0]
