"""What ends orders of a shop: cancelled as far as nothing is invoiced, refunded where it is.

Measured on 2.4.7: `cancel` has no quantities; it cancels whatever is neither invoiced nor shipped,
and answers `false` with 200 where nothing is, also for an order on hold. A refund whose list of
items is empty refunds everything; without `shipping_amount` it refunds all that is left of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.commerce.address import path_of
from sync.commerce.rest import RestClient
from sync.commerce.sales_documents import SalesDocuments
from sync.core.money import ZERO


@dataclass(frozen=True)
class Refund:
    """Pieces by order item to give back, never none; `marker` is the memo's hidden comment.
    `invoice_id`: the invoice that a gateway was paid by; 0 where none was, as the shop refunds an
    order that a gateway was paid for by its invoice alone. `is_online`: the gateway pays it out.
    `is_shipping_kept`: shipping stays charged; else all that is left of it is given back.
    `adjustment`: what is given back beside that, and what is withheld, in base currency."""

    order_id: int
    items: Mapping[int, Decimal]
    marker: str
    invoice_id: int = 0
    is_online: bool = False
    is_shipping_kept: bool = True
    adjustment: tuple[Decimal, Decimal] = (ZERO, ZERO)

    @property
    def path(self) -> str:
        """Where it is sent."""
        if self.invoice_id:
            return path_of("invoice", self.invoice_id, "refund")
        return path_of("order", self.order_id, "refund")

    def body(self) -> dict[str, Any]:
        """As the shop takes it. What was not shipped goes back on sale only where it is listed."""
        back = {"return_to_stock_items": list(self.items)}
        shipping = {"shipping_amount": 0} if self.is_shipping_kept else {}
        return {
            "items": [{"order_item_id": one, "qty": qty} for one, qty in self.items.items()],
            "notify": False,
            "appendComment": True,
            "comment": {"comment": self.marker, "is_visible_on_front": 0},
            "arguments": {**shipping, **self.adjusted(), "extension_attributes": back},
            **({"isOnline": self.is_online} if self.invoice_id else {}),
        }

    def adjusted(self) -> dict[str, Decimal]:
        """The adjustments that there are, as the shop names them."""
        names = ("adjustment_positive", "adjustment_negative")
        return {name: amount for name, amount in zip(names, self.adjustment, strict=True) if amount}


class Closing:
    """Ends the orders of one shop. Raises as the client does."""

    def __init__(self, client: RestClient, memos: SalesDocuments) -> None:
        self._client, self._memos = client, memos

    async def cancel(self, order_id: int, *, not_after: datetime) -> bool:
        """Cancel what is neither invoiced nor shipped; False where nothing can be. Repeating it
        changes nothing more."""
        answer = await self._client.post(cancel_path(order_id), not_after=not_after)
        return answer in (True, "true", 1, "1")

    async def refund(self, refund: Refund, *, not_after: datetime) -> int:
        """Make a credit memo; its id. Not safe to repeat."""
        return await self._client.made(refund.path, refund.body(), not_after=not_after)

    async def memo_with(self, order_id: int, marker: str) -> int | None:
        """The credit memo of an order that has this comment; None where there is none."""
        for memo in await self._memos.of_order(order_id):
            if any(str(one.get("comment")) == marker for one in memo.get("comments") or []):
                return int(memo["entity_id"])
        return None


def cancel_path(order_id: int) -> str:
    """Where an order is cancelled."""
    return path_of("orders", order_id, "cancel")
