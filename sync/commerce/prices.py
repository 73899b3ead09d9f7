"""Base prices and tier prices of a shop, for all its websites.

Both answer 200 with the rows that they refuse and keep all others. A tier is known by product,
website, customer group and quantity; group codes are compared without case. One unknown SKU makes a
whole call of tiers fail with 404. A tier is deleted by its stored price (measured on 2.4.7).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.commerce.rest import RestClient
from sync.commerce.row_calls import RowCalls
from sync.commerce.transport import rows_in
from sync.core.ports import Clock

BASE_PRICES: Final = "products/base-prices"
TIER_PRICES: Final = "products/tier-prices"
MOST_BASE, MOST_TIERS = 1000, 200
"""Rows of a call: a thousand base prices take 0.2 s, two hundred tiers 2 s (measured)."""
FIXED: Final = "fixed"


@dataclass(frozen=True)
class Tier:
    """The price of a product for a customer group, from so many pieces. `kind`: `fixed`, or
    `discount` in percent."""

    sku: str
    group: str
    quantity: Decimal
    price: Decimal
    kind: str = FIXED

    def row(self) -> dict[str, Any]:
        """As it is sent."""
        return {
            "sku": self.sku, "price": self.price, "price_type": self.kind, "website_id": 0,
            "customer_group": self.group, "quantity": self.quantity,
        }  # fmt: skip


class Prices:
    """The prices of one shop. Raises as the client does. Writes return why rows were refused, by
    SKU."""

    def __init__(self, client: RestClient, clock: Clock) -> None:
        self._client = client
        self._calls = {
            path: RowCalls(client, clock, path, "prices", most)
            for path, most in (
                (BASE_PRICES, MOST_BASE), (TIER_PRICES, MOST_TIERS),
                (f"{TIER_PRICES}-delete", MOST_TIERS),
            )
        }  # fmt: skip

    async def base(self, skus: Sequence[str]) -> dict[str, Decimal]:
        """Base prices of all websites, by SKU as the shop spells it; unknown ones are left out."""
        found = await self._rows(f"{BASE_PRICES}-information", skus)
        return {str(row["sku"]): Decimal(row["price"]) for row in found if not row.get("store_id")}

    async def tiers(self, skus: Sequence[str]) -> list[Tier]:
        """Tier prices of all websites."""
        found = await self._rows(f"{TIER_PRICES}-information", skus)
        return [
            Tier(
                str(row["sku"]), str(row["customer_group"]), Decimal(row["quantity"]),
                Decimal(row["price"]), str(row.get("price_type") or FIXED),
            )
            for row in found if not row.get("website_id")
        ]  # fmt: skip

    async def save_base(
        self, prices: Mapping[str, Decimal], *, not_after: datetime
    ) -> dict[str, str]:
        """Make these the base prices."""
        rows = [{"sku": sku, "price": price, "store_id": 0} for sku, price in prices.items()]
        return await self._write(BASE_PRICES, rows, not_after)

    async def save_tiers(self, tiers: Sequence[Tier], *, not_after: datetime) -> dict[str, str]:
        """Add these tiers, or change them; others stay."""
        return await self._write(TIER_PRICES, [one.row() for one in tiers], not_after)

    async def delete_tiers(self, tiers: Sequence[Tier], *, not_after: datetime) -> dict[str, str]:
        """Delete these tiers, as `tiers` gave them."""
        path = f"{TIER_PRICES}-delete"
        return await self._write(path, [one.row() for one in tiers], not_after)

    async def _rows(self, path: str, skus: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(skus), MOST_BASE):
            answer = await self._client.post(path, {"skus": list(skus[start : start + MOST_BASE])})
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


def _meant(failure: Mapping[str, Any], skus: set[str]) -> Iterable[str]:
    """The SKU that a refusal names among its parameters; all of them where it names none."""
    named = skus.intersection(str(one) for one in failure.get("parameters") or [])
    return named or skus


def _said(failure: Mapping[str, Any]) -> str:
    """The shop's words, each placeholder with the next parameter behind it."""
    parameters = ", ".join(str(one) for one in failure.get("parameters") or [])
    return f"{failure.get('message')} ({parameters})"
