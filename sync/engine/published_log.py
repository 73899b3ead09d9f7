"""What a publication showed, when, and from what: a row for each chunk, in which a person finds one
key again. Kept for two weeks."""

import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.ports import Row, Tables
from sync.engine.mirror import Shown
from sync.engine.mirror_pieces import bytes_in, in_cells, slot_of

PUBLISHED: Final = "published"
KEEP: Final = timedelta(days=14)


@dataclass(frozen=True)
class Published:
    """What the target confirmed of one key. `content` is None where it shows nothing any more;
    `origin`: the rows of the source."""

    at: datetime
    content: Any
    origin: str


class PublishedLog:
    """The log of all publications; `partition` is a connection and a flow, as for claims."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def keep(self, partition: str, at: datetime, rows: Sequence[Shown]) -> None:
        """These rows of one slot are shown. Safe to repeat: the same rows at the same time
        overwrite themselves."""
        if not rows:
            return
        said = {row.key: [row.content, row.origin] for row in rows}
        key = f"{at:%Y%m%dT%H%M%S%f}-{rows[0].key[:50]}"
        cells = in_cells(zlib.compress(to_json(said)))
        slot = slot_of(rows[0].key)
        await self._tables.upsert(PUBLISHED, Row(f"{partition}|{slot}", key, {"at": at, **cells}))

    async def last(self, partition: str, keys: Collection[str]) -> dict[str, Published]:
        """What was last shown of each of these keys; those that were not are left out."""
        found = dict[str, Published]()
        for slot in sorted({slot_of(key) for key in keys}):
            async for row in self._tables.query(PUBLISHED, f"{partition}|{slot}"):
                found |= {key: one for key, one in _published_in(row) if key in keys}
        return found

    async def of(self, partition: str, key: str) -> list[Published]:
        """What was shown of a key, oldest first."""
        rows = self._tables.query(PUBLISHED, f"{partition}|{slot_of(key)}")
        return [one async for row in rows for name, one in _published_in(row) if name == key]


def _published_in(row: Row) -> Iterator[tuple[str, Published]]:
    at, said = row.values["at"], from_json(zlib.decompress(bytes_in(row)))
    if isinstance(at, datetime):
        yield from ((key, Published(at, *one)) for key, one in said.items())
