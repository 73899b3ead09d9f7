"""What kinds that compare pieces of orders have in common."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.reconcile.kind import Connected, Window
from sync.reconcile.verdict import PIECES, Verdict, looked_at


@dataclass(frozen=True)
class OrderPieces:
    """The comparison. `look`: the verdict on an order as the shop lists it; None where another
    comparison tells of it."""

    name: str
    flow: str
    look: Callable[[Connected, Mapping[str, Any]], Awaitable[Verdict | None]]
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether the flow is on."""
        return self.flow in settings.flows

    def is_usual(self, _: Connection) -> bool:
        """It reads each order."""
        return False

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per order that both sides have something of."""
        looked = looked_at(partial(self.look, connected), connected.orders_made(window))
        async for verdict in looked:
            yield verdict

    def place_of(self, order: Order, connected: Connected) -> tuple[str, str, str, str]:
        """Where an order is counted: kind, day, store and unit."""
        store = "" if order.store_id is None else str(order.store_id)
        return self.name, connected.day(order.placed_at, order.store_id), store, PIECES
