"""Where the price publication writes: base prices, tier prices and, where that is on, special
prices.

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
from sync.commerce.prices import (
    ALL_WEBSITES,
    BASE_PRICES,
    FIXED,
    SPECIAL_PRICES,
    TIER_PRICES,
    Base,
    Special,
    Tier,
)
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.mirror import Shown
from sync.engine.published_rows import RowTarget
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.catalogue.price_scope import is_elsewhere, price_scope, shown_in
from sync.flows.catalogue.special_prices import last_day, specials_of, today
from sync.flows.targets import rows_of
from sync.mapping.prices import BASE, EVERYBODY, SPECIAL
from sync.mapping_tables.records import normal_sku

LIGHT, TIER = 5, 10
"""What a SKU and each price beside its base price weigh."""
READ_BACK: Final = 40
"""Rows of a chunk that are read back."""
REMEDY: Final = (
    "Look in Commerce whether the product, its type and the customer group are there, and what else"
    " writes its prices. Delete those of other websites that are named, or write the one whose"
    " prices these are as prices.website. Then run: touch the sku again."
)


@dataclass(frozen=True)
class ShopPrices(RowTarget):
    """Prices in Commerce, a chunk of SKUs at a time. A SKU that is no longer ours keeps its
    prices."""

    most: int = 30_000
    """Milliseconds: what a chunk may take the shop by the measured pace."""

    @override
    def weight(self, row: Shown, systems: Systems) -> int:
        """A tier takes the shop 10 ms (measured), a base price a small part of that."""
        return LIGHT + TIER * max(len(row.content or {}) - 1, 0)

    @override
    def timing(self, systems: Systems) -> Target:
        return rows_of(systems)

    @override
    def same(self, key: str) -> str:
        return normal_sku(key)

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        scope = price_scope(systems)
        base = [
            {"sku": sku, "price": price, "store_id": scope.store}
            for sku, price in _base(rows).items()
        ]
        tiers = [tier.row(scope) for row in rows for tier in _tiers(row)]
        specials = [one.row(scope) for one in specials_of(rows, systems)]
        sent = ((BASE_PRICES, base), (TIER_PRICES, tiers), (SPECIAL_PRICES, specials))
        return [Request("POST", f"/V1/{path}", {"prices": some}) for path, some in sent if some]

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        """Base prices first: they name what the shop does not know, which would make all tiers
        fail."""
        prices, base = systems.commerce.prices, _base(rows)
        said = (
            await prices.save_base(base, price_scope(systems), not_after=not_after) if base else {}
        )
        kept = [row for row in rows if row.content is not None and row.key not in said]
        told, tiered = await self._save_tiers(kept, systems, not_after)
        said |= told
        if systems.settings.prices.special_prices != "off":
            said |= await self._save_specials(kept, systems, not_after)
        refused = {key: Never(f"{key}: {why}", remedy=REMEDY) for key, why in said.items()}
        taken = [row for row in kept if row.key not in refused]
        return {**refused, **await self._not_shown(taken, tiered, systems)}

    async def _save_tiers(
        self, rows: Sequence[Shown], systems: Systems, not_after: datetime
    ) -> tuple[dict[str, str], set[str]]:
        """What is there and not wanted goes, what differs is sent: what was refused, and the SKUs
        whose tiers were written, or are of another scope too. A product that is deleted meanwhile
        makes all tiers fail: it is left out then."""
        website = price_scope(systems).website
        found = [
            one for one in await systems.commerce.prices.tiers([row.key for row in rows])
            if _is_ours(one, systems)
        ]  # fmt: skip
        there = {_key(one): one for one in found if one.of == website}
        others = [one for one in found if website and not one.of]
        wanted = {_key(tier): tier for row in rows for tier in _tiers(row)}
        gone = [tier for key, tier in there.items() if key not in wanted]
        changed = [
            tier
            for key, tier in wanted.items()
            if key not in there or (there[key].price, there[key].kind) != (tier.price, tier.kind)
        ]
        try:
            said = await self._replaced(gone, changed, systems, not_after)
        except NotThere as error:
            known = await systems.commerce.prices.known([row.key for row in rows])
            there_now = {normal_sku(sku) for sku in known}
            left = [row for row in rows if normal_sku(row.key) in there_now]
            if len(left) == len(rows):
                raise
            gone_rows = {row.key: error.reason for row in rows if row not in left}
            said, tiered = await self._save_tiers(left, systems, not_after) if left else ({}, set())
            return gone_rows | said, tiered
        return said, {normal_sku(tier.sku) for tier in (*gone, *changed, *others)}

    async def _save_specials(
        self, rows: Sequence[Shown], systems: Systems, not_after: datetime
    ) -> dict[str, str]:
        """One that differs goes first: a shop may refuse two whose days overlap."""
        store = price_scope(systems).store
        found = [
            one for one in await systems.commerce.prices.specials([row.key for row in rows])
            if one.of == store
        ]  # fmt: skip
        wanted = {normal_sku(one.sku): one for one in specials_of(rows, systems)}
        same = {
            normal_sku(one.sku) for one in found
            if (want := wanted.get(normal_sku(one.sku)))
            and (one.price, last_day(one, systems)) == (want.price, last_day(want, systems))
        }  # fmt: skip
        gone = [one for one in found if normal_sku(one.sku) not in same]
        changed = [one for sku, one in wanted.items() if sku not in same]
        return await self._replaced(gone, changed, systems, not_after)

    async def _replaced(
        self,
        gone: Sequence[Tier | Special], changed: Sequence[Tier | Special], systems: Systems,
        not_after: datetime,
    ) -> dict[str, str]:  # fmt: skip
        prices, scope = systems.commerce.prices, price_scope(systems)
        said = await prices.delete(gone, scope, not_after=not_after) if gone else {}
        return said | await prices.save(changed, scope, not_after=not_after) if changed else said

    async def _not_shown(
        self, rows: Sequence[Shown], tiered: Collection[str], systems: Systems
    ) -> dict[str, Never]:
        """Rows that the shop does not show although it took them, of a few. `tiered`: SKUs whose
        tiers are to be read; of others, the look before has shown them."""
        sample = sorted(rows, key=lambda row: normal_sku(row.key) not in tiered)[:READ_BACK]
        keys = [row.key for row in sample]
        found = await self._read(systems, keys, with_tiers=bool(tiered)) if sample else {}
        refused: dict[str, Never] = {}
        for row in sample:
            there = found.get(normal_sku(row.key), {})
            if price_scope(systems) == ALL_WEBSITES:
                there = {at: one for at, one in there.items() if not is_elsewhere(at)}
            wanted = {
                scope: one for scope, one in (row.content or {}).items()
                if tiered or "|" not in scope
            }  # fmt: skip
            if there != wanted:
                what = f"{row.key}: the shop took {_words(wanted)} and shows {_words(there)}"
                refused[row.key] = Never(what, remedy=REMEDY)
        return refused

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        return await self._read(systems, keys)

    async def _read(
        self, systems: Systems, keys: Collection[str] | None, *, with_tiers: bool = True
    ) -> Mapping[str, Mapping[str, Any]]:
        prices, scope = systems.commerce.prices, price_scope(systems)
        skus = list(await systems.commerce.inventory.skus() if keys is None else keys)
        codes = {code.casefold(): code for code in _codes(systems)}
        rows: list[tuple[Base | Special | Tier, str, dict[str, Any]]] = [
            (one, BASE, {"price": one.price}) for one in await prices.base(skus)
        ]
        for tier in await prices.tiers(skus) if with_tiers else ():
            if _is_ours(tier, systems):
                at = f"{codes[tier.group.casefold()]}|{_whole(tier.quantity)}"
                shown = tier.price if tier.kind == FIXED else f"{tier.price:f} %"
                rows.append((tier, at, {"price": shown}))
        if systems.settings.prices.special_prices != "off":
            rows += [
                (one, SPECIAL, {"price": one.price, "ends": last_day(one, systems)})
                for one in await prices.specials(skus)
            ]
        return shown_in(scope, rows, today(systems))


def _codes(systems: Systems) -> Iterable[str]:
    settings = systems.settings.prices
    return (EVERYBODY, *settings.groups.values(), *settings.customers.values())


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
