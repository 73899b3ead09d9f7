"""What ends pieces of an order in Commerce, as writes: the order cancelled, charged pieces
refunded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.closing import Refund, cancel_path
from sync.commerce.models.order import Order
from sync.commerce.models.refund import of_cancelled_pieces
from sync.core.errors import Later
from sync.core.request import Request
from sync.engine.write import Amendment, Found
from sync.flows.fulfilment.order_writes import OrderWrite


@dataclass(frozen=True)
class Cancellation(OrderWrite):
    """The order cancelled, as far as nothing of it is invoiced. `items`: the pieces that go.
    Repeating it changes nothing more, so nobody looks before the first try."""

    kind: ClassVar[str] = "cancellation"
    action: ClassVar[str] = "amended"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    items: Mapping[int, Decimal]

    @property
    @override
    def reference(self) -> str:
        return self.order.increment_id

    @property
    @override
    def document(self) -> Any:
        items = {str(one): str(qty.normalize()) for one, qty in self.items.items()}
        return {"items": items, "order_changed_at": self.order.updated_at}

    @override
    def requests(self) -> Sequence[Request]:
        return [Request("POST", f"/V1/{cancel_path(self.order_id)}", None)]

    @override
    async def find(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        if not await self.systems.commerce.closing.cancel(self.order_id, not_after=not_after):
            raise Later(
                f"Commerce cancels nothing of order {self.order.increment_id}, and does not say"
                " why: it may be on hold, in payment review, or invoiced meanwhile",
                after=timedelta(minutes=2),
            )
        return Found(self.order.increment_id)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        async def apply(not_after: datetime) -> None:
            await self.create(not_after)

        return Amendment(self.document, apply)


@dataclass(frozen=True)
class PiecesRefund(OrderWrite):
    """A credit memo over pieces that were charged and will not be sent. Its marker says how many
    are refunded then, so that each refund is found again by its own."""

    shows_late: ClassVar[bool] = True
    kind: str  # type: ignore[misc]
    refund: Refund

    @property
    @override
    def reference(self) -> str:
        return self.refund.marker

    @property
    @override
    def document(self) -> Any:
        items = {str(one): str(qty.normalize()) for one, qty in self.refund.items.items()}
        told = {"items": items, "invoice": self.refund.invoice_id, "marker": self.refund.marker}
        return told | {name: str(amount) for name, amount in self.refund.adjusted().items()}

    @override
    def requests(self) -> Sequence[Request]:
        return [Request("POST", f"/V1/{self.refund.path}", self.refund.body())]

    @override
    async def find(self) -> Found | None:
        closing = self.systems.commerce.closing
        memo = await closing.memo_with(self.order_id, self.refund.marker)
        return None if memo is None else Found(str(memo))

    @override
    async def create(self, not_after: datetime) -> Found:
        closing = self.systems.commerce.closing
        return Found(str(await closing.refund(self.refund, not_after=not_after)))


def marker_of(sales_order: str, order: Order, pieces: Mapping[int, Decimal]) -> str:
    """The comment that the refund of these pieces is known by."""
    before = {item.item_id or 0: item.qty_refunded for item in order.items}
    return of_cancelled_pieces(sales_order, {one: before[one] + qty for one, qty in pieces.items()})
