"""Shipments side by side: no source goes below zero, and few are asked what they hold."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal
from random import Random

import pytest

from sync.commerce.sources_in_use import SourcesInUse
from tests.virtual_time import LoopClock, Skewed, in_virtual_time

SKUS = ("A", "B", "C")


class Shop:
    """A source that two shipments at once drive below zero: what is taken shows when the shipment
    is answered."""

    def __init__(self, chance: Random, **held: int) -> None:
        self.chance = chance
        self.held = {sku: Decimal(pieces) for sku, pieces in held.items()}
        self.lowest = dict(self.held)
        self.counts: Counter[str] = Counter()
        self.clock = Skewed(LoopClock(), 0.0)
        self.in_use = SourcesInUse(self.read, self.clock)

    async def read(self, source: str, skus: Collection[str]) -> Mapping[str, Decimal]:
        assert source == "default"
        self.counts["reads"] += 1
        await self._latency()
        found = {sku: self.held[sku] for sku in skus if sku in self.held}
        await self._latency()
        return found

    async def ship(self, goods: Mapping[str, Decimal]) -> None:
        async with self.in_use.shipping("default", goods) as lacking:
            if lacking:
                self.counts["fills"] += 1
                await self._latency()
                self.held |= lacking
            await self._latency()
            if any(self.held.get(sku, Decimal(0)) < pieces for sku, pieces in goods.items()):
                self.counts["refusals"] += 1
                raise ValueError("refused")
            await self._latency()  # nobody sees yet what is taken
            for sku, pieces in goods.items():
                self.held[sku] -= pieces
                self.lowest[sku] = min(self.lowest.get(sku, Decimal(0)), self.held[sku])
            self.counts["shipped"] += 1

    async def _latency(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, 1))


@pytest.mark.parametrize("seed", range(20))
@in_virtual_time
async def test_no_source_goes_below_zero_and_none_refuses(seed: int) -> None:
    chance = Random(seed)
    shop = Shop(chance, A=chance.randint(0, 40), B=chance.randint(0, 40))

    async def one(wait: float) -> None:
        await asyncio.sleep(wait)
        skus = chance.sample(SKUS, chance.randint(1, 3))
        await shop.ship({sku: Decimal(chance.randint(1, 5)) for sku in skus})

    await asyncio.gather(*(one(chance.uniform(0, 15)) for _ in range(40)))
    assert shop.counts["shipped"] == 40
    assert min(shop.lowest.values()) >= 0
    assert shop.counts["refusals"] == 0


@in_virtual_time
async def test_a_source_with_enough_is_read_once_and_again_after_a_while_and_a_refusal() -> None:
    shop, goods = Shop(Random(1), A=100), {"A": Decimal(1)}
    await shop.ship(goods)
    await asyncio.gather(*(shop.ship(goods) for _ in range(20)))
    assert (shop.counts["reads"], shop.counts["fills"]) == (1, 0)
    await asyncio.sleep(30)
    await shop.ship(goods)
    assert shop.counts["reads"] == 2
    shop.clock.is_set(-600.0)
    await shop.ship(goods)
    assert shop.counts["reads"] == 3
    shop.held["A"] = Decimal(0)  # somebody else has taken them
    with pytest.raises(ValueError, match="refused"):
        await shop.ship(goods)
    await shop.ship(goods)
    assert shop.counts["fills"] == 1


@in_virtual_time
async def test_nothing_is_asked_for_nothing() -> None:
    shop = Shop(Random(1))
    await shop.ship({})
    assert shop.counts == Counter(shipped=1)
