"""The demand that reports forecast, as the flow that writes it into F&O reads it: by legal entity,
SKU and week. Stored whole, so that nobody reads half of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.errors import Later
from sync.core.groups import in_groups
from sync.core.ports import Row, Tables

DEMAND: Final = "forecastdemand"
HEAD: Final = "head"
TOGETHER: Final = 80
"""SKUs in a row of the table."""


@dataclass(frozen=True)
class Told:
    """A forecast. `monday`: the first day of the first week. `pieces`: SKU -> pieces by week, of
    what has a forecast that beats its baseline."""

    at: datetime
    monday: date
    pieces: Mapping[str, Sequence[Decimal]]


class DemandTold:
    """The forecasts of all legal entities."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def store(self, company: str, told: Told) -> None:
        """In place of the one before. Safe to repeat: it shows once its head is written."""
        partition, name = company.casefold(), f"{told.at:%Y%m%d%H%M%S}"
        skus = [[sku, *(f"{one:f}" for one in told.pieces[sku])] for sku in sorted(told.pieces)]
        parts = [*in_groups(skus, TOGETHER)]
        for place, part in enumerate(parts):
            cells: dict[str, Any] = {"skus": to_json(part).decode()}
            await self._tables.upsert(DEMAND, Row(partition, f"{name}-{place:05d}", cells))
        head: dict[str, Any] = {
            "name": name, "parts": len(parts), "at": told.at, "monday": told.monday.isoformat(),
        }  # fmt: skip
        await self._tables.upsert(DEMAND, Row(partition, HEAD, head))
        async for row in self._tables.query(DEMAND, partition):
            if row.key != HEAD and not row.key.startswith(f"{name}-"):
                await self._tables.delete(DEMAND, partition, row.key)

    async def of(self, company: str) -> Told | None:
        """The last one; None where there was none. Raises `Later` while another one is stored."""
        rows = {row.key: row.values async for row in self._tables.query(DEMAND, company.casefold())}
        head = rows.get(HEAD)
        if head is None:
            return None
        name = str(head["name"])
        parts = [cells for key, cells in rows.items() if key.startswith(f"{name}-")]
        if len(parts) < int(str(head["parts"])):
            raise Later(f"the forecast of {company} is being stored", counts=False)
        at = head["at"]
        assert isinstance(at, datetime)
        return Told(at, date.fromisoformat(str(head["monday"])), dict(_pieces(parts)))


def _pieces(parts: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Sequence[Decimal]]]:
    for cells in parts:
        for sku, *pieces in from_json(str(cells["skus"])):
            yield str(sku), [Decimal(one) for one in pieces]
