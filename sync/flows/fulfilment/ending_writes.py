"""What ends pieces of an order in Commerce, as writes: the order cancelled, charged pieces
refunded, and a comment about those for which Commerce has no means yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce import order_notes
from sync.commerce.closing import Refund, cancel_path
from sync.commerce.models.order import Order
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.core.request import Request
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write


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
    @override
    def digest(self) -> str:
        return digest(self.document)


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
        return {"items": items, "invoice": self.refund.invoice_id, "marker": self.refund.marker}

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


@dataclass(frozen=True)
class ClosedMark(OrderWrite):
    """The order's comment about pieces that are cancelled while others are still sent; a new one
    where more are. Every call adds one, so it is looked for first."""

    kind: ClassVar[str] = "closed_pieces"
    text: str
    is_visible: bool

    @property
    @override
    def reference(self) -> str:
        return self.text

    @property
    @override
    def document(self) -> Any:
        return self._note.body

    @override
    def requests(self) -> Sequence[Request]:
        return [self._note]

    @override
    async def find(self) -> Found | None:
        comments = await self.systems.commerce.order_notes.comments(self.order_id)
        return Found(self.text) if self.text in comments else None

    @override
    async def find_lately(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.systems.commerce.order_notes.write(self._note, not_after=not_after)
        return Found(self.text)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        async def apply(not_after: datetime) -> None:
            await self.create(not_after)

        is_there = sent == self.document or await self.find() is not None
        return Amendment(self.document, None if is_there else apply)

    @property
    def _note(self) -> Request:
        return order_notes.comment(self.order_id, self.text, is_visible=self.is_visible)
