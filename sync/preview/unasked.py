"""What stands for the systems where nobody asks them: documents that were given, and empty
tables."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from typing_extensions import override

from sync.commerce.address import path_of
from sync.commerce.client import CommerceClient
from sync.commerce.websites import Websites
from sync.core.ports import Operation, Row, Tables
from sync.mapping_tables.tables import AccountMappings, ItemMappings
from sync.preview.input_files import Inputs, Kind, id_of

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Lookups:
    """The mapping tables. `digest_of`: the keyed digest of a guest's e-mail address. `websites`:
    those of the connection, where somebody has asked the shop."""

    items: ItemMappings
    accounts: AccountMappings
    digest_of: Callable[[str], str]
    websites: Websites | None = None


@dataclass(frozen=True)
class Given(Generic[K, V]):
    """Records by key."""

    records: Mapping[K, V]

    async def get(self, key: K, /) -> V | None:
        """The record; None where it was not given."""
        return self.records.get(key)


class GivenCommerce(CommerceClient):
    """The shop, as far as the documents given tell."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._companies = {
            path_of("company", number): company
            for company in inputs.of(Kind.COMPANY)
            if (number := id_of(company, "id")) is not None
        }

    @override
    async def get(self, path: str, query: Any = ()) -> Any:
        return self._companies.get(path)

    @override
    async def creditmemos_of(self, order_entity_id: int) -> list[dict[str, Any]]:
        memos = self._inputs.of(Kind.CREDITMEMO)
        return [memo for memo in memos if id_of(memo, "order_id") == order_entity_id]


class UnaskedWebsites(Websites):
    """The websites that a connection names; None for all where it names none."""

    @override
    async def ours(self) -> frozenset[int] | None:
        return self._named or None


async def nothing() -> AsyncIterator[Any]:
    """No rows."""
    rows: tuple[Any, ...] = ()
    for row in rows:
        yield row


class EmptyTables(Tables):
    """Tables that hold nothing and keep nothing."""

    @override
    async def get(self, table: str, partition: str, key: str) -> Row | None:
        return None

    @override
    def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        before: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        return nothing()

    @override
    def partitions(self, table: str) -> AsyncIterator[str]:
        return nothing()

    @override
    async def insert(self, table: str, row: Row) -> Row:
        return row

    @override
    async def replace(self, table: str, row: Row) -> Row:
        return row

    @override
    async def upsert(self, table: str, row: Row) -> Row:
        return row

    @override
    async def delete(self, table: str, partition: str, key: str, etag: str = "") -> None: ...

    @override
    async def drop(self, table: str) -> None: ...

    @override
    async def transact(self, table: str, operations: Sequence[Operation]) -> None: ...
