"""What the flows ask a shop about its products: the sku of one, which orders name by its id."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from sync.commerce.rest import RestClient
from sync.core.ports import Clock
from sync.mapping_tables.table import Remembered

PATH: Final = "products"
FRESH_FOR: Final = timedelta(minutes=10)


class Products:
    """The products of one shop. Skus are remembered for ten minutes."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client = client
        self._joined = client.joined(self._load)
        self._remembered: Remembered[str] = Remembered(clock, FRESH_FOR)

    async def skus(self, ids: Collection[int]) -> dict[int, str]:
        """The skus of products by id; those of deleted products are left out. Raises as
        the client does."""
        known = {one: sku for one in ids if (sku := self._remembered.get(str(one)))}
        unknown = set(ids) - known.keys()
        found = await self._joined.get_all(sorted(unknown)) if unknown else {}
        for one, sku in found.items():
            if sku:
                self._remembered.keep(str(one), sku)
                known[one] = sku
        return known

    async def _load(self, ids: Sequence[int]) -> Mapping[int, str]:
        found = await self._client.by_ids(PATH, ids, key="id", fields=("id", "sku"))
        return {one: str(row.get("sku") or "") for one, row in found.items()}
