"""What orders, their documents and an idle hour cost in operations, counted in the sandbox. Time is
virtual, so counts are the same on every machine."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final

from sandbox.commerce.records import Columns, StoredOrder
from tests.benchmarks.books import CountingHarness, log_counted
from tests.harness import GUEST
from tests.virtual_time import virtually

HOUR: Final = timedelta(hours=1)
QUIET: Final = 600
"""Seconds between kinds of traffic: what is remembered for a while is forgotten."""
FLOWS: Final = ("orders", "customers", "invoices", "creditmemos", "posted_invoices")
"""What the connection runs."""
ORDERS, AT_ONCE = "new order, one by one", "new order, many at once"
BEHIND, BACKLOG = "new order, of a backlog", 80
WAITED: Final = 60
GUESTS, AGAIN = "first order of a guest", "notification that finds nothing changed"
INVOICES, MEMOS = "invoice, one by one", "credit memo, one by one"
ORDERS_POLLED, INVOICES_POLLED, MEMOS_POLLED = (
    "order, hook and polls",
    "its invoice, hook and polls",
    "its credit memo, hook and polls",
)
IDLE: Final = "an hour without anything"


@dataclass(frozen=True)
class Cost:
    """Operations in all, for so many of something."""

    title: str
    count: int
    counts: Counter[str]

    def each(self, name: str) -> float:
        """Of one."""
        return self.counts[name] / self.count

    def lines(self) -> list[str]:
        """As it is printed: of one."""
        rows = [
            f"  {name:24} {self.each(name):10.2f}"
            for name in sorted(self.counts)
            if self.counts[name]
        ]
        return [f"{self.title}, each of {self.count}" if self.count > 1 else self.title, *rows]

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "title": self.title,
            "of": self.count,
            "each": {name: round(self.each(name), 4) for name in sorted(self.counts)},
        }


@cache
def costs(numbers: str, count: int) -> tuple[Cost, ...]:
    """Of everything, `count` of each kind. What only the first order causes (tokens, metadata) is
    not among it. Counted once: it takes seconds, and is always the same."""
    mode = {"numbers": numbers}
    return virtually(_costs({"flows": FLOWS, "orders": mode, "customers": mode}, count))


async def _costs(settings: dict[str, Any], count: int) -> tuple[Cost, ...]:
    harness = CountingHarness(settings)
    with log_counted(harness.counts):
        try:
            return tuple(await _Tally(harness, count).all())
        finally:
            await harness.close()


class _Tally:
    """Traffic of one kind after the other, in one harness."""

    def __init__(self, harness: CountingHarness, count: int) -> None:
        self._harness = harness
        self._count = count
        self._found: list[Cost] = []

    async def all(self) -> list[Cost]:
        """Every kind."""
        harness, shop, count = self._harness, self._harness.commerce, self._count
        await harness.delivers(harness.basket())
        guests = [
            harness.basket(shopper=replace(GUEST, email=f"guest{n}@example.com"))
            for n in range(count)
        ]
        await self._of(GUESTS, lambda: self._hooks(guests, together=1))
        placed = [harness.basket() for _ in range(count)]
        await self._of(ORDERS, lambda: self._hooks(placed, together=1))
        placed = [harness.basket() for _ in range(count)]
        await self._of(AT_ONCE, lambda: self._hooks(placed, together=count))
        await self._of(BEHIND, self._backlog, of=BACKLOG)
        await self._of(AGAIN, lambda: self._hooks(placed, together=count))
        invoices = [shop.invoice(order) for order in placed]
        await self._of(INVOICES, lambda: self._documents(invoices, "invoices"))
        memos = [shop.refund(order) for order in placed]
        await self._of(MEMOS, lambda: self._documents(memos, "creditmemos"))
        await self._hours()
        return self._found

    async def _hours(self) -> None:
        """An hour without anything; and hours with hooks, as polls go on beside them, less what
        such an hour costs."""
        harness, shop, count = self._harness, self._harness.commerce, self._count
        await harness.processes(2 * HOUR)
        await self._of(IDLE, lambda: harness.processes(HOUR), of=1)
        idle = self._found[-1].counts
        placed: list[StoredOrder] = []

        async def order() -> None:
            placed.append(harness.basket())
            await harness.hooks(placed[-1])

        await self._of(ORDERS_POLLED, lambda: harness.processes(HOUR, [order] * count))
        invoiced = [partial(self._notify, shop.invoice, "invoices", order) for order in placed]
        await self._of(INVOICES_POLLED, lambda: harness.processes(HOUR, invoiced))
        refunded = [partial(self._notify, shop.refund, "creditmemos", order) for order in placed]
        await self._of(MEMOS_POLLED, lambda: harness.processes(HOUR, refunded))
        for cost in self._found[-3:]:
            cost.counts.subtract(idle)

    async def _of(
        self, title: str, traffic: Callable[[], Awaitable[None]], *, of: int | None = None
    ) -> None:
        await asyncio.sleep(QUIET)
        before = await self._harness.so_far()
        await traffic()
        counts = await self._harness.so_far()
        counts.subtract(before)
        self._found.append(Cost(title, of or self._count, counts))

    async def _hooks(self, placed: Sequence[StoredOrder], *, together: int) -> None:
        for start in range(0, len(placed), together):
            await asyncio.gather(
                *(self._harness.hooks(order) for order in placed[start : start + together])
            )
            await self._harness.works_until_idle()

    async def _backlog(self) -> None:
        """Orders that have waited for a minute when somebody comes to deliver them."""
        for _ in range(BACKLOG):
            await self._harness.hooks(self._harness.basket())
        await asyncio.sleep(WAITED)
        await self._harness.works_until_idle()

    async def _documents(self, documents: Sequence[Columns], flow: str) -> None:
        for document in documents:
            await self._harness.books(document, flow)

    async def _notify(
        self, make: Callable[[StoredOrder], Columns], flow: str, order: StoredOrder
    ) -> None:
        await self._harness.notify(make(order), flow)
