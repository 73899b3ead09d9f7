"""Fault dials: what goes wrong between a client and a double, by chance or on request. Shared by
both doubles.

Every choice comes from the injected `random.Random`, every wait from the event loop's clock, so a
seed and a loop with virtual time repeat a schedule exactly. `sandbox/gate.py` puts the dials before
an application.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from math import ceil
from random import Random
from typing import Any


class Kind(StrEnum):
    """What can happen to one request. `error_before` and `dropped` do not take effect, the three
    last ones do."""

    THROTTLE = "throttle"
    ERROR_BEFORE = "error_before"
    DROPPED = "dropped"
    ERROR_AFTER = "error_after"
    LOST = "lost"
    DELAYED = "delayed"


@dataclass(frozen=True)
class Arrival:
    """A request that reached the double, as a fault's condition sees it. `query` is not decoded."""

    method: str
    path: str
    query: str
    body: bytes

    @property
    def writes(self) -> bool:
        """Whether it changes anything: a batch does when one of its parts does."""
        if self.path.endswith("$batch"):
            return re.search(rb"^(?:POST|PATCH|PUT|DELETE) ", self.body, re.MULTILINE) is not None
        return self.method not in {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Fault:
    """A fault that is to happen to the next `times` requests that fit; all conditions given must
    hold.

    `seconds`: Retry-After of a throttle, or how much later a delayed write lands. `status`: of the
    error kinds.
    """

    kind: Kind
    times: int = 1
    seconds: float | None = None
    status: int = 503
    writes: bool | None = None
    method: str = ""
    path: str = ""
    where: Callable[[Arrival], bool] | None = None

    def fits(self, arrival: Arrival) -> bool:
        """Whether it may happen to this request."""
        return (
            (self.writes is None or self.writes == arrival.writes)
            and self.method in {"", arrival.method}
            and self.path in arrival.path
            and (self.where is None or self.where(arrival))
        )


@dataclass
class Dials:
    """The settings of one double, changeable at any time. Rates are probabilities per request,
    waits are seconds.

    A delayed write lands between `delay_low` and `delay_high` after its answer was lost. A 429
    quietens everybody until `retry_after` has passed; who sends sooner (beyond `grace`, for what
    was on its way already) doubles the wait, up to `retry_after_most`.
    """

    random: Random = field(default_factory=lambda: Random(0))
    latency_low: float = 0.0
    latency_high: float = 0.0
    throttle_rate: float = 0.0
    error_before_rate: float = 0.0
    dropped_rate: float = 0.0
    error_after_rate: float = 0.0
    lost_rate: float = 0.0
    delayed_rate: float = 0.0
    delay_low: float = 1.0
    delay_high: float = 60.0
    retry_after: int = 5
    retry_after_most: int = 300
    grace: float = 1.0
    plan: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)
    _quiet_since: float = float("-inf")
    _quiet_until: float = float("-inf")
    _asked: int = 0
    _work: set[asyncio.Task[Any]] = field(default_factory=set)

    def next(self, kind: Kind, **conditions: Any) -> None:
        """Let a fault happen to the next requests that fit: `dials.next(Kind.LOST, writes=True)`.
        Fields of `Fault`."""
        self.plan.append(Fault(kind, **conditions))

    def draw(self, arrival: Arrival) -> Fault | None:
        """What happens to this request: a planned fault that fits, else one by chance, else
        nothing."""
        for place, fault in enumerate(self.plan):
            if fault.fits(arrival):
                self.plan[place : place + 1] = (
                    [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                )
                return fault
        chance = self.random.random()
        for kind in Kind:
            chance -= getattr(self, f"{kind}_rate")
            if chance < 0:
                applies = kind is not Kind.DELAYED or arrival.writes
                return (
                    Fault(kind, status=self.random.choice((500, 502, 503, 504)))
                    if applies
                    else None
                )
        return None

    def latency(self) -> float:
        """How long this request is on its way, both ways together."""
        return (
            self.random.uniform(self.latency_low, self.latency_high)
            if self.latency_high > 0
            else 0.0
        )

    def delay(self, fault: Fault) -> float:
        """How much later a delayed write lands."""
        return (
            self.random.uniform(self.delay_low, self.delay_high)
            if fault.seconds is None
            else fault.seconds
        )

    def quiet(self) -> int | None:
        """Seconds that a request arriving now is asked to stay away, None when it is welcome."""
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until:
            return None
        if now > self._quiet_since + self.grace:
            self._hush(now, min(2 * self._asked, self.retry_after_most))
        return max(1, ceil(self._quiet_until - now))

    def throttle(self, fault: Fault) -> int:
        """Begin a quiet time; returns its Retry-After in whole seconds."""
        self._hush(asyncio.get_running_loop().time(), int(fault.seconds or self.retry_after))
        return self._asked

    def _hush(self, now: float, seconds: int) -> None:
        self._quiet_since, self._quiet_until, self._asked = now, now + seconds, seconds

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run server work that nobody's cancellation reaches; `settle` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.broken.append(error)

    async def settle(self) -> None:
        """Wait until everything that arrived has taken effect. Raises the first fault of the double
        itself, if any."""
        while self._work:
            await asyncio.wait(set(self._work))
        if self.broken:
            raise self.broken[0]

    def as_json(self) -> dict[str, Any]:
        """The numbers, what is still planned, and what has happened so far."""
        numbers = {name: getattr(self, name) for name in NUMBERS}
        plan = [
            {item.name: getattr(fault, item.name) for item in fields(fault) if item.name != "where"}
            for fault in self.plan
        ]
        return {**numbers, "plan": plan, "counts": dict(self.counts)}

    def turn(self, wanted: Mapping[str, Any]) -> None:
        """Set dials from JSON: numbers by name, `plan` replaced as a whole, `seed` restarts chance.

        Raises `ValueError` naming what is wrong; then nothing was changed.
        """
        numbers = {
            name: value for name, value in wanted.items() if name not in {"plan", "seed", "counts"}
        }
        for name, value in numbers.items():
            if (
                name not in NUMBERS
                or isinstance(value, bool)
                or not isinstance(value, int | float)
                or value < 0
            ):
                raise ValueError(
                    f"{name}={value!r} is not a dial set to a number; dials are"
                    f" {', '.join(NUMBERS)}, plan, seed"
                )
        plan = [_fault_from(entry) for entry in wanted.get("plan", ())]
        for name, value in numbers.items():
            setattr(self, name, value)
        if "plan" in wanted:
            self.plan[:] = plan
        if "seed" in wanted:
            self.random.seed(wanted["seed"])


NUMBERS = tuple(
    item.name
    for item in fields(Dials)
    if item.type in {int, float} and not item.name.startswith("_")
)
"""The dials that are plain numbers."""


def _fault_from(entry: Any) -> Fault:
    try:
        return Fault(**{**entry, "kind": Kind(entry["kind"])})
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(
            f"{entry!r} is not a planned fault: {error}; kinds are {', '.join(Kind)}"
        ) from None
