"""The mirror of a publication: what the target last confirmed of each row, as digests.

Digests are keyed, as in claims. A row that is being sent is announced first, so that one whose
answer was lost, or whose sender died, counts as different until the target confirms it again.

Rows are packed into 256 pieces by their keys (`mirror_pieces`), so that reading all of a hundred
thousand takes a few operations, and a chunk as many as its pieces.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from sync.core.encoding import digest_of, to_json
from sync.core.errors import Later, Never
from sync.core.packed import Packed
from sync.core.ports import Conflict, Tables
from sync.core.turns import let_others_go_on
from sync.engine.digests import KeyedDigests
from sync.engine.mirror_pieces import Piece, ends_of, in_transactions, piece_of

MIRROR: Final = "mirrors"
NOTHING: Final = "nothing"
DOUBTED: Final = "doubted"
SIDE_BY_SIDE: Final = 3
"""So many pieces are read by their keys; more are read as a range."""
TRIES: Final = 5


@dataclass(frozen=True)
class Shown:
    """What the target is to show of one row. `content`: as JSON; None where it shows nothing (any
    more). `fault`: why it cannot be known, where it cannot; `content` then says of what.
    `moved`: differs when the target may have changed by itself since, so that the same content is
    sent again. `encoded`: the canonical JSON of the content, where the source has it. `origin`: the
    source's rows, for people. `waits`: nothing is shown of it before other rows are."""

    key: str
    content: Any
    fault: Never | None = None
    moved: str = ""
    encoded: bytes = b""
    origin: str = ""
    waits: bool = False

    @cached_property
    def state(self) -> bytes:
        """What tells it from other states: the content, and what moved; empty for nothing."""
        if self.content is None:
            return b""
        if self.moved:
            return to_json([self.content, self.moved], sort=True)
        return self.encoded or to_json(self.content, sort=True)

    @property
    def digest(self) -> str:
        """The digest of that; empty for nothing."""
        return digest_of(self.state) if self.content is not None else ""


@dataclass(frozen=True)
class Mirrored:
    """What is known of one row of the target. `digest`: of what it confirmed last. `sent`: of what
    was announced since, and nobody knows the outcome of, or `doubted`. `refused`: of what it will
    not take. `version`: differs after every write."""

    digest: str = ""
    version: str = ""
    sent: str = ""
    refused: str = ""

    @property
    def line(self) -> str:
        """As it is stored; empty where nothing is known."""
        if not (self.digest or self.sent or self.refused):
            return ""
        fields = (self.digest, self.version, self.sent, self.refused)
        return "\t".join(fields).rstrip("\t")


ABSENT: Final = Mirrored()
Change = Callable[[Mirrored], Mirrored]


def _sending(mark: str) -> Change:
    return lambda was: replace(was, sent=mark)


def _becoming(now: Mirrored) -> Change:
    return lambda _: now


def _doubted(was: Mirrored) -> Mirrored:
    return replace(was, sent=was.sent or DOUBTED) if was.line else was


def after_refusal(was: Mirrored) -> Mirrored:
    """What is known of a row once the target has refused another state of it: it may have taken
    half of that, so what it showed before is shown for sure no more."""
    return _doubted(was) if was.digest else was


class Mirrors:
    """Rows of the mirror by key, packed; `ABSENT` for what is not known. `shown`: rows that the
    target shows."""

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._lines, self.shown = Packed(), 0
        self.take(lines)

    def take(self, lines: Iterable[tuple[str, str]]) -> None:
        """Rows, as they are stored."""
        for key, line in lines:
            self._lines.put(key, line)
            self.shown += not line.startswith("\t")

    def of(self, key: str) -> Mirrored:
        """What is known of a row."""
        line = self._lines.get(key)
        return Mirrored(*line.split("\t")) if line is not None else ABSENT

    def meet(self, key: str) -> tuple[Mirrored, bool]:
        """What is known of a row that the source has, and whether the source had it before."""
        line, is_met = self._lines.mark(key)
        return Mirrored(*line.split("\t")) if line is not None else ABSENT, is_met

    def __iter__(self) -> Iterator[str]:
        return self._lines.keys()

    def unmet(self) -> Iterator[str]:
        """The keys that the source has not named."""
        return self._lines.keys(unmarked=True)


class Mirror:
    """The mirrors of all publications; `partition` is a connection and a flow, as for claims."""

    def __init__(self, tables: Tables, digests: KeyedDigests) -> None:
        self._tables, self._digests = tables, digests

    def shows(self, was: Mirrored, row: Shown) -> bool:
        """Whether the target shows this very row."""
        return not was.sent and was.digest == self._keyed(row)

    def refuses(self, was: Mirrored, row: Shown) -> bool:
        """Whether the target has refused this very row."""
        return was.refused == self._mark(row)

    async def whole(self, partition: str) -> Mirrors:
        """All rows of a publication."""
        found = Mirrors()
        async for row in self._tables.query(MIRROR, partition):
            found.take(Piece.of(row).lines.items())
            await let_others_go_on()
        return found

    async def of(self, partition: str, keys: Iterable[str]) -> Mirrors:
        """The rows of these keys."""
        wanted = list(keys)
        pieces = await self._pieces(partition, {piece_of(key) for key in wanted})
        lines = ((key, pieces[piece_of(key)].lines.get(key)) for key in wanted)
        return Mirrors((key, line) for key, line in lines if line is not None)

    async def announce(self, partition: str, rows: Iterable[Shown]) -> None:
        """These rows are about to be sent. Safe to repeat."""
        await self._change(partition, {row.key: _sending(self._mark(row)) for row in rows})

    async def confirm(self, partition: str, rows: Iterable[Shown]) -> None:
        """The target shows these rows. Safe to repeat."""
        await self._change(
            partition, {row.key: _becoming(Mirrored(self._keyed(row))) for row in rows}
        )

    async def put_back(self, partition: str, keys: Iterable[str], known: Mirrors) -> None:
        """The target refused what was announced of these keys."""
        await self._change(
            partition, {key: _becoming(after_refusal(known.of(key))) for key in keys}
        )

    async def doubt(self, partition: str, keys: Iterable[str]) -> None:
        """Nobody knows what the target shows of these rows: the next run sends them again."""
        await self._change(partition, dict.fromkeys(keys, _doubted))

    async def refuse(self, partition: str, row: Shown, was: Mirrored) -> None:
        """The target takes no such row: no run sends it again until it differs."""
        now = replace(was, refused=self._mark(row))
        await self._change(partition, {row.key: _becoming(now)})

    def _keyed(self, row: Shown) -> str:
        return self._digests.short(row.state) if row.content is not None else ""

    def _mark(self, row: Shown) -> str:
        return self._keyed(row) or NOTHING

    async def _change(self, partition: str, changes: Mapping[str, Change]) -> None:
        """Change rows by what they are; rows of which nothing is known are removed."""
        keys = defaultdict[str, list[str]](list)
        for key in changes:
            keys[piece_of(key)].append(key)
        for _ in range(TRIES):
            pieces = await self._pieces(partition, keys)
            for name, piece in pieces.items():
                await let_others_go_on()
                for key in keys[name]:
                    was = Mirrored(*piece.lines.get(key, "").split("\t"))
                    now = replace(changes[key](was), version=piece.next_version)
                    piece.put(key, now.line)
                piece.pack()
            try:
                for operations in in_transactions(partition, pieces.values()):
                    await self._tables.transact(MIRROR, operations)
            except Conflict:
                continue
            return
        raise Later("several write the mirror at once", counts=False)

    async def _pieces(self, partition: str, names: Iterable[str]) -> dict[str, Piece]:
        wanted = sorted(set(names))
        if len(wanted) > SIDE_BY_SIDE:
            first, last = ends_of(wanted)
            rows = [
                row async for row in self._tables.query(MIRROR, partition, start=first, before=last)
            ]
        else:
            reads = [self._tables.get(MIRROR, partition, name) for name in wanted]
            rows = [row for row in await asyncio.gather(*reads) if row is not None]
        found = {row.key: Piece.of(row) for row in rows}
        return {name: found.get(name) or Piece(name) for name in wanted}
