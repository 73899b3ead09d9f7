"""A comment of an order in Commerce, as a write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce import order_notes
from sync.commerce.client import CommerceClient
from sync.core.request import Request
from sync.engine.write import Amendment, Found, Target, Write


@dataclass(frozen=True)
class OrderComment(Write):
    """A comment of an order, hidden unless it `is_visible` to the buyer; another one where it is to
    say something else. Every call adds one, so it is looked for in the order's history first. It
    leaves the order's `updated_at` alone, so nothing echoes. `kind`: what it is about."""

    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    order_id: int
    text: str
    commerce: CommerceClient
    target: Target
    is_visible: bool = False
    kind: str = "order_comment"  # type: ignore[misc]

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
        comments = await self.commerce.order_notes.comments(self.order_id)
        return Found(self.text) if self.text in comments else None

    @override
    async def find_lately(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.commerce.order_notes.write(self._note, not_after=not_after)
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
