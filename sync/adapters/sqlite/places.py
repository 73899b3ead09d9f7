"""Which of the messages that are due are locked next, where connections share the places of a host.

Shares take turns: the one with the fewest messages under a lock comes first, so that a burst of one
does not keep the others waiting. A quarter of the places stays free for others than the connection
that has the rest, so that calls of one system which hang do not hold them all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

PLACES: Final = 16
"""Messages of one queue that a host takes at once (host.json says the same)."""
ANYBODYS: Final = PLACES * 3 // 4

Due = tuple[int, bytes, str, int, int]
"""A message that is due: (sequence, body, id, deliveries with this one, enqueued_at)."""


def next_due(
    lines: Mapping[str, Iterable[tuple[int, Due]]],
    held: Mapping[str, int],
    most: int,
    connections: int,
) -> list[Due]:
    """At most `most`. `lines`: of each share what is due, with since when; `held`: how many of each
    are under a lock; `connections`: how many there are, whether or not they have messages."""
    turns = sorted(
        (held.get(share, 0) + place, ready_at, due, share)
        for share, line in lines.items()
        for place, (ready_at, due) in enumerate(line)
    )
    owned = Counter[str]()
    for share, count in held.items():
        owned[_connection(share)] += count
    found = list[Due]()
    for _, _, due, share in turns:
        if len(found) < most and _has_room(owned, _connection(share), connections):
            owned[_connection(share)] += 1
            found.append(due)
    return found


def _has_room(owned: Counter[str], connection: str, connections: int) -> bool:
    if connections < 2 or not connection or owned.total() < ANYBODYS:
        return True
    return owned[connection] < max((PLACES - ANYBODYS) // (connections - 1), 1)


def _connection(share: str) -> str:
    return share.partition("|")[0]
