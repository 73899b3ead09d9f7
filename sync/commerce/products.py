"""What the flows ask a shop about its products, which orders name by their ids: the sku of one, and
how a bundle is sent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sync.commerce.rest import RestClient
from sync.commerce.search import Node, Search, of_skus
from sync.core.ports import Clock
from sync.mapping_tables.table import Remembered

PATH: Final = "products"
FRESH_FOR: Final = timedelta(minutes=10)
ATTRIBUTES: Final[Node] = ("custom_attributes", ("attribute_code", "value"))
CATEGORIES: Final = "category_ids"
SHIPMENT_TYPE, SEPARATELY = "shipment_type", "1"
"""Attribute of a bundle, and its value where the parts are sent, not the bundle (measured)."""


class Products:
    """The products of one shop. Skus are remembered for ten minutes."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client = client
        self._joined = client.joined(self._load)
        self._remembered: Remembered[str] = Remembered(clock, FRESH_FOR)
        self._bundles = client.joined(self._load_bundles)
        self._categories = client.joined(self._load_categories)

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

    async def sent_in_parts(self, bundles: Collection[int]) -> frozenset[int]:
        """Those of these bundles, by product id, whose parts are shipped separately. A deleted
        one counts as sent together."""
        found = await self._bundles.get_all(sorted(set(bundles))) if bundles else {}
        return frozenset(one for one, kind in found.items() if kind == SEPARATELY)

    async def categories(self, skus: Collection[str]) -> Mapping[str, Sequence[str]]:
        """The ids of the categories of products; those of products that are gone are left out."""
        found = await self._categories.get_all(sorted(skus)) if skus else {}
        return {sku: ids for sku, ids in found.items() if ids}

    async def _load_categories(self, skus: Sequence[str]) -> Mapping[str, Sequence[str]]:
        base = Search(page_size=self._client.settings.page_size, fields=("sku", ATTRIBUTES))
        searches = of_skus(base, skus)
        rows = [row for one in searches for row in await self._client.rows(PATH, one, key="sku")]
        return {str(row["sku"]): _categories(row) for row in rows}

    async def _load_bundles(self, ids: Sequence[int]) -> Mapping[int, str]:
        fields = ("id", ATTRIBUTES)
        found = await self._client.by_ids(PATH, ids, key="id", fields=fields)
        return {one: _attribute(row, SHIPMENT_TYPE) for one, row in found.items()}

    async def _load(self, ids: Sequence[int]) -> Mapping[int, str]:
        found = await self._client.by_ids(PATH, ids, key="id", fields=("id", "sku"))
        return {one: str(row.get("sku") or "") for one, row in found.items()}


def _categories(row: Mapping[str, Any]) -> Sequence[str]:
    attributes = row.get("custom_attributes") or []
    found = [a.get("value") for a in attributes if a.get("attribute_code") == CATEGORIES]
    return [str(one) for value in found if isinstance(value, list) for one in value]


def _attribute(row: Mapping[str, Any], code: str) -> str:
    attributes = row.get("custom_attributes") or []
    return next((str(a.get("value")) for a in attributes if a.get("attribute_code") == code), "")
