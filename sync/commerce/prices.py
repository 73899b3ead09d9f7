"""Base prices, tier prices and special prices of a shop, for all its websites or for one.

All answer 200 with the rows that they refuse and keep all others. A price of one website needs the
shop's price scope `website`: with the global scope it would be everybody's. A tier is known by
product, website, customer group and quantity; group codes are compared without case. One unknown
SKU makes a whole call of tiers fail with 404. A tier is deleted by its stored price, a special
price by its dates too (measured on 2.4.7).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.commerce.bulks import Bulks
from sync.commerce.rest import RestClient
from sync.commerce.row_calls import RowCalls
from sync.commerce.transport import rows_in
from sync.core.groups import in_groups
from sync.core.ports import Clock

BASE_PRICES: Final = "products/base-prices"
TIER_PRICES: Final = "products/tier-prices"
MOST, FIRST_TIERS = 2000, 500
"""Rows of a call, and of the first one of tiers: a thousand base prices take 0.2 s, five hundred
tiers 5 s, a thousand 10 s (measured)."""
SPECIAL_PRICES: Final = "products/special-price"
FIXED: Final = "fixed"


@dataclass(frozen=True)
class PriceScope:
    """Where a price holds: in all websites (0), or in one. `store`: a store view of it; what is
    written for one is the whole website's."""

    website: int = 0
    store: int = 0


ALL_WEBSITES: Final = PriceScope()


@dataclass(frozen=True)
class Base:
    """The base price of a product, by SKU as the shop spells it. `of`: the store view, 0 for all of
    them."""

    sku: str
    price: Decimal
    of: int = 0


@dataclass(frozen=True)
class Tier:
    """The price of a product for a customer group, from so many pieces. `kind`: `fixed`, or
    `discount` in percent. `of`: the website that it was found in, 0 for all of them."""

    sku: str
    group: str
    quantity: Decimal
    price: Decimal
    kind: str = FIXED
    of: int = 0

    def row(self, scope: PriceScope = ALL_WEBSITES) -> dict[str, Any]:
        """As it is sent."""
        return {
            "sku": self.sku, "price": self.price, "price_type": self.kind,
            "website_id": scope.website, "customer_group": self.group, "quantity": self.quantity,
        }  # fmt: skip


@dataclass(frozen=True)
class Special:
    """A price for everybody. `begins`, `ends`: `YYYY-MM-DD hh:mm:ss`; in Open Source days of the
    store, that of `ends` included, and in Adobe Commerce moments in UTC. `of`: the store view that
    it was found in, 0 for all of them."""

    sku: str
    price: Decimal
    begins: str
    ends: str
    of: int = 0

    def row(self, scope: PriceScope = ALL_WEBSITES) -> dict[str, Any]:
        """As it is sent."""
        return {
            "sku": self.sku, "price": self.price, "store_id": scope.store,
            "price_from": self.begins or None, "price_to": self.ends or None,
        }  # fmt: skip


class Prices:
    """The prices of one shop. Raises as the client does. Writes return why rows were refused, by
    SKU."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client = client
        self._calls = {
            path: RowCalls(client, clock, path, "prices", MOST, Bulks(client, clock), first)
            for path, first in (
                (BASE_PRICES, MOST), (TIER_PRICES, FIRST_TIERS),
                (f"{TIER_PRICES}-delete", FIRST_TIERS), (SPECIAL_PRICES, MOST),
                (f"{SPECIAL_PRICES}-delete", MOST),
            )
        }  # fmt: skip

    async def base(self, skus: Sequence[str]) -> list[Base]:
        """Base prices of all store views; unknown SKUs are left out."""
        found = await self._rows(f"{BASE_PRICES}-information", skus)
        return [
            Base(str(row["sku"]), Decimal(row["price"]), int(row.get("store_id") or 0))
            for row in found
        ]

    async def known(self, skus: Sequence[str]) -> set[str]:
        """Those of which the shop has a product with a price, by SKU as it spells them."""
        return {str(row["sku"]) for row in await self._rows(f"{BASE_PRICES}-information", skus)}

    async def tiers(self, skus: Sequence[str]) -> list[Tier]:
        """Tier prices of all websites."""
        found = await self._rows(f"{TIER_PRICES}-information", skus)
        return [
            Tier(
                str(row["sku"]), str(row["customer_group"]), Decimal(row["quantity"]),
                Decimal(row["price"]), str(row.get("price_type") or FIXED),
                int(row.get("website_id") or 0),
            )
            for row in found
        ]  # fmt: skip

    async def specials(self, skus: Sequence[str]) -> list[Special]:
        """Special prices of all store views; the shop repeats rows."""
        found = await self._rows(f"{SPECIAL_PRICES}-information", skus)
        rows = [
            Special(
                str(row["sku"]), Decimal(row["price"]), str(row.get("price_from") or ""),
                str(row.get("price_to") or ""), int(row.get("store_id") or 0),
            )
            for row in found
        ]  # fmt: skip
        return list(dict.fromkeys(rows))

    async def save_base(
        self, prices: Mapping[str, Decimal], scope: PriceScope, *, not_after: datetime
    ) -> dict[str, str]:
        """Make these the base prices."""
        rows = [
            {"sku": sku, "price": price, "store_id": scope.store} for sku, price in prices.items()
        ]
        return await self._write(BASE_PRICES, rows, not_after)

    async def save(
        self, prices: Sequence[Tier | Special], scope: PriceScope, *, not_after: datetime
    ) -> dict[str, str]:
        """Add these, or change them; others stay. All are of one kind."""
        path = _path(prices)
        return await self._write(path, [one.row(scope) for one in prices], not_after)

    async def delete(
        self, prices: Sequence[Tier | Special], scope: PriceScope, *, not_after: datetime
    ) -> dict[str, str]:
        """Delete these, as `tiers` or `specials` gave them."""
        path = f"{_path(prices)}-delete"
        return await self._write(path, [one.row(scope) for one in prices], not_after)

    async def _rows(self, path: str, skus: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for some in in_groups(skus, MOST):
            answer = await self._client.post(path, {"skus": some})
            found += rows_in(answer, f"POST {path}")
        return found

    async def _write(
        self, path: str, rows: Sequence[dict[str, Any]], not_after: datetime
    ) -> dict[str, str]:
        refused: dict[str, str] = {}
        async for some, answer in self._calls[path].post(rows, not_after):
            skus = {str(row["sku"]) for row in some}
            for failure in rows_in(answer, f"POST {path}"):
                refused |= dict.fromkeys(_meant(failure, skus), _said(failure))
        return refused


def _path(prices: Sequence[Tier | Special]) -> str:
    return SPECIAL_PRICES if isinstance(next(iter(prices), None), Special) else TIER_PRICES


def _meant(failure: Mapping[str, Any], skus: set[str]) -> Iterable[str]:
    """The SKU that a refusal names among its parameters; all of them where it names none."""
    named = skus.intersection(str(one) for one in failure.get("parameters") or [])
    return named or skus


def _said(failure: Mapping[str, Any]) -> str:
    """The shop's words, each placeholder with the next parameter behind it."""
    parameters = ", ".join(str(one) for one in failure.get("parameters") or [])
    return f"{failure.get('message')} ({parameters})"
