"""What a shop's sources hold for shipments, and which pieces this process is just shipping.

Nothing in the shop protects a source from two shipments at once: both are let through where each
alone would fit, and the source ends below zero (measured). What was read of a source tells for
certain only of shipments that were answered before it was asked; those that were sent since are
taken off. It is read again after a few seconds, and after a shipment that the shop refused.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from weakref import WeakValueDictionary

from sync.core.money import ZERO
from sync.core.ports import Clock

FRESH: Final = timedelta(seconds=20)
Goods = Mapping[str, Decimal]
"""Pieces by sku."""
Read = Callable[[str, Collection[str]], Awaitable[Goods]]
"""What a source holds of these skus."""
Place = tuple[str, str]
"""Source and sku."""


@dataclass(frozen=True)
class Held:
    """What a source held at a time, and the pieces of shipments that were answered before."""

    quantity: Decimal
    ended: Decimal
    at: datetime


class SourcesInUse:
    """Lets shipments go side by side while their source surely has enough, the others one by
    one."""

    def __init__(self, read: Read, clock: Clock) -> None:
        self._read, self._clock = read, clock
        self._held: dict[Place, Held] = {}
        self._begun, self._ended = Counter[Place](), Counter[Place]()
        self._alone: set[Place] = set()
        self._locks: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def shipping(self, source: str, goods: Goods) -> AsyncIterator[Goods]:
        """Ship inside the block: what the source lacks of these goods is given; empty where it has
        enough. A shipment that lacks something is alone with its goods. Raises as the client
        does."""
        places = {(source, sku): pieces for sku, pieces in goods.items()}
        await self._look(source, places)
        if self._has_enough(places):
            async with self._begun_with(places):
                yield {}
            return
        async with AsyncExitStack() as stack:
            for place in sorted(places):
                await stack.enter_async_context(self._locks.setdefault(place, asyncio.Lock()))
            await stack.enter_async_context(self._alone_with(places))
            self._forget(places)
            await self._look(source, places)
            lacking = {place[1]: qty for place, qty in places.items() if self._free(place) < qty}
            async with self._begun_with(places):
                yield lacking
            self._forget(places)

    async def _look(self, source: str, places: Collection[Place]) -> None:
        """Read what is not known, or not known lately."""
        now = self._clock.now()
        unknown = [one for one in places if not self._is_known(one, now)]
        if not unknown:
            return
        ended = {one: self._ended[one] for one in unknown}
        found = await self._read(source, [sku for _, sku in unknown])
        for one in unknown:
            quantity = found.get(one[1], ZERO)
            self._held[one] = Held(quantity, Decimal(ended[one]), now)

    def _is_known(self, place: Place, now: datetime) -> bool:
        """Not where the clock was set back since."""
        held = self._held.get(place)
        return held is not None and timedelta() <= now - held.at <= FRESH

    def _forget(self, places: Collection[Place]) -> None:
        for place in places:
            self._held.pop(place, None)

    def _free(self, place: Place) -> Decimal:
        held = self._held.get(place)
        return held.quantity - (self._begun[place] - held.ended) if held else ZERO

    def _has_enough(self, places: Mapping[Place, Decimal]) -> bool:
        is_free = not self._alone & places.keys()
        return is_free and all(self._free(place) >= qty for place, qty in places.items())

    @asynccontextmanager
    async def _begun_with(self, places: Mapping[Place, Decimal]) -> AsyncIterator[None]:
        self._begun.update(places)
        try:
            yield
        except BaseException:
            self._forget(places)
            raise
        finally:
            self._ended.update(places)
            async with self._changed:
                self._changed.notify_all()

    @asynccontextmanager
    async def _alone_with(self, places: Mapping[Place, Decimal]) -> AsyncIterator[None]:
        """Nobody begins with these goods any more; return once nobody is shipping them."""
        self._alone |= places.keys()
        try:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: all(self._begun[one] == self._ended[one] for one in places)
                )
            yield
        finally:
            self._alone -= places.keys()
