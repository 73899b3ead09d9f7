"""The Commerce client: what the flows ask a shop for, in the shop's words.

Answers are raw JSON (numbers as int and Decimal); `models/` gives them types. Every method raises
`Later`, `Never`, `Paused` or `Unknown` as `errors.py` decides; reads are safe to repeat, writes are
not.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import httpx

from sync.commerce.address import Query, path_of
from sync.commerce.errors import NotThere, PageTooLarge
from sync.commerce.filters import Filter, Op, of_any, where
from sync.commerce.polling import SETTLING, Keyset
from sync.commerce.search import LARGEST_PAGE, Node, Search, Sort, split
from sync.commerce.transport import OnPause, Transport, listed, rows_in
from sync.config.connections import Commerce
from sync.core.encoding import digest
from sync.core.ports import Clock, Secrets

ORDER_CHANGE: Final = ("increment_id", "entity_id", "store_id", "updated_at")
CUSTOMER_CHANGE: Final = ("id", "store_id", "website_id", "updated_at")
_BY_ID: Final = (Sort("entity_id"),)


@dataclass(frozen=True)
class Page:
    """One page of a list. `total_count` counts all matches; `page_size` is what the shop was asked
    for in the end."""

    items: list[dict[str, Any]]
    total_count: int | None
    server_time: datetime | None
    page_size: int


class CommerceClient:
    """One shop. Paths are below /V1 and escaped (`path_of`); at most `settings.concurrency`
    requests at a time."""

    def __init__(
        self,
        settings: Commerce,
        *,
        secrets: Secrets,
        http: httpx.AsyncClient,
        clock: Clock,
        on_pause: OnPause | None = None,
    ) -> None:
        self.settings = settings
        self._transport = Transport(
            settings, secrets=secrets, http=http, clock=clock, on_pause=on_pause
        )
        self._clock = clock
        self._largest_page = LARGEST_PAGE

    @property
    def system(self) -> str:
        """The name under which this shop asks for a pause."""
        return self._transport.system

    @property
    def counts(self) -> dict[str, int]:
        """Requests sent so far: `reads` and `writes`."""
        return self._transport.counts

    @property
    def server_time(self) -> datetime | None:
        """The shop's clock by its last answer; None before one."""
        return self._transport.server_time

    async def get(self, path: str, query: Query = ()) -> Any:
        """Read; the parsed answer."""
        return (await self._transport.call("GET", path, query)).document

    async def post(self, path: str, body: Any = None, *, not_after: datetime | None = None) -> Any:
        """Write; the parsed answer. Sent once, and not after `not_after`; `Unknown` when no answer
        came."""
        return (await self._transport.call("POST", path, body=body, not_after=not_after)).document

    async def put(self, path: str, body: Any = None, *, not_after: datetime | None = None) -> Any:
        """Write; the parsed answer. Sent once, and not after `not_after`; `Unknown` when no answer
        came."""
        return (await self._transport.call("PUT", path, body=body, not_after=not_after)).document

    async def search(self, path: str, search: Search) -> Page:
        """One page. A shop that limits page sizes is asked again with its limit, which is
        remembered.

        Raises `PageTooLarge` for a page other than the first: with smaller pages it would begin
        elsewhere.
        """
        while True:
            size = min(search.page_size, self._largest_page)
            try:
                return await self._page(path, search.at(page=search.page, page_size=size))
            except PageTooLarge as refusal:
                if refusal.most >= size:
                    raise
                self._largest_page = refusal.most
                if search.page != 1:
                    raise

    async def pages(
        self, path: str, search: Search, *, key: str = "entity_id"
    ) -> AsyncIterator[Page]:
        """Every page from the first, each with the rows not given before (told apart by `key`).

        Ends at the last match, at an empty page, or at a page that brings nothing new (2.3 and some
        extensions repeat the last page forever). For lists that change meanwhile use `changed`.
        """
        seen: set[Any] = set()
        number, size = 1, 0
        while True:
            try:
                page = await self.search(path, search.at(page=number))
            except PageTooLarge:
                if number == 1:
                    raise
                number = 1
                continue
            if number > 1 and page.page_size != size:
                number = 1
                continue
            fresh = {
                _identity(row, key): row for row in page.items if _identity(row, key) not in seen
            }
            seen.update(fresh)
            if fresh:
                yield replace(page, items=list(fresh.values()))
            complete = (
                len(page.items) < page.page_size
                if page.total_count is None
                else len(seen) >= page.total_count
            )
            if complete or (not fresh and number > 1) or not page.items:
                return
            number, size = number + 1, page.page_size

    async def changed(
        self,
        path: str,
        since: datetime,
        until: datetime | None = None,
        *,
        fields: Sequence[Node] = (),
        key: str = "entity_id",
        only: Sequence[Filter] = (),
        after: str = "",
    ) -> AsyncIterator[dict[str, Any]]:
        """Rows with `updated_at` from `since` to `until`, oldest first; never later than `settled`
        (see `polling`). `only`: further conditions, which all hold. `after`: only what comes after
        the row of that position.

        The caller keeps the watermark and its overlap. A row that changes while being read may come
        twice.
        """
        settled = await self.settled(path)
        end = settled if until is None else min(until, settled)
        size = self.settings.page_size
        keyset = Keyset(since, end, fields=fields, key=key, page_size=size, only=only, after=after)
        while (search := keyset.search()) is not None:
            page = await self.search(path, search)
            for row in keyset.take(page.items, page.total_count, page_size=page.page_size):
                yield row

    async def settled(self, path: str = "orders") -> datetime:
        """The latest moment of which nothing new can turn up: the shop's clock less a few seconds
        for commits.

        Asks `path` for one row when the shop's clock is not known yet; our own clock where the shop
        tells no time.
        """
        if self.server_time is None:
            await self.search(path, Search(page_size=1, fields=("updated_at",)))
        return (self.server_time or self._clock.now()) - SETTLING

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
        """`increment_id`, `entity_id`, `store_id`, `updated_at` of orders that changed, oldest
        first (`changed`); of these store views where they are named.

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

    async def _all(
        self, path: str, search: Search, *, key: str = "entity_id"
    ) -> list[dict[str, Any]]:
        return [row async for page in self.pages(path, search, key=key) for row in page.items]

    async def _page(self, path: str, search: Search) -> Page:
        answer = await self._transport.call("GET", path, search.query())
        rows, total = listed(answer.document, f"GET {path}")
        return Page(rows, total, answer.server_time, search.page_size)


def _identity(row: dict[str, Any], key: str) -> Any:
    return row[key] if row.get(key) is not None else digest(row)
