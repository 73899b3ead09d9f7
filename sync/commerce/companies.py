"""What the flows ask a shop about its B2B companies, and about the regions that companies name by
id alone."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.client import CommerceClient
from sync.commerce.errors import NotThere
from sync.commerce.filters import Op, where
from sync.commerce.models.company import FIELDS
from sync.commerce.search import Search, Sort, split
from sync.pacing.coalescer import Coalescer

log = logging.getLogger("sync.commerce.companies")

PATH: Final = "company/"
_BY_ID: Final = (Sort("entity_id"),)


class Companies:
    """The companies of one shop. Answers are raw JSON; errors as the client's. Close it when
    done."""

    def __init__(self, client: CommerceClient, *, window: timedelta, most: int) -> None:
        self._client = client
        self._joined: Coalescer[int, dict[str, Any]] = Coalescer(
            self._by_ids, window=window, most=most
        )
        self._codes: dict[str, dict[str, str]] = {}

    async def get(self, company_id: int) -> dict[str, Any] | None:
        """The company, or None when there is none (any more). What is asked for within `window` is
        one request."""
        return await self._joined.get(company_id)

    async def every(self, *, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """All companies with a greater id than `after`, as far as the product reads them: the list
        has no time of change to ask by."""
        search = Search(sorts=_BY_ID, page_size=self._client.settings.page_size, fields=FIELDS)
        if after:
            search = search.having(where("entity_id", Op.GT, after))
        async for page in self._client.pages(PATH, search, key="id"):
            for row in page.items:
                if str(row.get("id", "")).isdecimal():
                    yield row
                else:
                    log.warning("commerce.rows_unusable key=%s count=%d", "id", 1)

    async def region_code(self, country: str, region_id: str) -> str:
        """The code of a region ("CA" for 12 of US), or empty. A country's regions are asked for
        once per process."""
        if not country or not region_id:
            return ""
        if country not in self._codes:
            self._codes[country] = await self._regions(country)
        return self._codes[country].get(region_id, "")

    async def aclose(self) -> None:
        """Stop; waiting callers get `Later`."""
        await self._joined.aclose()

    async def _by_ids(self, ids: Sequence[int]) -> Mapping[int, dict[str, Any]]:
        """One company by its own address, several by one search."""
        if len(ids) == 1:
            one = await self._one(ids[0])
            return {} if one is None else {ids[0]: one}
        found: dict[int, dict[str, Any]] = {}
        for search in split(
            Search(sorts=_BY_ID, page_size=self._client.settings.page_size), "entity_id", ids
        ):
            async for page in self._client.pages(PATH, search, key="id"):
                found |= {int(row["id"]): row for row in page.items}
        return found

    async def _one(self, company_id: int) -> dict[str, Any] | None:
        try:
            found = await self._client.get(path_of("company", company_id))
        except NotThere:
            return None
        return found if isinstance(found, dict) else None

    async def _regions(self, country: str) -> dict[str, str]:
        try:
            found = await self._client.get(path_of("directory", "countries", country))
        except NotThere:
            return {}
        regions = (found.get("available_regions") if isinstance(found, dict) else None) or []
        return {str(region.get("id", "")): str(region.get("code") or "") for region in regions}
