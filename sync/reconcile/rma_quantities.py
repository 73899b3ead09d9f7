"""Pieces of each RMA of which F&O has a return order, compared one RMA after another."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.commerce.models.rma import Rma
from sync.config.connections import Connection
from sync.engine.claim import Claim
from sync.flows.keys import elsewhere
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.flows.returns.rma_records import RETURNS
from sync.mapping.rma_return_order import requested_at
from sync.reconcile.causes import Told
from sync.reconcile.difference import Difference, Place
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict


@dataclass(frozen=True)
class ReturnedGoods:
    """An RMA with its claim, the number of its return order and where its pieces are summed."""

    rma: Rma
    claim: Claim
    number: str
    place: Place

    def differs(self, shown: Decimal, held: Decimal | None, told: Told) -> Difference:
        """What is said where the two systems disagree."""
        kind, day, store, unit = self.place
        return Difference(kind, self.rma.key, store, day, unit, shown, held, *told)


@dataclass(frozen=True)
class RmaQuantities:
    """The comparison. `wants(settings)`: whether there is anything to compare. `look`: the verdict
    on one RMA; None where there is none."""

    name: str
    flow: str
    wants: Callable[[Connection], bool]
    look: Callable[[Connected, ReturnedGoods], Awaitable[Verdict | None]]
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether both systems count these pieces."""
        return self.wants(settings)

    def is_usual(self, _: Connection) -> bool:
        """It reads each RMA a second time."""
        return False

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per RMA of which F&O has a return order."""
        rows = connected.systems.commerce.returns.since(
            window.since, window.until, stores=connected.stores(window)
        )
        async for row in rows:
            goods = await self._goods(connected, row)
            verdict = await self.look(connected, goods) if goods is not None else None
            if verdict is not None:
                yield verdict

    async def _goods(self, connected: Connected, row: Mapping[str, Any]) -> ReturnedGoods | None:
        """None for what has no return order: nothing of it may have been taken back."""
        systems, rma = connected.systems, Rma.read(row)
        claim = await connected.ledger.claim(systems.name, RETURNS, rma.key)
        held = claim.delivered.get(ReturnOrderWrite.kind)
        if held is None or elsewhere(rma.store_id, systems):
            return None
        store = "" if rma.store_id is None else str(rma.store_id)
        day = connected.day(requested_at(rma), rma.store_id)
        return ReturnedGoods(rma, claim, held.number, (self.name, day, store, PIECES))
