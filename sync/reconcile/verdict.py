"""What a comparison says of one record, and what each kind of them is to a reconciliation."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol, TypeVar

from sync.config.connections import Connection
from sync.core.groups import as_groups
from sync.reconcile.difference import Difference
from sync.reconcile.difference import Place as SumPlace
from sync.reconcile.kind import Connected, Window

TOGETHER: Final = 20
"""Records that are looked at side by side: their reads become few requests."""
PIECES: Final = "pcs"
"""Stands for the currency where pieces are compared."""

Looked = TypeVar("Looked")


@dataclass(frozen=True)
class Verdict:
    """What a record counts for, and what differs. `sums` are left out where it belongs to another
    time."""

    place: SumPlace
    commerce: list[Decimal]
    dynamics: list[Decimal]
    difference: Difference | None = None
    is_counted: bool = True


class Comparison(Protocol):
    """One kind of what both systems have. `flow`: whose records they are. `is_of_now`: it compares
    how things are now, whatever the days."""

    @property
    def name(self) -> str:
        """As `--kind` names it."""
        ...

    @property
    def flow(self) -> str:
        """Whose claims, parked records and commands are meant."""
        ...

    @property
    def is_of_now(self) -> bool:
        """Whether days mean nothing to it."""
        ...

    def is_wanted(self, settings: Connection, /) -> bool:
        """Whether the connection has such records."""
        ...

    def is_usual(self, settings: Connection, /) -> bool:
        """Whether it is compared where nobody names it."""
        ...

    def verdicts(self, connected: Connected, window: Window, /) -> AsyncIterator[Verdict]:
        """What is said of each record of the time. Raises `Later` and `Never` where a system cannot
        be read."""
        ...


async def looked_at(
    look: Callable[[Looked], Awaitable[Verdict | None]], many: AsyncIterable[Looked]
) -> AsyncIterator[Verdict]:
    """The verdicts on all of these, some side by side. Raises the first error."""
    async for some in as_groups(many, TOGETHER):
        for verdict in await side_by_side(look, some):
            yield verdict


async def side_by_side(
    look: Callable[[Looked], Awaitable[Verdict | None]], many: Sequence[Looked]
) -> list[Verdict]:
    """The verdicts on these; nothing of those that are nobody's. Raises the first error."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_looked(look, one)) for one in many]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [verdict for task in tasks if (verdict := task.result()) is not None]


async def _looked(
    look: Callable[[Looked], Awaitable[Verdict | None]], one: Looked
) -> Verdict | None:
    return await look(one)
