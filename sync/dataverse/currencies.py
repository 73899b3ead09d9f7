"""The currencies of an environment: rows of `transactioncurrency`, read once each. A currency keeps
its code."""

from sync.dataverse.rows_client import RowsClient
from sync.dataverse.web_api import eq

CURRENCIES, KEY, CODE = "transactioncurrencies", "transactioncurrencyid", "isocurrencycode"


class Currencies:
    """Those of one environment. Raises as the client does."""

    def __init__(self, client: RowsClient) -> None:
        self._client, self._codes = client, dict[str, str]()

    async def code_of(self, row_id: str) -> str:
        """The ISO code of a currency; empty for none."""
        if row_id and row_id not in self._codes:
            row = await self._client.get(CURRENCIES, row_id, (KEY, CODE))
            self._codes[row_id] = str((row or {}).get(CODE) or "")
        return self._codes.get(row_id, "")

    async def id_of(self, code: str) -> str:
        """The row of a currency; empty where the environment has none of this code."""
        if code not in self._codes.values():
            where = eq(CODE, code)
            async for row in self._client.rows(CURRENCIES, select=(KEY, CODE), where=where, top=1):
                self._codes[str(row[KEY]).lower()] = code
        return next((row_id for row_id, one in self._codes.items() if one == code), "")
