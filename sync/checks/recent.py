"""The records of the last days, newest first and at most so many of each kind, page by page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.checks.causes import plural
from sync.checks.finding import Probe
from sync.commerce.filters import Op, of_any, where
from sync.commerce.search import Direction, Search, Sort
from sync.preview.input_files import Kind

MOST: Final = 2000
"""Records of a kind that are read; a shop serves its customers as well."""


@dataclass(frozen=True)
class Listed:
    """Where records of a kind are listed, and their id there. `has_stores`: a list by store view
    and time; companies have neither, and all of them are read. `has_websites`: whose they are is
    told by the website, as store 0 is no store of anybody's."""

    path: str
    kind: Kind
    key: str = "entity_id"
    has_stores: bool = True
    has_websites: bool = False


@dataclass
class Recent:
    """What of a list was read. `total`: how many there are in these days, as far as the shop
    tells. `websites`: the connection's; None where all are."""

    probe: Probe
    listed: Listed
    websites: frozenset[int] | None = None
    read: int = 0
    total: int | None = None

    async def pages(self) -> AsyncIterator[list[dict[str, Any]]]:
        """The records of the connection's stores, a page at a time."""
        commerce, listed = self.probe.commerce, self.listed
        async for page in commerce.pages(
            listed.path, self._search(await commerce.settled()), key=listed.key
        ):
            rows = page.items[: MOST - self.read]
            self.read += len(rows)
            self.total = page.total_count
            self.probe.report(
                f"{plural(listed.kind)}: {self.read} of {min(self.total or MOST, MOST)}"
            )
            yield rows
            if self.read >= MOST:
                return

    @property
    def reported(self) -> str:
        """Which records these are."""
        of = (
            f"the newest {self.read} of {self.total}"
            if (self.total or 0) > self.read
            else str(self.read)
        )
        when = f" of the last {self.probe.days} days" if self.listed.has_stores else ""
        return f"{of} {plural(self.listed.kind)}{when}"

    def _search(self, now: datetime) -> Search:
        newest_first = (Sort("entity_id", Direction.DESC),)
        search = Search(sorts=newest_first, page_size=self.probe.settings.commerce.page_size)
        if not self.listed.has_stores:
            return search
        search = search.having(where("created_at", Op.GTEQ, now - timedelta(days=self.probe.days)))
        if self.listed.has_websites:
            only = of_any("website_id", self.websites)
            return search.having(*only) if only else search
        stores = self.probe.settings.stores
        return (
            search if "default" in stores else search.having(where("store_id", Op.IN, list(stores)))
        )
