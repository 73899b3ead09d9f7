"""Ways in which hooks arrive, and how long each took. What is measured is printed for people to
judge."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

SIDE_BY_SIDE: Final = 50
RATE: Final = 200
"""Hooks in a second, a shop's busiest hour many times over."""
SPUN: Final = 0.002
"""Seconds before an arrival for which the loop is kept turning: its timers are a millisecond
coarse."""
BEGIN: Final = 0.05
HUNDREDTHS: Final = 100

Delivery = Callable[[int], Awaitable[Any]]
"""Does whatever is measured; is told the number of the arrival."""
Way = Callable[[Delivery, int], Awaitable[list[float]]]
"""How so many arrive; the milliseconds of each, from when it arrived, or should have."""


@dataclass(frozen=True)
class Took:
    """How long each took, in milliseconds. `calls`: to the store beneath, of all together."""

    what: str
    way: str
    milliseconds: Sequence[float]
    calls: int = 0

    def percentile(self, hundredths: int) -> float:
        """What so many of a hundred stayed below."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) * hundredths // HUNDREDTHS, len(ordered) - 1)]

    def line(self) -> str:
        """As it is printed."""
        count = len(self.milliseconds)
        calls = f"  {self.calls / count:5.2f} calls each" if self.calls else ""
        low, high = self.percentile(50), self.percentile(99)
        return (
            f"  {self.what:34} {self.way:16} {count:6}  p50 {low:7.3f} ms  p99 {high:7.3f}"
            f" ms{calls}"
        )

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        count = len(self.milliseconds)
        times = {f"p{each}_ms": round(self.percentile(each), 4) for each in (50, 99)}
        return {
            "what": self.what,
            "way": self.way,
            "count": count,
            **times,
            "calls_each": round(self.calls / count, 3),
        }


async def one_by_one(work: Delivery, count: int) -> list[float]:
    """The next begins when the one before is done."""
    return await side_by_side(work, count, together=1)


async def side_by_side(work: Delivery, count: int, together: int = SIDE_BY_SIDE) -> list[float]:
    """So many at the same moment, the next so many when all are done; each waits for those before
    it."""
    loop = asyncio.get_running_loop()
    took: list[float] = []

    async def one(number: int, arrived: float) -> float:
        await work(number)
        return (loop.time() - arrived) * 1000

    while len(took) < count:
        first, arrived = len(took), loop.time()
        took += await asyncio.gather(
            *(one(first + n, arrived) for n in range(min(together, count - first)))
        )
    return took


async def at_a_rate(
    work: Delivery, count: int, per_second: int = RATE, *, spun: float = SPUN
) -> list[float]:
    """At fixed moments, whatever became of those before: who comes late has waited, and that
    counts."""
    loop = asyncio.get_running_loop()
    begun = loop.time() + BEGIN
    took = [0.0] * count

    async def one(number: int, due: float) -> None:
        await work(number)
        took[number] = (loop.time() - due) * 1000

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            due = begun + number / per_second
            await asyncio.sleep(max(due - spun - loop.time(), 0))
            while loop.time() < due:  # noqa: ASYNC110 - what is waited for is the time
                await asyncio.sleep(0)
            group.create_task(one(number, due))
    return took


WAYS: Final[dict[str, Way]] = {
    "one by one": one_by_one,
    f"{SIDE_BY_SIDE} side by side": side_by_side,
    f"{RATE} a second": at_a_rate,
}
