"""Tables in Azure Table Storage, and in Azurite.

A table is made when the first write finds it missing. Stored keys are escaped, in order (`keys`);
limits are checked before anything is sent (`cells`). An etag is the service's own.

No write is sent twice (but a delete that needs no etag): a second try would meet the first one's
work and take it for somebody else's. When the answer is lost the caller gets `Later`, and the
engine looks again, as after a crash. So the SDK's retries are off, and what it would send with PUT
or DELETE, which aiohttp repeats by itself when a connection breaks, goes as a transaction of one.
Reads are repeated so, once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Self, TypeVar

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import RequestTooLargeError, TableTransactionError
from azure.data.tables.aio import TableClient, TableServiceClient

from sync.adapters.cells import check_key, check_transaction, table_named
from sync.adapters.table_storage.entities import Step, keys_of, row_of, step_of
from sync.adapters.table_storage.errors import (
    MISSING_ROW,
    MISSING_TABLE,
    code_of,
    translated_errors,
)
from sync.adapters.table_storage.keys import plain
from sync.adapters.table_storage.pages import PAGE, next_of, pages_after, pages_between
from sync.core.errors import Never
from sync.core.ports import Delete, Insert, Operation, Replace, Row, Upsert

PATIENCE: Final[dict[str, Any]] = {"connection_timeout": 10, "read_timeout": 30, "retry_total": 0}
AUDIENCE: Final = "https://storage.azure.com"
"""In every cloud. Left to itself, the SDK takes some hosts, localhost among them, for Cosmos DB."""
NO_ECHO: Final[dict[str, Any]] = {"response_preference": "return-no-content"}

T = TypeVar("T")


class AzureTables:
    """`Tables` in one storage account. One per process; safe for concurrent use. Close it when
    done.

    Beside what the port says, everything raises `Later` (using up no try) while the service is busy
    or out of reach, and `Never` with a remedy when it refuses access.
    """

    def __init__(self, service: TableServiceClient) -> None:
        self._service = service

    @classmethod
    def from_connection_string(cls, text: str) -> Self:
        """With an account key; for Azurite. Raises `Never`, without the text, when it cannot be
        read."""
        try:
            return cls(TableServiceClient.from_connection_string(text, **PATIENCE))
        except (ValueError, KeyError):
            raise Never(
                "the connection string of Table Storage cannot be read",
                remedy=(
                    "Copy it again into TABLES_CONNECTION; for Azurite on its own ports:"
                    " UseDevelopmentStorage=true."
                ),
            ) from None

    @classmethod
    def of_account(cls, endpoint: str, credential: AsyncTokenCredential, **options: Any) -> Self:
        """As an identity; `endpoint` as in https://name.table.core.windows.net. The credential
        stays the caller's."""
        return cls(
            TableServiceClient(
                endpoint, credential=credential, **{**PATIENCE, "audience": AUDIENCE, **options}
            )
        )

    async def close(self) -> None:
        """Close the connections. Safe to repeat."""
        await self._service.close()

    async def insert(self, table: str, row: Row) -> Row:
        """Store a row that must not exist. Raises `Conflict` if it does, `ValueError` beyond a
        limit."""
        step = step_of(table, Insert(row))
        answer = await self._write(
            table, lambda client: client.create_entity(step.entity, **NO_ECHO)
        )
        return replace(step.row, etag=str(answer["etag"]))

    async def replace(self, table: str, row: Row) -> Row:
        """Store `row` over the stored one with its etag. Raises `Conflict` otherwise; an empty etag
        matches none."""
        return await self._put(table, step_of(table, Replace(row)))

    async def upsert(self, table: str, row: Row) -> Row:
        """Store `row` whatever was there; cells of the stored row that `row` lacks are gone."""
        return await self._put(table, step_of(table, Upsert(row)))

    async def delete(self, table: str, partition: str, key: str, etag: str = "") -> None:
        """Remove a row. Nothing there is fine without an etag; with one, `Conflict` unless it
        matches."""
        step = step_of(table, Delete(Row(partition, key, etag=etag)))
        if etag:
            await self._submit(table, [step])
            return
        with translated_errors(table):
            await self._client(table).delete_entity(step.entity)

    async def drop(self, table: str) -> None:
        """Remove a table; nothing there is fine. The service takes its name back for half a minute
        and more."""
        with translated_errors(table):
            await self._client(table).delete_table()

    async def transact(self, table: str, operations: Sequence[Operation]) -> None:
        """All or nothing. Raises `Conflict`, storing nothing; `ValueError` beyond a limit.

        The service fails a transaction that deletes what is not there; such a delete without an
        etag is left out, and the rest sent again. A row that somebody stores between the two is not
        deleted.
        """
        check_transaction(table, operations)
        await self._submit(table, [step_of(table, operation) for operation in operations])

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        check_key(table, partition, key)
        keys = keys_of(partition, key)
        with translated_errors(table):
            try:
                entity = await self._client(table).get_entity(keys["PartitionKey"], keys["RowKey"])
            except ResourceNotFoundError:
                return None
        return row_of(entity)

    async def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        before: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        """Rows with `start` <= key < `before` (empty = open), in code point order, as they are when
        their page is read.

        A row written behind the reader's place while it reads is not seen, one ahead of it is.
        """
        check_key(table, partition)
        if limit is not None and limit <= 0:
            return
        pages = pages_between(self._client(table), partition, start, before, limit or PAGE)
        given = 0
        while (page := await next_of(table, pages)) is not None:
            for entity in page:
                yield row_of(entity)
                given += 1
                if given == limit:
                    return

    async def partitions(self, table: str) -> AsyncIterator[str]:
        """The distinct partitions, in code point order: a request for each, fewer where partitions
        are small."""
        last: str | None = ""
        while last is not None:
            # after the first page with rows, the rest of its last partition is skipped
            pages, last = pages_after(self._client(table), last), None
            while last is None and (page := await next_of(table, pages)) is not None:
                for last in dict.fromkeys(str(entity["PartitionKey"]) for entity in page):
                    yield plain(last)

    async def _put(self, table: str, step: Step) -> Row:
        (answer,) = await self._submit(table, [step])
        return replace(step.row, etag=str(answer["etag"]))

    async def _submit(self, table: str, steps: Sequence[Step]) -> Sequence[Mapping[str, Any]]:
        left = list(steps)

        async def submit(client: TableClient) -> Sequence[Mapping[str, Any]]:
            while left:
                try:
                    return await client.submit_transaction([step.call for step in left])
                except RequestTooLargeError:
                    what = f"table {table}: a transaction of more than 4 MiB as it is sent"
                    raise ValueError(what) from None
                except TableTransactionError as error:
                    if code_of(error) != MISSING_ROW or not left[error.index].may_miss:
                        raise
                    del left[error.index]
            return []

        return await self._write(table, submit)

    async def _write(self, table: str, write: Callable[[TableClient], Awaitable[T]]) -> T:
        """The write; a second time once the table has been made, when it was missing: the first
        stored nothing."""
        client = self._client(table)
        with translated_errors(table):
            try:
                return await write(client)
            except HttpResponseError as error:
                if code_of(error) != MISSING_TABLE:
                    raise
            await _made(client)
            return await write(client)

    def _client(self, table: str) -> TableClient:
        """Shares the service's connections."""
        return self._service.get_table_client(table_named(table))


async def _made(client: TableClient) -> None:
    """Make the table; that somebody else does at the same time is fine."""
    with suppress(ResourceExistsError):
        await client.create_table()
