"""An invoice of Commerce as a write: found again by its comment, never changed.

The comment is the reference that the buyer reads, `F&O invoice` and its number. A person who has
invoiced by hand in the Admin may write it there: then that invoice is taken over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.models.invoice import CANCELLED, VOUCHER, Invoice
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.core.request import Request
from sync.engine.systems import Systems
from sync.engine.write import Found, Target, Write

AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True)
class WantedInvoice:
    """An invoice to be. `items`: pieces by order item. `marker`: the comment that it is known by.
    `captures`: a gateway takes the money. `is_whole`: all that is left of the order is invoiced."""

    order_id: int
    marker: str
    items: Mapping[int, Decimal]
    captures: bool
    notify: bool
    is_whole: bool = False

    def body(self) -> dict[str, Any]:
        """As the shop takes it."""
        return {
            "capture": self.captures,
            "items": [{"order_item_id": one, "qty": qty} for one, qty in self.items.items()],
            "notify": self.notify,
            "appendComment": True,
            "comment": {"comment": self.marker, "is_visible_on_front": 1},
        }


@dataclass(frozen=True)
class InvoiceWrite(Write):
    """The invoice in Commerce of one of F&O's. `there`: as it was seen a moment ago, if it was."""

    kind: ClassVar[str] = "commerce_invoice"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    shows_late: ClassVar[bool] = True
    wanted: WantedInvoice
    systems: Systems
    target: Target
    there: Invoice | None

    @property
    def moves_money(self) -> bool:  # type: ignore[override]
        """Where a gateway captures it."""
        return self.wanted.captures

    @property
    @override
    def reference(self) -> str:
        return self.wanted.marker

    @property
    @override
    def digest(self) -> str:
        """Posted invoices never change."""
        return digest([self.wanted.order_id, self.wanted.marker])

    @property
    @override
    def document(self) -> Any:
        return self.wanted.body()

    @override
    def requests(self) -> Sequence[Request]:
        if self.there is not None:
            return []
        return [Request("POST", f"/V1/order/{self.wanted.order_id}/invoice", self.wanted.body())]

    @override
    async def find(self) -> Found | None:
        there = await self.systems.commerce.order_invoices.of_order(self.wanted.order_id)
        return _found(marked(there, self.wanted.marker))

    @override
    async def find_lately(self) -> Found | None:
        return _found(self.there)

    @override
    async def create(self, not_after: datetime) -> Found:
        if not (
            self.wanted.items or self.wanted.is_whole
        ):  # the shop would invoice all that is left
            raise Later(f"{self.wanted.marker} was there a moment ago", after=AT_ONCE)
        invoices, order_id = self.systems.commerce.order_invoices, self.wanted.order_id
        number = await invoices.make(order_id, self.wanted.body(), not_after=not_after)
        return Found(str(number))


def marked(invoices: Iterable[Invoice], marker: str) -> Invoice | None:
    """The invoice with this comment, unless it was cancelled; None where there is none."""
    wanted = marker.partition(VOUCHER)[0]
    live = (one for one in invoices if one.state != CANCELLED)
    return next((one for one in live if one.made_of.partition(VOUCHER)[0] == wanted), None)


def _found(held: Invoice | None) -> Found | None:
    return None if held is None else Found(str(held.entity_id), label=held.increment_id)
