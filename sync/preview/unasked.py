"""What stands for the systems where nobody asks them: documents that were given, and empty tables.

D365 is never asked. What it would answer is presumed: nobody has an account by a matching rule, an
account that is named exists, and it holds of a sales order what was planned for it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from typing_extensions import override

from sync.commerce.address import path_of
from sync.commerce.client import CommerceClient
from sync.commerce.websites import Websites
from sync.config.connections import Connection
from sync.core.ports import Operation, Row, Tables
from sync.dynamics.client import DynamicsClient
from sync.dynamics.documents.requests import ASSIGNED, CUSTOMERS
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.odata import Filter
from sync.dynamics.return_orders import INCLUDED
from sync.mapping.company_account import company_number
from sync.mapping_tables.records import AccountKind, AccountMapping
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


class PresumedAccounts(AccountMappings):
    """The accounts of a mapping table. A company whose record was not given has one: it is
    delivered before whatever needs it."""

    def __init__(self, accounts: AccountMappings, settings: Connection, inputs: Inputs) -> None:
        self._accounts, self._settings = accounts, settings
        self._given = {str(id_of(company, "id")) for company in inputs.of(Kind.COMPANY)}

    @override
    async def get(self, kind: AccountKind, source_key: str, company: str) -> AccountMapping | None:
        settings = self._settings
        known = await self._accounts.get(kind, source_key, company)
        is_presumed = (
            kind == "company"
            and "companies" in settings.flows
            and company == settings.legal_entity
            and source_key not in self._given
        )
        if known is not None or not is_presumed:
            return known
        number = company_number(int(source_key), settings) or ASSIGNED
        return AccountMapping(kind, source_key, number, "created", company)


class UnaskedDynamics(DynamicsClient):
    """D365 that nobody asks. `gross`: whether prices of accounts are presumed to include tax."""

    def __init__(self, settings: Connection, *, gross: bool) -> None:
        self._settings, self._gross = settings.dynamics, gross
        self._rows: dict[str, list[Mapping[str, Any]]] = {}

    def hold(self, order: SalesOrder, invoiced: Collection[str]) -> None:
        """From now on it holds this order as it stands. `invoiced`: the lines that it has invoiced,
        by our reference."""
        key = {"dataAreaId": order.company, "SalesOrderNumber": order.number or ASSIGNED}
        self._rows[self._settings.order_headers] = [{**order.header, **key}]
        self._rows[self._settings.order_lines] = [
            {
                **line.body, **key, "InventoryLotId": ASSIGNED,
                "OrderedSalesQuantity": line.left.quantity, "LineAmount": line.left.amount(),
                "SalesOrderLineStatus": "Invoiced" if line.reference in invoiced else "Backorder",
            }
            for line in order.lines
            if line.left is not None
        ]  # fmt: skip

    @override
    async def get(
        self, entity_set: str, key: Mapping[str, Any], select: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        if entity_set == CUSTOMERS:
            included = "Yes" if self._gross else "No"
            return {**key, "PartyNumber": ASSIGNED, "OnHoldStatus": "No", INCLUDED: included}
        rows = self._rows.get(entity_set, [])
        return next((dict(row) for row in rows if key.items() <= row.items()), None)

    @override
    async def find_by(
        self,
        entity_set: str,
        field: str,
        *values: str,
        company: str | None = None,
        select: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        rows = self._rows.get(entity_set, [])
        return [dict(row) for row in rows if row.get(field) in values]

    @override
    def query(
        self,
        entity_set: str,
        *,
        where: Filter | None = None,
        select: Sequence[str] = (),
        order_by: Sequence[str] = (),
        top: int | None = None,
        unseen: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        return nothing()


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
