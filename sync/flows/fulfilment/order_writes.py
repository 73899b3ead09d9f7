"""Writes about an order of Commerce, and comments as such writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce import order_notes
from sync.commerce.models.order import Order
from sync.core.encoding import digest
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
class Remark(OrderWrite):
    """A comment of an order; another one where it is to say something else. Every call adds one, so
    it is looked for first. `kind`: what it is about."""

    kind: str  # type: ignore[misc]
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
