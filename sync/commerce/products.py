"""What the flows ask a shop about its products: the sku of one, which orders name by its id."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from sync.commerce.client import CommerceClient
from sync.commerce.search import Search, Sort, split
from sync.core.ports import Clock
from sync.mapping_tables.table import Remembered
from sync.pacing.coalescer import Coalescer

PATH: Final = "products"
FRESH_FOR: Final = timedelta(minutes=10)
_BY_ID: Final = (Sort("entity_id"),)


class Products:
    """The products of one shop. Skus are remembered for ten minutes. Close it when done."""

    def __init__(
        self, client: CommerceClient, clock: Clock, *, window: timedelta, most: int
    ) -> None:
        self._client = client
        self._joined: Coalescer[int, str] = Coalescer(self._load, window=window, most=most)
        self._remembered: Remembered[str] = Remembered(clock, FRESH_FOR)

    async def skus(self, ids: Collection[int]) -> dict[int, str]:
        """The skus of products by id; those of deleted products are left out. What is asked for
        within `window` is one request. Raises as the client does."""
        known = {one: sku for one in ids if (sku := self._remembered.get(str(one)))}
        unknown = set(ids) - known.keys()
        found = await self._joined.get_all(sorted(unknown)) if unknown else {}
        for one, sku in found.items():
            if sku:
                self._remembered.keep(str(one), sku)
                known[one] = sku
        return known

    async def aclose(self) -> None:
        """Stop; waiting callers get `Later`."""
        await self._joined.aclose()

    async def _load(self, ids: Sequence[int]) -> Mapping[int, str]:
        search = Search(
            sorts=_BY_ID, page_size=self._client.settings.page_size, fields=("id", "sku")
        )
        found: dict[int, str] = {}
        for part in split(search, "entity_id", ids):
            async for page in self._client.pages(PATH, part, key="id"):
                found |= {int(row["id"]): str(row.get("sku") or "") for row in page.items}
        return found
