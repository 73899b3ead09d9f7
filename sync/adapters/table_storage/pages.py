"""What is asked of Table Storage, and its answers page by page."""

from collections.abc import AsyncIterator
from typing import Final

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableEntity
from azure.data.tables.aio import TableClient

from sync.adapters.table_storage.errors import translated_errors
from sync.adapters.table_storage.keys import bound, stored

PAGE: Final = 1000
"""Rows in one answer at most; the service gives no more."""

Pages = AsyncIterator[AsyncIterator[TableEntity]]


def pages_between(client: TableClient, partition: str, start: str, before: str, most: int) -> Pages:
    """Rows of a partition with `start` <= key < `before` (empty = open), at most so many a page."""
    where = [
        "PartitionKey eq @partition",
        "RowKey ge @start" if start else "",
        "RowKey lt @before" if before else "",
    ]
    bounds = {"partition": stored(partition), "start": bound(start), "before": bound(before)}
    return client.query_entities(
        " and ".join(filter(None, where)), parameters=bounds, results_per_page=min(PAGE, most)
    ).by_page()


def pages_after(client: TableClient, partition: str) -> Pages:
    """The partitions of rows behind one, as it is stored."""
    return client.query_entities(
        "PartitionKey gt @last",
        parameters={"last": partition},
        select="PartitionKey",
        results_per_page=PAGE,
    ).by_page()


async def next_of(table: str, pages: Pages) -> list[TableEntity] | None:
    """The next page of an answer, which may be empty; None after the last one, and when there is no
    such table."""
    with translated_errors(table):
        try:
            return [entity async for entity in await anext(pages)]
        except (StopAsyncIteration, ResourceNotFoundError):
            return None
