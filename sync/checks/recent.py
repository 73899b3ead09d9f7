"""The records of the last days, newest first and at most so many of each kind, page by page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sync.checks.finding import Probe
from sync.commerce.search import Direction, Op, Search, Sort, where

MOST: Final = 2000
"""Records of a kind that are read; a shop serves its customers as well."""


@dataclass
class Recent:
    """What of a list was read. `total`: how many there are in these days, as far as the shop tells."""

    probe: Probe
    path: str
    kind: str
    read: int = 0
    total: int | None = None

    async def pages(self, *, key: str = "entity_id") -> AsyncIterator[list[dict[str, Any]]]:
        """The records of the connection's stores, a page at a time."""
        commerce = self.probe.commerce
        async for page in commerce.pages(self.path, self._search(await commerce.settled()), key=key):
            rows = page.items[: MOST - self.read]
            self.read += len(rows)
            self.total = page.total_count
            self.probe.tell(f"{self.kind}s: {self.read} of {min(self.total or MOST, MOST)}")
            yield rows
            if self.read >= MOST:
                return

    @property
    def told(self) -> str:
        """Which records these are."""
        of = f"the newest {self.read} of {self.total}" if (self.total or 0) > self.read else str(self.read)
        return f"{of} {self.kind}s of the last {self.probe.days} days"

    def _search(self, now: Any) -> Search:
        since = now - timedelta(days=self.probe.days)
        newest_first = (Sort("entity_id", Direction.DESC),)
        search = Search(sorts=newest_first, page_size=self.probe.settings.commerce.page_size)
        search = search.having(where("created_at", Op.GTEQ, since))
        stores = self.probe.settings.stores
        return search if "default" in stores else search.having(where("store_id", Op.IN, list(stores)))
