"""What publications are made of: rows of a source, a target that shows them, chunks of them as
writes."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.encoding import digest
from sync.core.errors import Never, NotProvided
from sync.core.request import Request
from sync.engine.ledger import Ledger
from sync.engine.mirror import Mirrors, Shown
from sync.engine.systems import Systems
from sync.engine.write import Found, Target, Write

Refused = Mapping[str, Never]
Keeping = Callable[[str, Sequence[Shown], Systems, Ledger], Awaitable[None]]


async def _nothing(_: Sequence[Shown], __: Systems, ___: Ledger) -> Collection[str]:
    """No target changes by itself."""
    return ()


@dataclass(frozen=True)
class Rows:
    """The source. `every(systems, ledger)`: all rows that the target is to show. `one(key, systems,
    ledger)`: one of them, its content None where there is none. `overtaken(rows, systems, ledger)`:
    of rows that were published, the keys of those that the target has changed since they were read,
    and that cannot wait for the next run. `keep(key, rows, systems, ledger)`: stores what our own
    tables are to hold of the rows that were read for this key, before any is published; previews do
    not call it. All may raise `Later` or `Never`."""

    every: Callable[[Systems, Ledger], AsyncIterator[Shown]]
    one: Callable[[str, Systems, Ledger], Awaitable[Shown]]
    overtaken: Callable[[Sequence[Shown], Systems, Ledger], Awaitable[Collection[str]]] = _nothing
    keep: Keeping | None = None

    async def all(self, key: str, systems: Systems, ledger: Ledger) -> AsyncIterator[Shown]:
        """All rows, once they are kept where they are to be."""
        if self.keep is None:
            async for row in self.every(systems, ledger):
                yield row
            return
        found = [row async for row in self.every(systems, ledger)]
        await self.keep(key, found, systems, ledger)
        for row in found:
            yield row

    async def single(self, key: str, systems: Systems, ledger: Ledger) -> Shown:
        """One row, once it is kept where it is to be."""
        row = await self.one(key, systems, ledger)
        if self.keep is not None:
            await self.keep(key, [row], systems, ledger)
        return row


class RowTarget(ABC):
    """The target. `most`: what the rows of one chunk may weigh together. `is_whole`: what it shows
    of a row beside the content is not to be there."""

    most: int
    is_whole: ClassVar[bool] = True

    def weight(self, _: Shown, __: Systems) -> int:
        """How much of a chunk a row takes up."""
        return 1

    def rank(self, _: Shown) -> int:
        """Rows of a lower rank are published first."""
        return 0

    def cost(self, _: Shown) -> int:
        """How long a row takes, beside others: the requests of its own."""
        return 1

    @abstractmethod
    def timing(self, systems: Systems) -> Target:
        """How long one of its writes may be under way."""

    @abstractmethod
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        """What `publish` sends."""

    @abstractmethod
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        """What the target shows now, as contents are, by key as `same` has it; of these keys where
        they are named."""

    def same(self, key: str) -> str:
        """What is equal for all ways to write a key that mean one row."""
        return key

    @abstractmethod
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        """Make the target show these rows; repeating it changes nothing. Returns why it refused
        some of them, by key; it shows all others then. Raises `Never` where it shows none."""


@dataclass(frozen=True)
class MassChange:
    """A run that would change, or remove, more than so many percent of the rows that the target
    shows is for a person to decide. Fewer rows than `at_least` never are."""

    percent: int = 30
    at_least: int = 50

    def stops(self, changed: int, shown: int) -> bool:
        """Whether so many of the rows shown are too many."""
        return changed >= self.at_least and 100 * changed > self.percent * shown

    def refusal(self, flow: str, title: str, changed: int, shown: int) -> Never:
        """Why a run stops."""
        return Never(
            f"{title}: {changed} of {shown} rows that the target shows would change or go, more"
            f" than {self.percent}%",
            remedy=(
                f"Look at them with: preview {flow} --changed. If the source is whole, run: approve"
                f" {flow}. It lifts the limit once."
            ),
        )


@dataclass(frozen=True)
class Chunk:
    """Rows of one slot. `known`: their mirror before the source was read. `is_alone`: one row by
    itself, whose refusal is an error. `target`: what writes chunks of several slots together."""

    rows: tuple[Shown, ...]
    known: Mirrors
    is_alone: bool = False
    target: RowTarget | None = None


def counted(rows: int) -> str:
    """So many rows, in words."""
    return "1 row" if rows == 1 else f"{rows} rows"


@dataclass
class RowsWrite(Write):
    """A chunk as one write. `refused`: what the target would not take of it."""

    kind: ClassVar[str] = "rows"
    action: ClassVar[str] = "amended"
    is_kept: ClassVar[bool] = False
    rows: Sequence[Shown]
    shown_by: RowTarget
    systems: Systems
    target: Target
    is_alone: bool = False
    refused: Refused = field(default_factory=dict)

    @property
    @override
    def reference(self) -> str:
        return counted(len(self.rows))

    @property
    @override
    def digest(self) -> str:
        return digest([(row.key, row.digest) for row in self.rows])

    @property
    @override
    def document(self) -> Any:
        return {row.key: row.content for row in self.rows}

    @override
    def requests(self) -> Sequence[Request]:
        return self.shown_by.requests(self.rows, self.systems)

    @override
    async def find(self) -> Found | None:
        """Nothing is looked for: what is there is overwritten, once no lost write can follow."""
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        """What is refused whole may be so for one row alone: each is then tried by itself, but not
        where no row would be taken."""
        try:
            self.refused = await self.shown_by.publish(self.rows, self.systems, not_after=not_after)
        except NotProvided:
            raise
        except Never as error:
            self.refused = {row.key: error for row in self.rows}
        if self.is_alone and self.refused:
            raise next(iter(self.refused.values()))
        return Found(self.reference)
