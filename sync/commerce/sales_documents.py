"""What a shop is asked about its orders, invoices and credit memos."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sync.commerce.filters import Op, of_any, where
from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.commerce.models.rows import columns_of
from sync.commerce.rest import BY_ID, RestClient
from sync.commerce.search import Node, Search, split

ORDER_COLUMNS: Final = columns_of(Order)
INVOICE_COLUMNS: Final = columns_of(Invoice, "is_used_for_refund")
CREDITMEMO_COLUMNS: Final = columns_of(CreditMemo, "base_grand_total")
"""All that the product reads of a document's own row: a change of any of it shows in a list, even
one of the same second."""


class SalesDocuments:
    """The orders, invoices or credit memos of one shop, as raw JSON. Errors as the client's.

    `columns`: those that a list of what changed answers.
    """

    def __init__(self, client: RestClient, path: str, columns: Sequence[str]) -> None:
        self._client = client
        self._path = path
        self._columns = columns
        self._by_number = client.joined(self._numbered)
        self._by_id = client.joined(self.by_ids)

    async def by_number(self, increment_id: str) -> list[dict[str, Any]]:
        """The documents of that number: one per store view at most, so usually one or none."""
        return await self._by_number.get(increment_id) or []

    async def in_store(self, increment_id: str, store: str) -> dict[str, Any] | None:
        """The document of that number in a store view; None when there is none (yet)."""
        found = await self.by_number(increment_id)
        return next((row for row in found if str(row.get("store_id", "")) == store), None)

    async def by_id(self, entity_id: int) -> dict[str, Any] | None:
        """The document, or None when there is none."""
        return await self._by_id.get(entity_id)

    async def by_ids(
        self, entity_ids: Iterable[int], fields: tuple[Node, ...] = ()
    ) -> dict[int, dict[str, Any]]:
        """These documents by `entity_id`, or these fields of them; unknown ids bring nothing."""
        return await self._client.by_ids(self._path, entity_ids, fields=fields)

    async def by_numbers(self, increment_ids: Iterable[str]) -> list[dict[str, Any]]:
        """The documents of these numbers, by one request for as many as fit into a URL; in no
        promised order.

        A number that several stores use brings several documents. Unknown numbers bring nothing.
        The comparison ignores case, as the shop's database does.
        """
        wanted = list(dict.fromkeys(increment_ids))
        simple = [one for one in wanted if one and "," not in one]
        searches = list(split(self._search, "increment_id", simple))
        searches += [self._numbered_as(one) for one in wanted if "," in one]
        return [row for search in searches for row in await self._client.rows(self._path, search)]

    async def of_order(self, order_id: int) -> list[dict[str, Any]]:
        """All documents of an order, oldest first."""
        search = self._search.having(where("order_id", Op.EQ, order_id))
        return await self._client.rows(self._path, search)

    async def in_state(self, state: str, fields: Sequence[Node]) -> list[dict[str, Any]]:
        """These fields of all documents in a state."""
        search = replace(self._search, fields=tuple(fields))
        return await self._client.rows(self._path, search.having(where("state", Op.EQ, state)))

    def changed(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        stores: Collection[int] | None = None,
        after: str = "",
    ) -> AsyncIterator[dict[str, Any]]:
        """Rows of documents that changed, oldest first (`RestClient.changed`); of these store views
        where they are named.

        Does not see what leaves the document's row alone: of an order a partial shipment in the
        same state, tracks, comments.
        """
        return self._client.changed(
            self._path, since, until, fields=self._columns, only=of_any("store_id", stores),
            after=after,
        )  # fmt: skip

    async def made(
        self,
        since: datetime,
        until: datetime,
        *,
        fields: Sequence[Node],
        stores: Collection[int] | None = None,
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Pages of what was made from `since` until before `until`, in the order of ids, which
        never change; of these store views, None for all. `fields`: `entity_id` among them."""
        search = replace(self._search, fields=tuple(fields))
        async for page in made_in(self._client, self._path, search, (since, until), stores):
            yield page

    async def settled(self) -> datetime:
        """The latest moment of which nothing new can turn up (`RestClient.settled`)."""
        return await self._client.settled(self._path)

    @property
    def _search(self) -> Search:
        return Search(sorts=BY_ID, page_size=self._client.settings.page_size)

    def _numbered_as(self, increment_id: str) -> Search:
        return self._search.having(where("increment_id", Op.EQ, increment_id))

    async def _numbered(self, numbers: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
        found = await self.by_numbers(numbers)
        return {
            one: [row for row in found if str(row.get("increment_id")) == one] for one in numbers
        }


async def made_in(
    client: RestClient,
    path: str,
    search: Search,
    span: tuple[datetime, datetime],
    stores: Collection[int] | None = None,
) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of what was made in the span, its end left out, in the order of ids, which never
    change. `search`: by `entity_id`, which is among its fields."""
    search = search.having(where("created_at", Op.GTEQ, span[0]))
    search = search.having(where("created_at", Op.LT, span[1]))
    for one in of_any("store_id", stores):
        search = search.having(one)
    last = 0
    while stores is None or stores:
        page = await client.search(path, search.having(where("entity_id", Op.GT, last)))
        if page.items:
            yield page.items
            last = int(page.items[-1]["entity_id"])
        if page.is_last(len(page.items)):
            return
