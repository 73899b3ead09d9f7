"""What D365 and the mapping tables are presumed to hold where nobody can ask, and once all that is
planned is carried out."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from typing_extensions import override

from sync.config.connections import Connection
from sync.core.errors import Later
from sync.dynamics.client import DynamicsClient
from sync.dynamics.documents.requests import ASSIGNED, CUSTOMERS
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.odata import Filter
from sync.dynamics.return_orders import INCLUDED
from sync.mapping.company_account import company_number
from sync.mapping_tables.records import AccountKind, AccountMapping
from sync.mapping_tables.tables import AccountMappings
from sync.preview.input_files import Inputs, Kind, id_of


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


class PresumedDynamics(DynamicsClient):
    """D365 as it would be once all that is planned is carried out.

    `asked`: the real one, of which only reads are asked. Without it, or once it does not answer
    (`silence` says why), nobody has an account by a matching rule, and accounts that are named
    exist. `gross`: whether their prices are presumed to include tax.
    """

    def __init__(
        self, settings: Connection, *, gross: bool = False, asked: DynamicsClient | None = None
    ) -> None:
        self._own(settings.dynamics)
        self._settings, self._gross, self._asked = settings.dynamics, gross, asked
        self.visibility = asked.visibility if asked is not None else None
        self._rows: dict[str, list[Mapping[str, Any]]] = {}
        self.silence = ""

    @property
    def is_asked(self) -> bool:
        """Whether the real one answers."""
        return self._asked is not None

    def hold_account(self, company: str, number: str) -> None:
        """From now on it holds this account."""
        key = {"dataAreaId": company, "CustomerAccount": number}
        self._rows.setdefault(CUSTOMERS, []).append(self._account(key))

    def hold_order(self, order: SalesOrder, invoiced: Collection[str]) -> None:
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

    def _account(self, key: Mapping[str, Any]) -> dict[str, Any]:
        included = "Yes" if self._gross else "No"
        return {**key, "PartyNumber": ASSIGNED, "OnHoldStatus": "No", INCLUDED: included}

    def _fell_silent(self, error: Later) -> None:
        self._asked, self.silence = None, error.reason

    @override
    async def get(
        self, entity_set: str, key: Mapping[str, Any], select: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        for row in self._rows.get(entity_set, []):
            if key.items() <= row.items():
                return dict(row)
        if self._asked is not None:
            try:
                return await self._asked.get(entity_set, key, select)
            except Later as error:
                self._fell_silent(error)
        return self._account(key) if entity_set == CUSTOMERS else None

    @override
    async def find_by(
        self,
        entity_set: str,
        field: str,
        *values: str,
        company: str | None = None,
        select: Sequence[str] = (),
        lately: bool = False,
    ) -> list[dict[str, Any]]:
        held = [row for row in self._rows.get(entity_set, []) if row.get(field) in values]
        if held or self._asked is None or entity_set != CUSTOMERS:
            return list(map(dict, held))
        try:
            return await self._asked.find_by(
                entity_set, field, *values, company=company, select=select, lately=lately
            )
        except Later as error:
            self._fell_silent(error)
            return []

    @override
    async def query(
        self,
        entity_set: str,
        *,
        where: Filter | None = None,
        select: Sequence[str] = (),
        order_by: Sequence[str] = (),
        top: int | None = None,
        unseen: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        if self._asked is None:
            return
        try:
            async for row in self._asked.query(
                entity_set, where=where, select=select, order_by=order_by, top=top, unseen=unseen
            ):
                yield row
        except Later as error:
            self._fell_silent(error)
