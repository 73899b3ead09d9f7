"""The Commerce client: what the flows ask a shop for, in the shop's words.

Answers are raw JSON (numbers as int and Decimal); `models/` gives them types. Every method raises
`Later`, `Never`, `Paused` or `Unknown` as `errors.py` decides; reads are safe to repeat, writes are
not.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, of_any, where
from sync.commerce.models.order import Order
from sync.commerce.models.rows import columns_of
from sync.commerce.rest import RestClient
from sync.commerce.search import Search, Sort, split
from sync.commerce.transport import rows_in

ORDER_CHANGE: Final = columns_of(Order)
"""All that the product reads of an order's own row: a change of any of it shows in a list, even
one of the same second."""
CUSTOMER_CHANGE: Final = ("id", "store_id", "website_id", "updated_at")
_BY_ID: Final = (Sort("entity_id"),)


class CommerceClient(RestClient):
    """One shop's orders, documents and customers."""

    async def order_by_increment(self, increment_id: str) -> list[dict[str, Any]]:
        """The orders of that number: one per store view at most, so usually one or none."""
        return await self.orders_by_increment([increment_id])

    async def orders_by_increment(self, increment_ids: Iterable[str]) -> list[dict[str, Any]]:
        """The orders of these numbers (`by_increment`)."""
        return await self.by_increment("orders", increment_ids)

    async def by_increment(self, path: str, increment_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Orders, invoices, credit memos of these numbers, by one request for as many as fit into a
        URL; in no promised order.

        A number that several stores use brings several documents. Unknown numbers bring nothing.
        The comparison ignores case, as the shop's database does.
        """
        wanted = list(dict.fromkeys(increment_ids))
        base = Search(sorts=_BY_ID, page_size=self.settings.page_size)
        searches = list(
            split(base, "increment_id", [one for one in wanted if one and "," not in one])
        )
        searches += [base.having(where("increment_id", Op.EQ, one)) for one in wanted if "," in one]
        return [row for search in searches for row in await self._all(path, search)]

    async def orders_by_ids(self, entity_ids: Iterable[int]) -> list[dict[str, Any]]:
        """These orders by `entity_id`, by one request for as many as fit into a URL; unknown ids
        bring nothing."""
        base = Search(sorts=_BY_ID, page_size=self.settings.page_size)
        searches = split(base, "entity_id", entity_ids)
        return [row for search in searches for row in await self._all("orders", search)]

    async def creditmemos_of(self, order_entity_id: int) -> list[dict[str, Any]]:
        """All credit memos of an order, oldest first."""
        base = Search(sorts=_BY_ID, page_size=self.settings.page_size)
        return await self._all(
            "creditmemos", base.having(where("order_id", Op.EQ, order_entity_id))
        )

    def changed_orders(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        stores: Collection[int] | None = None,
        after: str = "",
    ) -> AsyncIterator[dict[str, Any]]:
        """Rows (`ORDER_CHANGE`) of orders that changed, oldest first (`changed`); of these store
        views where they are named.

        Does not see what leaves the order's row alone: a partial shipment in the same state,
        tracks, comments.
        """
        only = of_any("store_id", stores)
        return self.changed("orders", since, until, fields=ORDER_CHANGE, only=only, after=after)

    async def customer(self, customer_id: int) -> dict[str, Any] | None:
        """The customer with addresses, or None when there is none (any more)."""
        try:
            found = await self.get(path_of("customers", customer_id))
        except NotThere:
            return None
        return found if isinstance(found, dict) else None

    async def customers_by_ids(self, customer_ids: Iterable[int]) -> list[dict[str, Any]]:
        """These customers, by one request for as many as fit into a URL; unknown ids bring
        nothing."""
        base = Search(sorts=_BY_ID, page_size=self.settings.page_size)
        searches = split(base, "entity_id", customer_ids)
        return [
            row
            for search in searches
            for row in await self._all("customers/search", search, key="id")
        ]

    def changed_customers(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        websites: Collection[int] | None = None,
        after: str = "",
    ) -> AsyncIterator[dict[str, Any]]:
        """`id`, `store_id`, `website_id`, `updated_at` of customers that changed, oldest first
        (`changed`); of these websites where they are named."""
        only = of_any("website_id", websites)
        return self.changed(
            "customers/search", since, until, fields=CUSTOMER_CHANGE, key="id", only=only,
            after=after,
        )  # fmt: skip

    async def store_views(self) -> list[dict[str, Any]]:
        """All store views (id, code, name, website_id, store_group_id, is_active), with 0 = admin,
        the global scope."""
        return rows_in(await self.get("store/storeViews"), "GET store/storeViews")
