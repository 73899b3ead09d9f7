"""How many hooks a second one process takes, over HTTP on a socket, as the local host serves them:
the rate rises until one in a hundred waits too long. Each hook is signed with RSA and of another
order, and is stored in a file before it is answered; the host has one core, its caller another."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.benchmarks.arrivals import Took, at_a_rate
from tests.benchmarks.edge import FLOW, hooks
from tests.benchmarks.gate import Callers, Question, host
from tests.systems import CONNECTION, SystemsUnderTest
from tests.virtual_time import LoopClock

BEGIN: Final = 50
"""Hooks a second."""
GROWS: Final = 1.25
SECONDS: Final = 4
BOUND_MS: Final = 100.0
"""What 99 of 100 hooks are answered within."""
SIGNED: Final = 2000
MOST: Final = 100_000


@dataclass(frozen=True)
class TopRate:
    """The highest rate at which 99 of 100 are answered in time, how long hooks take there, and the
    first at which they are not. `cpu_ms`: of the host for one hook."""

    a_second: int
    p50_ms: float
    p99_ms: float
    too_many: int
    cpu_ms: float
    bound_ms: float = BOUND_MS

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def line(self) -> str:
        """As it is printed."""
        return "  " + ", ".join(f"{name} {value}" for name, value in self.facts().items())


def signed_hooks(count: int) -> list[Question]:
    """Whole orders, as the shop sends them."""
    systems = SystemsUnderTest(LoopClock())
    path = f"/api/webhooks/{CONNECTION}/{FLOW}"
    found = [Question(path, one.headers, one.body) for one in hooks(systems, "rsa", count)]
    systems.close()
    return found


async def measured_top_rate(
    seconds: float = SECONDS, signed: int = SIGNED, most: int = MOST
) -> TopRate:
    """The rate rises by a quarter until it is too much, or above `most`."""
    asked, rate, sent, best = signed_hooks(signed), BEGIN, 0, Took("hooks", "", [0.0])
    async with host(1) as (url, spent):
        callers = Callers(url)

        async def ask(_: int) -> None:
            nonlocal sent
            sent += 1
            one = asked[sent % len(asked)]
            await callers.post(one.path, one)

        await ask(0)
        while rate <= most:
            took = await at_a_rate(ask, round(rate * seconds), rate, spun=0)
            tried = Took("hooks", f"{rate} a second", took)
            if tried.percentile(99) > BOUND_MS:
                break
            best, rate = tried, round(rate * GROWS)
        callers.close()
        each = await spent() / sent * 1000
    return TopRate(
        round(len(best.milliseconds) / seconds), round(best.percentile(50), 2),
        round(best.percentile(99), 2), rate, round(each, 2),
    )  # fmt: skip


if __name__ == "__main__":
    print(asyncio.run(measured_top_rate()).line())  # noqa: T201
