"""What stands for the systems where nobody asks them: documents that were given, and empty
tables."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from sync.commerce.client import CommerceClient
from sync.commerce.companies import Companies
from sync.commerce.customers import Customers
from sync.commerce.sales_documents import SalesDocuments
from sync.commerce.websites import Websites
from sync.core.ports import Operation, Row, Tables
from sync.mapping_tables.tables import AccountMappings, ItemMappings
from sync.preview.input_files import Inputs, Kind, by_id, id_of

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Lookups:
    """The mapping tables. `digest_of`: the keyed digest of a guest's e-mail address. `websites`:
    those of the connection, where somebody has asked the shop."""

    items: ItemMappings
    accounts: AccountMappings
    digest_of: Callable[[str], str]
    websites: Websites | None = None


class GivenDocuments(SalesDocuments):
    """The orders, invoices or credit memos that were given."""

    def __init__(self, documents: Iterable[Any]) -> None:
        rows = [dict(one) for one in documents if isinstance(one, Mapping)]
        self._ids = by_id(rows, "entity_id")
        self._numbers, self._orders = defaultdict[str, Rows](list), defaultdict[int, Rows](list)
        for row in rows:
            self._numbers[str(row.get("increment_id"))].append(row)
            self._orders[id_of(row, "order_id") or 0].append(row)

    @override
    async def by_number(self, increment_id: str) -> Rows:
        return self._numbers[increment_id]

    @override
    async def by_id(self, entity_id: int) -> dict[str, Any] | None:
        return self._ids.get(entity_id)

    @override
    async def of_order(self, order_id: int) -> Rows:
        return self._orders[order_id]


class GivenCustomers(Customers):
    """The customers that were given."""

    def __init__(self, documents: Iterable[Any]) -> None:
        self._ids = by_id(documents, "id")

    @override
    async def by_id(self, customer_id: int) -> dict[str, Any] | None:
        return self._ids.get(customer_id)


class GivenCompanies(Companies):
    """The companies that were given. They name regions by ids that nobody can tell."""

    def __init__(self, documents: Iterable[Any]) -> None:
        self._ids = by_id(documents, "id")

    @override
    async def by_id(self, company_id: int) -> dict[str, Any] | None:
        return self._ids.get(company_id)

    @override
    async def region_code(self, country: str, region_id: str) -> str:
        return ""


class GivenCommerce(CommerceClient):
    """The shop, as far as the documents given tell."""

    def __init__(self, inputs: Inputs) -> None:
        self.orders = GivenDocuments(inputs.of(Kind.ORDER))
        self.invoices = GivenDocuments(inputs.of(Kind.INVOICE))
        self.creditmemos = GivenDocuments(inputs.of(Kind.CREDITMEMO))
        self.customers = GivenCustomers(inputs.of(Kind.CUSTOMER))
        self.companies = GivenCompanies(inputs.of(Kind.COMPANY))


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
