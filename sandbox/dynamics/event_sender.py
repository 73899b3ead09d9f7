"""Business events over HTTPS: sent once per event, tried again twice, then left in the error log
until somebody resends.

Delivery is at least once, in any order. What goes wrong on the way is set by `EventDials`, from a
seeded chance.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from sandbox.dynamics.events import sample
from sync.core.encoding import to_json

ATTEMPTS: Final = 3
PAUSE_SECONDS: Final = 1.0


@dataclass
class EventDials:
    """Rates are probabilities per event, waits are seconds of the loop's clock.

    A lost event stays in the error log unsent; a doubled one is sent twice; a late one waits, so
    that others overtake it. `plan` says what happens to the next events, before chance is asked:
    "lost", "doubled", "late" or "".
    """

    random: Random = field(default_factory=lambda: Random(0))
    lost_rate: float = 0.0
    doubled_rate: float = 0.0
    late_rate: float = 0.0
    late_low: float = 0.1
    late_high: float = 30.0
    plan: list[str] = field(default_factory=list)

    def waits(self) -> list[float]:
        """When each copy of an event is sent: none when it is lost."""
        fate = self.plan.pop(0) if self.plan else self._fate()
        if fate == "lost":
            return []
        if fate == "doubled":
            return [0.0, self._late()]
        return [self._late() if fate == "late" else 0.0]

    def _fate(self) -> str:
        chance = self.random.random()
        for fate, rate in (
            ("lost", self.lost_rate),
            ("doubled", self.doubled_rate),
            ("late", self.late_rate),
        ):
            chance -= rate
            if chance < 0:
                return fate
        return ""

    def _late(self) -> float:
        return self.random.uniform(self.late_low, self.late_high)


class EventSender:
    """An HTTPS endpoint of an environment: `state.on_event(sender.receive)`.

    Every event is a request of its own with the function key in a header, never in the URL.
    `counts`: lost, doubled and late by the dials; sent, refused and failed by what the endpoint
    said. `errors` holds what was given up.
    """

    def __init__(
        self, client: httpx.AsyncClient, url: str, key: str, dials: EventDials | None = None
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: list[Mapping[str, Any]] = []
        self.dials = dials or EventDials()
        self._client = client
        self._url = url
        self._key = key
        self._sending: set[asyncio.Task[None]] = set()
        self._broken: list[BaseException] = []

    @property
    def unfinished(self) -> int:
        """Events that wait or are on their way."""
        return len(self._sending)

    def receive(self, envelope: Mapping[str, Any]) -> None:
        """Send an event as the dials say. Needs a running loop; `settle` waits until it has been
        sent."""
        waits = self.dials.waits()
        self.counts.update(
            lost=not waits, doubled=len(waits) > 1, late=len(waits) == 1 and waits[0] > 0
        )
        if not waits:
            self.errors.append(envelope)
        for wait in waits:
            task = asyncio.get_running_loop().create_task(self._sent(envelope, wait))
            self._sending.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._broken.append(error)

    async def settle(self) -> None:
        """Wait until every event heard so far was sent or given up. Raises what the double itself
        did wrong, if any."""
        while self._sending:
            await asyncio.wait(set(self._sending))
        if self._broken:
            raise self._broken[0]

    async def resend(self) -> None:
        """Send again what was given up: what a person does in the error log. No dial is asked."""
        given_up, self.errors = self.errors, []
        for envelope in given_up:
            await self._sent(envelope, 0.0)

    async def validate(self) -> bool:
        """Send the sample that F&O sends when an endpoint is set up; whether it was taken."""
        return await self._posted(sample())

    async def _sent(self, envelope: Mapping[str, Any], wait: float) -> None:
        await asyncio.sleep(wait)
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS)
            if await self._posted(envelope):
                return
        self.errors.append(envelope)

    async def _posted(self, envelope: Mapping[str, Any]) -> bool:
        headers = {"content-type": "application/json", "x-functions-key": self._key}
        try:
            answer = await self._client.post(
                self._url, content=to_json(dict(envelope)), headers=headers
            )
        except httpx.HTTPError:
            self.counts["failed"] += 1
            return False
        self.counts["sent" if answer.is_success else "refused"] += 1
        return answer.is_success
