"""Rows of several slots in the same calls.

Each slot has its claim, its intent and its part of the mirror, as if it were alone; the calls are
joined. The first slot announces its rows and has the next one do so before anything is sent; the
last one sends all of them. So slots are taken in their order, and nobody waits for anybody in a
circle. A slot that has to wait is left out.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from typing_extensions import override

from sync.core.request import Request
from sync.engine.mirror import Mirrors, Shown
from sync.engine.mirror_pieces import slot_of
from sync.engine.published_rows import Chunk, Refused, RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target


@dataclass
class Together(RowTarget):
    """A target, for rows of several slots. `publish_chunk` carries out one slot's chunk; it keeps
    what a slot waits for, and raises what stops all."""

    target: RowTarget
    rows: Sequence[Shown]
    known: Mirrors
    publish_chunk: Callable[[Chunk], Awaitable[None]]
    _left: list[Chunk] = field(init=False)
    _announced: list[Shown] = field(default_factory=list)
    _until: datetime | None = None
    _refused: Refused | Exception | None = None

    def __post_init__(self) -> None:
        slots = defaultdict[str, list[Shown]](list)
        for row in self.rows:
            slots[slot_of(row.key)].append(row)
        self._left = [Chunk(tuple(slots[one]), self.known, target=self) for one in sorted(slots)]

    async def publish_all(self) -> None:
        """All slots. One that comes no further than its claim leaves the others to a round more."""
        while self._left:
            self._announced, self._until, self._refused = [], None, None
            await self.publish_chunk(self._left.pop(0))

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Refused:
        """What a slot sends: everything that was announced, once all slots have announced theirs.
        Raises what the target raises, in each of them."""
        self._announced += rows
        self._until = min(self._until or not_after, not_after)
        while self._left and self._refused is None:
            await self.publish_chunk(self._left.pop(0))
        if self._refused is None:
            self._refused = await self._sent(systems, self._until)
        if isinstance(self._refused, Exception):
            raise self._refused
        keys = {row.key for row in rows}
        return {key: why for key, why in self._refused.items() if key in keys}

    async def _sent(self, systems: Systems, until: datetime) -> Refused | Exception:
        try:
            return await self.target.publish(self._announced, systems, not_after=until)
        except Exception as error:  # noqa: BLE001 - each slot raises it
            return error

    @override
    def timing(self, systems: Systems) -> Target:
        return self.target.timing(systems)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        return self.target.requests(rows, systems)

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        return await self.target.shown(systems, keys)
