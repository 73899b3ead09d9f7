"""Which companies of Commerce an account is: the mapping table, looked up the other way round."""

from collections.abc import AsyncIterator
from typing import Final

from sync.mapping_tables.records import AccountMapping
from sync.mapping_tables.table import MappingTable, Remembered

ALL: Final = "all"
Index = dict[tuple[str, str], list[str]]


class CompanyIndex:
    """The rows of companies, which come first in the table, are read all at once, and remembered
    for a while."""

    def __init__(self, rows: MappingTable[AccountMapping], remembered: Remembered[Index]) -> None:
        self._rows = rows
        self._remembered = remembered

    async def of(self, account: str, company: str) -> list[str]:
        """The ids of the companies that are mapped to an account of a legal entity."""
        return (await self._lately()).get((account.casefold(), company), [])

    async def accounts_lately(self, company: str) -> dict[int, str]:
        """As `accounts`, in lower case and as it was a while ago at most: for looking, not for
        publishing."""
        found = (await self._lately()).items()
        return {int(one): name for (name, where), ids in found if where == company for one in ids}

    async def _lately(self) -> Index:
        found = self._remembered.get(ALL)
        if found is None:
            found = await self._read()
            self._remembered.keep(ALL, found)
        return found

    def forget(self) -> None:
        """Rows have changed."""
        self._remembered.clear()

    async def _read(self) -> Index:
        found: Index = {}
        async for row in self._companies():
            found.setdefault((row.account.casefold(), row.company), []).append(row.source_key)
        return found

    async def accounts(self, company: str) -> dict[int, str]:
        """The account in a legal entity of each company that has one there, as it is now."""
        rows = self._companies()
        return {int(row.source_key): row.account async for row in rows if row.company == company}

    async def _companies(self) -> AsyncIterator[AccountMapping]:
        async for row in self._rows.all():
            if row.kind != "company":
                break
            yield row
