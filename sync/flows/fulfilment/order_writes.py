"""Writes about an order of Commerce."""

from dataclasses import dataclass
from typing import ClassVar

from sync.commerce.models.order import Order
from sync.engine.systems import Systems
from sync.engine.write import Target, Write


@dataclass(frozen=True)
class OrderWrite(Write):
    """A write about an order of Commerce."""

    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    order: Order
    systems: Systems
    target: Target

    @property
    def order_id(self) -> int:
        """Its id in Commerce."""
        return self.order.entity_id or 0

    @property
    def moves_money(self) -> bool:  # type: ignore[override]
        """Where a gateway pays a refund out."""
        return any((one.body or {}).get("isOnline") for one in self.requests())
