"""What any client of a shop's REST service does: read, write, and lists page by page.

Answers are raw JSON (numbers as int and Decimal). Every method raises `Later`, `Never`, `Paused` or
`Unknown` as `errors.py` decides; reads are safe to repeat, writes are not.
"""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
)
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeVar

from sync.commerce.access import Access
from sync.commerce.address import Query
from sync.commerce.errors import PageTooLarge
from sync.commerce.filters import Filter
from sync.commerce.polling import SETTLING, Keyset
from sync.commerce.search import LARGEST_PAGE, Node, Search, Sort, split
from sync.commerce.transport import Transport, listed
from sync.core.encoding import digest
from sync.core.errors import Unknown
from sync.pacing.coalescer import Coalescer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

BY_ID: Final = (Sort("entity_id"),)
JOINED_WITHIN: Final = timedelta(milliseconds=10)
"""Reads by key that are asked for within this become one request."""
MOST_KEYS: Final = 40
"""Keys in one search: the URL stays well below 8 KB and the page light."""


@dataclass(frozen=True)
class Page:
    """One page of a list. `total_count` counts all matches; `page_size` is what the shop was asked
    for in the end."""

    items: list[dict[str, Any]]
    total_count: int | None
    server_time: datetime | None
    page_size: int

    def is_last(self, seen: int) -> bool:
        """Whether no page comes after it. `seen`: rows that came with this one and before."""
        if not self.items:
            return True
        if self.total_count is None:
            return len(self.items) < self.page_size
        return seen >= self.total_count


class RestClient:
    """One shop. Paths are below /V1 and escaped (`path_of`)."""

    def __init__(self, access: Access) -> None:
        self.settings = access.settings
        self._transport = Transport(access)
        self._clock = access.clock
        self._largest_page = LARGEST_PAGE
        self._coalescers: list[Coalescer[Any, Any]] = []

    def joined(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> Coalescer[K, V]:
        """Reads by key: what is asked for within milliseconds becomes one `load`. The client ends
        them."""
        made = Coalescer(load, window=JOINED_WITHIN, most=MOST_KEYS)
        self._coalescers.append(made)
        return made

    def scoped(self, scope: str) -> Self:
        """The same shop in the scope of a store view, by its code, or in `all`. It ends with the
        client that it was made from."""
        made = copy(self)
        transport = self._transport.scoped(scope)
        made.__dict__.update(_transport=transport, settings=transport.settings)
        return made

    async def aclose(self) -> None:
        """End what is joined; waiting callers get `Later`."""
        for coalescer in self._coalescers:
            await coalescer.aclose()

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

    async def made(self, path: str, body: Any, *, not_after: datetime) -> int:
        """Write what makes a record; its id. `Unknown` also for an answer without one."""
        answer = await self.post(path, body, not_after=not_after)
        number = str(answer.get("id") if isinstance(answer, Mapping) else answer)
        if not (number.isascii() and number.isdecimal()):
            raise Unknown(f"Commerce answered POST {path} with success, and names no id")
        return int(number)

    async def put(self, path: str, body: Any = None, *, not_after: datetime | None = None) -> Any:
        """As `post`."""
        return (await self._transport.call("PUT", path, body=body, not_after=not_after)).document

    async def delete(self, path: str, *, not_after: datetime | None = None) -> Any:
        """Remove; otherwise as `post`."""
        return (await self._transport.call("DELETE", path, not_after=not_after)).document

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
            page = await self._numbered(path, search, number, size)
            if page is None:
                number = 1
                continue
            rows = {_identity(row, key): row for row in page.items}
            fresh = [row for identity, row in rows.items() if identity not in seen]
            seen |= rows.keys()
            if fresh:
                yield replace(page, items=fresh)
            if page.is_last(len(seen)) or (not fresh and number > 1):
                return
            number, size = number + 1, page.page_size

    async def _numbered(self, path: str, search: Search, number: int, size: int) -> Page | None:
        """A page as large as those before it; None where the shop has another limit meanwhile, so
        that its pages begin elsewhere."""
        try:
            page = await self.search(path, search.at(page=number))
        except PageTooLarge:
            if number == 1:
                raise
            return None
        return page if number == 1 or page.page_size == size else None

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

    async def by_ids(
        self,
        path: str,
        ids: Iterable[int],
        *,
        key: str = "entity_id",
        fields: tuple[Node, ...] = (),
    ) -> dict[int, dict[str, Any]]:
        """Rows by id (their `key`), by one request for as many as fit into a URL; unknown ids bring
        nothing."""
        base = Search(sorts=BY_ID, page_size=self.settings.page_size, fields=fields)
        searches = split(base, "entity_id", ids)
        rows = [row for search in searches for row in await self.rows(path, search, key=key)]
        return {int(row[key]): row for row in rows}

    async def rows(
        self, path: str, search: Search, *, key: str = "entity_id"
    ) -> list[dict[str, Any]]:
        """The rows of every page (`pages`)."""
        return [row async for page in self.pages(path, search, key=key) for row in page.items]

    async def _page(self, path: str, search: Search) -> Page:
        answer = await self._transport.call("GET", path, search.query())
        rows, total = listed(answer.document, f"GET {path}")
        return Page(rows, total, answer.server_time, search.page_size)


def _identity(row: dict[str, Any], key: str) -> Any:
    return row[key] if row.get(key) is not None else digest(row)
