"""The shared catalogs of a shop's B2B: what the buyers of companies see, by their customer group.

A shared catalog is listed whole. Assigning takes SKUs, once or again alike, and is all or nothing:
one that the shop does not have refuses the call (B2B 1.5.1 and 1.5.2 take it, ACSD-68011). So does,
in older releases, one whose categories are not in the catalog; later ones add the categories.
Sources: Adobe's guide to its B2B services, its public tests and patches of Magento_SharedCatalog.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

from sync.commerce.address import path_of
from sync.commerce.rest import RestClient
from sync.commerce.row_calls import RowCalls
from sync.commerce.search import LARGEST_PAGE, Search, Sort
from sync.core.errors import Never
from sync.core.ports import Clock

SHARED: Final = "sharedCatalog"
MOST, FIRST = 1000, 100
"""Products in one call, and in the first one: how fast a shop is at it was not measured."""
FIELDS: Final = ("id", "name")


class SharedCatalogs:
    """The shared catalogs of one shop. Raises as the client does."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._calls = dict[str, RowCalls]()

    async def ids(self) -> dict[str, int]:
        """The ids of all, by name and by the id as text; a name goes before an id."""
        search = Search(sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE, fields=FIELDS)
        rows = await self._client.rows(SHARED, search, key="id")
        numbers = {str(row["id"]): int(row["id"]) for row in rows}
        return numbers | {str(row["name"]): int(row["id"]) for row in rows}

    async def products(self, number: int) -> list[str]:
        """The SKUs of all products in one, as the shop spells them."""
        path = path_of(SHARED, number, "products")
        found = await self._client.get(path)
        if not isinstance(found, list):
            remedy = "Find out which extension changes this answer in Commerce."
            raise Never(f"the answer to GET {path} is not a list of records", remedy=remedy)
        return [str(sku) for sku in found]

    async def move(
        self, number: int, skus: Sequence[str], *, into: bool, not_after: datetime
    ) -> AsyncIterator[list[str]]:
        """Put products into one, or take them out; what each call has moved. Repeating it changes
        nothing."""
        path = path_of(SHARED, number, "assignProducts" if into else "unassignProducts")
        calls = self._calls.get(path)
        if calls is None:
            calls = RowCalls(self._client, self._clock, path, "products", MOST, first=FIRST)
            self._calls[path] = calls
        async for moved, _ in calls.post([{"sku": sku} for sku in skus], not_after):
            yield [str(one["sku"]) for one in moved]
