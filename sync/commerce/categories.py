"""Which products are in a category of the shop. A link is made and taken away by itself: all other
categories of a product stay as they are (measured)."""

from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.rest import RestClient
from sync.commerce.search import LARGEST_PAGE, Search, Sort

CATEGORIES: Final = "categories"
LIST: Final = "categories/list"
FIELDS: Final = ("id", "name", "path")


class Categories:
    """The categories of one shop. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def all(self) -> list[dict[str, Any]]:
        """All categories (`id`, `name`, `path`)."""
        search = Search(sorts=(Sort("entity_id"),), page_size=LARGEST_PAGE, fields=FIELDS)
        return await self._client.scoped("all").rows(LIST, search, key="id")

    async def put_in(self, category: int, sku: str, *, not_after: datetime) -> None:
        """Put a product into a category; it stays where it is in it. Repeating it changes
        nothing."""
        link = {"sku": sku, "category_id": str(category)}
        path, client = path_of(CATEGORIES, category, "products"), self._client.scoped("all")
        await client.put(path, {"productLink": link}, not_after=not_after)

    async def take_out(self, category: int, sku: str, *, not_after: datetime) -> None:
        """Take a product out of a category."""
        path = path_of(CATEGORIES, category, "products", sku)
        await self._client.scoped("all").delete(path, not_after=not_after)
