"""A carrier that tells of parcels, sometimes before their slips are posted, twice or in the wrong
order; and what must hold of that: a buyer reads each event of their parcel once."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from sandbox.commerce.records import StoredOrder
from sync.core.encoding import to_json
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from sync.engine.timing import NOBODY_SURVIVES
from tests.simulation.environment import PARCEL_TEXTS, TRACKING
from tests.simulation.naming import key_of

AT: Final = "2026-03-02T15:30:00Z"
Take = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]
"""Has a connection take a signed body; returns once it has."""


@dataclass
class Parcels:
    """`told`: the order of each event that was taken, by connection and key."""

    random: Random
    take: Take
    told: dict[tuple[str, str], StoredOrder] = field(default_factory=dict)

    async def travel(self, number: str, connection: str, order: StoredOrder) -> None:
        """The carrier has a parcel of this number, and tells what becomes of it."""
        async with asyncio.TaskGroup() as group:
            for status in (*PARCEL_TEXTS, self.random.choice((*PARCEL_TEXTS,))):
                group.create_task(self._tell(number, status, connection, order))

    async def _tell(self, number: str, status: str, connection: str, order: StoredOrder) -> None:
        await asyncio.sleep(self.random.uniform(0, 400))
        event = {"tracking_number": number, "status": status, "occurred_at": AT}
        body = to_json({"data": [event]})
        signature = hmac.new(b"hook", body, hashlib.sha256).hexdigest()
        await self.take(connection, {"x-signature": signature}, body)
        self.told[connection, f"{number}|{status}|{AT}"] = order

    async def faults(self, ledger: Ledger, is_tracked: Callable[[str], bool]) -> AsyncIterator[str]:
        """What is wrong. `is_tracked`: whether a slip has this number."""
        for (connection, key), order in self.told.items():
            number, status, _ = key.split("|")
            claim = await ledger.claim(connection, TRACKING, key)
            read = Counter((row["comment"], row["is_visible_on_front"]) for row in order.comments)
            times = read[f"{PARCEL_TEXTS[status]} ({number}, {AT[:10]} {AT[11:16]} UTC)", 1]
            named = f"{key} of order {key_of(order)}"
            if claim.state is State.PARKED and not claim.reason.endswith(NOBODY_SURVIVES.reason):
                yield f"{named} is parked: {claim.reason}"
            if times != (claim.state is State.DELIVERED) and claim.state is not State.PARKED:
                yield f"{named} is read {times} times, its claim is {claim.state}"
            of_order = await ledger.claim(connection, "orders", key_of(order))
            is_ours = of_order.number and is_tracked(number)
            if claim.state in {State.SKIPPED, State.NEW} and is_ours:
                yield f"{named} is not told: {claim.state}, {claim.reason}"


def is_tracked_in(store: Any) -> Callable[[str], bool]:
    """Whether a slip of F&O has a tracking number."""
    rows = store.table("PackingSlipTrackingInformation").oldest_first()
    numbers = {row["TrackingNumber"] for row in rows}
    return lambda number: number in numbers
