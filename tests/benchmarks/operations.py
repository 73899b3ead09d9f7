"""What an order costs: operations on queue and tables, requests to both systems, counted in the sandbox. Time is virtual."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sync.flows import FLOWS
from sync.services import Services
from tests.benchmarks.counted import Counted, Sent
from tests.house import House
from tests.site import merged
from tests.virtual_time import virtually


class CountingHouse(House):
    """A house whose stores are counted."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.counts: Counter[str] = Counter()
        super().__init__(settings)

    def _opened(self, tables: Any) -> Services:
        queue: Any = Sent(self.site.queue, "queue", self.counts)
        counted: Any = Counted(tables, "tables", self.counts)
        return Services(self.site.connections, FLOWS, self.site.outside(queue=queue, tables=counted))

    def so_far(self) -> Counter[str]:
        """Everything counted until now, the systems' requests included."""
        systems: Counter[str] = Counter()
        for desk in self.services.desks.counts().values():
            for name, count in desk.items():
                system, _, kind = name.partition("_")
                systems[f"{system} {kind}"] += count
        return self.counts + systems


@dataclass(frozen=True)
class Cost:
    """Operations in all, for so many orders."""

    title: str
    orders: int
    counts: Counter[str]

    def lines(self) -> list[str]:
        """As it is printed: per order."""
        rows = [f"  {name:24} {count / self.orders:8.2f}" for name, count in sorted(self.counts.items())]
        return [f"{self.title} ({self.orders} orders), per order", *rows]


def costs(numbers: str, orders: int) -> list[Cost]:
    """Of first deliveries at once, and of repeats that change nothing. The first order of a customer is not among them."""
    settings = merged({"orders": {"numbers": numbers}}, {"customers": {"numbers": numbers}})
    return virtually(_costs(numbers, orders, settings))


async def _costs(numbers: str, count: int, settings: dict[str, Any]) -> list[Cost]:
    house = CountingHouse(settings)
    await house.delivers(house.place())  # so the account is known, and tokens and metadata are there
    found: list[Cost] = []
    try:
        for title, most in (("one by one", 1), ("all at once", count)):
            before = house.so_far()
            placed = [house.place() for _ in range(count)]
            for start in range(0, count, most):
                for order in placed[start : start + most]:
                    await house.hooks(order)
                await house.works_until_idle()
            found.append(Cost(f"numbers {numbers}: new orders, {title}", count, house.so_far() - before))
        before = house.so_far()
        await asyncio.sleep(60)
        for order in placed:
            await house.hooks(order)
        await house.works_until_idle()
        found.append(Cost(f"numbers {numbers}: the same again, nothing changed", count, house.so_far() - before))
    finally:
        await house.close()
    return found
