"""Pieces of a mirror: a row of the tables each, which holds the lines of a few hundred keys,
compressed."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from sync.core.ports import Insert, Operation, Replace, Row, Value

PIECES: Final = 256
SLOTS: Final = 4
"""Chunks of one slot follow each other; a slot is so many neighbouring pieces."""
CELL: Final = 60_000
"""Bytes in one cell, which holds 64 KiB; a row holds sixteen of them."""
MOST_OPERATIONS, MOST_BYTES = 50, 2_000_000
"""In one transaction, which may have 100 of them and 4 MiB."""


def piece_of(key: str) -> str:
    """The piece that a key belongs to."""
    return f"{zlib.crc32(key.encode('utf-8', 'surrogatepass')) % PIECES:02x}"


def slot_of(key: str) -> str:
    """The slot that a key belongs to."""
    return str(int(piece_of(key), 16) * SLOTS // PIECES)


def ends_of(names: Sequence[str]) -> tuple[str, str]:
    """The range (from, before) that covers these pieces, which are sorted."""
    return names[0], f"{names[-1]}~"


def in_cells(packed: bytes) -> dict[str, Value]:
    """Bytes as cells of a row."""
    parts = [packed[start : start + CELL] for start in range(0, len(packed), CELL)]
    return {f"bytes{number:02}": part for number, part in enumerate(parts)}


def bytes_in(row: Row) -> bytes:
    """The bytes that were laid into cells."""
    return b"".join(cell for _, cell in sorted(row.values.items()) if isinstance(cell, bytes))


@dataclass
class Piece:
    """Lines by key. `count`: how often it was written; `row`: as it was read; `cells`: as it is
    written."""

    name: str
    lines: dict[str, str] = field(default_factory=dict)
    count: int = 0
    row: Row | None = None
    cells: dict[str, Value] = field(default_factory=dict)

    @property
    def next_version(self) -> str:
        """What tells this writing from all others of the piece."""
        return f"{self.count + 1:x}"

    def put(self, key: str, line: str) -> None:
        """Keep a line, or none."""
        if line:
            self.lines[key] = line
        else:
            self.lines.pop(key, None)

    @classmethod
    def of(cls, row: Row) -> Self:
        """From its row."""
        text = zlib.decompress(bytes_in(row)).decode()
        lines = (line.partition("\t") for line in text.split("\n") if line)
        count = row.values["count"]
        assert isinstance(count, int)
        return cls(row.key, {key: rest for key, _, rest in lines}, count, row)

    def pack(self) -> None:
        """Make the cells of its row. That takes a moment: between pieces others get their turn."""
        text = "\n".join(f"{key}\t{line}" for key, line in self.lines.items())
        self.cells = {"count": self.count + 1, **in_cells(zlib.compress(text.encode(), 1))}


def in_transactions(partition: str, pieces: Iterable[Piece]) -> Iterator[list[Operation]]:
    """What writes these pieces, which are packed, over what was read, in as many transactions as it
    takes."""
    operations, size = list[Operation](), 0
    for piece in pieces:
        row = Row(partition, piece.name, piece.cells, piece.row.etag if piece.row else "")
        length = sum(len(cell) for cell in piece.cells.values() if isinstance(cell, bytes))
        if operations and (size + length > MOST_BYTES or len(operations) == MOST_OPERATIONS):
            yield operations
            operations, size = [], 0
        operations.append(Replace(row) if piece.row else Insert(row))
        size += length
    if operations:
        yield operations
