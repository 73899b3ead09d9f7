"""Writes of many rows, as many in a call as the shop takes in a few seconds.

The size is learned: a shop may limit it (off by default; then 20 rows of a list, measured on
2.4.7), and may be slower than the one that was measured. By its pace a call is made to take about
eight seconds.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sync.commerce.bulks import Bulks
from sync.commerce.errors import TooManyRows
from sync.commerce.rest import RestClient
from sync.core.errors import Unknown
from sync.core.groups import in_groups
from sync.core.ports import Clock

SLOW: Final = timedelta(seconds=10)
"""A call that takes longer is made smaller: it must never come near the time of a write."""
AIM: Final = timedelta(seconds=8)
"""How long a call may take by the pace of the one before it."""
LEAST: Final = 20
MOST_IN_BULK: Final = 5000
"""Rows of a write that is carried out later: the shop's limit where it has one."""


@dataclass
class RowCalls:
    """Calls of one path, whose rows stand under `name`. `most`: rows in one call; `first`: in the
    first one, where the shop may be too slow for that many. `bulks`: how very many rows are sent,
    where the connection says so."""

    client: RestClient
    clock: Clock
    path: str
    name: str
    most: int
    bulks: Bulks | None = None
    first: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = self.first or self.most

    async def post(
        self, rows: Sequence[Any], not_after: datetime
    ) -> AsyncIterator[tuple[Sequence[Any], Any]]:
        """Each call's rows and its answer. Raises as the client does; calls before that one are
        kept."""
        if self.bulks is not None and 0 < self.client.settings.bulk_from <= len(rows):
            for some in in_groups(rows, MOST_IN_BULK):
                answer = await self.bulks.post(self.path, {self.name: some}, not_after=not_after)
                yield some, answer
            return
        at = 0
        while at < len(rows):
            part = rows[at : at + self._even(len(rows) - at)]
            began = self.clock.now()
            try:
                answer = await self.client.post(self.path, {self.name: part}, not_after=not_after)
            except TooManyRows as refusal:
                most = refusal.most or len(part) // 2
                if not 0 < most < len(part):
                    raise
                self.most = self.size = most
                continue
            except Unknown:
                self._took(len(part), 2 * SLOW)
                raise
            self._took(len(part), self.clock.now() - began)
            yield part, answer
            at += len(part)

    def _even(self, left: int) -> int:
        """Calls of one size, instead of full ones and a small one."""
        return -(-left // -(-left // self.size))

    def _took(self, rows: int, took: timedelta) -> None:
        """A few rows take longer each than many: they tell of no slower pace."""
        if took > SLOW:
            self.size = min(self.size, max(LEAST, rows // 2))
            return
        fits = rows * AIM // took if took else self.most
        self.size = max(self.size, min(self.most, 2 * self.size, fits))
