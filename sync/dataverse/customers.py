"""Who a case can be for: rows of `account` and `contact`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sync.dataverse.documents.case import Customer
from sync.dataverse.rows_client import RowsClient
from sync.dataverse.web_api import RowWrite, changed, eq

ACCOUNTS, CONTACTS, ORDERS = "accounts", "contacts", "salesorders"
ACTIVE: Final = "statecode eq 0"
SOME: Final = 3
"""Rows that are read of those with the same value: two are one too many."""


def columns_set(account_id: str, values: Mapping[str, Any]) -> RowWrite:
    """Some columns of an account. Writing them again changes nothing."""
    return changed(ACCOUNTS, account_id, values)


class Customers:
    """The accounts, contacts and orders of one environment. Raises as the client does."""

    def __init__(self, client: RowsClient) -> None:
        self._client = client

    async def accounts(self, column: str, number: str) -> list[Customer]:
        """The active accounts with this number in a column; three at most."""
        where = f"{eq(column, number)} and {ACTIVE}"
        rows = self._client.rows(ACCOUNTS, select=("accountid",), where=where, top=SOME)
        return [Customer(ACCOUNTS, str(row["accountid"])) async for row in rows]

    async def set_columns(
        self, account_id: str, values: Mapping[str, Any], *, not_after: datetime
    ) -> None:
        """Write some columns of an account. Raises `Never` for an account that is gone."""
        await self._client.send(columns_set(account_id, values), not_after=not_after)

    async def contacts(self, email: str) -> list[Customer]:
        """The active contacts with this e-mail address; three at most."""
        where = f"{eq('emailaddress1', email)} and {ACTIVE}"
        rows = self._client.rows(
            CONTACTS, select=("contactid",), where=where, top=SOME, unseen=True
        )
        return [Customer(CONTACTS, str(row["contactid"])) async for row in rows]

    async def orders(self, column: str, number: str) -> list[str]:
        """The ids of the sales orders with this number in a column; three at most."""
        rows = self._client.rows(
            ORDERS, select=("salesorderid",), where=eq(column, number), top=SOME
        )
        return [str(row["salesorderid"]) async for row in rows]
