"""Where the price publication writes: base prices and tier prices, for all websites.

Tiers of everybody and of the mapped customer groups are F&O's; those of other groups are left
alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from typing_extensions import override

from sync.commerce.errors import NotThere
from sync.commerce.prices import BASE_PRICES, FIXED, TIER_PRICES, Tier
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.targets import commerce_of
from sync.mapping.prices import BASE, EVERYBODY
from sync.mapping_tables.records import normal_sku

READ_BACK: Final = 40
"""Rows of a chunk that are read back."""
REMEDY: Final = (
    "Look in Commerce whether the product, its type and the customer group are there, and what else"
    " writes its prices; then run: touch the sku again."
)


@dataclass(frozen=True)
class ShopPrices(RowTarget):
    """Prices in Commerce, a chunk of SKUs at a time. A SKU that is no longer ours keeps its
    prices."""

    most: int = 200

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)

    @override
    def same(self, key: str) -> str:
        return normal_sku(key)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        base = [{"sku": sku, "price": price, "store_id": 0} for sku, price in _base(rows).items()]
        tiers = [tier.row() for row in rows for tier in _tiers(row)]
        sent = ((BASE_PRICES, base), (TIER_PRICES, tiers))
        return [Request("POST", f"/V1/{path}", {"prices": some}) for path, some in sent if some]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        """Base prices first: they name what the shop does not know, which would make all tiers
        fail."""
        prices, base = systems.commerce.prices, _base(rows)
        said = await prices.save_base(base, not_after=not_after) if base else {}
        kept = [row for row in rows if row.content is not None and row.key not in said]
        said |= await self._save_tiers(kept, systems, not_after)
        refused = {key: Never(f"{key}: {why}", remedy=REMEDY) for key, why in said.items()}
        read_back = [row for row in kept if row.key not in refused][:READ_BACK]
        return {**refused, **await self._not_shown(read_back, systems)}

    async def _save_tiers(
        self, rows: Sequence[Shown], systems: Systems, not_after: datetime
    ) -> dict[str, str]:
        """What is there and not wanted goes, what differs is sent."""
        prices = systems.commerce.prices
        there = {
            _key(tier): tier
            for tier in await prices.tiers([row.key for row in rows])
            if _is_ours(tier, systems)
        }
        wanted = {_key(tier): tier for row in rows for tier in _tiers(row)}
        gone = [tier for key, tier in there.items() if key not in wanted]
        changed = [
            tier
            for key, tier in wanted.items()
            if key not in there or (there[key].price, there[key].kind) != (tier.price, tier.kind)
        ]
        said = await prices.delete_tiers(gone, not_after=not_after) if gone else {}
        if not changed:
            return said
        try:
            return said | await prices.save_tiers(changed, not_after=not_after)
        except NotThere:
            if len(rows) == 1:
                raise
            half = len(rows) // 2
            first = await self._save_tiers(rows[:half], systems, not_after)
            return said | first | await self._save_tiers(rows[half:], systems, not_after)

    async def _not_shown(self, rows: Sequence[Shown], systems: Systems) -> dict[str, Never]:
        """Rows that the shop does not show although it took them."""
        found = await self.shown(systems, [row.key for row in rows]) if rows else {}
        refused: dict[str, Never] = {}
        for row in rows:
            there = found.get(normal_sku(row.key), {})
            if there != row.content:
                what = f"{row.key}: the shop took {_words(row.content)} and shows {_words(there)}"
                refused[row.key] = Never(what, remedy=REMEDY)
        return refused

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        prices = systems.commerce.prices
        skus = list(await systems.commerce.inventory.skus() if keys is None else keys)
        codes = {code.casefold(): code for code in _codes(systems)}
        found: dict[str, dict[str, Any]] = {}
        for sku, price in (await prices.base(skus)).items():
            found.setdefault(normal_sku(sku), {})[BASE] = {"price": price}
        for tier in await prices.tiers(skus):
            if _is_ours(tier, systems):
                scope = f"{codes[tier.group.casefold()]}|{_whole(tier.quantity)}"
                shown: Decimal | str = tier.price
                if tier.kind != FIXED:
                    shown = f"{tier.price:f} %"
                found.setdefault(normal_sku(tier.sku), {})[scope] = {"price": shown}
        return found


def _codes(systems: Systems) -> Iterable[str]:
    return (EVERYBODY, *systems.settings.prices.groups.values())


def _is_ours(tier: Tier, systems: Systems) -> bool:
    return tier.group.casefold() in {code.casefold() for code in _codes(systems)}


def _base(rows: Sequence[Shown]) -> dict[str, Decimal]:
    return {row.key: row.content[BASE]["price"] for row in rows if row.content is not None}


def _tiers(row: Shown) -> Iterable[Tier]:
    for scope, one in (row.content or {}).items():
        code, _, pieces = scope.rpartition("|")
        if code:
            yield Tier(row.key, code, Decimal(pieces), one["price"])


def _key(tier: Tier) -> tuple[str, str, Decimal]:
    return normal_sku(tier.sku), tier.group.casefold(), tier.quantity


def _whole(quantity: Decimal) -> str:
    return str(int(quantity)) if quantity == int(quantity) else f"{quantity:f}"


def _words(content: Mapping[str, Any]) -> str:
    return ", ".join(f"{scope} {one['price']}" for scope, one in content.items()) or "no price"
