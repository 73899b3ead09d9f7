"""What happened, written down as it happens: faults, deaths, deeds. And stores that are as far away
as Azure's."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.dials import Arrival, Dials, Fault, Kind
from sync.core.errors import Later


@dataclass
class EventLog:
    """Lines with the virtual second they were written at."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    prints: bool = False

    def note(self, text: str) -> None:
        """Write a line; print it where the world is watched."""
        at = asyncio.get_running_loop().time()
        self.lines.append((at, text))
        if self.prints:
            print(f"{at:10.3f}  {text}")  # noqa: T201 - a watched world talks

    def reported(self) -> str:
        """Everything so far."""
        return "\n".join(f"{at:10.3f}  {text}" for at, text in self.lines)


class WatchedDials(Dials):
    """Dials that write down every fault. `lost_writes`: the rate at which answers to writes are
    lost besides."""

    def __init__(self, name: str, random: Random, event_log: EventLog) -> None:
        super().__init__(random)
        self.lost_writes = 0.0
        self._name = name
        self._event_log = event_log

    def draw(self, arrival: Arrival) -> Fault | None:
        """As `Dials` does."""
        fault = super().draw(arrival)
        if fault is None and self.lost_writes and arrival.writes:
            fault = Fault(Kind.LOST) if self.random.random() < self.lost_writes else None
        if fault is not None:
            self._event_log.note(f"{self._name}: {fault.kind} for {arrival.method} {arrival.path}")
        return fault


LISTS = frozenset({"query", "partitions", "dead_letters"})


class Remote:
    """A queue or tables behind a wire: every call takes its time both ways, so others get in
    between.

    `fails()`: how likely a call fails now, before or after it took effect, as the adapters say it:
    with `Later`.
    """

    def __init__(self, inner: Any, random: Random, most: float, fails: Callable[[], float]) -> None:
        self._inner = inner
        self._random = random
        self._most = most
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        """Asked once for each."""
        method: Callable[..., Any] = getattr(self._inner, name)
        if name in LISTS or not asyncio.iscoroutinefunction(method):
            return method

        async def call(*values: Any, **named: Any) -> Any:
            rate = (
                0.0 if name == "receive" or "timers" in values else self._fails()
            )  # those are the host's own
            await self._way("the store is away", rate)
            answer = await method(*values, **named)
            await self._way("the store's answer was lost", rate)
            return answer

        self.__dict__[name] = call
        return call

    async def _way(self, what: str, rate: float) -> None:
        await asyncio.sleep(self._random.uniform(0, self._most))
        if rate and self._random.random() < rate:
            raise Later(what)
