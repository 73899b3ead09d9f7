"""Carts that shoppers have not ordered, as `carts/search` answers them.

Rows have pieces and prices and no totals; a guest's address stands in `billing_address` alone, and
empty carts are listed too (reference 8.1, live 2.4.7). `updated_at` moves with each recalculation.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any, Final

from sync.commerce.filters import Op, of_any, where
from sync.commerce.quotes import SEARCH
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import Node, Search, split

LISTED: Final[tuple[Node, ...]] = (
    "id", "updated_at", "store_id", "is_active", "customer_is_guest", ("customer", ("id",)),
    ("items", ("qty",)), ("extension_attributes", ("negotiable_quote",)),
)  # fmt: skip
FILLED: Final = where("items_count", Op.GT, 0)


class Carts:
    """The carts of one shop, as raw JSON. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def idle(
        self, since: datetime, until: datetime, *, stores: Collection[int] | None, guests: bool,
        after: str = "",
    ) -> AsyncIterator[dict[str, Any]]:  # fmt: skip
        """Filled carts that were changed last in this time, the oldest first. `guests`: theirs
        too."""
        only = [FILLED, where("is_active", Op.EQ, 1), *of_any("store_id", stores)]
        only += [] if guests else [where("customer_is_guest", Op.EQ, 0)]
        return self._client.changed(
            SEARCH, since, until, fields=LISTED, key="id", only=only, after=after
        )

    async def of_customers(self, ids: Collection[int], since: datetime) -> list[dict[str, Any]]:
        """Filled carts of these customers that were changed since; those of quotes are among them,
        active or not."""
        base = Search(sorts=BY_ID, page_size=self._client.settings.page_size, fields=LISTED)
        base = base.having(FILLED).having(where("updated_at", Op.GTEQ, since))
        found = list[dict[str, Any]]()
        for search in split(base, "customer_id", sorted(ids)):
            found += await self._client.rows(SEARCH, search, key="id")
        return found
