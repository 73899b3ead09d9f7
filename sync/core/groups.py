"""Many values in groups of so many, in their order; and many rows in transactions."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from sync.core.ports import Operation, Tables

T = TypeVar("T")
AT_ONCE: Final = 100
"""Rows in one transaction: as many as Table Storage takes."""


def in_groups(values: Iterable[T], most: int) -> Iterator[list[T]]:
    """Groups of `most` values; the last may be smaller, and none is empty."""
    rest = iter(values)
    while group := list(islice(rest, most)):
        yield group


async def as_groups(values: AsyncIterable[T], most: int) -> AsyncIterator[list[T]]:
    """The same of values that come one by one; a group is given as soon as it is full."""
    group: list[T] = []
    async for one in values:
        group.append(one)
        if len(group) == most:
            yield group
            group = []
    if group:
        yield group


async def write_rows(tables: Tables, table: str, operations: Iterable[Operation]) -> None:
    """Write rows of one partition, a hundred in each transaction. One that is interrupted has
    written whole hundreds."""
    for some in in_groups(operations, AT_ONCE):
        await tables.transact(table, some)
