"""What Commerce is told of an order's progress: a comment, a status, a hold, a cancellation."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.commerce import order_notes
from sync.commerce.client import CommerceClient
from sync.commerce.models.order import Order
from sync.core.errors import Later, Never
from sync.core.request import Request
from sync.engine.write import Amendment, Apply, Found, Target, Write

HELD: Final = "holded"
CANCELED: Final = "canceled"
SEEN: Final = "seen"
"""Key of a comment: the last one of the order's history before it was written."""


@dataclass(frozen=True)
class OrderNote(Write):
    """A write about one order of the shop. `seen`: of what was told before, the last comment that
    was there then."""

    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    order: Order
    commerce: CommerceClient
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.order.increment_id

    @override
    def requests(self) -> Sequence[Request]:
        return [self.note]

    @property
    @abstractmethod
    def note(self) -> Request:
        """What is sent."""

    @property
    def order_id(self) -> int:
        """The order's entity id."""
        return self.order.entity_id or 0

    async def send(self, not_after: datetime) -> Any:
        """Send it; the answer."""
        return await self.commerce.order_notes.write(self.note, not_after=not_after)

    async def now(self) -> Order:
        """The order as it is now."""
        found = await self.commerce.orders.by_id(self.order_id)
        if found is None:
            raise Later(f"order {self.order.increment_id} does not show in Commerce")
        return Order.read(found)


@dataclass(frozen=True)
class Comment(OrderNote):
    """What the buyer is told. Every call adds one, so the history is looked at first: what is there
    already that was not when the last one was told, is this one. `seen`: see `SEEN`."""

    kind: ClassVar[str] = "order_comment"
    text: str
    is_visible: bool
    seen: int

    @property
    @override
    def document(self) -> Any:
        return {"comment": self.text, "visible": self.is_visible}

    @property
    @override
    def note(self) -> Request:
        return order_notes.comment(self.order_id, self.text, is_visible=self.is_visible)

    @override
    async def find(self) -> Found | None:
        history = await self.commerce.order_notes.history(self.order_id)
        if self.text in [text for number, text in history if number > self.seen]:
            return Found(self.order.increment_id, {SEEN: _last(history)})
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        last = _last(await self.commerce.order_notes.history(self.order_id))
        await self.send(not_after)
        return Found(self.order.increment_id, {SEEN: last})

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        history = await self.commerce.order_notes.history(self.order_id)
        is_there = self.text in [text for at, text in history if at > self.seen]
        apply: Apply | None = None if is_there else self._apply
        return Amendment(self.document, apply, {SEEN: _last(history)})

    async def _apply(self, not_after: datetime) -> None:
        await self.send(not_after)


def _last(history: Sequence[tuple[int, str]]) -> str:
    return str(max((number for number, _ in history), default=0))


@dataclass(frozen=True)
class StatusCode(OrderNote):
    """A status of the shop's own. Writing it again changes nothing. `replaced`: the status that it
    takes the place of, which an invoice or a shipment may have set."""

    kind: ClassVar[str] = "order_status"
    refuses_second: ClassVar[bool] = True  # type: ignore[misc]
    code: str

    @property
    @override
    def document(self) -> Any:
        return {"status": self.code, "instead of": [self.order.status, self.order.updated_at]}

    @property
    @override
    def note(self) -> Request:
        return order_notes.status(self.order_id, self.order.increment_id, self.code)

    @override
    async def find(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.send(not_after)
        return Found(self.code)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        async def apply(not_after: datetime) -> None:
            await self.send(not_after)

        return Amendment(self.document, apply)


@dataclass(frozen=True)
class Hold(OrderNote):
    """Whether the order is on hold because of F&O. Only a hold of ours is ever released."""

    kind: ClassVar[str] = "order_hold"
    is_held: bool

    @property
    @override
    def document(self) -> Any:
        return {"held": self.is_held}

    @property
    @override
    def note(self) -> Request:
        return order_notes.action(self.order_id, "hold" if self.is_held else "unhold")

    @override
    async def find(self) -> Found | None:
        is_there = ((await self.now()).state == HELD) == self.is_held
        return Found(self.order.increment_id) if is_there else None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.send(not_after)
        return Found(self.order.increment_id)

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        is_there = ((await self.now()).state == HELD) == self.is_held
        return Amendment(self.document, None if is_there else self._apply)

    async def _apply(self, not_after: datetime) -> None:
        await self.send(not_after)


@dataclass(frozen=True)
class Cancellation(OrderNote):
    """The order cancelled as a whole, since F&O rejected it."""

    kind: ClassVar[str] = "order_cancellation"

    @property
    @override
    def document(self) -> Any:
        return {"cancelled": self.order_id}

    @property
    @override
    def note(self) -> Request:
        return order_notes.action(self.order_id, "cancel")

    @override
    async def find(self) -> Found | None:
        is_there = (await self.now()).state == CANCELED
        return Found(self.order.increment_id) if is_there else None

    @override
    async def create(self, not_after: datetime) -> Found:
        if await self.send(not_after) is not True:
            raise Never(
                f"Commerce does not cancel order {self.order.increment_id}, which F&O rejected",
                remedy="Cancel it in the Admin, or release it in F&O; then replay.",
            )
        return Found(self.order.increment_id)
