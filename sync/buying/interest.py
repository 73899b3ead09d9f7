"""What shoppers looked at: one row per person, by product and day, of those who said yes.

A visitor is a random name that the script draws; once the shop has signed who is signed in, what
the visitor looked at is the customer's.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sync.core.encoding import from_json, to_json
from sync.core.errors import Later
from sync.core.ports import Conflict, Row, Tables

INTEREST: Final = "interest"
MOST_PRODUCTS: Final = 100
"""Of one person; what was looked at longest ago is forgotten."""
KEEP: Final = timedelta(days=30)
"""How long a look is kept."""
TRIES: Final = 5

Looks = dict[str, list[str]]
"""SKU -> the days on which it was looked at."""


def visitor(name: str) -> str:
    """The key of somebody who is not signed in."""
    return f"visitor|{name}"


def customer(number: int) -> str:
    """The key of a customer."""
    return f"customer|{number}"


class InterestRows:
    """The rows of one connection."""

    def __init__(self, tables: Tables, connection: str) -> None:
        self._tables, self._connection = tables, connection

    async def of(self, numbers: Sequence[int], since: date) -> dict[str, int]:
        """SKU -> on how many days since then one of these customers looked at it."""
        found: dict[str, set[str]] = {}
        for number in numbers:
            looks, _ = await self._row(customer(number))
            for sku, days in looks.items():
                recent = {day for day in days if day >= since.isoformat()}
                found.setdefault(sku, set()).update(recent)
        return {sku: len(days) for sku, days in found.items() if days}

    async def add(self, key: str, skus: Sequence[str], now: datetime) -> bool:
        """Somebody looked at these today; whether that is news. Repeating changes nothing."""
        day = f"{now:%Y-%m-%d}"
        return await self._merge(key, {sku: [day] for sku in skus}, now)

    async def signed_in(self, name: str, number: int, now: datetime) -> bool:
        """What a visitor looked at is a customer's; whether that is news. Repeating changes
        nothing."""
        looks, _ = await self._row(visitor(name))
        if not looks:
            return False
        is_news = await self._merge(customer(number), looks, now)
        await self.forget(visitor(name))
        return is_news

    async def forget(self, key: str) -> None:
        """Forget all that somebody looked at."""
        await self._tables.delete(INTEREST, self._connection, key)

    async def _row(self, key: str) -> tuple[Looks, str]:
        row = await self._tables.get(INTEREST, self._connection, key)
        return ({}, "") if row is None else (_looks(row.values["said"]), row.etag)

    async def _merge(self, key: str, news: Mapping[str, Sequence[str]], now: datetime) -> bool:
        """Of two at the same moment, the second reads what the first has written. Raises `Later`
        where there are too many."""
        end = f"{now - KEEP:%Y-%m-%d}"
        for _ in range(TRIES):
            looks, etag = await self._row(key)
            wanted = _merged(looks, news, end)
            if wanted == looks:
                return False
            row = Row(self._connection, key, {"said": to_json(wanted), "at": now}, etag)
            try:
                await (self._tables.replace if etag else self._tables.insert)(INTEREST, row)
            except Conflict:
                continue
            return True
        raise Later("several tell at once what one person looked at", counts=False)


def _merged(looks: Looks, news: Mapping[str, Sequence[str]], end: str) -> Looks:
    both = {sku: {*looks.get(sku, ()), *news.get(sku, ())} for sku in {*looks, *news}}
    kept = {sku: sorted(day for day in days if day > end) for sku, days in both.items()}
    ranked = sorted((sku for sku in kept if kept[sku]), key=lambda sku: (kept[sku][-1], sku))
    return {sku: kept[sku] for sku in sorted(ranked[-MOST_PRODUCTS:])}


def _looks(said: Any) -> Looks:
    found: Looks = from_json(said if isinstance(said, bytes) else b"{}")
    return found
